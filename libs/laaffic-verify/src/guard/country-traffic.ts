import { RELIEF, scoringOf, type Scoring } from './range-scoring.js';

/** What was started and approved in a span of time. */
export interface TrafficCount {
  readonly starts: number;
  readonly approvals: number;
}

/** The recent traffic of a country. `hour` and `day` are of numbers that were not verified before. */
export interface CountryTraffic {
  readonly hour: TrafficCount;
  readonly day: TrafficCount;
  /** Starts of the hour that are not counted, because messages did not arrive. */
  readonly excusedPerHour: number;
  /** Minutes of the last two hours in order of time, of numbers that were verified before. */
  readonly knownMinutes: readonly (TrafficCount & { readonly minutesAgo: number })[];
}

export interface LearnedDay extends TrafficCount {
  /** The most starts in an hour of numbers that were verified before. */
  readonly knownPeakHour: number;
}

/** What was learned of a country, mostly from numbers that were not verified before. */
export interface LearnedTraffic {
  /** Each of the last 14 days that had any. */
  readonly days: readonly LearnedDay[];
  /** The most approvals of an hour, and of a day. */
  readonly peakHour: number;
  readonly peakDay: number;
}

export const NO_TRAFFIC: CountryTraffic = {
  hour: { starts: 0, approvals: 0 },
  day: { starts: 0, approvals: 0 },
  excusedPerHour: 0,
  knownMinutes: [],
};
export const NOTHING_LEARNED: LearnedTraffic = { days: [], peakHour: 0, peakDay: 0 };

/** How many times the usual number of starts without an approval is suspicious. */
const FACTOR = 2;
/** The usual share of approvals, which counts like this many starts of each day. */
const USUAL_CONVERSION = 0.6;
const USUAL_WEIGHT = 20;
/** A learned share is never taken for lower or higher than this. */
const LEAST_CONVERSION = 0.2;
const MOST_CONVERSION = 0.95;
/** The busiest hour of a day has this many times the starts of an average one. */
const PEAK_OF_DAY = 1.8;
/** Starts without an approval that are never suspicious: a hundredth of a usual day, within these limits. */
const ALWAYS_ALLOWED = { share: 0.01, least: 5, most: 20 };
/** An expected share of a country counts like this many starts, until more is learned. */
const SHARE_WEIGHT = 200;

/**
 * The share of starts that are usually approved: the median of the days, so an attack of a day or two does not make the
 * next one look usual.
 */
export function conversionOf({ days }: Pick<LearnedTraffic, 'days'>): number {
  const shares = days
    .filter(({ starts }) => starts > 0)
    .map(({ starts, approvals }) => (approvals + USUAL_CONVERSION * USUAL_WEIGHT) / (starts + USUAL_WEIGHT))
    .sort((a, b) => a - b);
  const median = shares[shares.length >> 1] ?? USUAL_CONVERSION;
  return Math.min(MOST_CONVERSION, Math.max(LEAST_CONVERSION, median));
}

/**
 * How many starts a day to expect in a country: its learned share of them, and the same for all countries before anything
 * is learned. When half a day's starts were learned, nothing is expected besides.
 */
export function expectedStarts(
  expectedPerDay: number,
  countries: number,
  learned: { readonly country: number; readonly all: number },
): number {
  const share = (learned.country + SHARE_WEIGHT / countries) / (learned.all + SHARE_WEIGHT);
  return expectedPerDay * share * Math.max(0, 1 - learned.all / (expectedPerDay / 2));
}

/** How many starts without an approval are suspicious, in an hour and in a day. */
export interface Budget {
  readonly hour: number;
  readonly day: number;
}

/**
 * The budget of a country. It follows from approvals: those until now, the highest number that was learned, and
 * those that the expected starts would bring. So a crowd of real users raises it, and an attack without approvals does not.
 */
