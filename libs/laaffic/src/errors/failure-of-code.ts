import { LOCAL_FAILURES } from './local-failures.js';
import { STATUS_TABLE, UNLISTED_STATUS, type Failure } from './status-table.js';

const BY_CODE: ReadonlyMap<string, Failure> = new Map(
  [...STATUS_TABLE.values(), UNLISTED_STATUS, ...Object.values(LOCAL_FAILURES)].map((failure) => [
    failure.code,
    failure,
  ]),
);

/**
 * Returns the row of the failure tables with a code: a failure that the gateway has a status for, or one of this package
 * alone. `LAAFFIC_ABORTED` has two rows; the one with the outcome `unknown` is returned.
 * @returns `undefined` for a code that is in no table.
 * @example
 * for (const { number, code } of receipt.rejected) console.log(number, failureOfCode(code)?.advice);
 */
export function failureOfCode(code: string): Failure | undefined {
  return BY_CODE.get(code);
}
