import { COUNTRIES } from './countries.js';
import { BEGIN, Population } from './population.js';
import type { Start } from './start.js';
import { DAY, HOUR, MINUTE } from './time-units.js';

const population = new Population(1);
const week = [...population.usualTraffic(7)];
const shareOf = (starts: readonly Start[], holds: (start: Start) => boolean) =>
  starts.filter(holds).length / starts.length;

describe('usual traffic', () => {
  it('has 20,000 starts on each day, in order of time', () => {
    const days = Array.from({ length: 7 }, (_, day) => week.filter(({ at }) => Math.floor((at - BEGIN) / DAY) === day));
    expect(days.map((starts) => starts.length)).toEqual(Array.from({ length: 7 }, () => 20_000));
    expect(week.every(({ at }, index) => at >= (week[index - 1]?.at ?? BEGIN))).toBe(true);
  });

  it.each(COUNTRIES.map(({ iso, ...figures }) => [iso, figures] as const))(
    'has the share, price and conversion of %s',
    (iso, { share, cost, conversion }) => {
      const starts = week.filter(({ country }) => country === iso);
      expect(starts.length / week.length).toBeCloseTo(share, 2);
      expect(new Set(starts.map((start) => start.cost))).toEqual(new Set([cost]));
      for (const isKnown of [true, false]) {
        const group = starts.filter((start) => start.isKnown === isKnown);
        const entered = shareOf(group, ({ willEnterCodeAfterMs }) => willEnterCodeAfterMs !== undefined);
        // Five standard deviations.
        expect(Math.abs(entered - conversion)).toBeLessThan(5 * Math.sqrt(0.25 / group.length));
      }
    },
  );

  it('comes from known numbers by half, and says so truthfully', () => {
    expect(shareOf(week, ({ isKnown }) => isKnown)).toBeCloseTo(0.5, 2);
    expect(week.every(({ number, isKnown }) => population.isKnown(number) === isKnown)).toBe(true);
  });

  it('comes from 500 shared addresses by 30 %, and none of them has 60 starts within an hour', () => {
    const shared = week.filter(({ source }) => source.startsWith('100.64.'));
    expect(shared.length / week.length).toBeCloseTo(0.3, 2);
    expect(new Set(shared.map(({ source }) => source)).size).toBe(500);
    const hours = new Map<string, number>();
    for (const { source, at } of shared) {
      const key = `${source} ${Math.floor(at / HOUR)}`;
      hours.set(key, (hours.get(key) ?? 0) + 1);
    }
    expect(Math.max(...hours.values())).toBeLessThan(60);
  });

  it('has days and nights: the busiest hour of a country has 1.8 times the mean, the quietest less than a fifth', () => {
    const starts = week.filter(({ country }) => country === 'ID');
    const hours = Array.from({ length: 24 }, () => 0);
    for (const { at } of starts) {
      const hour = Math.floor((at - BEGIN) / HOUR + 7) % 24;
      hours[hour] = (hours[hour] ?? 0) + 1;
    }
    const mean = starts.length / 24;
    expect(Math.max(...hours) / mean).toBeCloseTo(1.8, 0);
    expect(Math.min(...hours) / mean).toBeLessThan(0.2);
    expect(hours.indexOf(Math.max(...hours))).toBeGreaterThanOrEqual(18);
  });

  it('enters codes within their lifetime', () => {
    const times = week.map(({ willEnterCodeAfterMs }) => willEnterCodeAfterMs).filter((time) => time !== undefined);
    expect(Math.min(...times.slice(0, 50_000))).toBeGreaterThan(4_000);
    expect(Math.max(...times.slice(0, 50_000))).toBeLessThan(10 * MINUTE);
    const sorted = times.sort((one, other) => one - other);
    expect((sorted[sorted.length >> 1] ?? 0) / 1_000).toBeCloseTo(25, -1);
  });

  it('has users who retry once or twice', () => {
    expect(new Set(week.map(({ retryAfterMs }) => retryAfterMs.length))).toEqual(new Set([1, 2]));
    expect(week.every(({ retryAfterMs }) => retryAfterMs.every((wait) => wait >= MINUTE && wait <= HOUR))).toBe(true);
  });

  it('sees no known user twice within two days', () => {
    const last = new Map<string, number>();
    let shortest = Infinity;
    for (const { number, at, isKnown } of week) {
      if (!isKnown) continue;
      shortest = Math.min(shortest, at - (last.get(number) ?? -Infinity));
      last.set(number, at);
    }
    expect(shortest).toBeGreaterThan(2 * DAY);
  });

  it('is the same for the same seed only', () => {
    const [first] = new Population(1).usualTraffic(1);
    expect(first).toEqual(week[0]);
    expect([...new Population(2).usualTraffic(1)][0]).not.toEqual(first);
  });
});

describe('a group of users', () => {
  it('differs as told', () => {
    const starts = population.groupDay('dense country', 0, 6_000, { country: 'MT', knownShare: 0.2, conversion: 0.4 });
    expect(new Set(starts.map(({ country }) => country))).toEqual(new Set(['MT']));
    expect(shareOf(starts, ({ isKnown }) => isKnown)).toBeCloseTo(0.2, 1);
    expect(shareOf(starts, ({ willEnterCodeAfterMs }) => willEnterCodeAfterMs !== undefined)).toBeCloseTo(0.4, 1);
  });

  it('shares no known user with usual traffic, and none with its next day', () => {
    const [monday, tuesday] = [0, 1].map((day) => population.groupDay('dense country', day, 6_000, { country: 'MT' }));
    const numbers = [week, monday ?? [], tuesday ?? []].map(
      (starts) => new Set(starts.filter(({ isKnown }) => isKnown).map(({ number }) => number)),
    );
    const all = new Set(numbers.flatMap((set) => [...set]));
    expect(all.size).toBe(numbers.reduce((total, { size }) => total + size, 0));
  });
});
