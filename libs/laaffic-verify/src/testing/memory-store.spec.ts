import { randomUUID } from 'node:crypto';
import type { StartInput } from '../store/verification-store.js';
import { MemoryStore } from './memory-store.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const APPROVAL = { relief: 1, halfLifeMs: 6 * 60 * MINUTE, converts: false };

const startOf = (number: string, more: Partial<StartInput> = {}): StartInput => ({
  id: randomUUID(),
  tenant: '',
  purpose: 'sign-in',
  numberKeys: [Buffer.from(number)],
  number,
  country: 'GB',
  session: Buffer.from(number),
  binding: Buffer.alloc(0),
  keyId: 'key',
  digest: Buffer.from('code'),
  lifetimeMs: 10 * MINUTE,
  maxAttempts: 5,
  cooldownsMs: [30_000],
  perHour: 5,
  perDay: 10,
  quotas: [{ rule: 'source', key: Buffer.from(`source of ${number}`), limit: 60 }],
  kind: 'sms',
  isIdempotent: false,
  knownMs: 30 * DAY,
  ranges: [number.slice(0, -1), number.slice(0, -2)],
  trips: [1_000, 1_000],
  gain: 0.5,
  halfLifeMs: APPROVAL.halfLifeMs,
  blockMs: 60 * MINUTE,
  longestBlockMs: DAY,
  sourceRange: undefined,
  maxCountries: 3,
  approvalsScale: 5,
  rejection: undefined,
  suspicion: undefined,
  isTrusted: false,
  isExcused: false,
  pretends: false,
  shadow: [],
  ...more,
});

