/** A JavaScript Set cannot hold more than 2^24 entries. */
const SETS = 64;

/** Remembers numbers, about 40 bytes each. */
export class SeenNumbers {
  readonly #sets: readonly Set<number>[] = Array.from({ length: SETS }, () => new Set());

  /** @returns whether the number is new. */
  add(number: string): boolean {
    // Numbers of up to 15 digits are exact.
    const digits = Number(number);
    const set = this.#sets[digits % SETS];
    if (set === undefined) return true;
    const before = set.size;
    return set.add(digits).size > before;
  }
}
