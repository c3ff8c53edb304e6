/** Requests that a window looks back on. */
const WINDOW = 20;
/** So many of them without a readable answer are too many, */
const MOST_SILENCES = WINDOW / 2;
/** and so many one after the other. Of a tenth that is lost by chance, five are in a row once in 100,000 requests. */
const MOST_IN_A_ROW = 5;
/** The window of all requests, beside those of one order of size. */
const ANY_SIZE = 0;

interface Ended {
  readonly size: number;
  readonly isSilent: boolean;
}

/**
 * Watches how many requests of one lane get no readable answer. Requests are looked at all together, and apart by
 * their size in powers of two: answers to small requests must not hide that large ones get none.
 */
export class SilenceWatch {
  readonly #windows = new Map<number, Ended[]>();

  /**
   * A request of so many recipients has ended.
   * @returns the size of the largest request without an answer if there are too many of them; then it begins anew.
   */
  record(size: number, isSilent: boolean): number | undefined {
    for (const key of [ANY_SIZE, 32 - Math.clz32(size)]) {
      const ended = [...(this.#windows.get(key) ?? []), { size, isSilent }].slice(-WINDOW);
      this.#windows.set(key, ended);
      const silent = ended.filter((one) => one.isSilent);
      const isStreak = ended.length >= MOST_IN_A_ROW && ended.slice(-MOST_IN_A_ROW).every((one) => one.isSilent);
      if (!isStreak && silent.length < MOST_SILENCES) continue;
      this.#windows.clear();
      return Math.max(...silent.map((one) => one.size));
    }
    return undefined;
  }
}
