import { invalidCommand } from 'nestjs-laaffic';
import type { ResultsFilter } from 'nestjs-laaffic-outbox';
import type { Query } from '../http/known-query.js';
import { RECIPIENT_STATES, type ShownState } from '../results/shown-state.js';

/** Which results are asked for. */
export interface ResultsQuery {
  readonly state: ShownState | undefined;
  /** Only those behind this position. */
  readonly after: number | undefined;
}

/** @throws {LaafficInputException} */
export function readResultsQuery({ state, after }: Query): ResultsQuery {
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

/** What the outbox is asked for: entries that are nobody's are among those that it lists as rejected. */
export function filterOf({ state, after }: ResultsQuery): ResultsFilter {
  return { state: state === 'invalid' ? 'rejected' : state, after };
}
