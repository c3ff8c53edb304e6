import { COUNTRIES, countryOf, drawUserNumber, numberIn, type NumberRange } from './countries.js';
import { Random, WeightedChoice } from './random.js';
import { byTime } from './merge-by-time.js';
import type { Start } from './start.js';
import { DAY, HOUR, MINUTE, SECOND } from './time-units.js';

// Jest looks up each global in a slow way, and these are needed a million times.
const { exp, floor, max, min, round } = Math;

/** When every scenario begins: a Monday. */
export const BEGIN = Date.UTC(2026, 0, 5);
export const USUAL_STARTS_PER_DAY = 20_000;

/** Each country has at least a tenth of it. */
const KNOWN_NUMBERS = 200_000;
/**
 * Which part of a country's known users come, and in how many days they take turns. So no user comes twice within a day,
 * which limits of a number would reject.
 */
const USUAL_TURNS = { from: 0, days: 8 };
const GROUP_TURNS = { from: 0.5, days: 2 };
const KNOWN_SHARE = 0.5;
/** Most scenarios last two days. */
const DAYS_KEPT = 2;
const SHARED_SOURCES = 500;
const SHARED_SOURCE_SHARE = 0.3;
/** Starts of each local hour, from midnight, as multiples of the mean. The busiest has 1.8. */
const HOURS = [
  0.3, 0.2, 0.15, 0.15, 0.2, 0.35, 0.6, 0.9, 1.1, 1.2, 1.25, 1.3, 1.4, 1.3, 1.2, 1.2, 1.3, 1.4, 1.6, 1.75, 1.8, 1.6,
  1.1, 0.65,
];

interface User {
  readonly number: string;
  readonly source: string;
}

/** Where and how a group of real users differs from the usual ones. */
export interface UserGroup {
  /** ISO 3166-1 alpha-2. @default the usual mix of countries */
  readonly country?: string | undefined;
  /** Their new numbers, each once. @default where real users of the country have theirs */
  readonly range?: NumberRange | undefined;
  /** Share of numbers that were verified before. @default 0.5 */
  readonly knownShare?: number | undefined;
  /** Share of the codes that are entered. @default the country's */
  readonly conversion?: number | undefined;
}

/**
 * The real users: who they are, and what they do on an ordinary day. The same seed gives the same users, and the same
 * starts on each day.
 */
export class Population {
  readonly sharedSources: readonly string[];
  readonly #sources: WeightedChoice<string>;
  readonly #users = new Map<string, readonly User[]>();
  readonly #firstDays: (readonly Start[])[] = [];
  readonly #knownNumbers = new Set<string>();
  readonly #countries = new WeightedChoice(COUNTRIES, ({ share }) => share);
  readonly #hours = new WeightedChoice([...HOURS.keys()], (hour) => HOURS[hour] ?? 0);

  constructor(readonly seed: number) {
    // Carriers have 100.64.0.0/10 for addresses that many customers share. Some are busier than others.
    this.sharedSources = Array.from({ length: SHARED_SOURCES }, (_, index) => `100.64.${index >> 5}.${index % 32}`);
    this.#sources = new WeightedChoice(this.sharedSources, (_, index) => (index + 1) ** -0.5);
    const random = new Random(seed, 'known');
    for (const { iso, share } of COUNTRIES)
      this.#users.set(iso, this.#drawKnown(iso, round(KNOWN_NUMBERS * max(share, 0.1)), random));
  }

  isKnown(number: string): boolean {
    return this.#knownNumbers.has(number);
  }

