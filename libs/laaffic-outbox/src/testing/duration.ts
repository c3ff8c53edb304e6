/** A duration as the sum of its parts. Fractions are allowed, and a day has 24 hours. */
export interface Duration {
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
}

const MILLISECONDS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 } as const;

/**
 * Returns a duration in milliseconds.
 * @param duration its parts, or a number of milliseconds.
 * @throws {RangeError} if a unit is misspelt, or the sum is not a number of at least 0.
 */
export function millisecondsOf(duration: Duration | number): number {
  const parts = typeof duration === 'number' ? { milliseconds: duration } : duration;
  let sum = 0;
  // A misspelt unit has no number of milliseconds.
  for (const [unit, count = 0] of Object.entries(parts)) sum += count * MILLISECONDS[unit as keyof Duration];
  if (Number.isFinite(sum) && sum >= 0) return sum;
  throw new RangeError(
    `Time only advances: give ${Object.keys(MILLISECONDS).join(', ')}, which together are at least 0`,
  );
}
