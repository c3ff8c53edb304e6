import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { bindingDigest, VerificationKeys } from '../../libs/laaffic-verify/src/codes/verification-keys.js';
import type {
  ApprovalInput,
  CheckInput,
  CodeMessage,
  ResendInput,
  StartInput,
} from '../../libs/laaffic-verify/src/store/verification-store.js';
import { FakeStore } from '../../libs/laaffic-verify/src/testing/fake-store.js';
import { MemoryOutbox } from '../../libs/laaffic-verify/src/testing/memory-outbox.js';
import { MemoryStore } from '../../libs/laaffic-verify/src/testing/memory-store.js';
import { Stage } from '../outbox/stage.js';
import { openStore, type TestedStore } from './open-store.js';

const keys = new VerificationKeys([createSecretKey(Buffer.alloc(32, 1))]);
const NO_BINDING = bindingDigest(undefined);
const APPROVAL: ApprovalInput = { relief: 1, halfLifeMs: 21_600_000, converts: true };
const MINUTE = 60_000;

const startOf = (number: string, more: Partial<StartInput> = {}): StartInput => {
  const id = randomUUID();
  const purpose = more.purpose ?? 'sign-in';
  const code = keys.codeOf(id, keys.currentId, 1, 6)!;
  return {
    id,
    purpose,
    tenant: '',
    numberKeys: keys.numberKeysOf(number),
    number,
    country: 'GB',
    session: keys.sessionKeyOf('a visitor'),
    binding: NO_BINDING,
    keyId: keys.currentId,
    digest: keys.digestOf({ id, purpose, binding: NO_BINDING }, code),
    lifetimeMs: 10 * MINUTE,
    maxAttempts: 5,
    cooldownsMs: [30_000, 60_000],
    perHour: 5,
    perDay: 10,
    quotas: [],
    kind: 'sms',
    isIdempotent: false,
    knownMs: 180 * 24 * 60 * MINUTE,
    ranges: [],
    trips: [],
    gain: 0.588,
    halfLifeMs: 6 * 60 * MINUTE,
    blockMs: 60 * MINUTE,
    longestBlockMs: 24 * 60 * MINUTE,
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
  };
};
const checkOf = (id: string, code: string, more: Partial<CheckInput> = {}): CheckInput => {
  const { purpose = 'sign-in', binding = NO_BINDING } = more;
  return {
    id,
    tenant: '',
    purpose,
    binding,
    digests: keys.digestsOf({ id, purpose, binding }, code),
    approves: true,
    lockAfter: 15,
    lockMs: 15 * MINUTE,
    longestLockMs: 24 * 60 * MINUTE,
    suspendAfter: 100,
    quota: undefined,
    approval: APPROVAL,
    ...more,
  };
};
/** The next message of a verification that has one. */
const resendOf = (id: string, more: Partial<ResendInput> = {}): ResendInput => ({
  ...{ id, tenant: '', generation: 1, sends: 1, renewal: undefined },
  ...{ cooldownsMs: [30_000, 60_000], perHour: 5, perDay: 10, quotas: [], rejection: undefined },
  ...more,
});
/** Another code. */
const renewalOf = (id: string) => {
  const digest = keys.digestOf({ id, purpose: 'sign-in', binding: NO_BINDING }, rightCode(id, 2));
  return { keyId: keys.currentId, digest, lifetimeMs: 10 * MINUTE };
};
const messageTo = (number: string): CodeMessage => ({
  ...{ to: number, content: 'Your code is 123456', cost: 1, idempotencyKey: randomUUID() },
  sendBefore: new Date(now.getTime() + MINUTE),
});
const rightCode = (id: string, generation = 1) => keys.codeOf(id, keys.currentId, generation, 6)!;
const wrongCode = (id: string) => (rightCode(id) === '000000' ? '000001' : '000000');

let store: TestedStore;
let now: Date;
let next = 0;
const pass = (ms: number) => (now = new Date(now.getTime() + ms));
const newNumber = () => `+4474001${String(next++).padStart(5, '0')}`;

