import { countryOf, firstRange, drawAnyNumber, numberIn, rangesOf, subrange, type NumberRange } from './countries.js';
import type { Population } from './population.js';
import { Random } from './random.js';
import { byTime } from './merge-by-time.js';
import type { Start, Traffic } from './start.js';
import { DAY, HOUR, MINUTE, SECOND } from './time-units.js';

/** What differs between the messages of attacks. */
interface AttackStart {
  readonly at: number;
  readonly iso: string;
  readonly number: string;
  readonly source: string;
  /** @default never */
  readonly entersCodeAfterMs?: number | undefined;
}

/** The attacks, each for a population and from a time on. */
export type Attack = (population: Population, from: number) => Traffic;

/** A1: one address asks for one range in order, 5 a second for an hour. */
export const oneRange: Attack = (population, from) => {
  const block = subrange(firstRange('TJ', 'Megafon'), '417');
  return evenly(population, from, 5 * 3_600, HOUR, (at, index) => ({
    at,
    iso: 'TJ',
    number: numberIn(block, index % 10 ** block.digits),
    source: attackerSource(0),
  }));
};

/** A2: 10,000 addresses ask for all numbers of one operator, one a second for six hours. */
export const oneOperator: Attack = (population, from) => operatorAttack(population, from, 0);

/** A4: as A2, and 30 % of the codes are entered. */
export const oneOperatorEnteringCodes: Attack = (population, from) => operatorAttack(population, from, 0.3);

function operatorAttack(population: Population, from: number, conversion: number): Traffic {
  const random = new Random(population.seed, 'operator', conversion);
  const ranges = rangesOf('AZ', 'Azercell');
  return evenly(population, from, 21_600, 6 * HOUR, (at) => ({
    at,
    iso: 'AZ',
    number: drawAnyNumber(random.pick(ranges), random),
    source: attackerSource(random.integer(10_000)),
    entersCodeAfterMs: random.isLucky(conversion) ? botEntryTime(random) : undefined,
  }));
}

/** A3: 30,000 addresses ask for all mobile ranges of three countries, all day. */
export const threeCountries: Attack = (population, from) => {
  const random = new Random(population.seed, 'countries');
  return evenly(population, from, 21_600, DAY, (at, index) => {
    const iso = inTurn(EXPENSIVE, index);
    return {
      at,
      iso,
      number: drawAnyNumber(random.pick(rangesOf(iso)), random),
      source: attackerSource(random.integer(30_000)),
    };
  });
};

/** A5: the same 50 numbers, from many addresses, two a second for three hours. */
export const fiftyNumbers: Attack = (population, from) => {
  const random = new Random(population.seed, 'fifty');
  const numbers = Array.from({ length: 50 }, () => drawAnyNumber(random.pick(rangesOf('ID')), random));
  return evenly(population, from, 21_600, 3 * HOUR, (at, index) => ({
    at,
    iso: 'ID',
    number: inTurn(numbers, index),
    source: attackerSource(random.integer(10_000)),
  }));
};

/**
 * Slow and patient: 45 messages an hour over three countries for two weeks. Each has a new address. The ranges take
 * turns, so each rests for as long as possible. 5 % of the codes are entered.
 */
export const patient: Attack = (population, from) => {
  const random = new Random(population.seed, 'patient');
  const turns = EXPENSIVE.map((iso) => ({ iso, ranges: random.shuffle(millions(iso)) }));
  return evenly(population, from, 45 * 24 * 14, 14 * DAY, (at, index) => {
    const { iso, ranges } = inTurn(turns, index);
    return {
      at,
      iso,
      number: drawAnyNumber(inTurn(ranges, Math.floor(index / turns.length)), random),
      source: attackerSource(index),
      entersCodeAfterMs: random.isLucky(0.05) ? botEntryTime(random) : undefined,
    };
  });
};

/**
 * Honest at first: 1,500 rented numbers are verified over three days. Then each asks for ten messages a day for two
 * days, below the usual limits of a number, and enters no code.
 */
export const honestAtFirst: Attack = (population, from) => {
  const random = new Random(population.seed, 'honest');
  const ranges = rangesOf('AZ', 'Bakcell');
  const numbers = Array.from({ length: 1_500 }, () => drawAnyNumber(random.pick(ranges), random));
  const starts = numbers.flatMap((number, index) => {
    const source = attackerSource(index);
    const honest = { at: from + random.integer(3 * DAY), iso: 'AZ', number, source };
    const later = Array.from({ length: 20 }, (_, turn) => ({
      ...honest,
      // Every 144 minutes: no hour has more than one.
      at: from + 3 * DAY + turn * 144 * MINUTE + random.integer(60 * MINUTE),
    }));
    return [{ ...honest, entersCodeAfterMs: botEntryTime(random) }, ...later].map((start) =>
      message(population, start),
    );
  });
  return { starts: starts.sort(byTime) };
};

/**
 * Between real people: half of the messages go to numbers of users that were verified before, the others to random
 * numbers of one operator. All come from addresses that real users share. One each two seconds for six hours.
 */
