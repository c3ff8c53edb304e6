import { AccountLimiters } from './account-limiters.js';

const rate = { requestsPerSecond: 1, recipientsPerSecond: undefined };

it('each account has a limiter of its own, the same each time', () => {
  const limiters = new AccountLimiters(rate);
  expect(limiters.of('a')).toBe(limiters.of('a'));
  expect(limiters.of('a')).not.toBe(limiters.of('b'));
});

it('only so many accounts are remembered', () => {
  const limiters = new AccountLimiters(rate);
  const [first, second] = [limiters.of('0'), limiters.of('1')];
  for (let account = 2; account <= 10_000; account++) limiters.of(String(account));
  expect(limiters.of('1')).toBe(second);
  expect(limiters.of('0')).not.toBe(first);
});
