import fc from 'fast-check';
import { Agenda } from './agenda.js';
import { Waits } from './waits.js';

it('does everything once, in the order of the times, and equal times in the order they were given', () => {
  const steps = fc.array(fc.oneof(fc.record({ at: fc.nat(50) }), fc.record({ pass: fc.nat(20) })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (actions) => {
      const waits = new Waits();
      let clock = 0;
      const done: number[] = [];
      const agenda = new Agenda<number>(
        () => clock,
        waits,
        (what) => done.push(what),
      );
      let open: { at: number; what: number }[] = [];
      const expected: number[] = [];
      for (const [what, action] of actions.entries()) {
        if ('at' in action) {
          agenda.add(action.at, what);
          open.push({ at: action.at, what });
        } else {
          clock += action.pass;
          agenda.catchUp();
          const due = open.filter(({ at }) => at <= clock).sort((one, other) => one.at - other.at);
          expected.push(...due.map((entry) => entry.what));
          open = open.filter(({ at }) => at > clock);
        }
      }
      waits.cancelAll();
      expect(done).toEqual(expected);
      expect(agenda.size).toBe(open.length);
    }),
  );
});

describe('with a timer', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('has one, for what comes first, even if that is weeks away', () => {
    const done: string[] = [];
    const agenda = new Agenda<string>(Date.now, new Waits(), (what) => done.push(what));
    const start = Date.now();
    const month = 30 * 86_400_000;
    agenda.add(start + month, 'last');
    agenda.add(start + 10, 'first');
    agenda.add(start + 20, 'second');
    agenda.add(Infinity, 'never');
    expect([jest.getTimerCount(), agenda.size]).toEqual([1, 3]);
    jest.advanceTimersByTime(9);
    expect(done).toEqual([]);
    jest.advanceTimersByTime(11);
    expect([done, jest.getTimerCount()]).toEqual([['first', 'second'], 1]);
    jest.advanceTimersByTime(month);
    expect([done, jest.getTimerCount()]).toEqual([['first', 'second', 'last'], 0]);
  });

  it('takes additions from what it does', () => {
    const done: number[] = [];
    const agenda: Agenda<number> = new Agenda<number>(Date.now, new Waits(), (what) => {
      done.push(what);
      if (what < 3) agenda.add(Date.now(), what + 1);
    });
    agenda.add(Date.now(), 1);
    jest.advanceTimersByTime(0);
    expect([done, jest.getTimerCount()]).toEqual([[1, 2, 3], 0]);
  });

  it('ends with its waits, for good', () => {
    const waits = new Waits();
    const agenda = new Agenda<number>(Date.now, waits, () => {
      throw new Error('too late');
    });
    agenda.add(Date.now() + 1, 1);
    waits.cancelAll();
    agenda.add(Date.now(), 2);
    expect(jest.getTimerCount()).toBe(0);
  });
});
