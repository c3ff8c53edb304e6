/** How late a timer may fire, in milliseconds, without a loss of rate. */
const TIMER_LATENESS_MS = 10;
/** Sums of slots are wrong in their last digits. Without this, a timer would be set a whole millisecond later. */
const ROUNDING = 1e-6;

/**
 * The tokens of one limit. They build up evenly; requests spend them. There is no debt.
 *
 * In any second at most `perSecond` tokens are spent, plus those of the largest single request.
 */
export class TokenBucket {
  /** Milliseconds in which one token builds up. */
  readonly #slot: number;
  readonly #lateness: number;
  /** The time at which the bucket was empty. All tokens have built up since. */
  #emptyAt: number;

  /** @param perSecond above 0, or `undefined` for no limit. */
  constructor(perSecond: number | undefined) {
    if (perSecond === undefined) {
      this.#slot = 0;
      this.#lateness = Infinity;
    } else {
      // A late request counts in the second in which it starts. Up to one slot of lateness stays within the bound. To
      // allow more, the slots of high rates are longer by up to 1 %.
      const bound = Math.floor(perSecond) + 1;
      this.#slot = Math.max(1000 / perSecond, (1000 + TIMER_LATENESS_MS) / bound);
      this.#lateness = this.#slot * bound - 1000;
    }
    // An earlier process may have used the tokens of the last second, so only a single send starts at once.
    this.#emptyAt = performance.now() - this.#slot;
  }

  /**
   * Drops the tokens beyond `most`. Tokens that have built up since `since` stay, because a timer may be late, but not
   * all that built up while the machine slept.
   */
  cap(most: number, since: number, now: number): void {
    this.#emptyAt = Math.max(this.#emptyAt, Math.max(since, now - this.#lateness) - most * this.#slot);
  }

  /** The time at which the bucket has, or had, enough tokens. */
  readyAt(amount: number): number {
    return this.#emptyAt + amount * this.#slot - ROUNDING;
  }

  /** Takes tokens. The caller calls it only if there are enough. */
  spend(amount: number): void {
    this.#emptyAt += amount * this.#slot;
  }
}
