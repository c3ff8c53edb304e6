import { CachedResult } from '../../libs/laaffic/src/health/cached-result.js';
import { monotonicClock } from './monotonic-clock.js';

afterEach(() => jest.restoreAllMocks());

describe('CachedResult', () => {
  it('passes a failure to every caller that waits, and loads again for the next caller', async () => {
    monotonicClock(0);
    let loads = 0;
    const result = new CachedResult(async () => {
      loads += 1;
      if (loads === 1) throw new Error('a failure');
      return loads;
    }, 10);
    const both = await Promise.allSettled([result.get(), result.get()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await result.get()).toBe(2);
    expect(await result.get()).toBe(2);
  });

  it('keeps a result from when it is there, not from when it was requested', async () => {
    const clock = monotonicClock(0);
    let loads = 0;
    const result = new CachedResult(async () => {
      clock.now += 100;
      return ++loads;
    }, 10);
    expect(await result.get()).toBe(1);
    clock.now += 9;
    expect(await result.get()).toBe(1);
    clock.now += 1;
    expect(await result.get()).toBe(2);
  });
});
