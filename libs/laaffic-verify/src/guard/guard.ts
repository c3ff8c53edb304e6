import { getCountries, type CountryCode } from 'libphonenumber-js/max';
import type { GuardStore, ListedRange, TrafficReading, Verdict } from './guard-store.js';
import {
  budgetOf,
  isOverBudget,
  judgeCountry,
  mostExcused,
  NO_TRAFFIC,
  NOTHING_LEARNED,
  startsOf,
  type CountryJudgement,
  type CountryTraffic,
  type LearnedTraffic,
} from './country-traffic.js';
import { Prices, type GivenPrices } from './prices.js';
import { rangesOfStart, type RangeScoring } from './range-scoring.js';

/** What the guard needs to know of the options. */
export interface GuardPlan {
  readonly countries: readonly CountryCode[] | 'all';
  readonly expectedPerDay: number;
  readonly prices: GivenPrices;
  readonly caps: {
    readonly messagesPerHour: number;
    readonly messagesPerDay: number;
    readonly spendPerDay: number;
    readonly spendPerCountryPerDay: number;
  };
}

/** What the guard says of a start, for the store to decide. */
export interface Assessment extends RangeScoring {
  readonly rejection: string | undefined;
  readonly suspicion: string | undefined;
  readonly isTrusted: boolean;
  readonly isExcused: boolean;
}

/** What the guard knows of a country. */
interface CountryState extends CountryJudgement {
  readonly traffic: CountryTraffic;
  readonly learned: LearnedTraffic;
  /** Starts of this process since the traffic was read. */
  newStarts: number;
  /** What messages cost in a day, with those of this process since then. */
  spent: number;
}

const TRAFFIC_AGE_MS = 1_000;
const LEARNED_AGE_MS = 60_000;
/** An alarm comes before a cap is reached. */
const NEAR_CAP = 0.8;

/**
 * Assesses starts by the traffic of their countries. It reads the traffic of all processes at most once a second, and
 * counts its own starts in between.
 */
export class Guard {
  #readings = new Map<string, TrafficReading>();
  /** Of the countries that were asked for since the traffic was read. */
  #states = new Map<string, CountryState>();
  #learned = new Map<string, LearnedTraffic>();
  #learnedStarts = 0;
  #prices: Prices;
  #listed: readonly ListedRange[] = [];
  #messages = { hour: 0, day: 0 };
  #spent = 0;
  #trafficAt = -Infinity;
  #learnedAt = -Infinity;
  #reading: Promise<void> | undefined;
  readonly #plan: { readonly expectedPerDay: number; readonly countries: number };

  /** @param alarm is told what operators have to know, again and again as long as it is so. */
  constructor(
    private readonly store: GuardStore,
    private readonly plan: GuardPlan,
    private readonly now: () => number,
    private readonly alarm: (type: string, scope: string) => void = () => {},
  ) {
    this.#prices = new Prices(plan.prices);
    this.#plan = { expectedPerDay: plan.expectedPerDay, countries: numberOfCountries(plan) };
  }

