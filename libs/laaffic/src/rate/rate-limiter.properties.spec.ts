import fc from 'fast-check';
import { RateLimiter, type Rate } from './rate-limiter.js';
import type { RateRequest, AcquireResult } from './rate-limiter.js';

const CALLERS = ['a', 'b', 'c'].map((name) => ({ name }));
const RUNS = { numRuns: 100 };
interface Arrival extends Omit<RateRequest, 'caller' | 'signal'> {
  readonly at: number;
  readonly caller: number;
  /** Milliseconds after its arrival. */
  readonly abort: number | undefined;
}

/** The machine sleeps, or the process is busy: time goes on without timers. */
interface Stall {
  readonly at: number;
  readonly stalled: number;
}

/** One turn as it went; the numbers put all that happened in order. */
interface Course {
  readonly turn: Arrival;
  readonly arrived: number;
  readonly arrivedAs: number;
  end: AcquireResult | undefined;
  ended: number;
  endedAs: number;
}

const rates = fc
  .record({
    requestsPerSecond: fc.option(
      fc.oneof(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0.5, max: 5000, noNaN: true })),
      { nil: undefined },
    ),
    recipientsPerSecond: fc.option(
      fc.oneof(fc.integer({ min: 1, max: 500 }), fc.double({ min: 5, max: 5000, noNaN: true })),
      { nil: undefined },
    ),
  })
  .filter((rate) => rate.requestsPerSecond !== undefined || rate.recipientsPerSecond !== undefined);

const turns = fc.record<Arrival>({
  at: fc.integer({ min: 0, max: 3000 }),
  recipients: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 100 })),
  priority: fc.constantFrom('high', 'normal', 'normal'),
  caller: fc.nat(CALLERS.length - 1),
  timeoutMs: fc.option(fc.integer({ min: 0, max: 4000 }), { nil: undefined }),
  abort: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: undefined }),
});
const arrivals = fc.array(turns, { minLength: 1, maxLength: 60 });
const steadfast = arrivals.map((all) => all.map((turn) => ({ ...turn, timeoutMs: undefined, abort: undefined })));
const stalls = fc.array(
  fc.record<Stall>({
    at: fc.integer({ min: 0, max: 4000 }),
    // eighths, for the sums to be exact
    stalled: fc.integer({ min: 0, max: 2400 }).map((eighths) => eighths / 8),
  }),
  { maxLength: 20 },
);

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Steps run one after the other, and promises resolve between any two. */
async function run(rate: Rate, turns: readonly Arrival[], stalls: readonly Stall[] = []): Promise<Course[]> {
  const now = performance.now.bind(performance);
  let stalled = 0;
  let step = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + stalled);
  const due: (() => void)[] = [];
  const after = (delay: number, action: () => void) => setTimeout(() => due.push(action), delay);
  const limiter = new RateLimiter(rate);
  const courses: Course[] = [];

  for (const stall of stalls) after(stall.at, () => (stalled += stall.stalled));
  for (const turn of turns) {
    after(turn.at, () => {
      const controller = new AbortController();
      if (turn.abort !== undefined) {
        after(turn.abort, () => {
          controller.abort();
        });
      }
      const arrived = performance.now();
      const course: Course = { turn, arrived, arrivedAs: step++, end: undefined, ended: NaN, endedAs: NaN };
      courses.push(course);
      void limiter.acquire({ ...turn, caller: CALLERS[turn.caller]!, signal: controller.signal }).then((end) => {
        Object.assign(course, { end, ended: performance.now(), endedAs: step++ });
      });
    });
  }
  while (jest.getTimerCount() > 0) {
    jest.advanceTimersToNextTimer();
    await settled();
    for (let action = due.shift(); action !== undefined; action = due.shift()) {
      action();
      await settled();
    }
  }
  clock.mockRestore();
  return courses;
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const taken = (courses: readonly Course[]): Course[] =>
  courses.filter(({ end }) => end === 'acquired').sort((a, b) => a.endedAs - b.endedAs);

/** Whether the one was in line when the other went. */
const waitedWhile = (one: Course, other: Course): boolean =>
  one.arrivedAs < other.endedAs && other.endedAs < one.endedAs;

/** Whether the caller always had a turn in line. */
function waitedThroughout(courses: readonly Course[], caller: number, from: number, to: number): boolean {
  let covered = from;
  for (const { turn, arrivedAs, endedAs } of courses) {
    if (turn.caller === caller && arrivedAs <= covered && endedAs > covered) covered = endedAs;
  }
  return covered >= to;
}

/** The slot of a rate; to bear late timers, it is up to 1 % longer where it is below 10 ms or the rate has a fraction. */
const slot = (perSecond: number | undefined): number => {
  if (perSecond === undefined) return 0;
  return (1000 / perSecond) * (perSecond <= 100 && Number.isInteger(perSecond) ? 1 : 1.01);
};

const need = ({ requestsPerSecond, recipientsPerSecond }: Rate, { turn }: Course): number =>
  Math.max(slot(requestsPerSecond), turn.recipients * slot(recipientsPerSecond));

