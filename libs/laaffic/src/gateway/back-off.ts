import { LaafficLimitException, type LaafficException } from '../errors/laaffic.exception.js';

/** The shortest and the longest pause, in milliseconds. */
export interface PauseLimits {
  readonly minDelay: number;
  readonly maxDelay: number;
}

/**
 * The pause before a further try: doubling, capped, and spread by half so that many clients do not
 * come back at once.
 * @param failures how many tries failed before the last.
 * @param last how the last one failed: a limit says how long to wait at least.
 * @param fraction at random, from 0 to below 1.
 */
export function backOff(
  failures: number,
  { minDelay, maxDelay }: PauseLimits,
  last: LaafficException,
  fraction: number,
): number {
  const asked = last instanceof LaafficLimitException ? last.retryAfter * 1000 : 0;
  const delay = Math.min(maxDelay, Math.max(asked, minDelay * 2 ** failures));
  return Math.ceil(delay * (0.5 + fraction / 2));
}