/** Opens a store with the time of the tests. Returns how to close it. */
const STORES: [string, () => Promise<() => Promise<void>>][] = [
  [
    'PostgreSQL',
    async () => {
      const stage = await Stage.set();
      // Where days do not always have 24 hours.
      await stage.query(`do $$ begin
        execute format('alter database %I set timezone to %L', current_database(), 'Europe/Berlin');
      end $$`);
      ({ store } = await openStore(stage, () => now, { sealKeys: [randomBytes(32)] }));
      return () => stage.close();
    },
  ],
  [
    'memory',
    async () => {
      store = new MemoryStore(() => now);
      return () => Promise.resolve();
    },
  ],
  [
    'memory, for a test of an app',
    async () => {
      const clock = () => now;
      store = new FakeStore(clock, new MemoryOutbox(clock), ({ id, generation }) => rightCode(id, generation));
      return () => Promise.resolve();
    },
  ],
];

/** Starts a verification that is sent. */
async function started(more: Partial<StartInput> = {}, number = newNumber()): Promise<string> {
  const outcome = await store.start(startOf(number, more));
  if (outcome.result === 'rejected') throw new Error(outcome.rule);
  return outcome.verification.id;
}

describe.each(STORES)('in %s', (_, open) => {
  let close: () => Promise<void>;
  beforeAll(async () => {
    now = new Date('2030-01-01T12:00:00Z');
    close = await open();
  });
  afterAll(() => close());

  describe('a start', () => {
    it('makes a verification that has to be sent', async () => {
      const input = startOf(newNumber());
      expect(await store.start(input)).toEqual({
        result: 'sent',
        isNew: true,
        isKnown: false,
        kind: 'sms',
        rule: undefined,
        would: [],
        verification: {
          ...{ id: input.id, keyId: keys.currentId, generation: 1, sends: 1, attemptsLeft: 5 },
          ...{ expiresInMs: 600_000, resendInMs: 30_000 },
        },
      });
    });

    it('goes on with the open verification of the session, whose code can be sent again after the pause', async () => {
      const number = newNumber();
      const first = await store.start(startOf(number));
      const again = await store.start(startOf(number));
      pass(30_000);
      const later = [await store.start(startOf(number)), await store.start(startOf(number))];
      const id = first.result === 'rejected' ? '' : first.verification.id;
      expect(again).toMatchObject({
        result: 'waiting',
        isNew: false,
        verification: { id, sends: 1, resendInMs: 30_000 },
      });
      // Nothing is counted until it is sent.
      const open = { result: 'open', isNew: false, verification: { id, sends: 1, generation: 1, resendInMs: 0 } };
      expect(later).toMatchObject([open, open]);
      expect(await store.resend(resendOf(id))).toMatchObject({
        ...{ result: 'sent', isNew: false, verification: { id, sends: 2, resendInMs: 60_000 } },
      });
    });

    it('of another session waits for the pause of the number', async () => {
      const number = newNumber();
      await started({}, number);
      const other = { session: keys.sessionKeyOf('another visitor') };
      expect(await store.start(startOf(number, other))).toEqual({
        ...{ result: 'rejected', rule: 'cooldown', retryAfterMs: 30_000, would: [] },
      });
      pass(30_000);
      expect(await store.start(startOf(number, other))).toMatchObject({ result: 'sent', isNew: true });
    });

    it('is rejected after the messages of an hour and of a day', async () => {
      const number = newNumber();
      const limits = { cooldownsMs: [0], perHour: 2, perDay: 3 };
      const starts = [];
      for (const hours of [0, 0, 0, 1, 0, 23]) {
        pass(hours * 60 * MINUTE);
        const { result } = await store.start(startOf(number, { ...limits, session: keys.sessionKeyOf(undefined) }));
        starts.push(result);
      }
      expect(starts).toEqual(['sent', 'sent', 'rejected', 'sent', 'rejected', 'sent']);
    });

    it('is rejected when its source has used up its hour', async () => {
      const quotas = [
        { rule: 'source', key: keys.sourceKeyOf('source', 'a source'), limit: 3 },
        { rule: 'tenant', key: keys.sourceKeyOf('tenant', 'a tenant'), limit: 9 },
      ];
      const rules = [];
      for (let count = 0; count < 4; count++)
        rules.push(((await store.start(startOf(newNumber(), { quotas }))) as { rule?: string }).rule);
      expect(rules).toEqual([undefined, undefined, undefined, 'source']);
      pass(20 * MINUTE);
      expect((await store.start(startOf(newNumber(), { quotas }))).result).toBe('sent');
    });

    it.each([
      ['of a source', { quotas: [{ rule: 'source', key: keys.sourceKeyOf('source', 'another source'), limit: 13 }] }],
      ['of an hour', { perHour: 13 }],
      ['of a day', { perDay: 35 }],
    ])('may use all turns %s at the same moment', async (_, limits) => {
      const number = newNumber();
      const all = { cooldownsMs: [0], perHour: 1_000, perDay: 1_000, ...limits };
      const count = 'perDay' in limits ? limits.perDay : 13;
      const results = [];
      for (let index = 0; index <= count; index++) {
        const outcome = await store.start(startOf(number, { ...all, session: keys.sessionKeyOf(undefined) }));
        results.push(outcome.result);
      }
      expect(results).toEqual([...Array<string>(count).fill('sent'), 'rejected']);
    });

    it.each([
      ['every number', { rejection: 'cap' }, false],
      ['unknown numbers', { suspicion: 'budget' }, false],
      ['known numbers', { suspicion: 'budget' }, true],
    ])('is rejected by a rule about %s', async (_, rule, isKnown) => {
      const number = newNumber();
      if (isKnown) {
        const id = await started({}, number);
        await store.check(checkOf(id, rightCode(id)));
        pass(60 * MINUTE);
      }
      const [name] = Object.values(rule);
      const enforced = await store.start(startOf(number, rule));
      const shadowed = await store.start(startOf(number, { ...rule, shadow: [name!] }));
      expect(enforced).toMatchObject(isKnown ? { result: 'sent' } : { result: 'rejected', rule: name });
      expect(shadowed).toMatchObject(isKnown ? { result: 'waiting' } : { result: 'sent', would: [name] });
    });
  });

  describe('a range', () => {
    const scoring = (name: string, trip = 2.9) => ({ ranges: [name], trips: [trip] });

    it('is blocked when its numbers are started and none is approved, longer each time', async () => {
      const begin = async () => (await store.start(startOf(newNumber(), scoring('range a')))).result;
      const results = [];
      for (let count = 0; count < 6; count++) results.push(await begin());
      expect(results).toEqual(['sent', 'sent', 'sent', 'sent', 'rejected', 'rejected']);
      const blocked = await store.start(startOf(newNumber(), scoring('range a')));
      expect(blocked).toEqual({ result: 'rejected', rule: 'range', retryAfterMs: 60 * MINUTE, would: [] });
      pass(60 * MINUTE);
      for (let count = 0; count < 4; count++) expect(await begin()).toBe('sent');
      expect(await store.start(startOf(newNumber(), scoring('range a')))).toMatchObject({ retryAfterMs: 120 * MINUTE });
    });

    it('is blocked for as short as at first when it was open for the longest block', async () => {
      const blockedFor = async () => {
        for (;;) {
          const outcome = await store.start(startOf(newNumber(), scoring('range e')));
          if (outcome.result === 'rejected') return outcome.retryAfterMs! / MINUTE;
        }
      };
      const blocks = [await blockedFor()];
      for (const hours of [1, 2 + 23, 4 + 24]) {
        pass(hours * 60 * MINUTE);
        blocks.push(await blockedFor());
      }
      expect(blocks).toEqual([60, 120, 240, 60]);
    });

    it('stays open while its numbers are approved', async () => {
      for (let count = 0; count < 50; count++) {
        const id = await started(scoring('range b'));
        await store.check(checkOf(id, rightCode(id)));
      }
    });

    it('forgives a number that is approved by its second verification', async () => {
      const scored = { ...scoring('range of second verifications'), cooldownsMs: [0], perHour: 100, perDay: 100 };
      for (let count = 0; count < 20; count++) {
        const number = newNumber();
        await started({ ...scored, session: keys.sessionKeyOf(undefined) }, number);
        const id = await started({ ...scored, session: keys.sessionKeyOf(undefined) }, number);
        await store.check(checkOf(id, rightCode(id)));
      }
    });

    it('counts a number again after its verification was cancelled', async () => {
      const number = newNumber();
      const scored = { ...scoring('range of cancelled verifications'), cooldownsMs: [0], perHour: 100, perDay: 100 };
      for (let count = 0; count < 20; count++) {
        const id = await started({ ...scored, session: keys.sessionKeyOf(undefined) }, number);
        expect(await store.cancel(id, '', 21_600_000)).toBe(true);
      }
      expect((await store.start(startOf(newNumber(), scored))).result).toBe('sent');
    });

    it('counts a start that its visitor has cancelled', async () => {
      const scored = scoring('range of visitors who cancel');
      const results = [];
      for (let count = 0; count < 5; count++) {
        const outcome = await store.start(startOf(newNumber(), scored));
        results.push(outcome.result);
        if (outcome.result === 'sent')
          expect(await store.cancel(outcome.verification.id, '', 21_600_000, false)).toBe(true);
      }
      expect(results).toEqual(['sent', 'sent', 'sent', 'sent', 'rejected']);
    });

    it('counts a number once an hour', async () => {
      const number = newNumber();
      for (let count = 0; count < 8; count++) {
        const more = {
          ...scoring('range c'),
          cooldownsMs: [0],
          perHour: 100,
          perDay: 100,
          session: keys.sessionKeyOf(undefined),
        };
        await started(more, number);
      }
      expect((await store.start(startOf(newNumber(), scoring('range c')))).result).toBe('sent');
    });

    it('in shadow rejects no start', async () => {
      const would = [];
      for (let count = 0; count < 6; count++) {
        const outcome = await store.start(startOf(newNumber(), { ...scoring('range d'), shadow: ['range'] }));
        would.push([outcome.result, ...outcome.would]);
      }
      expect(would).toEqual([...Array<string[]>(4).fill(['sent']), ['sent', 'range'], ['sent', 'range']]);
    });
  });

  describe('a check', () => {
    it('approves the right code once', async () => {
      const number = newNumber();
      const id = await started({}, number);
      expect(await store.check(checkOf(id, rightCode(id)))).toEqual({
        ...{ result: 'approved', number, country: 'GB', approvedAt: now },
      });
      expect(await store.check(checkOf(id, rightCode(id)))).toEqual({ result: 'over' });
    });

    it.each([
      ['approved', async (id: string) => void (await store.check(checkOf(id, rightCode(id))))],
      ['cancelled', async (id: string) => void (await store.cancel(id, '', 21_600_000))],
      [
        'failed',
        async (id: string) => {
          for (let count = 0; count < 5; count++) await store.check(checkOf(id, wrongCode(id)));
        },
      ],
    ])('forgets the number of a verification that is %s', async (state, end) => {
      const number = newNumber();
      const id = await started({}, number);
      expect(await store.find(id, '')).toMatchObject({ state: 'pending', number });
      await end(id);
      expect(await store.find(id, '')).toMatchObject({ state, number: undefined });
    });

    it('counts wrong codes, and is over after the last attempt', async () => {
      const id = await started();
      const results = [];
      for (let count = 0; count < 7; count++) results.push(await store.check(checkOf(id, wrongCode(id))));
      expect(results).toEqual([
        ...[4, 3, 2, 1, 0].map((attemptsLeft) => ({ result: 'wrong', attemptsLeft })),
        { result: 'over' },
        { result: 'over' },
      ]);
      expect(await store.check(checkOf(id, rightCode(id)))).toEqual({ result: 'over' });
    });

    it.each([
      ['another purpose', { purpose: 'password' }, 'over'],
      ['another tenant', { tenant: 'other' }, 'over'],
      ['another binding', { binding: bindingDigest({ amount: '1' }) }, 'wrong'],
    ])('approves nothing for %s', async (_, more, result) => {
      const id = await started();
      expect((await store.check(checkOf(id, rightCode(id), more))).result).toBe(result);
    });

    it('approves nothing after the time is over', async () => {
      const id = await started();
      pass(10 * MINUTE);
      expect(await store.check(checkOf(id, rightCode(id)))).toEqual({ result: 'over' });
    });

    it('approves the new code and the one before, each for its own time', async () => {
      const ids = [await started(), await started(), await started()];
      pass(6 * MINUTE);
      for (const id of ids) {
        const input = resendOf(id, { renewal: renewalOf(id) });
        expect(await store.resend(input)).toMatchObject({ result: 'sent', verification: { generation: 2, sends: 2 } });
        expect(await store.resend(input)).toEqual({ result: 'changed' });
      }
      const [old, fresh, late] = ids;
      expect((await store.check(checkOf(old!, rightCode(old!)))).result).toBe('approved');
      pass(5 * MINUTE);
      expect((await store.check(checkOf(late!, rightCode(late!)))).result).toBe('wrong');
      expect((await store.check(checkOf(fresh!, rightCode(fresh!, 2)))).result).toBe('approved');
    });

    it('locks a number after wrong codes of several verifications', async () => {
      const number = newNumber();
      const limits = { cooldownsMs: [0], perHour: 100, perDay: 100 };
      const lock = { lockAfter: 6, lockMs: MINUTE };
      const begin = () => started({ ...limits, session: keys.sessionKeyOf(undefined) }, number);
      const first = await begin();
      for (let count = 0; count < 5; count++) await store.check(checkOf(first, wrongCode(first), lock));
      const second = await begin();
      expect((await store.check(checkOf(second, wrongCode(second), lock))).result).toBe('wrong');
      expect(await store.check(checkOf(second, rightCode(second), lock))).toEqual({ result: 'over' });
      const rejected = await store.start(startOf(number, { ...limits, session: keys.sessionKeyOf(undefined) }));
      expect(rejected).toEqual({ result: 'rejected', rule: 'locked', retryAfterMs: MINUTE, would: [] });
      pass(MINUTE);
      expect((await store.check(checkOf(second, rightCode(second), lock))).result).toBe('approved');
    });

    it('locks a number for twice as long each time, up to the longest lock', async () => {
      const number = newNumber();
      const id = await started({ maxAttempts: 9 }, number);
      const waits = [];
      for (let count = 0; count < 4; count++) {
        await store.check(checkOf(id, wrongCode(id), { lockAfter: 1, lockMs: 1_000, longestLockMs: 3_000 }));
        const rejected = await store.start(startOf(number));
        waits.push(rejected.result === 'rejected' && rejected.retryAfterMs);
        pass(3_000);
      }
      expect(waits).toEqual([1_000, 2_000, 3_000, 3_000]);
    });

    it('suspends a number until it is released', async () => {
      const number = newNumber();
      const id = await started({}, number);
      await store.check(checkOf(id, wrongCode(id), { suspendAfter: 1 }));
      expect(await store.check(checkOf(id, rightCode(id)))).toEqual({ result: 'over' });
      pass(24 * 60 * MINUTE);
      expect(await store.start(startOf(number))).toMatchObject({ result: 'rejected', rule: 'locked' });
      expect(await store.release('', keys.numberKeysOf(number))).toBe(true);
      expect((await store.start(startOf(number))).result).toBe('sent');
    });

    it('is rejected when its source has entered too many wrong codes, and a right one does not count', async () => {
      const source = keys.sourceKeyOf('check', 'a source');
      const limits = { quota: { rule: 'check', key: source, limit: 2 } };
      const ids = [await started(), await started(), await started()];
      const check = async (id: string, code: string) => (await store.check(checkOf(id, code, limits))).result;
      expect(await check(ids[0]!, rightCode(ids[0]!))).toBe('approved');
      expect(await check(ids[1]!, wrongCode(ids[1]!))).toBe('wrong');
      expect(await check(ids[1]!, wrongCode(ids[1]!))).toBe('wrong');
      expect(await store.check(checkOf(ids[2]!, rightCode(ids[2]!), limits))).toEqual({
        result: 'limited',
        retryAfterMs: 30 * MINUTE,
      });
      pass(30 * MINUTE);
    });

    it('in two steps is approved with the transaction of the app, or not at all', async () => {
      const number = newNumber();
      const id = await started({}, number);
      expect(await store.check(checkOf(id, rightCode(id), { approves: false }))).toEqual({
        ...{ result: 'matched', number, country: 'GB' },
      });
      const undone = store.transaction(async (transaction) => {
        expect(await store.approve(id, APPROVAL, transaction)).toEqual(now);
        throw new Error('the app has failed');
      });
      await expect(undone).rejects.toThrow('the app has failed');
      expect((await store.find(id, ''))?.state).toBe('matched');
      expect((await store.check(checkOf(id, rightCode(id), { approves: false }))).result).toBe('matched');
      expect(await store.transaction((transaction) => store.approve(id, APPROVAL, transaction))).toEqual(now);
      expect(await store.approve(id, APPROVAL)).toBeUndefined();
    });
  });

  describe('a verification that is over', () => {
    const all = (id: string) =>
      Promise.all([
        store.readOpen(id, ''),
        store.resend(resendOf(id)),
        store.approve(id, APPROVAL),
        store.cancel(id, '', APPROVAL.halfLifeMs),
      ]);

    it('because its time is over gets no message, and is not approved or cancelled', async () => {
      const id = await started();
      expect((await store.check(checkOf(id, rightCode(id), { approves: false }))).result).toBe('matched');
      pass(10 * MINUTE);
      expect(await all(id)).toMatchObject([undefined, { result: 'rejected', rule: 'over' }, undefined, false]);
    });

    it('because it was cancelled gets no message, and is not approved or cancelled again', async () => {
      const id = await started();
      expect(await store.cancel(id, '', APPROVAL.halfLifeMs)).toBe(true);
      expect(await all(id)).toMatchObject([undefined, { result: 'rejected', rule: 'over' }, undefined, false]);
    });

    it('because its attempts are used up makes room for a new one, although a code was right', async () => {
      const number = newNumber();
      const id = await started({ maxAttempts: 2 }, number);
      await store.check(checkOf(id, rightCode(id), { approves: false }));
      await store.check(checkOf(id, wrongCode(id)));
      expect(await store.readOpen(id, '')).toBeUndefined();
      pass(MINUTE);
      const again = await store.start(startOf(number));
      expect(again).toMatchObject({ result: 'sent', isNew: true, verification: { attemptsLeft: 5 } });
      expect((await store.find(id, ''))?.state).toBe('failed');
    });
  });

  describe('a transaction', () => {
    const FAILURE = new Error('the app has failed');

    it('that fails leaves nothing of a start and its message', async () => {
      const number = newNumber();
      const limits = {
        ranges: [`of ${number}`],
        trips: [0.6],
        quotas: [{ rule: 'source', key: Buffer.from(number), limit: 1 }],
      };
      const input = startOf(number, { ...limits, message: messageTo(number) });
      const failed = store.transaction(async (transaction) => {
        expect((await store.start(input, transaction)).result).toBe('sent');
        expect(await store.readOpen(input.id, '', transaction)).toMatchObject({ number });
        expect([await store.readOpen(input.id, ''), await store.find(input.id, '')]).toEqual([undefined, undefined]);
        throw FAILURE;
      });
      await expect(failed).rejects.toBe(FAILURE);
      expect(await store.find(input.id, '')).toBeUndefined();
      expect(await store.start(startOf(number, limits))).toMatchObject({ result: 'sent', isNew: true });
    });

    it.each([
      ['that fails', FAILURE, { sends: 1, messageId: undefined }, 'wrong'],
      ['that succeeds', undefined, { sends: 2, messageId: expect.any(String) as string }, 'approved'],
    ])('%s keeps all of a renewal or nothing', async (_, failure, stored, result) => {
      const number = newNumber();
      const id = await started({}, number);
      pass(MINUTE);
      const input = resendOf(id, { renewal: renewalOf(id), message: messageTo(number) });
      const renewed = store.transaction(async (transaction) => {
        expect((await store.resend(input, transaction)).result).toBe('sent');
        if (failure !== undefined) throw failure;
      });
      await (failure === undefined ? renewed : expect(renewed).rejects.toBe(failure));
      expect(await store.find(id, '')).toMatchObject(stored);
      expect((await store.check(checkOf(id, rightCode(id, 2)))).result).toBe(result);
    });

    it('that fails keeps what others did meanwhile, who wait if they need the same number', async () => {
      const [number, other] = [newNumber(), newNumber()];
      const order: string[] = [];
      let waiting: Promise<unknown> = Promise.resolve();
      const failed = store.transaction(async (transaction) => {
        await store.start(startOf(number), transaction);
        waiting = store.start(startOf(number, { purpose: 'password' })).then(({ result }) => order.push(result));
        const id = await started({}, other);
        order.push((await store.check(checkOf(id, rightCode(id)))).result, 'failed');
        throw FAILURE;
      });
      await expect(failed).rejects.toBe(FAILURE);
      await waiting;
      expect(order).toEqual(['approved', 'failed', 'sent']);
    });
  });

  describe('after a change of keys', () => {
    const rotated = new VerificationKeys([2, 1].map((byte) => createSecretKey(Buffer.alloc(32, byte))));

    it('an open verification goes on', async () => {
      const number = newNumber();
      const id = await started({}, number);
      const other = await store.start(startOf(number, { numberKeys: rotated.numberKeysOf(number) }));
      expect(other).toMatchObject({ result: 'waiting', verification: { id } });
      expect((await store.check(checkOf(id, rightCode(id)))).result).toBe('approved');
    });

    it('a number goes on that has rows of two older keys', async () => {
      const number = newNumber();
      const [a, b, c] = ['a', 'b', 'c'].map((key) => Buffer.from(`${key} ${number}`));
      const limits = { cooldownsMs: [0], perHour: 2, session: keys.sessionKeyOf(undefined) };
      const begin = async (...numberKeys: Buffer[]) => {
        const outcome = await store.start(startOf(number, { ...limits, numberKeys }));
        if (outcome.result !== 'open') return outcome.result;
        return (await store.resend(resendOf(outcome.verification.id, { cooldownsMs: [0], perHour: 2 }))).result;
      };
      expect(await begin(a!)).toBe('sent');
      pass(1);
      expect([await begin(b!), await begin(b!, a!)]).toEqual(['sent', 'sent']);
      expect([await begin(c!, b!, a!), await begin(c!, b!, a!)]).toEqual(['waiting', 'waiting']);
    });
  });

  it('a day has 24 hours when the clocks change', async () => {
    now = new Date('2030-03-30T23:30:00Z');
    const number = newNumber();
    const limits = { cooldownsMs: [0], perHour: 100, perDay: 24 };
    for (let count = 0; count < 24; count++)
      await started({ ...limits, session: keys.sessionKeyOf(undefined) }, number);
    const session = keys.sessionKeyOf(undefined);
    expect(await store.start(startOf(number, { ...limits, session }))).toMatchObject({
      ...{ result: 'rejected', rule: 'number', retryAfterMs: 60 * MINUTE },
    });
  });

  describe('with many calls at once', () => {
    it('a hundred right codes approve once, and a hundred wrong ones count five', async () => {
      for (let round = 0; round < 20; round++) {
        const [right, wrong] = [await started(), await started()];
        const results = await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            store.check(index % 2 === 0 ? checkOf(right, rightCode(right)) : checkOf(wrong, wrongCode(wrong))),
          ),
        );
        const count = (result: string) => results.filter((one) => one.result === result).length;
        expect([count('approved'), count('wrong'), count('over')]).toEqual([1, 5, 94]);
      }
    });

    it('fifty starts send one message', async () => {
      for (let round = 0; round < 5; round++) {
        const number = newNumber();
        const outcomes = await Promise.all(Array.from({ length: 50 }, () => store.start(startOf(number))));
        expect(outcomes.filter(({ result }) => result === 'sent')).toHaveLength(1);
        const ids = outcomes.map((outcome) => (outcome.result === 'rejected' ? outcome.rule : outcome.verification.id));
        expect(new Set(ids).size).toBe(1);
      }
    });
  });
});
