import { getEventListeners } from 'node:events';
import { RateLimiter } from './rate-limiter.js';
import type { RateRequest } from './rate-limiter.js';

const CAMPAIGN = { name: 'campaign' };
const OTHER = { name: 'other campaign' };
const UNLIMITED = { requestsPerSecond: undefined, recipientsPerSecond: undefined };

const single = (turn?: Partial<RateRequest>): RateRequest => ({ recipients: 1, priority: 'high', caller: {}, ...turn });
const bulk = (turn?: Partial<RateRequest>): RateRequest => ({
  recipients: 1000,
  priority: 'normal',
  caller: CAMPAIGN,
  ...turn,
});

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

function limiter(requestsPerSecond?: number, recipientsPerSecond?: number): RateLimiter {
  return new RateLimiter({ requestsPerSecond, recipientsPerSecond });
}

function take(limiter: RateLimiter, name: string, turn: RateRequest): void {
  void limiter.acquire(turn).then((end) => ended.push(`${name} ${end}@${String(performance.now() - start)}`));
}

/** Lets time pass; promises resolve at the time of their timer. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('RateLimiter without a limit', () => {
  it('allows every request at once, without a timer or the clock', async () => {
    const free = new RateLimiter(UNLIMITED);
    const now = jest.spyOn(performance, 'now');
    const ends = await Promise.all(Array.from({ length: 100 }, () => free.acquire(bulk({ timeoutMs: 0 }))));
    expect(new Set(ends)).toEqual(new Set(['acquired']));
    expect(jest.getTimerCount()).toBe(0);
    expect(now).not.toHaveBeenCalled();
  });

  it('still rejects an aborted request', async () => {
    const free = new RateLimiter(UNLIMITED);
    await expect(free.acquire(single({ signal: AbortSignal.abort() }))).resolves.toBe('aborted');
  });
});

describe('the pace of RateLimiter', () => {
  it('is one request per slot', async () => {
    const limited = limiter(4);
    for (const name of ['a', 'b', 'c']) take(limited, name, single());
    await pass(500);
    expect(ended).toEqual(['a acquired@0', 'b acquired@250', 'c acquired@500']);
  });

  it.each([3, 6, 7, 9, 11, 13])('does not drift if a slot is not a whole millisecond: %d per second', async (rate) => {
    const limited = limiter(rate);
    const names = Array.from({ length: 10 * rate + 1 }, (_, index) => String(index));
    for (const name of names) take(limited, name, single());
    await pass(10_000);
    expect(ended).toEqual(names.map((name) => `${name} acquired@${Math.ceil((Number(name) * 1000) / rate)}`));
  });

  it('holds at 5,000 requests per second, although a timer can separate only every fifth', async () => {
    const limited = limiter(5000);
    for (let i = 0; i < 10_000; i++) take(limited, 'x', single());
    await pass(1000);
    expect(ended.length).toBeGreaterThan(4900);
    expect(ended.length).toBeLessThanOrEqual(5001);
  });

  it('holds for recipients, which accumulate before they are spent', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'first', single());
    take(limited, 'many', bulk({ recipients: 250 }));
    take(limited, 'few', bulk({ recipients: 10 }));
    await pass(2600);
    expect(ended).toEqual(['first acquired@0', 'many acquired@2500', 'few acquired@2600']);
  });

  it('holds for the stricter of two limits', async () => {
    const limited = limiter(10, 100);
    take(limited, 'first', single());
    take(limited, 'many', bulk({ recipients: 50 }));
    take(limited, 'few', bulk({ recipients: 2 }));
    await pass(1000);
    expect(ended).toEqual(['first acquired@0', 'many acquired@500', 'few acquired@600']);
  });

  it('starts with a single send, because an earlier process may have used the rest', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'many', bulk({ recipients: 101 }));
    await pass(1000);
    expect(ended).toEqual(['many acquired@1000']);
  });

  it('saves idle time for one request, not for a burst', async () => {
    const limited = limiter(undefined, 100);
    await pass(60_000);
    for (const name of ['a', 'b', 'c']) take(limited, name, bulk({ recipients: 100 }));
    await pass(2000);
    expect(ended).toEqual(['a acquired@60000', 'b acquired@61000', 'c acquired@62000']);
  });

  it('keeps the allowance of a single send during requests without recipients', async () => {
    const limited = limiter(100, 1);
    await pass(5000);
    take(limited, 'balance', single({ recipients: 0 }));
    take(limited, 'code', single());
    await pass(10);
    expect(ended).toEqual(['balance acquired@5000', 'code acquired@5010']);
  });

  it('catches up after a timer that was a little late, and no further', async () => {
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

  it('catches up less at a fractional rate: 2.5 per second are at most 3 in any second', async () => {
    const now = performance.now.bind(performance);
    let slept = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + slept);
    const limited = limiter(2.5);
    for (const name of ['a', 'b', 'c', 'd', 'e']) take(limited, name, single());
    await pass(0);
    slept = 399;
    await pass(1400);
    expect(ended).toEqual(['a acquired@0', 'b acquired@799', 'c acquired@999', 'd acquired@1399', 'e acquired@1799']);
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
    expect(ended).toEqual(['a acquired@0', 'b acquired@100.6']);
  });
});

describe('the priority of RateLimiter', () => {
  it('lets a single send wait for one slot, not for the bulk request in the queue', async () => {
    const limited = limiter(10, 100);
    take(limited, 'first', bulk({ recipients: 1 }));
    take(limited, 'bulk', bulk());
    await pass(50);
    take(limited, 'early code', single());
    await pass(5000);
    take(limited, 'late code', single());
    await pass(6000);
    expect(ended).toEqual([
      'first acquired@0',
      'early code acquired@100',
      'late code acquired@5050',
      'bulk acquired@10020',
    ]);
  });

  it('keeps the pace of single sends while a bulk request waits', async () => {
    const limited = limiter(10, 100);
    take(limited, 'bulk', bulk());
    await pass(5000);
    take(limited, 'code', single());
    take(limited, 'next code', single());
    await pass(100);
    expect(ended).toEqual(['code acquired@5000', 'next code acquired@5100']);
  });

  it('is strict: high requests that use the whole rate leave nothing for normal ones', async () => {
    const limited = limiter(10);
    take(limited, 'bulk', bulk());
    take(limited, 'bulk', bulk({ timeoutMs: 5000 }));
    for (let i = 0; i < 60; i++) take(limited, 'code', single());
    await pass(5000);
    expect(ended.filter((end) => end.startsWith('bulk'))).toEqual(['bulk acquired@0', 'bulk timeout@5000']);
  });

  it('does not let a small request overtake a large one', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'large', bulk({ recipients: 101 }));
    take(limited, 'small', bulk({ recipients: 1, caller: OTHER }));
    await pass(2000);
    expect(ended).toEqual(['large acquired@1000', 'small acquired@1010']);
  });
});

describe('the fairness of RateLimiter', () => {
  it('serves callers in turn, and the requests of each in order', async () => {
    const limited = limiter(1);
    for (const name of ['a0', 'a1', 'a2', 'a3']) take(limited, name, bulk());
    for (const name of ['b1', 'b2']) take(limited, name, bulk({ caller: OTHER }));
    await pass(5000);
    expect(ended.map((end) => end.split(' ')[0])).toEqual(['a0', 'a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('keeps the turn of a caller whose first request was aborted', async () => {
    const limited = limiter(1);
    take(limited, 'a0', bulk());
    take(limited, 'a1', bulk({ timeoutMs: 500 }));
    take(limited, 'a2', bulk());
    take(limited, 'b1', bulk({ caller: OTHER }));
    await pass(2000);
    expect(ended).toEqual(['a0 acquired@0', 'a1 timeout@500', 'a2 acquired@1000', 'b1 acquired@2000']);
  });
});

describe('a request that gives up', () => {
  it('times out in its place in the queue', async () => {
    const limited = limiter(1);
    take(limited, 'a', bulk());
    take(limited, 'b', bulk());
    take(limited, 'c', bulk({ timeoutMs: 1500 }));
    take(limited, 'd', bulk());
    await pass(2000);
    expect(ended).toEqual(['a acquired@0', 'b acquired@1000', 'c timeout@1500', 'd acquired@2000']);
  });

  it('is allowed at once or not at all with a time limit of 0', async () => {
    const limited = limiter(1000);
    take(limited, 'a', single({ timeoutMs: 0 }));
    take(limited, 'b', single({ timeoutMs: 0 }));
    await pass(0);
    expect(ended).toEqual(['a acquired@0', 'b timeout@0']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('may have a time limit that is not a whole millisecond', async () => {
    const limited = limiter(10);
    take(limited, 'a', single());
    take(limited, 'b', single({ timeoutMs: 98.5 }));
    await pass(100);
    expect(ended).toEqual(['a acquired@0', 'b timeout@99']);
  });

  it('is not allowed if its time ended while the machine slept', async () => {
    const now = performance.now.bind(performance);
    const limited = limiter(1);
    take(limited, 'a', single());
    take(limited, 'b', single({ timeoutMs: 5000 }));
    take(limited, 'c', single());
    await pass(0);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    await pass(1000);
    expect(ended).toEqual(['a acquired@0', 'b timeout@61000', 'c acquired@61000']);
  });

  it('may have a time limit beyond that of timers', async () => {
    const limited = limiter(1);
    take(limited, 'a', single());
    take(limited, 'b', single({ timeoutMs: 2 ** 31 }));
    take(limited, 'c', single({ timeoutMs: Infinity }));
    await pass(2000);
    expect(ended).toEqual(['a acquired@0', 'b acquired@1000', 'c acquired@2000']);
  });

  it('may wait longer than a timer can', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const limited = limiter(undefined, 0.1);
    take(limited, 'ages', bulk({ recipients: 1_000_000 }));
    await pass(1000);
    expect(timers).toHaveBeenCalledTimes(1);
  });

  it('reacts to a signal that was watched before', async () => {
    const limited = limiter(1);
    const controller = new AbortController();
    take(limited, 'a', single({ signal: controller.signal }));
    take(limited, 'b', single({ signal: controller.signal }));
    await pass(1000);
    take(limited, 'c', single({ signal: controller.signal }));
    await pass(500);
    controller.abort();
    await pass(0);
    expect(ended).toEqual(['a acquired@0', 'b acquired@1000', 'c aborted@1500']);
  });

  it('leaves the queue on abort, and makes room for the next one', async () => {
    const limited = limiter(undefined, 100);
    const controller = new AbortController();
    take(limited, 'large', bulk({ signal: controller.signal }));
    take(limited, 'small', bulk({ recipients: 50, caller: OTHER }));
    await pass(3000);
    controller.abort();
    await pass(500);
    expect(ended).toEqual(['large aborted@3000', 'small acquired@3000']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives back what had accumulated for it', async () => {
    const limited = limiter(undefined, 100);
    take(limited, 'large', bulk({ timeoutMs: 5000 }));
    for (const name of ['a', 'b', 'c']) take(limited, name, bulk({ recipients: 50, caller: OTHER }));
    await pass(6000);
    expect(ended).toEqual(['large timeout@5000', 'a acquired@5000', 'b acquired@5490', 'c acquired@5990']);
  });

  it('ends with all others under the same signal, and none is allowed meanwhile', async () => {
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
      'free acquired@3000',
      'large aborted@3000',
      'small aborted@3000',
      'small aborted@3000',
    ]);
  });

  it('leaves no timer and no listener behind', async () => {
    const limited = limiter(10);
    const { signal, controller } = watched();
    const spared = watched();
    take(limited, 'a', single({ signal }));
    take(limited, 'b', single({ signal, timeoutMs: 5000 }));
    take(limited, 'c', single({ signal: spared.signal, timeoutMs: 5000 }));
    take(limited, 'd', single({ signal: spared.signal, timeoutMs: 150 }));
    take(limited, 'e', single({ signal, timeoutMs: 5000 }));
    await pass(210);
    expect(jest.getTimerCount()).toBe(2);
    controller.abort();
    await pass(0);
    expect(ended).toEqual(['a acquired@0', 'b acquired@100', 'd timeout@150', 'c acquired@200', 'e aborted@210']);
    expect(jest.getTimerCount()).toBe(0);
    expect([signal, spared.signal].flatMap((each) => getEventListeners(each, 'abort'))).toEqual([]);
  });
});

function watched() {
  const controller = new AbortController();
  return { controller, signal: controller.signal };
}
