import { invalidCommand } from 'nestjs-laaffic';
import type { ResultsFilter } from 'nestjs-laaffic-outbox';
import type { Query } from '../http/known-query.js';
import { RECIPIENT_STATES } from '../results/recipient-states.js';

/** @throws {LaafficInputException} */
export function readResultsQuery({ state, after }: Query): ResultsFilter {
  const known = RECIPIENT_STATES.find((one) => one === state);
  const position = typeof after === 'string' && /^\d{1,15}$/.test(after) ? Number(after) : undefined;
  const issues = [
    ...(state === undefined || known !== undefined
      ? []
      : [{ field: 'state', problem: `must be one of ${RECIPIENT_STATES.join(', ')}` }]),
    ...(after === undefined || position !== undefined
      ? []
      : [{ field: 'after', problem: 'must be a position: a whole number from 0' }]),
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  return { state: known, after: position };
}