describe('RateLimiter, with any arrivals, waits, stalls and aborts,', () => {
  it('never allows more in one second than the limits and one request', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, stalls, async (rate, turns, stalls) => {
        const gone = taken(await run(rate, turns, stalls));
        const largest = Math.max(1, ...turns.map(({ recipients }) => recipients));
        gone.forEach((first, index) => {
          const second = gone.slice(index).filter(({ ended }) => ended - first.ended < 1000);
          const recipients = second.reduce((sum, { turn }) => sum + turn.recipients, 0);
          expect(second.length).toBeLessThanOrEqual((rate.requestsPerSecond ?? Infinity) + 1);
          expect(recipients).toBeLessThanOrEqual((rate.recipientsPerSecond ?? Infinity) + largest);
        });
      }),
      RUNS,
    );
  });

  it('ends every request, and allows none after a time-out or an abort', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, stalls, async (rate, turns, stalls) => {
        const courses = await run(rate, turns, stalls);
        expect(courses).toHaveLength(turns.length);
        expect(courses.filter(({ end }) => end === undefined)).toEqual([]);
        for (const { turn, end, arrived, ended } of courses) {
          if (end === 'acquired') expect(ended - arrived).toBeLessThanOrEqual(turn.timeoutMs ?? Infinity);
          if (end === 'timeout') expect(ended - arrived).toBeGreaterThanOrEqual(turn.timeoutMs ?? Infinity);
          if (end === 'aborted') expect(ended - arrived).toBeGreaterThanOrEqual(turn.abort ?? Infinity);
        }
      }),
      RUNS,
    );
  });

  it('times out to the millisecond while time and timers agree', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, async (rate, turns) => {
        for (const { turn, arrived, ended } of await run(rate, turns)) {
          expect(ended - arrived).toBeLessThanOrEqual(Math.min(turn.timeoutMs ?? Infinity, turn.abort ?? Infinity));
        }
      }),
      RUNS,
    );
  });

  it('allows high before normal, and the requests of a caller in order', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, stalls, async (rate, turns, stalls) => {
        const courses = await run(rate, turns, stalls);
        for (const gone of taken(courses)) {
          for (const other of courses.filter((course) => waitedWhile(course, gone))) {
            if (gone.turn.priority === 'normal') expect(other.turn.priority).toBe('normal');
            if (other.turn.priority === gone.turn.priority && other.turn.caller === gone.turn.caller) {
              expect(other.arrivedAs).toBeGreaterThan(gone.arrivedAs);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('serves callers in turn: they never differ by more than one request', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, stalls, async (rate, turns, stalls) => {
        const courses = (await run(rate, turns, stalls)).filter(({ turn }) => turn.priority === 'normal');
        const gone = taken(courses);
        gone.forEach((first, index) => {
          const later = gone.slice(index + 1);
          const again = later.findIndex(({ turn }) => turn.caller === first.turn.caller);
          if (again < 0) return;
          const between = new Set(later.slice(0, again).map(({ turn }) => turn.caller));
          for (const { turn } of courses) {
            if (turn.caller === first.turn.caller || between.has(turn.caller)) continue;
            expect(waitedThroughout(courses, turn.caller, first.endedAs, later[again]!.endedAs)).toBe(false);
          }
        });
      }),
      RUNS,
    );
  });
});

describe('RateLimiter, while time and timers agree,', () => {
  it('allows a request as soon as the rate permits', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, async (rate, turns) => {
        const courses = await run(rate, turns);
        let last = -Infinity;
        for (const gone of taken(courses)) {
          // It may have become the next one with whatever happened before.
          const events = courses.flatMap((course) => [
            [course.arrivedAs, course.arrived] as const,
            [course.endedAs, course.ended] as const,
          ]);
          const before = Math.max(...events.filter(([step]) => step < gone.endedAs).map(([, time]) => time));
          const first = Math.min(...courses.map(({ arrived }) => arrived));
          const enough = Math.max(last, first) + need(rate, gone);
          expect(gone.ended).toBeLessThan(Math.max(before, enough) + 1);
          last = gone.ended;
        }
      }),
      RUNS,
    );
  });

  it('finishes a run exactly when the rate permits', async () => {
    await fc.assert(
      fc.asyncProperty(rates, steadfast, async (rate, turns) => {
        const run1 = turns.map((turn) => ({ ...turn, at: 0, priority: 'normal' as const, caller: 0 }));
        const gone = taken(await run(rate, run1));
        const due = gone.reduce((sum, course) => sum + need(rate, course), 0);
        expect(gone.at(-1)!.ended - gone[0]!.arrived).toBeLessThan(due + 1);
      }),
      RUNS,
    );
  });

  it('lets a single send wait for one slot, whatever bulk requests are in the queue', async () => {
    await fc.assert(
      fc.asyncProperty(rates, arrivals, fc.nat(3000), async (rate, turns, at) => {
        const code: Arrival = {
          at,
          recipients: 1,
          priority: 'high',
          caller: 0,
          timeoutMs: undefined,
          abort: undefined,
        };
        const bulk = turns.map((turn) => ({ ...turn, priority: 'normal' as const }));
        const courses = await run(rate, [...bulk, code]);
        const { arrived, ended } = courses.find(({ turn }) => turn === code)!;
        const limit = Math.max(slot(rate.requestsPerSecond), slot(rate.recipientsPerSecond));
        expect(ended - arrived).toBeLessThanOrEqual(Math.ceil(limit - 1e-6));
      }),
      RUNS,
    );
  });
});
