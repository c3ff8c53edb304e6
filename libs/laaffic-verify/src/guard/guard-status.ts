import { budgetOf, isOverBudget, judgeCountry, NO_TRAFFIC, NOTHING_LEARNED, startsOf } from './country-traffic.js';
import { numberOfCountries, type GuardPlan } from './guard.js';
import type { LearnedReading, TrafficReading } from './guard-store.js';
import { Prices, type Charges, type CountryPrice } from './prices.js';

/** The starts of a country in an hour or a day, without those of numbers that were verified before. */
export interface BudgetStatus {
  readonly starts: number;
  readonly approvals: number;
  /** How many starts without an approval are suspicious. */
  readonly budget: number;
  /** Whether starts without an approval use up the budget. Then new starts of the country are suspicious. */
  readonly isOver: boolean;
}

/** The traffic of a country. */
export interface CountryStatus {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** The last hour. */
  readonly hour: BudgetStatus;
  /** The last 24 hours. */
  readonly day: BudgetStatus;
  /** The share of starts that are usually approved, as it was learned. */
  readonly conversion: number;
  /** Whether messages do not arrive: users who were verified before are not approved either. Then suspicion stops no start. */
  readonly isInTrouble: boolean;
  /** All messages, also to numbers that were verified before. */
  readonly messages: { readonly hour: number; readonly day: number };
  /** What they cost in 24 hours, by the prices when they were sent. */
  readonly spentPerDay: number;
  /** What a segment costs. */
  readonly price: CountryPrice;
}

/** A cap that the app has set, and what is used of it. */
export interface CapStatus {
  /** The option of `guard.caps`. */
  readonly cap: keyof GuardPlan['caps'];
  /** Only of `spendPerCountryPerDay`. */
  readonly country?: string;
  readonly used: number;
  readonly limit: number;
  /** Whether no more messages are sent. */
  readonly isReached: boolean;
}

/** The traffic of each country that has some, by what all processes have stored. */
export function countryStatusOf(
  plan: GuardPlan,
  traffic: readonly TrafficReading[],
  learned: readonly LearnedReading[],
  charges: readonly Charges[],
): readonly CountryStatus[] {
  const prices = new Prices(plan.prices, charges);
  const expected = { expectedPerDay: plan.expectedPerDay, countries: numberOfCountries(plan) };
  const all = learned.reduce((sum, each) => sum + startsOf(each), 0);
  const names = new Set([...traffic, ...learned].map(({ country }) => country));
  return [...names].sort().map((country) => {
    const silent = { ...NO_TRAFFIC, messages: { hour: 0, day: 0 }, spentPerDay: 0 };
    const { hour, day, knownMinutes, messages, spentPerDay } =
      traffic.find((each) => each.country === country) ?? silent;
    const known = learned.find((each) => each.country === country) ?? NOTHING_LEARNED;
    const judgement = judgeCountry(expected, { knownMinutes }, known, all);
    const { conversion, isInTrouble } = judgement;
    const budget = budgetOf({ hour, day }, known, conversion, judgement.expected);
    const none = { starts: 0, approvals: 0 };
    return {
      ...{ country, conversion, messages, spentPerDay, price: prices.of(country) },
      hour: { ...hour, budget: budget.hour, isOver: isOverBudget({ hour, day: none }, budget) },
      day: { ...day, budget: budget.day, isOver: isOverBudget({ hour: none, day }, budget) },
      isInTrouble,
    };
  });
}

/** What is used of each cap that has a limit. */
export function capStatusOf({ caps }: GuardPlan, traffic: readonly TrafficReading[]): readonly CapStatus[] {
  const sum = (of: (reading: TrafficReading) => number): number =>
    traffic.reduce((total, reading) => total + of(reading), 0);
  const statusOf = (cap: CapStatus['cap'], used: number, country?: string): CapStatus => {
    const limit = caps[cap];
    return { cap, ...(country !== undefined && { country }), used, limit, isReached: used >= limit };
  };
  const all = [
    statusOf(
      'messagesPerHour',
      sum(({ messages }) => messages.hour),
    ),
    statusOf(
      'messagesPerDay',
      sum(({ messages }) => messages.day),
    ),
    statusOf(
      'spendPerDay',
      sum(({ spentPerDay }) => spentPerDay),
    ),
    ...[...traffic]
      .sort((a, b) => (a.country < b.country ? -1 : 1))
      .map(({ country, spentPerDay }) => statusOf('spendPerCountryPerDay', spentPerDay, country)),
  ];
  return all.filter(({ limit }) => limit < Infinity);
}
