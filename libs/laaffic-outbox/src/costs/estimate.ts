import { setImmediate } from 'node:timers/promises';
import { normalizeNumber, type RecipientInput, type SmsSegments } from 'nestjs-laaffic';
import { scaleAmount, writeAmount } from './exact-amount.js';
import { originOf } from './number-country.js';
import type { Prices } from './prices.js';

/** What sending will cost in one currency: exact decimals as text. */
export interface EstimatedCosts {
  readonly currency: string;
  /** How many recipients these are the costs of. */
  readonly recipients: number;
  /** With the most frequent price of the last 30 days. */
  readonly low: string;
  /** With the highest price of the last 30 days. */
  readonly high: string;
}

/** What sending will cost in one country. */
export interface CountryEstimate extends EstimatedCosts {
  /** By the code of ISO 3166-1. */
  readonly country: string;
  /** Whether the price was learned from delivery reports, or is given by the option `prices`. */
  readonly source: 'learned' | 'given';
}

/** Recipients without a price. */
export type UnpricedRecipients = { readonly recipients: number } & (
  | { readonly country: string }
  /** The first three digits of numbers that belong to no country, such as those of satellites. */
  | { readonly callingCode: string }
);

/** What a text to some recipients will cost. */
export interface SmsEstimate {
  /** How many recipients there are. A repeated number counts each time. */
  readonly recipients: number;
  /** How many entries are not phone numbers. They cost nothing. */
  readonly invalid: number;
  /** How many parts of an SMS the text takes, for each recipient. */
  readonly parts: number;
  readonly encoding: SmsSegments['encoding'];
  /** One for each currency, in alphabetical order. Currencies are never added to each other. */
  readonly byCurrency: readonly EstimatedCosts[];
  /** The same for each country with a price, in alphabetical order. */
  readonly byCountry: readonly CountryEstimate[];
  /** The recipients without a price, which are in none of the sums. */
  readonly unpriced: readonly UnpricedRecipients[];
}

/** Numbers to estimate for: an iterable or async iterable, which is read once and in constant memory. */
export type NumberSource = Iterable<RecipientInput> | AsyncIterable<RecipientInput>;

/** How many recipients each country has. */
export interface CountedRecipients {
  readonly byCountry: ReadonlyMap<string, number>;
  readonly byCallingCode: ReadonlyMap<string, number>;
  readonly invalid: number;
}

/** Other work of the process goes on after so many numbers. */
const STEP = 5_000;

/**
 * Counts the recipients of each country.
 * @throws what the source throws, unchanged.
 */
export async function countRecipients(source: NumberSource): Promise<CountedRecipients> {
  const byCountry = new Map<string, number>();
  const byCallingCode = new Map<string, number>();
  let invalid = 0;
  let read = 0;
  for await (const entry of source) {
    if (++read % STEP === 0) await setImmediate();
    const number = numberOf(entry);
    if (number === undefined) {
      invalid += 1;
      continue;
    }
    const origin = originOf(number);
    if ('country' in origin) byCountry.set(origin.country, (byCountry.get(origin.country) ?? 0) + 1);
    else byCallingCode.set(origin.callingCode, (byCallingCode.get(origin.callingCode) ?? 0) + 1);
  }
  return { byCountry, byCallingCode, invalid };
}

/** Multiplies recipients, parts and prices. Currencies are never added, and a country without a price is only named. */
export function estimateCosts(
  counted: CountedRecipients,
  { parts, encoding }: SmsSegments,
  prices: Prices,
): SmsEstimate {
  const byCountry: CountryEstimate[] = [];
  const unpriced: UnpricedRecipients[] = [];
  const sums = new Map<string, { recipients: number; low: bigint; high: bigint }>();
  let all = 0;
  for (const [country, recipients] of inOrder(counted.byCountry)) {
    all += recipients;
    const price = prices.of(country);
    if (price === undefined) {
      unpriced.push({ country, recipients });
      continue;
    }
    const { currency, source, usual, highest, chargedParts, expectedParts } = price;
    const costsOf = (unit: bigint) => {
      const costs = unit * BigInt(parts) * BigInt(recipients);
      return chargedParts === expectedParts ? costs : scaleAmount(costs, chargedParts, expectedParts);
    };
    const [low, high] = [costsOf(usual), costsOf(highest)];
    byCountry.push({ country, currency, recipients, low: writeAmount(low), high: writeAmount(high), source });
    const sum = sums.get(currency) ?? { recipients: 0, low: 0n, high: 0n };
    sums.set(currency, { recipients: sum.recipients + recipients, low: sum.low + low, high: sum.high + high });
  }
  for (const [callingCode, recipients] of inOrder(counted.byCallingCode)) {
    all += recipients;
    unpriced.push({ callingCode, recipients });
  }
  const byCurrency = inOrder(sums).map(([currency, { recipients, low, high }]) => ({
    ...{ currency, recipients, low: writeAmount(low), high: writeAmount(high) },
  }));
  return { recipients: all, invalid: counted.invalid, parts, encoding, byCurrency, byCountry, unpriced };
}

/** Callers may be JavaScript, and a file may have any value. */
function numberOf(entry: unknown): string | undefined {
  const number = typeof entry === 'object' && entry !== null && 'number' in entry ? entry.number : entry;
  return typeof number === 'string' ? normalizeNumber(number) : undefined;
}

function inOrder<T>(map: ReadonlyMap<string, T>): (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
