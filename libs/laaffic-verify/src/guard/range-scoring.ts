import { rangesOf } from '../numbers/number-ranges.js';
import type { PhoneNumber } from '../numbers/phone-number.js';

/** The ranges of a number and of its source, and how their scores count it. */
export interface RangeScoring {
  /** In alphabetical order. */
  readonly ranges: readonly string[];
  /** The scores at which each range is blocked. */
  readonly trips: readonly number[];
  /** What a start adds to each score. */
  readonly gain: number;
  /** The time in which a score halves. */
  readonly halfLifeMs: number;
  /** The length of the first block, and the longest. Each one is twice as long as the one before. */
  readonly blockMs: number;
  readonly longestBlockMs: number;
}

/**
 * The share of starts that are approved, usually and under an attack. A range is scored by how much more likely its starts
 * are under an attack: a sequential test, which needs few of them.
 */
const USUAL = 0.5;
const ATTACKED = USUAL / 5;
const HOUR_MS = 3_600_000;

/** The scores at which a range is blocked: after 5, 8, 12 and 16 numbers in a row that are not approved. */
const TRIPS = { three: 2.9, four: 4.7, six: 6.9, source: 9.4 };

/** What an approval takes off the scores, besides what its start has added. */
export const RELIEF = Math.log(USUAL / ATTACKED);

export const RANGE_SCORING: Omit<RangeScoring, 'ranges' | 'trips'> = {
  gain: Math.log((1 - ATTACKED) / (1 - USUAL)),
  halfLifeMs: 6 * HOUR_MS,
  blockMs: HOUR_MS,
  longestBlockMs: 24 * HOUR_MS,
};

/** The ranges that a start counts for, in alphabetical order. @param source the digest of its source. */
export function rangesOfStart(
  number: Pick<PhoneNumber, 'e164' | 'country'>,
  source: Buffer | undefined,
): Pick<RangeScoring, 'ranges' | 'trips'> {
  const { three, four, six } = rangesOf(number);
  const trips: [string | undefined, number][] = [
    [three, TRIPS.three],
    [four, TRIPS.four],
    [six, TRIPS.six],
    [source && `source ${source.toString('base64url')}`, TRIPS.source],
  ];
  const scored = trips.filter((each): each is [string, number] => each[0] !== undefined);
  scored.sort(([a], [b]) => (a < b ? -1 : 1));
  return { ranges: scored.map(([range]) => range), trips: scored.map(([, trip]) => trip) };
}
