/** Number of requests in a window. */
const WINDOW = 20;
/** This many of them without a readable response are too many, */
const MOST_SILENCES = WINDOW / 2;
/** and this many in a row. If a tenth is lost by chance, five in a row occur once in 100,000 requests. */
const MOST_IN_A_ROW = 5;
/** Key of the window for requests of all sizes. */
const ANY_SIZE = 0;

interface Ended {
  readonly size: number;
  readonly isSilent: boolean;
}

/**
 * Watches how many requests of a lane get no readable response. Requests are counted all together, and separately by
 * size in powers of two: responses to small requests must not hide that large ones get none.
 */
export class SilenceWatch {
  readonly #windows = new Map<number, Ended[]>();

  /**
   * Records the end of a request with this many recipients.
   * @returns the size of the largest request without a response if there are too many of them. Then counting starts
   * again.
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
