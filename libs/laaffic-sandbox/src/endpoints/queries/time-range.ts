import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { Rejection } from '../../vendor/rejection.js';

export const DAY_MS = 86_400_000;

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Rejects a range that is reversed, too long, or starts before `earliest`. */
export function checkRange(
  { from, to }: TimeRange,
  earliest: number,
  { maxRangeDays, badRange }: Readonly<SandboxQuirks>,
): TimeRange | Rejection {
  if (to < from) return new Rejection(badRange, 'the end is before the start');
  if (to - from > maxRangeDays * DAY_MS) {
    return new Rejection(badRange, `the times are more than ${maxRangeDays} days apart`);
  }
  if (from < earliest) return new Rejection(badRange, `the start is before ${new Date(earliest).toISOString()}`);
  return { from, to };
}
