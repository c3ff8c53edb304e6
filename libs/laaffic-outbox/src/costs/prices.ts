import type { GivenPrice } from '../options/given-prices.js';
import { readAmount, writeAmount } from './exact-amount.js';

/** What one part of an SMS costs in a network of a country, in one currency. */
export interface SmsPrice {
  /**
   * The country by the code of ISO 3166-1. Missing for messages whose reports say neither a number nor a network.
   */
  readonly country?: string;
  /** The mobile country code of the network. Missing if reports do not say it. */
  readonly mcc?: string;
  /** The mobile network code. Missing if reports do not say it. */
  readonly mnc?: string;
  readonly currency: string;
  /** The most frequent price of a part: an exact decimal as text. Of two that are as frequent, the higher one. */
  readonly usual: string;
  /** The highest price of a part: an exact decimal as text. */
  readonly highest: string;
  /** `learned` from delivery reports of the last 30 days, or `given` by the option `prices`. */
  readonly source: 'learned' | 'given';
  /** How many recipients were charged. 0 for a given price, as the counts below. */
  readonly recipients: number;
  /** How many parts were charged. */
  readonly chargedParts: number;
  /** How many parts their texts take. */
  readonly expectedParts: number;
  /** How many recipients were charged another number of parts than expected. */
  readonly differing: number;
  /** When the first report with these prices came. Missing for a given price. */
  readonly firstSeenAt?: Date;
  /** When the last report with these prices came. Missing for a given price. */
  readonly lastSeenAt?: Date;
}

/** A price of a network, as the database sums it up. Counts are whole numbers as text. */
export interface SeenPrice {
  /** Empty if it is not known, as `mcc` and `mnc`. */
  readonly country: string;
  readonly mcc: string;
  readonly mnc: string;
  readonly currency: string;
  readonly unit: string;
  readonly recipients: string;
  readonly segments: string;
  readonly expected: string;
  readonly differing: string;
  readonly first_at: Date;
  readonly last_at: Date;
}

/** What one part costs in a country. */
export interface CountryPrice {
  readonly currency: string;
  readonly usual: bigint;
  readonly highest: bigint;
  readonly source: 'learned' | 'given';
  /** How many parts are charged for how many expected ones. Equal if nearly all messages are charged as expected. */
  readonly chargedParts: number;
  readonly expectedParts: number;
}

/** Fewer parts may be those of one network. */
const ENOUGH_PARTS = 20;
/** The share of messages with another number of parts from which on this is more than chance. */
const DIFFERING_SHARE = 0.01;

type Summary = Omit<SmsPrice, 'country' | 'mcc' | 'mnc' | 'usual' | 'highest' | 'source'> & {
  readonly usual: bigint;
  readonly highest: bigint;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
};

/** The prices that are known: learned from delivery reports, and given by the app. */
export class Prices {
  readonly #rows: readonly SeenPrice[];
  readonly #given: ReadonlyMap<string, GivenPrice>;

  /** @param rows one for each price of a network. */
  constructor(rows: readonly SeenPrice[], given: Readonly<Record<string, GivenPrice>>) {
    this.#rows = rows;
    this.#given = new Map(Object.entries(given));
  }

  /** All prices, by country, network and currency. A given price is among them as long as it is used. */
  list(): SmsPrice[] {
    const networks = groupBy(this.#rows, ({ country, mcc, mnc, currency }) => [country, mcc, mnc, currency].join());
    const learned = networks.flatMap((rows): SmsPrice[] => {
      const [first] = rows;
      if (first === undefined) return [];
      const { country, mcc, mnc } = first;
      const { usual, highest, ...seen } = summaryOf(rows);
      const price = {
        ...(country === '' ? {} : { country }),
        ...(mcc === '' ? {} : { mcc }),
        ...(mnc === '' ? {} : { mnc }),
        ...{ usual: writeAmount(usual), highest: writeAmount(highest), source: 'learned' as const, ...seen },
      };
      return [price];
    });
    const given = [...this.#given.entries()].flatMap(([country, { price, currency }]): SmsPrice[] => {
      if (this.of(country)?.source !== 'given') return [];
      const usual = writeAmount(readAmount(price));
      const none = { recipients: 0, chargedParts: 0, expectedParts: 0, differing: 0 };
      return [{ country, currency, usual, highest: usual, source: 'given', ...none }];
    });
    return [...learned, ...given].sort(byPlace);
  }

  /**
   * What a part costs in a country: as the platform charges it, or as the app says until 20 parts were charged. If a
   * country was charged in several currencies, the one that was seen last counts.
   */
  of(country: string): CountryPrice | undefined {
    const rows = this.#rows.filter((row) => row.country === country);
    const given = this.#given.get(country);
    if (given !== undefined && sumOf(rows, 'segments') < ENOUGH_PARTS) {
      const price = readAmount(given.price);
      const { currency } = given;
      return { currency, usual: price, highest: price, source: 'given', chargedParts: 1, expectedParts: 1 };
    }
    const currencies = groupBy(rows, ({ currency }) => currency).map(summaryOf);
    const [last] = currencies.sort((a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime());
    if (last === undefined) return undefined;
    const { currency, usual, highest, recipients, differing, chargedParts, expectedParts } = last;
    const isAsExpected = differing <= recipients * DIFFERING_SHARE || expectedParts === 0;
    const parts = isAsExpected ? { chargedParts: 1, expectedParts: 1 } : { chargedParts, expectedParts };
    return { currency, usual, highest, source: 'learned', ...parts };
  }
}

/** @param rows at least one, all with the same currency. */
function summaryOf(rows: readonly SeenPrice[]): Summary {
  const byPrice = new Map<bigint, number>();
  for (const { unit, recipients } of rows) {
    const price = readAmount(unit);
    byPrice.set(price, (byPrice.get(price) ?? 0) + Number(recipients));
  }
  let usual = -1n;
  let highest = -1n;
  let most = 0;
  for (const [price, recipients] of byPrice) {
    if (price > highest) highest = price;
    if (recipients > most || (recipients === most && price > usual)) [usual, most] = [price, recipients];
  }
  return {
    currency: rows[0]?.currency ?? '',
    usual,
    highest,
    recipients: sumOf(rows, 'recipients'),
    chargedParts: sumOf(rows, 'segments'),
    expectedParts: sumOf(rows, 'expected'),
    differing: sumOf(rows, 'differing'),
    firstSeenAt: new Date(Math.min(...rows.map((row) => row.first_at.getTime()))),
    lastSeenAt: new Date(Math.max(...rows.map((row) => row.last_at.getTime()))),
  };
}

function sumOf(rows: readonly SeenPrice[], field: 'recipients' | 'segments' | 'expected' | 'differing'): number {
  return rows.reduce((sum, row) => sum + Number(row[field]), 0);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function byPlace(a: SmsPrice, b: SmsPrice): number {
  const [first, second] = [a, b].map(({ country = '', mcc = '', mnc = '', currency }) =>
    [country, mcc, mnc, currency].join(),
  ) as [string, string];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
