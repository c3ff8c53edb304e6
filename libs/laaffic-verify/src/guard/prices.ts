/** What the platform has charged for messages to a country, in one currency. */
export interface Charges {
  readonly country: string;
  readonly currency: string;
  readonly segments: number;
  readonly total: number;
}

/** What the app says of prices. */
export interface GivenPrices {
  /** What a segment costs, by country. */
  readonly prices: Readonly<Record<string, number>>;
  readonly unknownPrice: number;
  /** The currency of all prices. `undefined`: the only one that the platform charges in. */
  readonly currency: string | undefined;
}

/** What a segment costs in a country. */
export interface CountryPrice {
  readonly perSegment: number;
  /** Whether it is what the platform has charged, and not what the app says. */
  readonly isLearned: boolean;
}

/** Fewer segments may be those of one network. */
const LEAST_SEGMENTS = 20;

/** What segments cost: as the platform has charged them where it has, otherwise as the app says. */
export class Prices {
  readonly #learned = new Map<string, number>();
  readonly #unknown: number;

  constructor(
    private readonly given: GivenPrices,
    charges: readonly Charges[] = [],
  ) {
    const currencies = new Set(charges.map((each) => each.currency));
    const { currency = currencies.size === 1 ? [...currencies][0] : undefined } = given;
    // Amounts of several currencies are never added up.
    for (const { country, segments, total, currency: of } of charges) {
      if (of === currency && segments >= LEAST_SEGMENTS && total > 0) this.#learned.set(country, total / segments);
    }
    this.#unknown = Math.max(given.unknownPrice, ...this.#learned.values());
  }

  of(country: string): CountryPrice {
    const learned = this.#learned.get(country);
    if (learned !== undefined) return { perSegment: learned, isLearned: true };
    return { perSegment: this.given.prices[country] ?? this.#unknown, isLearned: false };
  }
}
