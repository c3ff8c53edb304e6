import { Logger } from '@nestjs/common';
import { WrongKeys } from './wrong-keys.js';

describe('WrongKeys', () => {
  const lines: unknown[] = [];
  let now = 0;
  let wrongKeys: WrongKeys;
  beforeEach(() => {
    jest.useFakeTimers();
    lines.length = 0;
    now = 0;
    wrongKeys = new WrongKeys(() => now);
    const keep = (line: unknown) => {
      lines.push(line);
    };
    Logger.overrideLogger({ log: keep, warn: keep, error: keep });
  });
  afterEach(() => {
    wrongKeys.onApplicationShutdown();
    jest.useRealTimers();
    Logger.overrideLogger(false);
  });
  const count = (address: string | undefined, times: number) =>
    Array.from({ length: times }, () => wrongKeys.count(address)).at(-1);

  it('allows ten wrong keys per address and minute, and returns how long to wait', () => {
    expect(count('203.0.113.7', 10)).toBe(0);
    now = 20_500;
    expect(count('203.0.113.7', 1)).toBe(40);
    expect(count('203.0.113.8', 1)).toBe(0);
    now = 60_000;
    expect(count('203.0.113.7', 10)).toBe(0);
  });

  it.each([
    ['203.0.113.7', '::ffff:203.0.113.7'],
    ['2001:db8:1:2::1', '2001:0DB8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    ['a forged header\nof any length', undefined],
  ])('counts %s and %s together', (one, other) => {
    expect(count(one, 10)).toBe(0);
    expect(count(other, 1)).toBe(60);
    expect(wrongKeys.size).toBe(1);
  });

  it('counts other networks separately', () => {
    count('2001:db8:1:2::1', 11);
    expect(count('2001:db8:1:3::1', 1)).toBe(0);
  });

  it('remembers a bounded number of addresses, and forgets those that were silent longest', () => {
    count('203.0.113.7', 11);
    for (let i = 0; i < 20_000; i++) {
      wrongKeys.count(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
      if (i % 5_000 === 0) expect(wrongKeys.count('203.0.113.7')).toBe(60);
    }
    expect(wrongKeys.size).toBe(10_000);
  });

  it('logs the first wrong key at once, then one line a minute for all, and nothing without any', () => {
    count('203.0.113.7', 3);
    count('203.0.113.8', 2);
    expect(lines).toEqual([{ event: 'wrong API keys', requests: 1, addresses: 1, from: '203.0.113.7' }]);
    jest.advanceTimersByTime(60_000);
    expect(lines.slice(1)).toEqual([{ event: 'wrong API keys', requests: 4, addresses: 2, from: '203.0.113.7' }]);
    jest.advanceTimersByTime(600_000);
    expect(lines).toHaveLength(2);
    count('203.0.113.9', 1);
    expect(lines).toHaveLength(3);
  });

  it('logs its counts when the service ends', () => {
    count('203.0.113.7', 3);
    wrongKeys.onApplicationShutdown();
    expect(lines).toHaveLength(2);
  });
});
