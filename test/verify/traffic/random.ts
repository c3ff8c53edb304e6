// Jest looks up each global in a slow way, and these are needed a million times.
const { cos, floor, imul, log, PI, sqrt } = Math;

/**
 * A pseudo-random generator: the same seed and labels give the same values on every machine. Not for secrets.
 * @example
 * const random = new Random(1, 'usual', 3); // independent of new Random(1, 'usual', 4)
 */
export class Random {
  #state: number;

  /** @param labels what the values are for. Generators with other labels have unrelated values. */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    let state = scramble(seed);
    for (const character of labels.join('/')) state = scramble(state ^ (character.codePointAt(0) ?? 0));
    this.#state = state;
  }

  /** At least 0, less than 1. */
  next(): number {
    // An odd step visits every state once before it repeats.
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return (scramble(this.#state) >>> 0) / 2 ** 32;
  }

  /** A whole number of at least 0, less than `limit`. */
  integer(limit: number): number {
    return floor(this.next() * limit);
  }

  /** A number of at least `low`, less than `high`. */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  isLucky(probability: number): boolean {
    return this.next() < probability;
  }

  /** Normally distributed, by Box and Muller. */
  normal(mean: number, deviation: number): number {
    return mean + deviation * sqrt(-2 * log(1 - this.next())) * cos(2 * PI * this.next());
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(items.length)];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
    }
    return shuffled;
  }
}

/** Picks items by weight. */
export class WeightedChoice<T> {
  readonly #limits: number[] = [];
  readonly #total: number;

  constructor(
    private readonly items: readonly T[],
    weightOf: (item: T, index: number) => number,
  ) {
    let total = 0;
    for (const [index, item] of items.entries()) this.#limits.push((total += weightOf(item, index)));
    this.#total = total;
  }

  pick(random: Random): T {
    const drawn = random.next() * this.#total;
    let low = 0;
    let high = this.items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (drawn < (this.#limits[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    const item = this.items[low];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }
}

/** The finalizer of MurmurHash3: each bit of the input changes about half of the output. */
function scramble(value: number): number {
  let bits = value | 0;
  bits = imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
