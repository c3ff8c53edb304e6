/** How late a timer may fire, in milliseconds, without the rate suffering for it. */
const LATENESS = 10;
/** Sums of slots are off in their last digits; a timer set a whole millisecond later for it would not be. */
const ROUNDING = 1e-6;

/**
 * What one limit allows: it builds up evenly, and whatever goes spends it. There are no debts.
 *
 * In any second no more is spent than `perSecond`, plus the most that was asked for at once.
 */
export class Allowance {
  /** The milliseconds in which one builds up. */
  readonly #slot: number;
  readonly #lateness: number;
  /** When there was nothing: what there is has built up since. */
  #emptyAt: number;

  /** @param perSecond more than 0, or `undefined` for an allowance that never ends. */
  constructor(perSecond: number | undefined) {
    if (perSecond === undefined) {
      this.#slot = 0;
      this.#lateness = Infinity;
    } else {
      // What goes late counts in the second in which it goes. Up to one whole slot of lateness stays
      // within the bound; to bear more, the slots of high rates are longer by up to 1 %.
      const bound = Math.floor(perSecond) + 1;
      this.#slot = Math.max(1000 / perSecond, (1000 + LATENESS) / bound);
      this.#lateness = this.#slot * bound - 1000;
    }
    // An earlier process may have used up what went before: only a single send goes at once.
    this.#emptyAt = performance.now() - this.#slot;
  }

  /**
   * Loses what had built up beyond `most`. What has built up `since` then stays, for a timer may be
   * late, but not all that a machine slept through.
   */
  keep(most: number, since: number, now: number): void {
    this.#emptyAt = Math.max(this.#emptyAt, Math.max(since, now - this.#lateness) - most * this.#slot);
  }

  /** When there is, or was, enough. */
  readyAt(amount: number): number {
    return this.#emptyAt + amount * this.#slot - ROUNDING;
  }

  /** To be called when there is enough. */
  spend(amount: number): void {
    this.#emptyAt += amount * this.#slot;
  }
}