export const betweenRealNumbers: Attack = (population, from) => {
  const random = new Random(population.seed, 'between');
  const ranges = rangesOf('ID', 'Telkomsel');
  return evenly(population, from, 10_800, 6 * HOUR, (at) => ({
    at,
    iso: 'ID',
    number: random.isLucky(0.5) ? population.drawKnownNumber('ID', random) : drawAnyNumber(random.pick(ranges), random),
    source: population.drawSharedSource(random),
  }));
};

/** As A2, but for two hours, in a country where real users may come in a crowd at the same time. */
export const duringCrowd: Attack = (population, from) => {
  const random = new Random(population.seed, 'during crowd');
  const ranges = rangesOf('ES');
  return evenly(population, from, 7_200, 2 * HOUR, (at) => ({
    at,
    iso: 'ES',
    number: drawAnyNumber(random.pick(ranges), random),
    source: attackerSource(random.integer(10_000)),
  }));
};

/**
 * Watches the answers: a rejected range of a million numbers is left alone for six hours, and a country for an hour
 * after 20 rejections in a row. One message a second for twelve hours, 10 % of the codes are entered.
 */
export const watchful: Attack = (population, from) => {
  const random = new Random(population.seed, 'watchful');
  const ranges = random.shuffle(
    EXPENSIVE.flatMap((iso) => millions(iso).map((range) => ({ iso, range, restsUntil: 0 }))),
  );
  const countries = new Map(EXPENSIVE.map((iso) => [iso, { rejections: 0, restsUntil: 0 }]));
  const isResting = (at: number, { iso, restsUntil }: { readonly iso: string; readonly restsUntil: number }) =>
    restsUntil > at || (countries.get(iso)?.restsUntil ?? 0) > at;

  function* starts(): Generator<Start> {
    let turn = 0;
    for (let at = from; at < from + 12 * HOUR; at += SECOND) {
      let target = inTurn(ranges, turn++);
      for (let tried = 1; tried < ranges.length && isResting(at, target); tried++) target = inTurn(ranges, turn++);
      if (isResting(at, target)) continue;
      yield message(population, {
        at,
        iso: target.iso,
        number: drawAnyNumber(target.range, random),
        source: attackerSource(random.integer(10_000)),
        entersCodeAfterMs: random.isLucky(0.1) ? botEntryTime(random) : undefined,
      });
    }
  }

  return {
    starts: starts(),
    observe(start, outcome) {
      const country = countries.get(start.country);
      if (!start.isAttack || country === undefined) return;
      country.rejections = outcome === 'sent' ? 0 : country.rejections + 1;
      if (outcome === 'sent') return;
      const target = ranges.find(({ range }) => start.number.startsWith(range.prefix));
      if (target !== undefined) target.restsUntil = start.at + 6 * HOUR;
      if (country.rejections >= 20) country.restsUntil = start.at + HOUR;
    },
  };
};

/**
 * Sabotage: 30 messages an hour over one operator, all day. The damage is meant for the operator's real users, in case
 * the guard blocks them.
 */
export const sabotage: Attack = (population, from) => {
  const random = new Random(population.seed, 'sabotage');
  const ranges = rangesOf('ES', 'Movistar');
  return evenly(population, from, 720, DAY, (at, index) => ({
    at,
    iso: 'ES',
    number: drawAnyNumber(random.pick(ranges), random),
    source: attackerSource(index),
  }));
};

const EXPENSIVE: readonly string[] = ['TJ', 'AZ', 'ID'];

/** The ranges of a country, in parts of a million numbers. */
function millions(iso: string): NumberRange[] {
  return rangesOf(iso).flatMap((range) => {
    const digits = Math.max(0, range.digits - 6);
    return Array.from({ length: 10 ** digits }, (_, index) =>
      subrange(range, digits === 0 ? '' : String(index).padStart(digits, '0')),
    );
  });
}

function evenly(
  population: Population,
  from: number,
  count: number,
  durationMs: number,
  draw: (at: number, index: number) => AttackStart,
): Traffic {
  return {
    starts: Array.from({ length: count }, (_, index) =>
      message(population, draw(from + Math.floor((index * durationMs) / count), index)),
    ),
  };
}

function message(population: Population, { at, iso, number, source, entersCodeAfterMs }: AttackStart): Start {
  return {
    at,
    number,
    country: iso,
    source,
    isKnown: population.isKnown(number),
    cost: countryOf(iso).cost,
    isAttack: true,
    willEnterCodeAfterMs: entersCodeAfterMs,
    retryAfterMs: [],
  };
}

/** No real user has an address of 172.16.0.0/12. */
function attackerSource(index: number): string {
  return `172.${16 + ((index >> 16) & 15)}.${(index >> 8) & 255}.${index & 255}`;
}

function botEntryTime(random: Random): number {
  return Math.round(random.between(5 * SECOND, MINUTE));
}

function inTurn<T>(items: readonly T[], turn: number): T {
  const item = items[turn % items.length];
  if (item === undefined) throw new RangeError('Nothing takes turns');
  return item;
}
