/** A Set of JavaScript's own ends at 2^24 entries. */
const SETS = 64;

/** The numbers that came before, about 40 bytes each. */
export class SeenNumbers {
  readonly #sets: readonly Set<number>[] = Array.from({ length: SETS }, () => new Set());

  /** @returns whether the number had not come before. */
  add(number: string): boolean {
    // Even 15 digits are exact.
    const digits = Number(number);
    const set = this.#sets[digits % SETS];
    if (set === undefined) return true;
    const before = set.size;
    return set.add(digits).size > before;
  }
}
