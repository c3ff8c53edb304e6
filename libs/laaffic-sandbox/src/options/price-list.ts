import { toMicros, type Decimal } from './decimal.js';

/** Prices of one segment in millionths, by the longest number prefix. */
export class PriceList {
  private readonly prefixes: readonly (readonly [prefix: string, micros: number])[];
  private readonly otherwise: number;

  constructor(price: Decimal, prices: Readonly<Record<string, Decimal>>) {
    this.otherwise = toMicros(price) ?? 0;
    this.prefixes = Object.entries(prices)
      .map(([prefix, amount]) => [prefix, toMicros(amount) ?? 0] as const)
      .sort(([one], [other]) => other.length - one.length);
  }

  microsFor(number: string): number {
    for (const [prefix, micros] of this.prefixes) {
      if (number.startsWith(prefix)) return micros;
    }
    return this.otherwise;
  }
}