describe('MemoryStore', () => {
  let now: Date;
  let store: MemoryStore;
  beforeEach(() => {
    now = new Date('2030-01-01T12:00:00Z');
    store = new MemoryStore(() => now);
  });
  const pass = (ms: number) => (now = new Date(now.getTime() + ms));

  it('uses the clock of the machine by default', async () => {
    const before = Date.now();
    const input = startOf('+447400100000');
    const clocked = new MemoryStore();
    await clocked.start(input);
    const { createdAt } = (await clocked.find(input.id, ''))!;
    expect(createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(createdAt.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('keeps as much after a year of traffic as after a month', async () => {
    let next = 0;
    const days = async (count: number) => {
      for (let day = 0; day < count; day++) {
        for (let start = 0; start < 20; start++) await store.start(startOf(`+44740${String(next++).padStart(7, '0')}`));
        pass(DAY);
      }
      return store.size;
    };
    const month = await days(30);
    expect(await days(335)).toBeLessThan(month * 1.5);
  });

  it('remembers failures, suspensions and known numbers for as long as they matter', async () => {
    const [failed, known] = ['+447400100001', '+447400100002'];
    const check = async (number: string, code: string) => {
      const { id, purpose, tenant, binding } = startOf(number);
      await store.start(startOf(number, { id }));
      const lock = { lockAfter: 100, lockMs: MINUTE, longestLockMs: DAY, suspendAfter: 2, quota: undefined };
      const digests = [Buffer.from(code)];
      const input = { id, tenant, purpose, binding, digests, approves: true };
      return (await store.check({ ...input, ...lock, approval: APPROVAL })).result;
    };
    expect([await check(failed, 'another'), await check(known, 'code')]).toEqual(['wrong', 'approved']);
    pass(29 * DAY);
    for (let other = 0; other < 20; other++) await store.start(startOf(`+4474002000${10 + other}`));
    const suspicion = { suspicion: 'budget' };
    expect(await store.start(startOf(known, suspicion))).toMatchObject({ result: 'sent' });
    expect(await store.start(startOf(failed, suspicion))).toMatchObject({ result: 'rejected', rule: 'budget' });
    expect(await check(failed, 'another')).toBe('wrong');
    pass(29 * DAY);
    expect(await store.start(startOf(failed))).toMatchObject({ result: 'rejected', rule: 'locked' });
  });

  it('stores at once what is done with a transaction of the app', async () => {
    const input = startOf('+447400100003');
    await store.start(input, { query: () => Promise.reject(new Error('it gets no calls')) });
    expect(await store.find(input.id, '')).toMatchObject({ sends: 1 });
  });

  it('rejects calls with a transaction that has ended', async () => {
    const ended = await store.transaction((transaction) => Promise.resolve(transaction));
    await expect(store.start(startOf('+447400100004'), ended)).rejects.toThrow('The transaction has ended');
  });

  it('rolls one of two transactions back that wait for each other', async () => {
    const [a, b] = ['+447400100005', '+447400200006'];
    const both = (first: string, second: string) =>
      store.transaction(async (transaction) => {
        await store.start(startOf(first), transaction);
        return store.start(startOf(second), transaction);
      });
    const results = await Promise.allSettled([both(a, b), both(b, a)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'fulfilled')).toMatchObject({ value: { result: 'sent' } });
  });

  it('tells which code an open verification has', async () => {
    const [input, other] = [startOf('+447400100007'), startOf('+447400100008')];
    await store.start(input);
    expect(store.readCode(input.id)).toEqual({ id: input.id, keyId: 'key', generation: 1 });
    pass(MINUTE);
    const renewal = { keyId: 'new', digest: Buffer.from('2'), lifetimeMs: MINUTE };
    await store.resend({ ...input, generation: 1, sends: 1, renewal });
    expect(store.readCode(input.id)).toEqual({ id: input.id, keyId: 'new', generation: 2 });
    await store.transaction(async (transaction) => {
      await store.start(other, transaction);
      expect(store.readCode(other.id)).toBeUndefined();
      expect(store.readCode(other.id, transaction)).toEqual({ id: other.id, keyId: 'key', generation: 1 });
    });
    await store.cancel(input.id, '', MINUTE);
    pass(10 * MINUTE);
    expect([input.id, other.id, randomUUID()].map((id) => store.readCode(id))).toEqual(Array(3).fill(undefined));
  });

  it('makes numbers known that it has seen, and others', async () => {
    const [seen, unseen] = ['+447400100009', '+447400100010'];
    await store.start(startOf(seen));
    for (const number of [seen, unseen]) await store.addKnown('', Buffer.from(number), 30 * DAY);
    pass(MINUTE);
    const results = [];
    for (const number of [seen, unseen, '+447400100011']) {
      const more = { session: Buffer.from('another'), suspicion: 'budget' };
      results.push((await store.start(startOf(number, more))).result);
    }
    expect(results).toEqual(['sent', 'sent', 'rejected']);
  });

  it('remembers known numbers before the first start', async () => {
    const number = '+447400100015';
    await store.addKnown('', Buffer.from(number), 30 * DAY);
    pass(29 * DAY);
    for (let other = 0; other < 20; other++) await store.addKnown('', Buffer.from(`other ${other}`), 0);
    expect(await store.start(startOf(number, { suspicion: 'budget' }))).toMatchObject({ result: 'sent' });
  });

  it('waits for a transaction before it makes a number known', async () => {
    const number = '+447400100012';
    const added = await store.transaction(async (transaction) => {
      await store.start(startOf(number), transaction);
      return { when: store.addKnown('', Buffer.from(number), 30 * DAY) };
    });
    await added.when;
    pass(MINUTE);
    const more = { session: Buffer.from('another'), suspicion: 'budget' };
    expect(await store.start(startOf(number, more))).toMatchObject({ result: 'sent' });
  });

  it('forgets everything when it is cleared, also what an open transaction has written', async () => {
    const inputs = [startOf('+447400100013'), startOf('+447400100014')];
    await store.start(inputs[0]!);
    await store.transaction(async (transaction) => {
      await store.start(inputs[1]!, transaction);
      store.clear();
    });
    expect([store.size, ...(await Promise.all(inputs.map(({ id }) => store.find(id, ''))))]).toEqual([
      ...[0, undefined, undefined],
    ]);
    expect(await store.start(startOf('+447400100013'))).toMatchObject({ result: 'sent', isNew: true });
  });
});
