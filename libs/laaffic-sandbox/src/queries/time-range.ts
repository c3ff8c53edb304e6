import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { Refusal } from '../protocol/refusal.js';

export const day = 86_400_000;

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A range that is not too long and does not begin before `earliest`. */
export function checkRange(
  { from, to }: TimeRange,
  earliest: number,
  { maxSpanDays, badRange }: Readonly<SandboxQuirks>,
): TimeRange | Refusal {
  if (to < from) return new Refusal(badRange, 'the end is before the start');
  if (to - from > maxSpanDays * day) return new Refusal(badRange, `the times are more than ${maxSpanDays} days apart`);
  if (from < earliest) return new Refusal(badRange, `the start is before ${new Date(earliest).toISOString()}`);
  return { from, to };
}