  /** The number of some real user that was verified before. */
  drawKnownNumber(iso: string, random: Random): string {
    return random.pick(this.#users.get(iso) ?? []).number;
  }

  /**
   * Usual traffic: over ten countries by day and night, half of it from known numbers, 30 % of it from 500 addresses
   * that many users share.
   */
  *usualTraffic(days: number): Generator<Start> {
    for (let day = 0; day < days; day++) yield* this.#usualDay(day);
  }

  /** A day of a group of users, by day and night of their countries. At most two days have different known users. */
  groupDay(label: string, day: number, count: number, group: UserGroup = {}): Start[] {
    return this.#draw(label, day, count, group, GROUP_TURNS, (iso, random) => this.#drawTime(day, iso, random));
  }

  /** A group of users who come at the given times. */
  groupAt(label: string, count: number, group: UserGroup, drawTime: (random: Random) => number): Start[] {
    return this.#draw(label, 0, count, group, GROUP_TURNS, (_, random) => drawTime(random));
  }

  /** Shared by many real users, the busiest most often. */
  drawSharedSource(random: Random): string {
    return this.#sources.pick(random);
  }

  #usualDay(day: number): readonly Start[] {
    const drawn =
      this.#firstDays[day] ??
      this.#draw('usual', day, USUAL_STARTS_PER_DAY, {}, USUAL_TURNS, (iso, random) =>
        this.#drawTime(day, iso, random),
      );
    if (day < DAYS_KEPT) this.#firstDays[day] = drawn;
    return drawn;
  }

  #drawTime(day: number, iso: string, random: Random): number {
    const hour = this.#hours.pick(random) + random.next() - countryOf(iso).utcOffsetHours;
    return BEGIN + day * DAY + floor(((hour + 24) % 24) * HOUR);
  }

  #draw(
    label: string,
    day: number,
    count: number,
    { country, range, knownShare = KNOWN_SHARE, conversion }: UserGroup,
    turns: typeof USUAL_TURNS,
    drawTime: (iso: string, random: Random) => number,
  ): Start[] {
    const random = new Random(this.seed, label, day);
    const known = new Map<string, number>();
    let inRange = day * count;
    const nextKnown = (iso: string): User => {
      const users = this.#users.get(iso) ?? [];
      const first = floor(users.length * (turns.from + (day % turns.days) / turns.days / 2));
      const next = known.get(iso) ?? first;
      known.set(iso, next + 1);
      const user = users[next % users.length];
      if (user === undefined) throw new RangeError(`No known users in ${iso}`);
      return user;
    };
    const drawNumber =
      range === undefined
        ? (iso: string) => drawUserNumber(iso, random)
        : // Each number of the range once, in an order that looks like none.
          () => numberIn(range, (inRange++ * 7_919) % 10 ** range.digits);

    return Array.from({ length: count }, (): Start => {
      const iso = country ?? this.#countries.pick(random).iso;
      const { cost, conversion: usualConversion } = countryOf(iso);
      const isKnown = random.isLucky(knownShare);
      return {
        at: drawTime(iso, random),
        ...(isKnown ? nextKnown(iso) : this.#drawNew(() => drawNumber(iso), random)),
        country: iso,
        isKnown,
        cost,
        isAttack: false,
        willEnterCodeAfterMs: random.isLucky(conversion ?? usualConversion) ? drawEntryTime(random) : undefined,
        retryAfterMs: drawPatience(random),
      };
    }).sort(byTime);
  }

  #drawNew(drawNumber: () => string, random: Random): User {
    let number: string;
    do number = drawNumber();
    while (this.#knownNumbers.has(number));
    return { number, source: this.#drawSource(random) };
  }

  #drawKnown(iso: string, count: number, random: Random): User[] {
    return Array.from({ length: count }, () => {
      const user = this.#drawNew(() => drawUserNumber(iso, random), random);
      this.#knownNumbers.add(user.number);
      return user;
    });
  }

  #drawSource(random: Random): string {
    if (random.isLucky(SHARED_SOURCE_SHARE)) return this.drawSharedSource(random);
    return random.isLucky(0.3)
      ? `2001:db8:${random.integer(65_536).toString(16)}:${random.integer(65_536).toString(16)}::1`
      : `10.${random.integer(256)}.${random.integer(256)}.${random.integer(256)}`;
  }
}

/** Half of the users need less than 25 s. A code is valid for ten minutes. */
function drawEntryTime(random: Random): number {
  return round(min(9.5 * MINUTE, 4 * SECOND + 21 * SECOND * exp(random.normal(0, 0.8))));
}

/** Every user retries within minutes, and some once more later. */
function drawPatience(random: Random): number[] {
  const first = round(random.between(MINUTE, 5 * MINUTE));
  return random.isLucky(0.6) ? [first] : [first, round(random.between(10 * MINUTE, HOUR))];
}
