import { rangesOf } from '../numbers/number-ranges.js';
import type { PhoneNumber } from '../numbers/phone-number.js';

/** How the scores of ranges count a start. */
export interface Scoring {
  /** What a start adds to each score. */
  readonly gain: number;
  /** The time in which a score halves. */
  readonly halfLifeMs: number;
  /** The more approvals a range has, the higher is its score when it is blocked: by 1 for each e-fold of these. */
  readonly approvalsScale: number;
  /** The length of the first block, and the longest. Each one is twice as long as the one before. */
  readonly blockMs: number;
  readonly longestBlockMs: number;
}

/** The ranges of a number and of its source, and how their scores count it. */
export interface RangeScoring extends Scoring {
  /** In alphabetical order. */
  readonly ranges: readonly string[];
  /** The scores at which each range is blocked. */
  readonly trips: readonly number[];
  /** The range of the source, which is one of them. */
  readonly sourceRange: string | undefined;
  /** If the numbers of the source have more countries without an approval, its range is blocked at half of its score. */
  readonly maxCountries: number;
}

const HOUR_MS = 3_600_000;
/**
 * A range is scored by how much more likely its starts are under an attack: a sequential test, which needs few of them.
 * The share of approvals is usually at least this part of its country's, within these limits. Under an attack it is a
 * fifth.
 */
const USUAL = { part: 0.7, least: 0.25, most: 0.6 };
const ATTACKED = 1 / 5;
/** The scores at which a range is blocked. */
const TRIPS = { three: 2.9, four: 4.7, six: 6.9, source: 9.4 };
const MAX_COUNTRIES = 3;
const APPROVALS_SCALE = 5;

/** What an approval takes off the scores, besides what its start has added. */
export const RELIEF = Math.log(1 / ATTACKED);
/** The time in which a score halves. */
export const HALF_LIFE_MS = 6 * HOUR_MS;
export const LONGEST_BLOCK_MS = 24 * HOUR_MS;

/** @param conversion the share of starts that are usually approved in the country. */
export function scoringOf(conversion: number): Scoring {
  const usual = Math.min(USUAL.most, Math.max(USUAL.least, USUAL.part * conversion));
  const gain = Math.log((1 - usual * ATTACKED) / (1 - usual));
  return {
    gain,
    halfLifeMs: HALF_LIFE_MS,
    approvalsScale: APPROVALS_SCALE,
    blockMs: HOUR_MS,
    longestBlockMs: LONGEST_BLOCK_MS,
  };
}

/** The ranges that a start counts for. @param source the digest of its source. */
export function rangesOfStart(
  number: Pick<PhoneNumber, 'e164' | 'country'>,
  source: Buffer | undefined,
): Omit<RangeScoring, keyof Scoring> {
  const { three, four, six } = rangesOf(number);
  const sourceRange = source && `source ${source.toString('base64url')}`;
  const trips: [string | undefined, number][] = [
    [three, TRIPS.three],
    [four, TRIPS.four],
    [six, TRIPS.six],
    [sourceRange, TRIPS.source],
  ];
  const scored = trips.filter((each): each is [string, number] => each[0] !== undefined);
  scored.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ranges: scored.map(([range]) => range),
    trips: scored.map(([, trip]) => trip),
    sourceRange,
    maxCountries: MAX_COUNTRIES,
  };
}
