import { PushStore } from './push-store.js';

/** Remembers within one process. */
export class MemoryPushStore extends PushStore {
  /** When each key is forgotten. */
  readonly #ends = new Map<string, number>();
  /**
   * The keys as they were marked; those before `#first` are forgotten. Beside the map, because a map
   * gets slow to look up its oldest key when many before it were deleted.
   */
  #marks: { readonly key: string; readonly end: number }[] = [];
  #first = 0;
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
    const mark = { key, end: this.#now() + window };
    this.#ends.set(key, mark.end);
    this.#marks.push(mark);
    this.#forget();
  }

  #forget(): void {
    for (let mark = this.#marks[this.#first]; mark !== undefined; mark = this.#marks[this.#first]) {
      const isLatest = this.#ends.get(mark.key) === mark.end;
      if (isLatest && mark.end > this.#now() && this.#ends.size <= this.#size) break;
      if (isLatest) this.#ends.delete(mark.key);
      this.#first++;
    }
    if (this.#first < this.#marks.length / 2) return;
    this.#marks = this.#marks.slice(this.#first);
    this.#first = 0;
  }
}
