import fc from 'fast-check';
import { platformTime, readTimeRange, splitRange } from './time-range.js';

const FORM = 'must be a Date, or ISO 8601 with an offset such as 2026-01-31T09:00:00+08:00';
const DAY = 24 * 60 * 60 * 1000;

describe('readTimeRange', () => {
  it('accepts Dates and ISO 8601 with an offset', () => {
    expect(readTimeRange({ from: new Date(0), to: '2021-02-12T09:30:03+08:00' })).toEqual({
      from: new Date(0),
      to: new Date('2021-02-12T01:30:03Z'),
    });
  });

  it('widens to whole seconds, so that it includes the last one', () => {
    expect(readTimeRange({ from: new Date(1999), to: new Date(2001) })).toEqual({
      from: new Date(1000),
      to: new Date(3000),
    });
  });

  it.each<[string, unknown, { field: string; problem: string }[]]>([
    [
      'nothing',
      undefined,
      [
        { field: 'from', problem: FORM },
        { field: 'to', problem: FORM },
      ],
    ],
    [
      'a time without an offset, which would mean another instant on each machine',
      { from: '2021-02-12T09:30:03', to: new Date() },
      [{ field: 'from', problem: FORM }],
    ],
    ['an invalid Date', { from: new Date(NaN), to: new Date() }, [{ field: 'from', problem: FORM }]],
    [
      'a day that there is not, of which JavaScript makes another',
      { from: '2026-02-30T00:00:00Z', to: '2026-02-29T23:59:59+08:00' },
      [
        { field: 'from', problem: FORM },
        { field: 'to', problem: FORM },
      ],
    ],
    [
      'a day that there is not',
      { from: '2021-02-12T09:30:03Z', to: '2021-13-45T09:30:03Z' },
      [{ field: 'to', problem: FORM }],
    ],
    [
      'an end before the beginning',
      { from: new Date(1), to: new Date(0) },
      [{ field: 'to', problem: 'must not be before from' }],
    ],
  ])('rejects %s', (_, range, issues) => {
    expect(readTimeRange(range)).toEqual({ issues });
  });
});

describe('platformTime', () => {
  it("writes the vendor's sample", () => {
    expect(platformTime(new Date('2021-02-11T16:00:00.999Z'))).toBe('2021-02-12T00:00:00+08:00');
  });

  it('writes the same instant, to the second', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        expect(new Date(platformTime(date)).getTime()).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });
});

describe('splitRange', () => {
  it('covers every second once, in ranges that are short enough', () => {
    const seconds = fc.integer({ min: 0, max: 400 * 24 * 3600 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 1, max: 31 }), (length, days) => {
        const pieces = [...splitRange({ from: new Date(0), to: new Date(length * 1000) }, days)];
        expect(pieces[0]!.from).toEqual(new Date(0));
        expect(pieces.at(-1)!.to).toEqual(new Date(length * 1000));
        pieces.forEach(({ from, to }, index) => {
          expect(to.getTime() - from.getTime()).toBeLessThan(days * DAY);
          if (index > 0) expect(from.getTime()).toBe(pieces[index - 1]!.to.getTime() + 1000);
        });
      }),
    );
  });
});
