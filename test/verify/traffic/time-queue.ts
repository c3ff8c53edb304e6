interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

/** Items by time. Items of the same time leave in the order in which they came. */
export class TimeQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  add(at: number, item: T): void {
    const entry = { at, order: this.#added++, item };
    let position = this.#heap.length;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      this.#heap[position] = parent;
      position = above;
    }
    this.#heap[position] = entry;
  }

  /** Removes the first item whose time has come by `at`. @default any time */
  takeUntil(at?: number): T | undefined {
    const [first] = this.#heap;
    return first !== undefined && (at === undefined || first.at <= at) ? this.#take() : undefined;
  }

  #take(): T | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || first === last) return first?.item;
    let position = 0;
    for (;;) {
      let below = 2 * position + 1;
      let child = this.#heap[below];
      const sibling = this.#heap[below + 1];
      if (child !== undefined && sibling !== undefined && isBefore(sibling, child)) {
        child = sibling;
        below++;
      }
      if (child === undefined || isBefore(last, child)) break;
      this.#heap[position] = child;
      position = below;
    }
    this.#heap[position] = last;
    return first.item;
  }
}

function isBefore(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