  /** @param source the digest of the source. */
  async assess(
    number: { readonly e164: string; readonly country: CountryCode },
    source: Buffer | undefined,
  ): Promise<Assessment> {
    await this.refresh();
    const { country } = number;
    const state = this.#stateOf(country);
    const isExcused = state.isInTrouble;
    const isSuspect = this.#isSuspect(country, state);
    const ranges = rangesOfStart(number, source);
    return {
      ...(isExcused ? { ...ranges, ranges: [], trips: [], sourceRange: undefined } : ranges),
      ...state.scoring,
      rejection: this.whyNoMessage(number),
      suspicion: isSuspect ? 'budget' : undefined,
      isTrusted: verdictOf(number, this.#listed) === 'allow',
      isExcused,
    };
  }

  /** Why no message is sent to a number: operators have denied its range or country, or a cap is reached. */
  whyNoMessage(number: { readonly e164: string; readonly country: string }): string | undefined {
    return verdictOf(number, this.#listed) === 'deny' ? 'denied' : this.#reachedCap(number.country);
  }

  /** What a segment costs, as far as is known. */
  priceIn(country: string): number {
    return this.#prices.of(country).perSegment;
  }

  /** A start was accepted. */
  countStart(country: string): void {
    this.#stateOf(country).newStarts++;
  }

  /** A message was enqueued. */
  countMessage(country: string, cost: number): void {
    this.#stateOf(country).spent += cost;
    this.#messages = { hour: this.#messages.hour + 1, day: this.#messages.day + 1 };
    this.#spent += cost;
  }

  /** Reads the traffic again if it is too old. */
  async refresh(): Promise<void> {
    const ageMs = this.now() - this.#trafficAt;
    // A clock may be set back.
    if (ageMs >= 0 && ageMs < TRAFFIC_AGE_MS) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  #reachedCap(country: string): string | undefined {
    const { messagesPerHour, messagesPerDay, spendPerDay, spendPerCountryPerDay } = this.plan.caps;
    const { hour, day } = this.#messages;
    const near = Math.max(hour / messagesPerHour, day / messagesPerDay, this.#spent / spendPerDay);
    if (near >= NEAR_CAP) this.alarm(near < 1 ? 'near-cap' : 'cap', 'all');
    if (near >= 1) return 'cap';
    const nearHere = this.#stateOf(country).spent / spendPerCountryPerDay;
    if (nearHere >= NEAR_CAP) this.alarm(nearHere < 1 ? 'near-cap' : 'cap', country);
    return nearHere >= 1 ? 'cap' : undefined;
  }

  #isSuspect(country: string, state: CountryState): boolean {
    const { traffic, learned, conversion, expected, newStarts } = state;
    if (state.isInTrouble) return traffic.excusedPerHour + newStarts >= mostExcused(learned, conversion);
    const more = (count: CountryTraffic['hour']) => ({ ...count, starts: count.starts + newStarts });
    const current = { hour: more(traffic.hour), day: more(traffic.day) };
    const isOver = isOverBudget(current, budgetOf(current, learned, conversion, expected));
    if (isOver) this.alarm('budget', country);
    return isOver;
  }

  async #read(): Promise<void> {
    const now = this.now();
    if (Math.abs(now - this.#learnedAt) >= LEARNED_AGE_MS) {
      const learned = await this.store.readLearned();
      this.#learned = new Map(learned.map((each) => [each.country, each]));
      this.#learnedAt = now;
      this.#prices = new Prices(this.plan.prices, await this.store.readCharges());
      this.#learnedStarts = learned.reduce((sum, each) => sum + startsOf(each), 0);
    }
    this.#listed = await this.store.readListedRanges();
    this.#take(await this.store.readTraffic());
    this.#trafficAt = now;
  }

  #take(readings: readonly TrafficReading[]): void {
    this.#states = new Map();
    this.#messages = {
      hour: readings.reduce((sum, { messages }) => sum + messages.hour, 0),
      day: readings.reduce((sum, { messages }) => sum + messages.day, 0),
    };
    this.#spent = readings.reduce((sum, { spentPerDay }) => sum + spentPerDay, 0);
    this.#readings = new Map(readings.map((reading) => [reading.country, reading]));
  }

  #stateOf(country: string): CountryState {
    let state = this.#states.get(country);
    if (state === undefined) this.#states.set(country, (state = this.#newState(country)));
    return state;
  }

  #newState(country: string): CountryState {
    const traffic = this.#readings.get(country) ?? NO_TRAFFIC;
    const learned = this.#learned.get(country) ?? NOTHING_LEARNED;
    const judgement = judgeCountry(this.#plan, traffic, learned, this.#learnedStarts);
    if (judgement.isInTrouble) this.alarm('trouble', country);
    return {
      ...{ ...judgement, traffic, learned },
      ...{ newStarts: 0, spent: this.#readings.get(country)?.spentPerDay ?? 0 },
    };
  }
}

export function numberOfCountries({ countries }: Pick<GuardPlan, 'countries'>): number {
  return countries === 'all' ? getCountries().length : countries.length;
}

/** The longest prefix decides, and then the country. */
function verdictOf(
  { e164, country }: { readonly e164: string; readonly country: string },
  listed: readonly ListedRange[],
): Verdict | undefined {
  let found: ListedRange | undefined;
  for (const each of listed) {
    const matches = each.kind === 'country' ? each.key === country : e164.startsWith(each.key);
    const isCloser =
      found === undefined ||
      (each.kind === 'prefix' && (found.kind === 'country' || each.key.length > found.key.length));
    if (matches && isCloser) found = each;
  }
  return found?.verdict;
}
