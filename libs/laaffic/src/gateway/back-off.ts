/** The shortest and the longest pause, in milliseconds. */
export interface PauseLimits {
  readonly minDelay: number;
  readonly maxDelay: number;
}

/**
 * The pause before a further try: doubling, capped, and spread by half so that many clients do not
 * come back at once.
 * @param failures how many tries failed before the last.
 * @param asked milliseconds that the gateway asked for, or 0.
 * @param fraction at random, from 0 to below 1.
 */
export function backOff(
  failures: number,
  { minDelay, maxDelay }: PauseLimits,
  asked: number,
  fraction: number,
): number {
  const delay = Math.min(maxDelay, Math.max(asked, minDelay * 2 ** failures));
  return Math.ceil(delay * (0.5 + fraction / 2));
}
