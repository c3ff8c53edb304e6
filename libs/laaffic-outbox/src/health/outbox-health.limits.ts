/** What the outbox may have at most and be healthy. */
export interface OutboxHealthLimits {
  /**
   * Recipients that could be sent to now.
   * @default none
   */
  readonly backlog?: number | undefined;
  /**
   * For how long the oldest of the backlog could have been sent, in seconds; a large campaign takes its time.
   * @default none
   */
  readonly oldestPendingSeconds?: number | undefined;
  /**
   * The same of the priority lane alone.
   * @default none
   */
  readonly oldestPrioritySeconds?: number | undefined;
  /**
   * Recipients that wait for a person's decision.
   * @default none
   */
  readonly held?: number | undefined;
}

const LIMITED = ['backlog', 'oldestPendingSeconds', 'oldestPrioritySeconds', 'held'] as const;

/** @returns those that are exceeded, such as `held`. */
export function exceeded(
  stats: Readonly<Record<(typeof LIMITED)[number], number>>,
  limits: OutboxHealthLimits,
): (typeof LIMITED)[number][] {
  return LIMITED.filter((name) => stats[name] > (limits[name] ?? Infinity));
}

/** @throws {RangeError} naming the first that is no number from 0: with it everything would be healthy. */
export function checkLimits(limits: OutboxHealthLimits): void {
  for (const name of LIMITED) {
    const limit = limits[name];
    if (limit !== undefined && !(limit >= 0)) throw new RangeError(`limits.${name} must be a number from 0`);
  }
}
