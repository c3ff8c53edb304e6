import type { Issue } from './issue.js';

/** A span of time: instants, or ISO 8601 texts with an offset. */
export interface TimeRange {
  readonly from: Date | string;
  readonly to: Date | string;
}

/** A span of time that was checked. */
export interface CheckedRange {
  readonly from: Date;
  readonly to: Date;
}

const SECOND = 1000;
const ISO_WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** Reads a span of time, or tells what is wrong with it. It is widened to whole seconds, which is all the platform takes. */
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
    from: new Date(Math.floor(start.getTime() / SECOND) * SECOND),
    to: new Date(Math.ceil(end.getTime() / SECOND) * SECOND),
  };
}

export function readInstant(value: unknown): Date | undefined {
  const date =
    value instanceof Date || (typeof value === 'string' && ISO_WITH_OFFSET.test(value)) ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

const DAY = 24 * 60 * 60 * SECOND;

/** Cuts a span into spans of at most so many days, each beginning the second after the one before. */
export function* splitRange({ from, to }: CheckedRange, days: number): Generator<CheckedRange> {
  for (let start = from.getTime(); start <= to.getTime();) {
    const end = Math.min(start + days * DAY - SECOND, to.getTime());
    yield { from: new Date(start), to: new Date(end) };
    start = end + SECOND;
  }
}

/** As the platform writes time: `2021-02-12T09:30:03+08:00`, whole seconds, UTC+8. */
export function platformTime(instant: Date): string {
  return `${new Date(instant.getTime() + 8 * 60 * 60 * 1000).toISOString().slice(0, 19)}+08:00`;
}
