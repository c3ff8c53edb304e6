import { getEventListeners } from 'node:events';
import { RequestLimiter } from './request-limiter.js';
import type { Turn } from './turn.js';

const CAMPAIGN = { name: 'campaign' };
const OTHER = { name: 'other campaign' };
const UNLIMITED = { requestsPerSecond: undefined, recipientsPerSecond: undefined };

const single = (turn?: Partial<Turn>): Turn => ({ recipients: 1, priority: 'high', caller: {}, ...turn });
const bulk = (turn?: Partial<Turn>): Turn => ({ recipients: 1000, priority: 'normal', caller: CAMPAIGN, ...turn });

/** What ended, in order: `name end@time`. */
let ended: string[];
let start: number;

beforeEach(() => {
  jest.useFakeTimers();
  ended = [];
  start = performance.now();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function limiter(requestsPerSecond?: number, recipientsPerSecond?: number): RequestLimiter {
  return new RequestLimiter({ requestsPerSecond, recipientsPerSecond });
}

function take(limiter: RequestLimiter, name: string, turn: Turn): void {
  void limiter.take(turn).then((end) => ended.push(`${name} ${end}@${String(performance.now() - start)}`));
}

/** Lets time pass; promises settle at the time of the timer that settles them. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('without a limit', () => {
  it('lets everybody go at once, without a timer or a look at the clock', async () => {
    const free = new RequestLimiter(UNLIMITED);
    const now = jest.spyOn(performance, 'now');
    const ends = await Promise.all(Array.from({ length: 100 }, () => free.take(bulk({ timeout: 0 }))));
    expect(new Set(ends)).toEqual(new Set(['taken']));
    expect(jest.getTimerCount()).toBe(0);
    expect(now).not.toHaveBeenCalled();
  });

  it('still lets nobody go who has been aborted', async () => {
    const free = new RequestLimiter(UNLIMITED);
    await expect(free.take(single({ signal: AbortSignal.abort() }))).resolves.toBe('aborted');
  });
});

describe('the pace', () => {
  it('is one request a slot', async () => {
    const limited = limiter(4);
    for (const name of ['a', 'b', 'c']) take(limited, name, single());
    await pass(500);
    expect(ended).toEqual(['a taken@0', 'b taken@250', 'c taken@500']);
  });

  it.each([3, 6, 7, 9, 11, 13])('does not drift where a slot is no whole millisecond: %d a second', async (rate) => {
    const limited = limiter(rate);
    const names = Array.from({ length: 10 * rate + 1 }, (_, index) => String(index));
    for (const name of names) take(limited, name, single());
    await pass(10_000);
    expect(ended).toEqual(names.map((name) => `${name} taken@${Math.ceil((Number(name) * 1000) / rate)}`));
  });

  it('holds at 5,000 requests a second, of which a timer sees only every fifth', async () => {
    const limited = limiter(5000);
    for (let i = 0; i < 10_000; i++) take(limited, 'x', single());
    await pass(1000);
    expect(ended.length).toBeGreaterThan(4900);
    expect(ended.length).toBeLessThanOrEqual(5001);
  });

  it('holds for recipients, which build up before they are spent', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'first', single());
    take(limited, 'many', bulk({ recipients: 250 }));
    take(limited, 'few', bulk({ recipients: 10 }));
    await pass(2600);
    expect(ended).toEqual(['first taken@0', 'many taken@2500', 'few taken@2600']);
  });

  it('holds for the larger need where both limits are set', async () => {
    const limited = limiter(10, 100);
    take(limited, 'first', single());
    take(limited, 'many', bulk({ recipients: 50 }));
    take(limited, 'few', bulk({ recipients: 2 }));
    await pass(1000);
    expect(ended).toEqual(['first taken@0', 'many taken@500', 'few taken@600']);
  });

  it('begins with a single send: a process before this one may have used up the rest', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'many', bulk({ recipients: 101 }));
    await pass(1000);
    expect(ended).toEqual(['many taken@1000']);
  });

  it('counts idle time for one request, not for a burst', async () => {
    const limited = limiter(undefined, 100);
    await pass(60_000);
    for (const name of ['a', 'b', 'c']) take(limited, name, bulk({ recipients: 100 }));
    await pass(2000);
    expect(ended).toEqual(['a taken@60000', 'b taken@61000', 'c taken@62000']);
  });

  it('keeps the allowance of a single send over requests without recipients', async () => {
    const limited = limiter(100, 1);
    await pass(5000);
    take(limited, 'balance', single({ recipients: 0 }));
    take(limited, 'code', single());
    await pass(10);
    expect(ended).toEqual(['balance taken@5000', 'code taken@5010']);
  });

  it('makes up for a timer that was a little late, and for no more', async () => {
    const now = performance.now.bind(performance);
    let slept = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + slept);
    const limited = limiter(100);
    for (let i = 0; i < 100; i++) take(limited, 'x', single());
    slept = 14;
    await pass(10);
    expect(ended).toHaveLength(3);
    slept += 3_600_000;
    await pass(10);
    expect(ended).toHaveLength(5);
  });

  it('makes up for less where the rate has a fraction: 2.5 a second are at most 3 in any', async () => {
    const now = performance.now.bind(performance);
    let slept = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + slept);
    const limited = limiter(2.5);
    for (const name of ['a', 'b', 'c', 'd', 'e']) take(limited, name, single());
    await pass(0);
    slept = 399;
    await pass(1400);
    expect(ended).toEqual(['a taken@0', 'b taken@799', 'c taken@999', 'd taken@1399', 'e taken@1799']);
  });

  it('holds when timers fire early', async () => {
    const now = performance.now.bind(performance);
    const limited = limiter(10);
    take(limited, 'a', single());
    take(limited, 'b', single());
    await pass(0);
    jest.spyOn(performance, 'now').mockImplementation(() => now() - 0.4);
    await pass(100);
    expect(ended).toHaveLength(1);
    await pass(1);
    expect(ended).toEqual(['a taken@0', 'b taken@100.6']);
  });
});

describe('priority', () => {
  it('has a single send wait for one slot, not for the bulk request in line', async () => {
    const limited = limiter(10, 100);
    take(limited, 'first', bulk({ recipients: 1 }));
    take(limited, 'bulk', bulk());
    await pass(50);
    take(limited, 'early code', single());
    await pass(5000);
    take(limited, 'late code', single());
    await pass(6000);
    expect(ended).toEqual(['first taken@0', 'early code taken@100', 'late code taken@5050', 'bulk taken@10020']);
  });

  it('keeps the pace of single sends while a bulk request waits', async () => {
    const limited = limiter(10, 100);
    take(limited, 'bulk', bulk());
    await pass(5000);
    take(limited, 'code', single());
    take(limited, 'next code', single());
    await pass(100);
    expect(ended).toEqual(['code taken@5000', 'next code taken@5100']);
  });

  it('is strict: high that uses up the rate leaves nothing to normal', async () => {
    const limited = limiter(10);
    take(limited, 'bulk', bulk());
    take(limited, 'bulk', bulk({ timeout: 5000 }));
    for (let i = 0; i < 60; i++) take(limited, 'code', single());
    await pass(5000);
    expect(ended.filter((end) => end.startsWith('bulk'))).toEqual(['bulk taken@0', 'bulk timeout@5000']);
  });

  it('does not let a small request overtake a large one', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'large', bulk({ recipients: 101 }));
    take(limited, 'small', bulk({ recipients: 1, caller: OTHER }));
    await pass(2000);
    expect(ended).toEqual(['large taken@1000', 'small taken@1010']);
  });
});

describe('fairness', () => {
  it('serves callers in turn, and each in order', async () => {
    const limited = limiter(1);
    for (const name of ['a0', 'a1', 'a2', 'a3']) take(limited, name, bulk());
    for (const name of ['b1', 'b2']) take(limited, name, bulk({ caller: OTHER }));
    await pass(5000);
    expect(ended.map((end) => end.split(' ')[0])).toEqual(['a0', 'a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('does not cost a caller its turn that the first in its line gave up', async () => {
    const limited = limiter(1);
    take(limited, 'a0', bulk());
    take(limited, 'a1', bulk({ timeout: 500 }));
    take(limited, 'a2', bulk());
    take(limited, 'b1', bulk({ caller: OTHER }));
    await pass(2000);
    expect(ended).toEqual(['a0 taken@0', 'a1 timeout@500', 'a2 taken@1000', 'b1 taken@2000']);
  });
});

describe('giving up', () => {
  it('times out where it stands in line', async () => {
    const limited = limiter(1);
    take(limited, 'a', bulk());
    take(limited, 'b', bulk());
    take(limited, 'c', bulk({ timeout: 1500 }));
    take(limited, 'd', bulk());
    await pass(2000);
    expect(ended).toEqual(['a taken@0', 'b taken@1000', 'c timeout@1500', 'd taken@2000']);
  });

  it('goes at once or not at all with a time-out of 0', async () => {
    const limited = limiter(1000);
    take(limited, 'a', single({ timeout: 0 }));
    take(limited, 'b', single({ timeout: 0 }));
    await pass(0);
    expect(ended).toEqual(['a taken@0', 'b timeout@0']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('bears a time-out that is no whole millisecond', async () => {
    const limited = limiter(10);
    take(limited, 'a', single());
    take(limited, 'b', single({ timeout: 98.5 }));
    await pass(100);
    expect(ended).toEqual(['a taken@0', 'b timeout@99']);
  });

  it('does not let somebody go whose time was up while the machine slept', async () => {
    const now = performance.now.bind(performance);
    const limited = limiter(1);
    take(limited, 'a', single());
    take(limited, 'b', single({ timeout: 5000 }));
    take(limited, 'c', single());
    await pass(0);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    await pass(1000);
    expect(ended).toEqual(['a taken@0', 'b timeout@61000', 'c taken@61000']);
  });

  it('bears a time-out that no timer can hold', async () => {
    const limited = limiter(1);
    take(limited, 'a', single());
    take(limited, 'b', single({ timeout: 2 ** 31 }));
    take(limited, 'c', single({ timeout: Infinity }));
    await pass(2000);
    expect(ended).toEqual(['a taken@0', 'b taken@1000', 'c taken@2000']);
  });

  it('bears a wait that no timer can hold', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const limited = limiter(undefined, 0.1);
    take(limited, 'ages', bulk({ recipients: 1_000_000 }));
    await pass(1000);
    expect(timers).toHaveBeenCalledTimes(1);
  });

  it('hears an abort also when it watched that signal before', async () => {
    const limited = limiter(1);
    const controller = new AbortController();
    take(limited, 'a', single({ signal: controller.signal }));
    take(limited, 'b', single({ signal: controller.signal }));
    await pass(1000);
    take(limited, 'c', single({ signal: controller.signal }));
    await pass(500);
    controller.abort();
    await pass(0);
    expect(ended).toEqual(['a taken@0', 'b taken@1000', 'c aborted@1500']);
  });

  it('leaves the line on abort, and lets the next one go that has enough', async () => {
    const limited = limiter(undefined, 100);
    const controller = new AbortController();
    take(limited, 'large', bulk({ signal: controller.signal }));
    take(limited, 'small', bulk({ recipients: 50, caller: OTHER }));
    await pass(3000);
    controller.abort();
    await pass(500);
    expect(ended).toEqual(['large aborted@3000', 'small taken@3000']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('loses what had built up for the one that gave up', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'large', bulk({ timeout: 5000 }));
    for (const name of ['a', 'b', 'c']) take(limited, name, bulk({ recipients: 50, caller: OTHER }));
    await pass(6000);
    expect(ended).toEqual(['large timeout@5000', 'a taken@5000', 'b taken@5490', 'c taken@5990']);
  });

  it('ends all that wait under one signal, and lets none of them go in passing', async () => {
    const limited = limiter(undefined, 100);
    const { signal, controller } = watched();
    take(limited, 'large', bulk({ signal }));
    take(limited, 'small', single({ priority: 'normal', signal: AbortSignal.any([signal]) }));
    take(limited, 'small', single({ priority: 'normal', signal }));
    take(limited, 'free', single({ priority: 'normal' }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await pass(3000);
    controller.abort();
    await pass(0);
    expect(ended.toSorted()).toEqual([
      'free taken@3000',
      'large aborted@3000',
      'small aborted@3000',
      'small aborted@3000',
    ]);
  });

  it('leaves no timer and no listener behind, however it ended', async () => {
    const limited = limiter(10);
    const { signal, controller } = watched();
    const spared = watched();
    take(limited, 'a', single({ signal }));
    take(limited, 'b', single({ signal, timeout: 5000 }));
    take(limited, 'c', single({ signal: spared.signal, timeout: 5000 }));
    take(limited, 'd', single({ signal: spared.signal, timeout: 150 }));
    take(limited, 'e', single({ signal, timeout: 5000 }));
    await pass(210);
    expect(jest.getTimerCount()).toBe(2);
    controller.abort();
    await pass(0);
    expect(ended).toEqual(['a taken@0', 'b taken@100', 'd timeout@150', 'c taken@200', 'e aborted@210']);
    expect(jest.getTimerCount()).toBe(0);
    expect([signal, spared.signal].flatMap((each) => getEventListeners(each, 'abort'))).toEqual([]);
  });
});

function watched() {
  const controller = new AbortController();
  return { controller, signal: controller.signal };
}
