/** Keeps the newest `limit` entries in the order they were added. */
export class BoundedList<T> {
  #entries: (T | undefined)[] = [];
  #start = 0;

  constructor(
    private limit: number,
    private readonly onDropped?: (entry: T) => void,
  ) {}

  get size(): number {
    return this.#entries.length - this.#start;
  }

  push(entry: T): void {
    this.#entries.push(entry);
    if (this.size > this.limit) this.dropOldest();
  }

  /** A view that keeps growing, or a copy once entries have been dropped. */
  get all(): readonly T[] {
    return (this.#start === 0 ? this.#entries : this.#entries.slice(this.#start)) as readonly T[];
  }

  resize(limit: number): void {
    this.limit = limit;
    while (this.size > limit) this.dropOldest();
  }

  clear(): void {
    this.#entries = [];
    this.#start = 0;
  }

  dropOldest(): void {
    const oldest = this.#entries[this.#start];
    if (oldest !== undefined) this.onDropped?.(oldest);
    this.#entries[this.#start] = undefined;
    this.#start += 1;
    // Shifting the rest on every drop would cost as much as the list is long.
    if (this.#start > 1024 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }
}
