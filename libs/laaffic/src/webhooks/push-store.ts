/**
 * Remembers which handler has succeeded for which push. Extend it to share that between processes; it is also the token of
 * the module's own store.
 *
 * Its methods may throw or reject. If `isDone` fails, the response to the push is 500. If `markDone` fails, the push counts
 * as succeeded but is not remembered.
 * @example
 * class RedisPushStore extends PushStore {
 *   isDone = async (key: string) => (await redis.exists(key)) === 1;
 *   markDone = (key: string, windowMs: number) => redis.set(key, '1', { PX: windowMs });
 * }
 */
export abstract class PushStore {
  /** Whether `markDone` was called with the key within the window. Keys have no number and no content. */
  abstract isDone(key: string): boolean | Promise<boolean>;

  /** @param windowMs how long the key has to be remembered, in milliseconds. */
  abstract markDone(key: string, windowMs: number): unknown;
}

/** Remembers within one process: the default store of the webhooks module. */
export class MemoryPushStore extends PushStore {
  /** When each key expires. */
  readonly #expiries = new Map<string, number>();
  /**
   * The keys in the order they were marked; those before `#first` are forgotten. A list of its own, because a map is slow
   * to find its oldest key after many deletions.
   */
  #marks: { readonly key: string; readonly expiry: number }[] = [];
  #first = 0;
  readonly #maxSize: number;
  readonly #now: () => number;

  /**
   * @param maxSize the most keys that are kept. Beyond it the oldest key is forgotten.
   * @param now the time in milliseconds since the epoch.
   */
  constructor(maxSize = 100_000, now: () => number = Date.now) {
    super();
    this.#maxSize = maxSize;
    this.#now = now;
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#expiries.size;
  }

  isDone(key: string): boolean {
    return (this.#expiries.get(key) ?? -Infinity) > this.#now();
  }

  markDone(key: string, windowMs: number): void {
    const mark = { key, expiry: this.#now() + windowMs };
    this.#expiries.set(key, mark.expiry);
    this.#marks.push(mark);
    this.#forget();
  }

  #forget(): void {
    for (let mark = this.#marks[this.#first]; mark !== undefined; mark = this.#marks[this.#first]) {
      const isLatest = this.#expiries.get(mark.key) === mark.expiry;
      if (isLatest && mark.expiry > this.#now() && this.#expiries.size <= this.#maxSize) break;
      if (isLatest) this.#expiries.delete(mark.key);
      this.#first++;
    }
    if (this.#first < this.#marks.length / 2) return;
    this.#marks = this.#marks.slice(this.#first);
    this.#first = 0;
  }
}
