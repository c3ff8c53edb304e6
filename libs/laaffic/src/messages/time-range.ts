import type { Issue } from './issue.js';

/**
 * A time range, both ends included.
 * @example
 * { from: '2026-01-31T09:00:00+08:00', to: new Date() }
 */
export interface TimeRange {
  /** A `Date`, or ISO 8601 with an offset. */
  readonly from: Date | string;
  /** A `Date`, or ISO 8601 with an offset. */
  readonly to: Date | string;
}

/** A checked time range, in whole seconds. */
export interface CheckedRange {
  readonly from: Date;
  readonly to: Date;
}

const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;
const ISO_WITH_OFFSET = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** Checks a time range. Widens it to whole seconds, because the platform accepts no fractions. */
export function readTimeRange(range: unknown): CheckedRange | { issues: readonly Issue[] } {
  const { from, to } = (range ?? {}) as { from?: unknown; to?: unknown };
  const [start, end] = [readInstant(from), readInstant(to)];
  const problem = 'must be a Date, or ISO 8601 with an offset such as 2026-01-31T09:00:00+08:00';
  const issues: Issue[] = [];
  if (start === undefined) issues.push({ field: 'from', problem });
  if (end === undefined) issues.push({ field: 'to', problem });
  if (start === undefined || end === undefined) return { issues };
  if (start > end) return { issues: [{ field: 'to', problem: 'must not be before from' }] };
  return {
    from: new Date(Math.floor(start.getTime() / SECOND_MS) * SECOND_MS),
    to: new Date(Math.ceil(end.getTime() / SECOND_MS) * SECOND_MS),
  };
}

/** Reads an instant. @returns `undefined` unless it is a valid `Date`, or ISO 8601 with an offset and an existing day. */
export function readInstant(value: unknown): Date | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : new Date(value);
  const [text, day = ''] = typeof value === 'string' ? (ISO_WITH_OFFSET.exec(value) ?? []) : [];
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) || !isExistingDay(day) ? undefined : date;
}

/** JavaScript turns the 30th of February into the 2nd of March. */
function isExistingDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** Splits a range into ranges of at most `days` days. Each starts one second after the end of the one before. */
export function* splitRange({ from, to }: CheckedRange, days: number): Generator<CheckedRange> {
  for (let start = from.getTime(); start <= to.getTime();) {
    const end = Math.min(start + days * DAY_MS - SECOND_MS, to.getTime());
    yield { from: new Date(start), to: new Date(end) };
    start = end + SECOND_MS;
  }
}

/** Writes an instant as the platform does: `2021-02-12T09:30:03+08:00`, whole seconds, UTC+8. */
export function platformTime(instant: Date): string {
  return `${new Date(instant.getTime() + 8 * 60 * 60 * 1000).toISOString().slice(0, 19)}+08:00`;
}
