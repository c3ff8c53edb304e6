import { Scheduler } from './scheduler.js';
import { Timers } from './timers.js';
import fc from 'fast-check';

it('Scheduler handles each item once, in order of time, and in order of addition for equal times', () => {
  const steps = fc.array(fc.oneof(fc.record({ at: fc.nat(50) }), fc.record({ pass: fc.nat(20) })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (actions) => {
      const timers = new Timers();
      let clock = 0;
      const done: number[] = [];
      const scheduler = new Scheduler<number>(
        () => clock,
        timers,
        (what) => done.push(what),
      );
      let open: { at: number; what: number }[] = [];
      const expected: number[] = [];
      for (const [what, action] of actions.entries()) {
        if ('at' in action) {
          scheduler.add(action.at, what);
          open.push({ at: action.at, what });
        } else {
          clock += action.pass;
          scheduler.runDue();
          const due = open.filter(({ at }) => at <= clock).sort((one, other) => one.at - other.at);
          expected.push(...due.map((entry) => entry.what));
          open = open.filter(({ at }) => at > clock);
        }
      }
      timers.close();
      expect(done).toEqual(expected);
      expect(scheduler.size).toBe(open.length);
    }),
  );
});

describe('the timer of Scheduler', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is a single one for the first item, even if that is weeks away', () => {
    const done: string[] = [];
    const scheduler = new Scheduler<string>(Date.now, new Timers(), (what) => done.push(what));
    const start = Date.now();
    const month = 30 * 86_400_000;
    scheduler.add(start + month, 'last');
    scheduler.add(start + 10, 'first');
    scheduler.add(start + 20, 'second');
    scheduler.add(Infinity, 'never');
    expect(jest.getTimerCount()).toBe(1);
    expect(scheduler.size).toBe(3);
    jest.advanceTimersByTime(9);
    expect(done).toEqual([]);
    jest.advanceTimersByTime(11);
    expect(done).toEqual(['first', 'second']);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(month);
    expect(done).toEqual(['first', 'second', 'last']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('accepts items that are added while it runs', () => {
    const done: number[] = [];
    const scheduler: Scheduler<number> = new Scheduler<number>(Date.now, new Timers(), (what) => {
      done.push(what);
      if (what < 3) scheduler.add(Date.now(), what + 1);
    });
    scheduler.add(Date.now(), 1);
    jest.advanceTimersByTime(0);
    expect(done).toEqual([1, 2, 3]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not run after Timers.close', () => {
    const timers = new Timers();
    const scheduler = new Scheduler<number>(Date.now, timers, () => {
      throw new Error('too late');
    });
    scheduler.add(Date.now() + 1, 1);
    timers.close();
    scheduler.add(Date.now(), 2);
    expect(jest.getTimerCount()).toBe(0);
  });
});