export function budgetOf(
  { hour, day }: Pick<CountryTraffic, 'hour' | 'day'>,
  { peakHour, peakDay }: Pick<LearnedTraffic, 'peakHour' | 'peakDay'>,
  conversion: number,
  expected: number,
): Budget {
  const { share, least, most } = ALWAYS_ALLOWED;
  const allowed = Math.min(most, Math.max(least, expected * share));
  const perApproval = (FACTOR * (1 - conversion)) / conversion;
  const expectedPeak = (expected * PEAK_OF_DAY * conversion) / 24;
  return {
    hour: Math.max(allowed, perApproval * Math.max(hour.approvals, peakHour, expectedPeak)),
    day: Math.max(allowed, perApproval * Math.max(day.approvals, peakDay, expected * conversion)),
  };
}

export function isOverBudget({ hour, day }: Pick<CountryTraffic, 'hour' | 'day'>, budget: Budget): boolean {
  return hour.starts - hour.approvals >= budget.hour || day.starts - day.approvals >= budget.day;
}

/** A score of starts without approvals that means trouble, and the highest one, so it is soon over. */
const TROUBLE = 5;
const WORST = 10;
/** A start of the last minutes may still be approved. */
const LATEST_MINUTES = 2;

/** Users who get no message start again, this many times. */
const RETRIES = 3;
/** Starts of an hour that are never too many for an outage. */
const FEW_STARTS = 20;

/**
 * Whether messages do not arrive in a country: numbers that were verified before are not approved either. A sequential
 * test as for ranges. An attack on such numbers looks alike, but has many more starts than usual.
 * @param scoring what a start adds to the score, and what an approval takes off besides.
 */
export function isInTrouble(
  { knownMinutes }: Pick<CountryTraffic, 'knownMinutes'>,
  { days }: Pick<LearnedTraffic, 'days'>,
  { gain, relief }: { readonly gain: number; readonly relief: number },
): boolean {
  let score = 0;
  let startsOfHour = 0;
  for (const { minutesAgo, starts, approvals } of knownMinutes) {
    if (minutesAgo < 60) startsOfHour += starts;
    if (minutesAgo < LATEST_MINUTES) continue;
    score = Math.min(WORST, Math.max(0, score + gain * starts - (gain + relief) * approvals));
  }
  if (score < TROUBLE) return false;
  const peaks = days.map(({ knownPeakHour }) => knownPeakHour).sort((a, b) => a - b);
  const usualPeak = peaks[(peaks.length - 1) >> 1] ?? 0;
  return startsOfHour <= Math.max(FEW_STARTS, RETRIES * usualPeak);
}

/** How many starts of new numbers are excused in an hour of trouble. More than users bring would be an attack. */
export function mostExcused({ peakHour }: Pick<LearnedTraffic, 'peakHour'>, conversion: number): number {
  return Math.max(FEW_STARTS, (RETRIES * peakHour) / conversion);
}

/** What follows from the traffic of a country and from what was learned of it. */
export interface CountryJudgement {
  readonly conversion: number;
  readonly scoring: Scoring;
  /** See {@link expectedStarts}. */
  readonly expected: number;
  readonly isInTrouble: boolean;
}

/** @param plan the starts that the app expects on a usual day, and in how many countries. @param allStarts those learned of all. */
export function judgeCountry(
  plan: { readonly expectedPerDay: number; readonly countries: number },
  traffic: Pick<CountryTraffic, 'knownMinutes'>,
  learned: Pick<LearnedTraffic, 'days'>,
  allStarts: number,
): CountryJudgement {
  const conversion = conversionOf(learned);
  const scoring = scoringOf(conversion);
  return {
    conversion,
    scoring,
    expected: expectedStarts(plan.expectedPerDay, plan.countries, { country: startsOf(learned), all: allStarts }),
    isInTrouble: isInTrouble(traffic, learned, { gain: scoring.gain, relief: RELIEF }),
  };
}

/** All starts that were learned of a country. */
export function startsOf({ days }: Pick<LearnedTraffic, 'days'>): number {
  return days.reduce((sum, { starts }) => sum + starts, 0);
}
