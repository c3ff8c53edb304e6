import { invalidCommand } from 'nestjs-laaffic';
import type { CampaignFilter } from 'nestjs-laaffic-outbox';
import type { Query } from '../http/known-query.js';
import { CAMPAIGN_STATES } from './campaign-states.js';

export const LARGEST_PAGE = 1_000;

/**
 * Reads which campaigns are asked for.
 * @throws {LaafficInputException}
 */
export function readCampaignPage({ limit = '50', before, state }: Query): CampaignFilter & { readonly limit: number } {
  const most = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  const known = CAMPAIGN_STATES.find((one) => one === state);
  const issues = [
    ...(most >= 1 && most <= LARGEST_PAGE ? [] : [{ field: 'limit', problem: `must be from 1 to ${LARGEST_PAGE}` }]),
    ...(before === undefined || isId(before) ? [] : [{ field: 'before', problem: 'must be the id of a campaign' }]),
    ...(state === undefined || known !== undefined
      ? []
      : [{ field: 'state', problem: `must be one of ${CAMPAIGN_STATES.join(', ')}` }]),
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  return { limit: most, before: isId(before) ? before : undefined, state: known };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,19}$/.test(value);
}
