import { exceptionOf, type LaafficException } from '../../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../../errors/local-failures.js';
import { isRecord, wholeNumber } from '../protocol/values.js';
import type { QueryEndpoint } from '../traffic/request-events.js';

/** The rows of a response. */
export interface Rows<T> {
  /** How many rows the response has, unreadable ones included. */
  readonly count: number;
  readonly read: readonly T[];
  /** @throws {LaafficUnreadableException} if a row could not be read. */
  throwUnreadable(): void;
}

/**
 * Reads the rows of a response. Unreadable rows are never left out silently, because the caller would take them for
 * messages that do not exist.
 * @param list missing or `null` if there are no rows.
 * @param read returns the row, or what is missing in it.
 */
export function rowsOf<T extends object>(
  list: unknown,
  endpoint: QueryEndpoint,
  read: (row: Record<string, unknown>) => T | string,
): Rows<T> {
  const given: readonly unknown[] = Array.isArray(list) ? list : [];
  const good: T[] = [];
  const problems = list === undefined || list === null || Array.isArray(list) ? [] : ['the rows are not a list'];
  for (const [index, row] of given.entries()) {
    const result = isRecord(row) ? read(row) : 'no object';
    if (typeof result === 'string') problems.push(`row ${index + 1} has ${result}`);
    else good.push(result);
  }
  return {
    count: given.length,
    read: good,
    throwUnreadable: () => {
      const [first] = problems;
      if (first === undefined) return;
      const others = problems.length === 1 ? '' : `, and ${problems.length - 1} more cannot be read`;
      throw unreadableRows(`${endpoint}: ${first}${others}`);
    },
  };
}

/** Creates the exception of a response whose counters do not match its rows. */
export function countMismatch(endpoint: QueryEndpoint, counted: number, received: number): LaafficException {
  return unreadableRows(`${endpoint}: the counters say ${counted} rows, but ${received} were received`);
}

/** Adds counters up. @returns `undefined` unless all can be read. */
export function sum(json: Record<string, unknown>, counters: readonly string[]): number | undefined {
  const counts = counters.map((name) => wholeNumber(json[name]));
  return counts.includes(undefined) ? undefined : counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}

function unreadableRows(reason: string): LaafficException {
  return exceptionOf(LOCAL_FAILURES.unreadable, { outcome: 'rejected', status: 0, reason });
}
