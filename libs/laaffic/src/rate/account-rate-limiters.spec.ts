import { AccountRateLimiters } from './account-rate-limiters.js';

const GATEWAY = 'https://gateway.test/v3';
const UNLIMITED = { requestsPerSecond: undefined, recipientsPerSecond: undefined };
const rate = { ...UNLIMITED, requestsPerSecond: 1 };

it('AccountRateLimiters returns one limiter for each account and platform, the same each time', () => {
  const limiters = new AccountRateLimiters(GATEWAY, rate);
  expect(limiters.of('a')).toBe(limiters.of('a'));
  expect(limiters.of('a')).not.toBe(limiters.of('b'));
  expect(new AccountRateLimiters('https://other.test/v3', rate).of('a')).not.toBe(limiters.of('a'));
});

it('AccountRateLimiters gives an account the lowest rate of its current registrations', async () => {
  const registrations = [UNLIMITED, { ...UNLIMITED, requestsPerSecond: 0.001 }, UNLIMITED].map(
    (each) => new AccountRateLimiters(GATEWAY, each),
  );
  const [first, second, third] = registrations.map((limiters) => limiters.of('shared'));
  expect(second).toEqual(first);
  expect(third).toEqual(first);
  const turn = { recipients: 1, priority: 'high', caller: {} } as const;
  expect(await third!.acquire(turn)).toBe('acquired');
  expect(await first!.acquire({ ...turn, timeoutMs: 1 })).toBe('timeout');
  const waiting = first!.acquire(turn);
  registrations[1]!.onApplicationShutdown();
  expect(await waiting).toBe('acquired');
  expect(await Promise.all(Array.from({ length: 10 }, () => first!.acquire(turn)))).toEqual(
    new Array(10).fill('acquired'),
  );
});

it('AccountRateLimiters keeps a limiter in use, however many accounts came since', () => {
  const limiters = new AccountRateLimiters(GATEWAY, rate);
  const [busy, other] = [limiters.of('busy'), limiters.of('other')];
  for (let account = 0; account < 20_000; account++) limiters.of(`tenant ${account}`);
  expect(limiters.of('busy')).toEqual(busy);
  expect(limiters.of('other')).toEqual(other);
  expect(limiters.of('busy')).toBe(busy);
});
