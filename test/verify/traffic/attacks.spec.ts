import {
  betweenRealNumbers,
  duringCrowd,
  fiftyNumbers,
  honestAtFirst,
  oneOperator,
  oneOperatorEnteringCodes,
  oneRange,
  patient,
  sabotage,
  threeCountries,
  watchful,
} from './attacks.js';
import { COUNTRIES } from './countries.js';
import { BEGIN, Population } from './population.js';
import type { Start } from './start.js';
import { DAY, HOUR } from './time-units.js';

const population = new Population(1);
const attacks = {
  oneRange,
  oneOperator,
  threeCountries,
  oneOperatorEnteringCodes,
  fiftyNumbers,
  patient,
  honestAtFirst,
  betweenRealNumbers,
  duringCrowd,
  watchful,
  sabotage,
};
const startsOf = (name: keyof typeof attacks) => [...attacks[name](population, BEGIN).starts];

const counts = (values: readonly string[]) => {
  const counted = new Map<string, number>();
  for (const value of values) counted.set(value, (counted.get(value) ?? 0) + 1);
  return counted;
};
const different = (starts: readonly Start[], field: 'number' | 'source' | 'country') =>
  new Set(starts.map((start) => start[field])).size;
const conversionOf = (starts: readonly Start[]) =>
  starts.filter(({ willEnterCodeAfterMs }) => willEnterCodeAfterMs !== undefined).length / starts.length;
const lastAt = (starts: readonly Start[]) => ((starts.at(-1)?.at ?? 0) - BEGIN) / HOUR;

describe.each(Object.keys(attacks) as (keyof typeof attacks)[])('%s', (name) => {
  it('is in order of time, and the same each time', () => {
    const starts = startsOf(name);
    expect(starts.every(({ at }, index) => at >= (starts[index - 1]?.at ?? BEGIN))).toBe(true);
    // Jest needs seconds to compare so many objects.
    expect(JSON.stringify(startsOf(name)) === JSON.stringify(starts)).toBe(true);
  });

  it('says who attacks, at the price of the country, from known numbers where they are, and never retries', () => {
    const prices = new Map(COUNTRIES.map(({ iso, cost }) => [iso, cost]));
    for (const { isAttack, country, cost, number, isKnown, retryAfterMs } of startsOf(name))
      if (
        !isAttack ||
        cost !== prices.get(country) ||
        isKnown !== population.isKnown(number) ||
        retryAfterMs.length > 0
      )
        throw new Error(`Wrong: ${number}`);
  });
});

describe('attacks', () => {
  it('A1 uses one address and one range of ten thousand numbers in order, 5 a second for an hour', () => {
    const starts = startsOf('oneRange');
    expect([starts.length, different(starts, 'source'), different(starts, 'number')]).toEqual([18_000, 1, 10_000]);
    expect(starts.slice(0, 6).map(({ at, number }) => [at - BEGIN, number])).toEqual([
      [0, '+992904170000'],
      [200, '+992904170001'],
      [400, '+992904170002'],
      [600, '+992904170003'],
      [800, '+992904170004'],
      [1_000, '+992904170005'],
    ]);
    expect(lastAt(starts)).toBeLessThan(1);
  });

  it.each([
    ['A2', 'oneOperator', 0],
    ['A4', 'oneOperatorEnteringCodes', 0.3],
  ] as const)('%s uses up to 10,000 addresses and one operator, one a second for six hours', (_, name, conversion) => {
    const starts = startsOf(name);
    expect(starts.every(({ at, number }, index) => at === BEGIN + index * 1_000 && number.startsWith('+99450'))).toBe(
      true,
    );
    expect(starts).toHaveLength(21_600);
    expect(different(starts, 'source')).toBeGreaterThan(8_000);
    expect(different(starts, 'source')).toBeLessThanOrEqual(10_000);
    expect(conversionOf(starts)).toBeCloseTo(conversion, 2);
  });

  it('A3 uses up to 30,000 addresses and all ranges of three countries, all day', () => {
    const starts = startsOf('threeCountries');
    expect([...counts(starts.map(({ country }) => country))]).toEqual([
      ['TJ', 7_200],
      ['AZ', 7_200],
      ['ID', 7_200],
    ]);
    expect(different(starts, 'source')).toBeGreaterThan(10_000);
    const ranges = COUNTRIES.filter(({ iso }) => ['TJ', 'AZ', 'ID'].includes(iso)).flatMap((country) => country.ranges);
    for (const { prefix } of ranges) expect(starts.some(({ number }) => number.startsWith(prefix))).toBe(true);
    expect(lastAt(starts)).toBeCloseTo(24, 1);
  });

  it('A5 uses the same 50 numbers for three hours', () => {
    const starts = startsOf('fiftyNumbers');
    expect(new Set(counts(starts.map(({ number }) => number)).values())).toEqual(new Set([432]));
    expect(different(starts, 'number')).toBe(50);
    expect(lastAt(starts)).toBeCloseTo(3, 2);
  });

  it('the patient one never repeats an address, and lets each million of numbers rest for more than three hours', () => {
    const starts = startsOf('patient');
    expect(different(starts, 'source')).toBe(starts.length);
    const last = new Map<string, number>();
    let shortest = Infinity;
    for (const { at, number } of starts) {
      const range = number.slice(0, -6);
      shortest = Math.min(shortest, at - (last.get(range) ?? -Infinity));
      last.set(range, at);
    }
    expect(shortest).toBeGreaterThan(3 * HOUR);
    expect(lastAt(starts) / 24).toBeCloseTo(14, 1);
  });

  it('the honest one enters all codes at first, and stays below ten messages a day to a number later', () => {
    const starts = startsOf('honestAtFirst');
    const honest = starts.filter(({ at }) => at < BEGIN + 3 * DAY);
    expect([honest.length, conversionOf(honest)]).toEqual([1_500, 1]);
    for (const day of [3, 4]) {
      const later = starts.filter(({ at }) => Math.floor((at - BEGIN) / DAY) === day);
      expect(conversionOf(later)).toBe(0);
      expect(Math.max(...counts(later.map(({ number }) => number)).values())).toBe(10);
    }
  });

  it('the one between real numbers uses known numbers by half, from shared addresses', () => {
    const starts = startsOf('betweenRealNumbers');
    expect(starts.filter(({ isKnown }) => isKnown).length / starts.length).toBeCloseTo(0.5, 1);
    expect(starts.every(({ source }) => population.sharedSources.includes(source))).toBe(true);
  });

  it('the watchful one leaves a rejected range, and a country that rejects everything', () => {
    const { starts, observe } = watchful(population, BEGIN);
    const rejected = new Map<string, number>();
    const inRow = new Map<string, number>();
    let sent = 0;
    let shortest = Infinity;
    for (const start of starts) {
      const range = start.number.slice(0, -6);
      shortest = Math.min(shortest, start.at - (rejected.get(range) ?? -Infinity));
      const isRejected = start.country === 'AZ';
      if (isRejected) rejected.set(range, start.at);
      if (isRejected) inRow.set(start.country, (inRow.get(start.country) ?? 0) + 1);
      else sent++;
      observe?.(start, isRejected ? 'rejected' : 'sent');
    }
    expect(shortest).toBeGreaterThanOrEqual(6 * HOUR);
    // 50 ranges, in two rounds of twelve hours.
    expect(inRow.get('AZ')).toBeLessThanOrEqual(100);
    expect(sent).toBeGreaterThan(40_000);
  });
});
