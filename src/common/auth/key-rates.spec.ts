import fc from 'fast-check';
import { KeyRates, rateHeaders, type KeyRate } from './key-rates.js';

describe('KeyRates', () => {
  let now = 0;
  let rates: KeyRates;
  beforeEach(() => {
    now = 0;
    rates = new KeyRates(() => now);
  });

  it('admits a burst, then one request for each interval', () => {
    const rate = { requestsPerSecond: 2, burst: 3 };
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 0, remaining: 2, resetSeconds: 1 });
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 0, remaining: 1, resetSeconds: 1 });
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 0, remaining: 0, resetSeconds: 2 });
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 1, remaining: 0, resetSeconds: 2 });
    now = 499;
    expect(rates.take('1', rate).retryAfterSeconds).toBe(1);
    now = 500;
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 0, remaining: 0, resetSeconds: 2 });
    now = 60_000;
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 0, remaining: 2, resetSeconds: 1 });
  });

  it('limits each key by itself', () => {
    const rate = { requestsPerSecond: 1, burst: 1 };
    expect(rates.take('1', rate).retryAfterSeconds).toBe(0);
    expect(rates.take('1', rate).retryAfterSeconds).toBe(1);
    expect(rates.take('2', rate).retryAfterSeconds).toBe(0);
  });

  it('says how long a slow key has to wait', () => {
    const rate = { requestsPerSecond: 0.01, burst: 1 };
    rates.take('1', rate);
    expect(rates.take('1', rate)).toEqual({ retryAfterSeconds: 100, remaining: 0, resetSeconds: 100 });
    now = 30_500;
    expect(rates.take('1', rate).retryAfterSeconds).toBe(70);
  });

  const rateArbitrary: fc.Arbitrary<KeyRate> = fc.record({
    requestsPerSecond: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
    burst: fc.integer({ min: 1, max: 50 }),
  });

  it('never admits more than the burst and the rate together, and a retry after its time succeeds', () => {
    fc.assert(
      fc.property(rateArbitrary, fc.array(fc.nat(2_000), { maxLength: 100 }), (rate, pauses) => {
        let time = 0;
        const tested = new KeyRates(() => time);
        let admitted = 0;
        for (const pause of pauses) {
          time += pause;
          const { retryAfterSeconds, remaining } = tested.take('1', rate);
          expect(remaining).toBeLessThanOrEqual(rate.burst);
          if (retryAfterSeconds === 0) admitted++;
          else expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
          expect(admitted).toBeLessThanOrEqual(rate.burst + (time / 1_000) * rate.requestsPerSecond + 0.001);
        }
        const { retryAfterSeconds } = tested.take('1', rate);
        time += retryAfterSeconds * 1_000;
        if (retryAfterSeconds > 0) expect(tested.take('1', rate).retryAfterSeconds).toBe(0);
      }),
    );
  });

  it('admits at once what it said would remain', () => {
    fc.assert(
      fc.property(rateArbitrary, (rate) => {
        const tested = new KeyRates(() => 0);
        const { remaining } = tested.take('1', rate);
        expect(remaining).toBe(rate.burst - 1);
        for (let i = 0; i < remaining; i++) expect(tested.take('1', rate).retryAfterSeconds).toBe(0);
        expect(tested.take('1', rate).retryAfterSeconds).toBeGreaterThan(0);
      }),
    );
  });

  it('remembers a bounded number of keys, and forgets those that were silent longest', () => {
    const rate = { requestsPerSecond: 1, burst: 1 };
    for (let i = 0; i < 20_000; i++) {
      rates.take(String(i), rate);
      if (i % 5_000 === 0 && i > 0) expect(rates.take('0', rate).retryAfterSeconds).toBe(1);
    }
    expect(rates.size).toBe(10_000);
  });
});

it('rateHeaders describes the rate and what is left', () => {
  const state = { retryAfterSeconds: 0, remaining: 3, resetSeconds: 2 };
  expect(rateHeaders({ requestsPerSecond: 2, burst: 5 }, state)).toEqual({
    'RateLimit-Policy': '"key";q=5;w=3',
    RateLimit: '"key";r=3;t=2',
  });
});
