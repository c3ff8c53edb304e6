/** Positions in a source, counted from 0: from the first, up to but not including the second. */
export type PositionRange = readonly [from: number, to: number];

/** A set of positions, stored as ranges. */
export class Positions {
  /** In order, with a gap between any two. */
  readonly #ranges: [number, number][] = [];

  /** @throws {RangeError} if an entry is not a range of positions. */
  constructor(ranges: readonly PositionRange[] = []) {
    for (const [from, to] of ranges) {
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from) throw new RangeError();
      this.add(from, to);
    }
  }

  /** As few ranges as possible, in order. */
  get ranges(): readonly PositionRange[] {
    return this.#ranges.map(([from, to]) => [from, to] as const);
  }

  add(from: number, to: number): void {
    if (from >= to) return;
    const start = this.#firstEndingAtOrAfter(from);
    let end = start;
    let [low, high] = [from, to];
    for (let range = this.#ranges[end]; range !== undefined && range[0] <= to; range = this.#ranges[end]) {
      low = Math.min(low, range[0]);
      high = Math.max(high, range[1]);
      end++;
    }
    this.#ranges.splice(start, end - start, [low, high]);
  }

  has(position: number): boolean {
    const range = this.#ranges[this.#firstEndingAtOrAfter(position + 1)];
    return range !== undefined && range[0] <= position;
  }

  #firstEndingAtOrAfter(position: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
