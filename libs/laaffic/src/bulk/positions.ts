/** Positions in a source from the first up to, and without, the second; counted from 0. */
export type PositionRange = readonly [from: number, to: number];

/** A set of positions, small as long as they lie together. */
export class Positions {
  /** In order, with a gap between any two. */
  readonly #ranges: [number, number][] = [];

  /** @throws {RangeError} if one is no range of positions. */
  constructor(ranges: readonly PositionRange[] = []) {
    for (const [from, to] of ranges) {
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from) throw new RangeError();
      this.add(from, to);
    }
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

  get ranges(): readonly PositionRange[] {
    return this.#ranges.map(([from, to]) => [from, to] as const);
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
