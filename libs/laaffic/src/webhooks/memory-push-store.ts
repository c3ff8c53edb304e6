import { PushStore } from './push-store.js';

/** Remembers within one process. */
export class MemoryPushStore extends PushStore {
  /** When each key is forgotten; the keys are in the order in which they were marked. */
  readonly #ends = new Map<string, number>();
  readonly #size: number;
  readonly #now: () => number;

  /**
   * @param size how many keys are kept at most; beyond it the oldest is forgotten.
   * @param now the time in milliseconds since the epoch.
   */
  constructor(size = 100_000, now: () => number = Date.now) {
    super();
    this.#size = size;
    this.#now = now;
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#ends.size;
  }

  isDone(key: string): boolean {
    return (this.#ends.get(key) ?? -Infinity) > this.#now();
  }

  markDone(key: string, window: number): void {
    this.#ends.delete(key);
    this.#ends.set(key, this.#now() + window);
    for (const [oldest, end] of this.#ends) {
      if (end > this.#now() && this.#ends.size <= this.#size) break;
      this.#ends.delete(oldest);
    }
  }
}
