import {
  VerificationError,
  type Challenge,
  type LaafficVerifyOptions,
  type NumberLookup,
  type StartOptions,
} from 'nestjs-laaffic-verify';
import { failureOf } from '../../module/account.js';
import { WORLDS, type GuardedWorld, type Worlds } from './worlds.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PURPOSE = 'sign-in';
const REJECTED = { code: 'VERIFY_REJECTED', httpStatus: 429, retryAfterSeconds: 900 };
const CAP = { code: 'VERIFY_CAP', httpStatus: 503, retryAfterSeconds: 900 };
const CHALLENGE = { code: 'VERIFY_CHALLENGE', httpStatus: 403 };
/** A number of each country. */
const ABROAD = { DE: '+4915112345678', FR: '+33612345678', IT: '+393123456789', ES: '+34612345678' };

let next = 0;
/** Numbers of 80 different millions, so none of them makes a range suspicious. */
const newNumber = (): string => `+4474${10 + (next++ % 80)}${String(100_000 + 1_009 * next).slice(-6)}`;

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(WORLDS)('%s', (_world, openWorlds) => {
  let worlds: Worlds;
  let world: GuardedWorld;
  beforeAll(async () => {
    worlds = await openWorlds();
  });
  afterAll(() => worlds.close());

  const open = async (options: Partial<LaafficVerifyOptions> = {}): Promise<void> => {
    world = await worlds.open(options);
  };
  const start = (to = newNumber(), options: StartOptions = {}) =>
    world.verification.start({ to, purpose: PURPOSE }, options);
  const codeOn = async (number: string): Promise<string> => (await world.codesOn(number)).at(-1) ?? '';
  const check = (id: string, code: string) => world.verification.check({ id, purpose: PURPOSE, code });
  const approve = async (to = newNumber(), options: StartOptions = {}): Promise<string> => {
    const { id } = await start(to, options);
    expect(await check(id, await codeOn(to))).toMatchObject({ status: 'approved' });
    return to;
  };
  const withoutId = ({ id: _id, ...answer }: Awaited<ReturnType<typeof start>>): object => answer;
  /** Makes the next start of the range suspicious. */
  const attackRange = async (range = '+447400123', options: StartOptions = {}): Promise<void> => {
    for (let last = 0; last < 6; last++) await start(`${range}00${last}`, options);
  };
  /** How many starts in a row are accepted, with numbers of different ranges. */
  const acceptedOf = async (most: number): Promise<number> => {
    for (let count = 0; count < most; count++) {
      const failure = await start().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) continue;
      expect(failure).toMatchObject(REJECTED);
      return count;
    }
    return most;
  };
  const alarms = async (): Promise<string[]> =>
    (await world.guard.findAlarms()).map(({ type, scope }) => `${type} ${scope}`).sort();
  const decisions = async (more: object = {}): Promise<object[]> =>
    (await world.guard.findDecisions({ since: new Date(world.now() - DAY), ...more })).map(
      ({ rule, country, isShadow, count }) => ({ rule, country, isShadow, count }),
    );

  describe('a decoy', () => {
    it('has the answers of a verification, sends nothing and is never approved', async () => {
      const [real, decoy] = [newNumber(), newNumber()];
      const answers = [];
      for (const to of [real, decoy]) {
        await open({ send: { maxPerTenant: 2 } });
        const tenant = to === real ? 'real' : 'decoy';
        const options = { tenant, ...(to === decoy && { decoy: true }) };
        const first = await start(to, { ...options, session: 's' });
        const again = await start(to, { ...options, session: 's' });
        const soon = await failureOf(start(to, options));
        const malformed = await failureOf(
          world.verification.check({ id: first.id, purpose: PURPOSE, code: '1' }, options),
        );
        const wrong = [];
        for (const code of ['000000', '000001'])
          wrong.push(await world.verification.check({ id: first.id, purpose: PURPOSE, code }, options));
        world.advance(30_000);
        const resent = await world.verification.resend(first.id, options);
        const usedUp = await failureOf(world.verification.resend(first.id, options));
        const found = await world.verification.find(first.id, options);
        const cancelled = await world.verification.cancel(first.id, options);
        const shown = JSON.stringify([first, again, soon, malformed, wrong, resent, usedUp, found, cancelled]);
        answers.push(shown.replaceAll(first.id, 'id').replaceAll(`…${to.slice(-3)}`, '…'));
        expect(await world.codesOn(to)).toHaveLength(to === real ? 2 : 0);
      }
      expect(answers[1]).toBe(answers[0]);
    });

    it('becomes a verification when the account is there', async () => {
      await open();
      const to = newNumber();
      const decoy = await start(to, { session: 's', decoy: true });
      world.advance(30_000);
      const real = await start(to, { session: 's' });
      expect([real.isNew, real.sent, real.id === decoy.id]).toEqual([true, true, false]);
      expect(await check(decoy.id, '000000')).toEqual({ status: 'over' });
      expect(await check(real.id, await codeOn(to))).toMatchObject({ status: 'approved' });
    });

    it('counts for its range and its country', async () => {
      await open();
      await attackRange('+447400123', { decoy: true });
      expect(await failureOf(start('+447400123999'))).toMatchObject({ code: 'VERIFY_REJECTED' });
      expect(await world.countMessages()).toBe(0);
    });
  });

  it('a suspicious start is pretended, and no code of it is right', async () => {
    await open({ guard: { onSuspicion: 'pretend' } });
    await attackRange();
    const real = await start();
    const pretended = await start('+447400123999');
    expect({ ...withoutId(pretended), to: '' }).toEqual({ ...withoutId(real), to: '' });
    expect(await world.codesOn('+447400123999')).toEqual([]);
    expect(await check(pretended.id, '123456')).toEqual({ status: 'wrong', attemptsLeft: 4 });
    expect(await decisions()).toEqual([{ rule: 'range', country: 'GB', isShadow: false, count: 1 }]);
    expect(await alarms()).toEqual(['range GB']);
  });

  describe('a challenge', () => {
    const challengeOf = (verify: Challenge['verify']): { challenge: { verify: jest.Mock } } => ({
      challenge: { verify: jest.fn(verify) },
    });

    it.each<[string, Challenge['verify'], object | undefined, string[]]>([
      ['a right answer', (answer) => Promise.resolve(answer === 'right'), undefined, []],
      ['a wrong answer', () => Promise.resolve(false), CHALLENGE, []],
      ['an answer that is not a boolean', () => Promise.resolve('yes' as unknown as boolean), CHALLENGE, []],
      ['a hook that rejects', () => Promise.reject(new Error('away')), CHALLENGE, ['challenge all']],
      [
        'a hook that throws',
        () => {
          throw new TypeError('broken');
        },
        CHALLENGE,
        ['challenge all'],
      ],
    ])('%s', async (_case, verify, failure, raised) => {
      const options = challengeOf(verify);
      await open(options);
      await attackRange();
      const to = '+447400123999';
      expect(await failureOf(start(to))).toMatchObject(CHALLENGE);
      expect(options.challenge.verify).not.toHaveBeenCalled();
      const answered = start(to, { challenge: 'right', source: '203.0.113.7', tenant: 'shop' });
      if (failure === undefined) expect(await answered).toMatchObject({ sent: true });
      else expect(await failureOf(answered)).toMatchObject(failure);
      const context = { purpose: PURPOSE, country: 'GB', tenant: 'shop', source: '203.0.113.7' };
      expect(options.challenge.verify.mock.calls).toEqual([['right', context]]);
      expect((await alarms()).filter((alarm) => alarm !== 'range GB')).toEqual(raised);
    });

    it('a hook that does not respond within 3 seconds counts as a wrong answer', async () => {
      await open(challengeOf(() => new Promise(() => undefined)));
      await attackRange();
      const real = setTimeout;
      const waits: unknown[] = [];
      jest.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) => {
        waits.push(ms);
        return real(run, ms === 3_000 ? 0 : ms);
      });
      expect(await failureOf(start('+447400123999', { challenge: 'x' }))).toMatchObject(CHALLENGE);
      expect(waits).toContain(3_000);
      expect(await alarms()).toEqual(['challenge all', 'range GB']);
    });

    it('clears suspicion, and neither limits nor caps', async () => {
      await open({ ...challengeOf(() => Promise.resolve(true)), guard: { caps: { messagesPerHour: 8 } } });
      await attackRange();
      const answer = { challenge: 'right' };
      expect(await start('+447400123999', answer)).toMatchObject({ sent: true });
      expect(await failureOf(start('+447400123999', answer))).toMatchObject({ code: 'VERIFY_COOLDOWN' });
      expect(await start('+447400123998', answer)).toMatchObject({ sent: true });
      expect(await failureOf(start('+447400123997', answer))).toMatchObject(CAP);
    });
  });

  describe('a lookup', () => {
    const daysAgo = (days: number): Date => new Date(world.now() - days * DAY);

    it.each<[string, () => ReturnType<NumberLookup['lookup']>, object | undefined, string[]]>([
      ['says nothing', () => Promise.resolve(undefined), undefined, []],
      ['knows a mobile number', () => Promise.resolve({ type: 'MOBILE' as const }), undefined, []],
      [
        'knows a number of another type',
        () => Promise.resolve({ type: 'VOIP' as const }),
        { code: 'VERIFY_NUMBER_TYPE', field: 'to' },
        [],
      ],
      ['knows a new SIM card', () => Promise.resolve({ simChangedAt: daysAgo(2.9) }), REJECTED, ['sim-change GB']],
      ['knows an old SIM card', () => Promise.resolve({ simChangedAt: daysAgo(3) }), undefined, []],
      ['fails', () => Promise.reject(new Error('away')), undefined, ['lookup all']],
    ])('%s', async (_case, answer, failure, raised) => {
      const lookup = jest.fn(answer);
      await open({ lookup: { lookup } });
      const to = newNumber();
      const started = start(to, { tenant: 'shop', source: '203.0.113.7' });
      if (failure === undefined) expect(await started).toMatchObject({ sent: true });
      else expect(await failureOf(started)).toMatchObject(failure);
      const context = { purpose: PURPOSE, country: 'GB', tenant: 'shop', source: '203.0.113.7' };
      expect(lookup.mock.calls).toEqual([[to, context]]);
      expect(await alarms()).toEqual(raised);
    });
  });

  describe('a test number', () => {
    const to = '+447400999999';
    const withTestNumber = () =>
      open({
        testNumbers: [{ number: to, code: '424242', until: new Date(Date.now() + 30 * DAY), purposes: [PURPOSE] }],
        send: { cooldownsMs: [30_000], maxPerSource: 1 },
      });

    it('has its code, gets no message and counts for nothing', async () => {
      await withTestNumber();
      for (let count = 0; count < 30; count++) {
        const { id } = await start(to, { source: '203.0.113.7' });
        expect(await check(id, '424243')).toEqual({ status: 'wrong', attemptsLeft: 4 });
        expect(await check(id, '424242')).toMatchObject({ status: 'approved', number: to });
      }
      expect(await world.countMessages()).toBe(0);
      expect((await world.guard.getStatus()).countries).toEqual([]);
      expect(await decisions()).toEqual([]);
      expect(await alarms()).toEqual([`test-number ${PURPOSE}`]);
    });

    it('is a number like any other for another purpose, and after its time', async () => {
      await withTestNumber();
      const other = await world.verification.start({ to, purpose: 'other' });
      expect(await world.verification.check({ id: other.id, purpose: 'other', code: '424242' })).toMatchObject({
        status: 'wrong',
      });
      world.advance(31 * DAY);
      const { id } = await start(to);
      expect(await check(id, '424242')).toMatchObject({ status: 'wrong' });
      expect(await world.codesOn(to)).toHaveLength(2);
    });
  });

  it('a tenant has so many messages in an hour, and others have theirs', async () => {
    await open({ send: { cooldownsMs: [30_000], maxPerTenant: 2 } });
    const shop = { tenant: 'shop' };
    const { id } = await start(undefined, shop);
    await start(undefined, shop);
    expect(await failureOf(start(undefined, shop))).toMatchObject({
      ...{ code: 'VERIFY_LIMITED', retryAfterSeconds: 1_800, message: expect.stringContaining('tenant') as string },
    });
    expect(await failureOf(world.verification.resend(id, shop))).toMatchObject({ code: 'VERIFY_LIMITED' });
    expect(await start(undefined, { tenant: 'other' })).toMatchObject({ sent: true });
    world.advance(30 * MINUTE);
    expect(await start(undefined, shop)).toMatchObject({ sent: true });
    const limited = { rule: 'tenant', country: 'GB', isShadow: false, count: 1 };
    expect(await decisions()).toEqual([limited, limited]);
  });

  describe('an idempotency key', () => {
    it('returns the same verification, and sends nothing again', async () => {
      await open();
      const to = newNumber();
      const key = { idempotencyKey: 'order 7' };
      const first = await start(to, key);
      expect(await start(to, key)).toEqual({ ...first, isNew: false, sent: false });
      world.advance(10_000);
      expect(await start(to, key)).toMatchObject({ id: first.id, sent: false, expiresAt: first.expiresAt });
      await check(first.id, await codeOn(to));
      world.advance(DAY);
      expect(await start(to, key)).toMatchObject({ id: first.id, isNew: false, sent: false });
      expect(await world.codesOn(to)).toHaveLength(1);
    });

    it('is good for one request of one tenant', async () => {
      await open();
      const to = newNumber();
      const key = { idempotencyKey: 'order 7' };
      const { id } = await start(to, key);
      const reused = { code: 'VERIFY_KEY_REUSED', httpStatus: 422 };
      const others = [
        { to: newNumber(), purpose: PURPOSE },
        { to, purpose: 'other' },
        { to, purpose: PURPOSE, binding: { amount: '1' } },
      ];
      for (const other of others) {
        expect(await failureOf(world.verification.start(other, key))).toMatchObject(reused);
      }
      expect((await start(to, { ...key, tenant: 'shop' })).id).not.toBe(id);
    });

    it('sends one message for two starts at once', async () => {
      await open();
      const to = newNumber();
      const both = await Promise.all([1, 2].map(() => start(to, { idempotencyKey: '🔑' })));
      expect([new Set(both.map(({ id }) => id)).size, both.filter(({ sent }) => sent).length]).toEqual([1, 1]);
      expect(await world.codesOn(to)).toHaveLength(1);
    });

    it.each(['', 'a\nb', 'x'.repeat(256), 7])('is not %j', async (idempotencyKey) => {
      await open();
      expect(await failureOf(start(undefined, { idempotencyKey: idempotencyKey as string }))).toMatchObject({
        ...{ code: 'VERIFY_INVALID_REQUEST', field: 'idempotencyKey' },
      });
    });
  });

  describe('caps', () => {
    it('stop all messages when they are reached, and raise an alarm before', async () => {
      await open({ guard: { caps: { messagesPerHour: 5 } } });
      const known = await approve();
      const { id } = await start();
      world.advance(30_000);
      await start();
      await start();
      expect(await alarms()).toEqual([]);
      await start();
      expect(await alarms()).toEqual(['near-cap all']);
      for (const call of [start(), start(known), world.verification.resend(id)]) {
        expect(await failureOf(call)).toMatchObject(CAP);
      }
      expect(await alarms()).toEqual(['cap all', 'near-cap all']);
      expect((await world.guard.getStatus()).caps).toEqual([
        { cap: 'messagesPerHour', used: 5, limit: 5, isReached: true },
        { cap: 'messagesPerDay', used: 5, limit: 3_000, isReached: false },
      ]);
      world.advance(HOUR);
      expect(await start(known)).toMatchObject({ sent: true });
    });

    it('count a day', async () => {
      await open({ guard: { caps: { messagesPerDay: 2, messagesPerHour: 2 } } });
      await start();
      await start();
      world.advance(2 * HOUR);
      expect(await failureOf(start())).toMatchObject(CAP);
      world.advance(DAY);
      expect(await start()).toMatchObject({ sent: true });
    });

    it('count what messages cost, for each country and for all', async () => {
      const caps = { spendPerDay: 100, spendPerCountryPerDay: 50 };
      await open({ guard: { caps, prices: { GB: 25, DE: 50 }, unknownPrice: 1 } });
      await start();
      await start();
      expect(await failureOf(start())).toMatchObject(CAP);
      expect(await start(ABROAD.FR)).toMatchObject({ sent: true });
      expect(await start(ABROAD.DE)).toMatchObject({ sent: true });
      expect(await failureOf(start(ABROAD.IT))).toMatchObject(CAP);
      world.advance(1_000);
      expect((await world.guard.getStatus()).caps.slice(2)).toEqual([
        { cap: 'spendPerDay', used: 101, limit: 100, isReached: true },
        { cap: 'spendPerCountryPerDay', country: 'DE', used: 50, limit: 50, isReached: true },
        { cap: 'spendPerCountryPerDay', country: 'FR', used: 1, limit: 50, isReached: false },
        { cap: 'spendPerCountryPerDay', country: 'GB', used: 50, limit: 50, isReached: true },
      ]);
      expect(await alarms()).toEqual(['cap GB', 'cap all']);
    });

    it('note in shadow what they would stop', async () => {
      await open({ guard: { caps: { messagesPerHour: 1 }, shadow: ['cap'] } });
      await start();
      const { id } = await start();
      world.advance(MINUTE);
      expect(await world.verification.resend(id)).toMatchObject({ sent: true });
      expect(await decisions()).toEqual([{ rule: 'cap', country: 'GB', isShadow: true, count: 2 }]);
    });
  });

  describe('the list', () => {
    const ada = { actor: 'Ada' };
    it('denies a number until a time, also if it was verified before', async () => {
      await open();
      const to = await approve();
      world.advance(MINUTE);
      await world.guard.setVerdict(to, 'deny', { ...ada, until: new Date(world.now() + HOUR) });
      expect(await failureOf(start(to))).toMatchObject(REJECTED);
      expect(await failureOf(start(to, { tenant: 'shop' }))).toMatchObject(REJECTED);
      world.advance(HOUR);
      expect(await start(to)).toMatchObject({ sent: true });
    });

    it.each([
      ['number', () => world.guard.setVerdict('+447400123888', 'deny', ada)],
      ['range', () => world.guard.block('+447400123xxx', ada)],
      ['country', () => world.guard.block('GB', ada)],
    ])('denies the next message of an open verification, by its %s', async (_, deny) => {
      await open();
      const { id } = await start('+447400123888');
      await deny();
      world.advance(MINUTE);
      expect(await failureOf(world.verification.resend(id))).toMatchObject(REJECTED);
      expect(await decisions()).toEqual([{ rule: 'denied', country: 'GB', isShadow: false, count: 1 }]);
    });

    it.each(['+4474001', '+44 7400 1xxxxxx', '+447400123xxx', 'GB'])(
      'denies the numbers of %s, and releases them',
      async (target) => {
        await open();
        await world.guard.block(target, ada);
        world.advance(1_000);
        expect(await failureOf(start('+447400123999'))).toMatchObject(REJECTED);
        expect(await start(ABROAD.DE)).toMatchObject({ sent: true });
        expect(await world.guard.release(target, ada)).toEqual({ wasListed: true, ranges: [] });
        world.advance(1_000);
        expect(await start('+447400123999')).toMatchObject({ sent: true });
        expect(await world.guard.release(target, ada)).toEqual({ wasListed: false, ranges: [] });
      },
    );

    it('has end dates for ranges and countries too', async () => {
      await open();
      const until = new Date(world.now() + HOUR);
      await world.guard.block('DE', { ...ada, until });
      await world.guard.block('+447400', { ...ada, until });
      world.advance(HOUR - 1);
      for (const to of [ABROAD.DE, '+447400123456']) expect(await failureOf(start(to))).toMatchObject(REJECTED);
      world.advance(1_001);
      for (const to of [ABROAD.DE, '+447400123456']) expect(await start(to)).toMatchObject({ sent: true });
      expect(await world.guard.findListed()).toEqual([]);
    });

    it.each<[string, () => Promise<void>]>([
      ['number', () => world.guard.setVerdict('+447400123999', 'allow', ada)],
      ['range', () => world.guard.allow('+447400123xxx', ada)],
      ['country', () => world.guard.allow('GB', ada)],
    ])('clears an allowed %s of suspicion', async (_kind, allow) => {
      await open();
      await attackRange();
      expect(await failureOf(start('+447400123999'))).toMatchObject({ code: 'VERIFY_REJECTED' });
      await allow();
      world.advance(1_000);
      expect(await start('+447400123999')).toMatchObject({ sent: true });
    });

    it('lets the longest range decide', async () => {
      await open();
      await world.guard.block('GB', ada);
      await world.guard.allow('+447400', ada);
      await world.guard.block('+4474009', ada);
      world.advance(1_000);
      expect(await start('+447400123456')).toMatchObject({ sent: true });
      for (const to of ['+447400923456', '+447411123456']) expect(await failureOf(start(to))).toMatchObject(REJECTED);
    });

    it('keeps who changed it, and shows no number', async () => {
      await open();
      const until = new Date(world.now() + DAY);
      const listedAt = new Date(world.now());
      await world.guard.setVerdict('07400 123456', 'deny', { actor: 'Ada', country: 'GB', until });
      await world.guard.setVerdict('+447400123456', 'allow', { actor: 'Çağlar 山田' });
      await world.guard.block('+447400123xxx', { actor: 'Ada' });
      await world.guard.setVerdict('+447400123456', undefined, { actor: 'Eve' });
      expect(await world.guard.findListed()).toEqual([
        { kind: 'prefix', label: '+447400123', verdict: 'deny', until: undefined, actor: 'Ada', listedAt },
      ]);
      const number = { at: listedAt, kind: 'number', label: '+447…456' };
      expect(await world.guard.findChanges()).toEqual([
        { ...number, actor: 'Eve', verdict: undefined, until: undefined },
        { at: listedAt, actor: 'Ada', kind: 'prefix', label: '+447400123', verdict: 'deny', until: undefined },
        { ...number, actor: 'Çağlar 山田', verdict: 'allow', until: undefined },
        { ...number, actor: 'Ada', verdict: 'deny', until },
      ]);
      expect(await world.guard.findChanges({ since: listedAt })).toEqual([]);
    });

    it('a release ends the blocks of the ranges below', async () => {
      await open();
      await attackRange();
      const to = '+447400123999';
      expect(await failureOf(start(to))).toMatchObject({ code: 'VERIFY_REJECTED', retryAfterSeconds: 3_600 });
      const until = new Date(world.now() + HOUR);
      expect((await world.guard.getStatus()).blockedRanges).toEqual([{ range: '+447400123xxx', until, blocks: 1 }]);
      for (const target of ['+4474001234', 'DE'])
        expect(await world.guard.release(target, ada)).toEqual({ wasListed: false, ranges: [] });
      expect(await world.guard.release('GB', ada)).toEqual({ wasListed: false, ranges: ['+447400123xxx'] });
      expect(await start(to)).toMatchObject({ sent: true });
    });
  });

  it('a source is blocked earlier if its numbers have more than three countries without an approval', async () => {
    await open({ expectedPerDay: 100_000 });
    const abroad = Object.values(ABROAD);
    const acceptedFrom = async (source: string, countries: number): Promise<number> => {
      const limits = { source, tenant: source };
      for (let count = 0; count < 30; count++) {
        const to = count < countries ? (abroad[count] ?? '') : newNumber();
        if ((await start(to, limits).catch((error: unknown) => error)) instanceof VerificationError) return count;
      }
      return 30;
    };
    expect([await acceptedFrom('203.0.113.7', 4), await acceptedFrom('203.0.113.8', 0)]).toEqual([10, 20]);
    const decision = { rule: 'range', country: 'GB', isShadow: false, count: 1 };
    expect(await decisions()).toEqual([decision, decision]);
    expect(await alarms()).toEqual(['range GB']);
  });

  describe('the budget of a country', () => {
    it('is at least 5', async () => {
      await open({ expectedPerDay: 1 });
      expect(await acceptedOf(20)).toBe(5);
      expect(await start(ABROAD.DE)).toMatchObject({ sent: true });
      expect(await alarms()).toEqual(['budget GB']);
      expect((await world.guard.getStatus()).countries).toMatchObject([
        { country: 'DE', hour: { isOver: false }, day: { isOver: false } },
        { country: 'GB', hour: { starts: 5, approvals: 0, budget: 5, isOver: true }, isInTrouble: false },
      ]);
    });

    it('follows what is expected', async () => {
      // 220 in this country. Of those in the busiest hour, 6.6 are usually not approved.
      await open({ expectedPerDay: 1_100 });
      expect(await acceptedOf(40)).toBe(14);
    });

    it('follows approvals, so a crowd of real users raises it', async () => {
      await open({ expectedPerDay: 1, guard: { caps: { messagesPerHour: 1_000 } } });
      for (let count = 0; count < 31; count++) {
        await approve();
        world.advance(1_000);
      }
      // 31 approvals usually come with 20.7 starts without one.
      expect(await acceptedOf(100)).toBe(42);
    });

    it('does not stop numbers that were verified before, and ends with its hour', async () => {
      await open({ expectedPerDay: 1 });
      const known = await approve();
      world.advance(2 * HOUR);
      expect(await acceptedOf(20)).toBe(5);
      expect(await start(known)).toMatchObject({ sent: true });
      world.advance(DAY + HOUR);
      expect(await acceptedOf(1)).toBe(1);
    });
  });

  it('suspicion rests while messages do not arrive, and those starts do not count after that', async () => {
    await open({ guard: { caps: { messagesPerHour: 1_000 } } });
    const known: string[] = [];
    for (let count = 0; count < 20; count++) {
      known.push(await approve());
      world.advance(1_000);
    }
    world.advance(10 * MINUTE);
    for (const to of known) await start(to);
    world.advance(3 * MINUTE);
    expect(await acceptedOf(50)).toBe(50);
    await attackRange();
    expect(await start('+447400123999')).toMatchObject({ sent: true });
    expect(await alarms()).toEqual(['trouble GB']);
    expect((await world.guard.getStatus()).countries).toMatchObject([
      { country: 'GB', isInTrouble: true, hour: { starts: 20, approvals: 20, isOver: false }, messages: { hour: 97 } },
    ]);
  });

  describe('decisions', () => {
    it('are kept with counts, and found by rule, country and number', async () => {
      await open();
      await attackRange();
      const since = new Date(world.now() - 1);
      for (let count = 0; count < 3; count++) await failureOf(start('+447400123998'));
      await failureOf(start('+447400123999'));
      await failureOf(start(ABROAD.DE, { challenge: 'none' }).then(() => start(ABROAD.DE)));
      const ofNumber = { rule: 'range', country: 'GB', isShadow: false, count: 3 };
      expect(await decisions()).toEqual([{ ...ofNumber, count: 1 }, ofNumber]);
      expect(await decisions({ number: '+44 7400 123998' })).toEqual([ofNumber]);
      expect(await decisions({ number: '07400 123998', country: 'GB' })).toEqual([ofNumber]);
      expect(await decisions({ limit: 1 })).toEqual([{ ...ofNumber, count: 1 }]);
      for (const none of [{ rule: 'cap' }, { country: 'DE' }, { number: ABROAD.DE }, { since: new Date(world.now()) }])
        expect(await decisions(none)).toEqual([]);
      expect(await world.guard.findDecisions({ since, rule: 'range', limit: 1 })).toEqual([
        { at: new Date(world.now()), tenant: '', purpose: PURPOSE, ...ofNumber, count: 1 },
      ]);
      expect(await world.guard.findAlarms()).toEqual([
        {
          ...{ id: expect.any(String) as string, type: 'range', scope: 'GB', count: 4 },
          ...{ raisedAt: new Date(world.now()), lastAt: new Date(world.now()) },
        },
      ]);
    });

    it('of many numbers are one', async () => {
      await open();
      await attackRange();
      for (let last = 100; last < 200; last++) await failureOf(start(`+447400123${last}`));
      const counts = (await decisions()).map((decision) => (decision as { count: number }).count);
      expect([counts.length, counts.reduce((sum, count) => sum + count, 0)]).toEqual([51, 100]);
    });

    it('tell what a rule in shadow would reject', async () => {
      await open({ guard: { shadow: 'all' } });
      await attackRange();
      expect(await start('+447400123999')).toMatchObject({ sent: true });
      expect(await decisions()).toEqual([{ rule: 'range', country: 'GB', isShadow: true, count: 1 }]);
    });
  });

  it('an alarm goes on for an hour after the last sign, and then begins anew', async () => {
    await open({ guard: { caps: { messagesPerHour: 1 } } });
    await start();
    await failureOf(start());
    const [first] = await world.guard.findAlarms();
    expect(first).toMatchObject({ type: 'cap', scope: 'all', count: 1, raisedAt: new Date(world.now()) });
    world.advance(30 * MINUTE);
    await failureOf(start());
    expect(await world.guard.findAlarms()).toEqual([{ ...first, count: 2, lastAt: new Date(world.now()) }]);
    world.advance(HOUR);
    expect(await world.guard.findAlarms()).toEqual([]);
    expect(await world.guard.findAlarms({ since: first!.raisedAt })).toHaveLength(1);
    await start();
    await failureOf(start());
    const again = await world.guard.findAlarms();
    expect(again).toMatchObject([{ type: 'cap', count: 1, raisedAt: new Date(world.now()) }]);
    expect(again[0]?.id).not.toBe(first?.id);
  });

  it.each<[string, (world: GuardedWorld) => Promise<unknown>, object]>([
    ['no target', ({ guard }) => guard.block('', { actor: 'a' }), { field: 'target' }],
    ['no text', ({ guard }) => guard.block(7 as unknown as string, { actor: 'a' }), { field: 'target' }],
    ['one digit', ({ guard }) => guard.block('+4', { actor: 'a' }), { field: 'target' }],
    ['a national range', ({ guard }) => guard.block('07400', { actor: 'a' }), { field: 'target' }],
    ['a huge range', ({ guard }) => guard.block(`+${'4'.repeat(10_000)}`, { actor: 'a' }), { field: 'target' }],
    ['an unknown country', ({ guard }) => guard.block('XX', { actor: 'a' }), { field: 'target' }],
    ['SQL', ({ guard }) => guard.release("+44%' or 1=1", { actor: 'a' }), { field: 'target' }],
    ['a whole number', ({ guard }) => guard.allow('+44 7400 123456', { actor: 'a' }), { field: 'target' }],
    ['no actor', ({ guard }) => guard.block('GB', { actor: ' ' }), { field: 'actor' }],
    ['two lines', ({ guard }) => guard.release('GB', { actor: 'a\nb' }), { field: 'actor' }],
    [
      'a long actor',
      ({ guard }) => guard.setVerdict('+447400123456', 'deny', { actor: 'a'.repeat(201) }),
      { field: 'actor' },
    ],
    ['a past end', ({ guard, now }) => guard.block('GB', { actor: 'a', until: new Date(now()) }), { field: 'until' }],
    ['no end', ({ guard }) => guard.block('GB', { actor: 'a', until: new Date(NaN) }), { field: 'until' }],
    [
      'a text as end',
      ({ guard }) => guard.block('GB', { actor: 'a', until: '2099-01-01' as unknown as Date }),
      { field: 'until' },
    ],
    [
      'another verdict',
      ({ guard }) => guard.setVerdict('+447400123456', 'maybe' as 'deny', { actor: 'a' }),
      { field: 'verdict' },
    ],
    ['no time', ({ guard }) => guard.findDecisions({ since: undefined as unknown as Date }), { field: 'since' }],
    ['a wrong time', ({ guard }) => guard.findAlarms({ since: new Date(NaN) }), { field: 'since' }],
    [
      'a wrong time of changes',
      ({ guard }) => guard.findChanges({ since: 'x' as unknown as Date }),
      { field: 'since' },
    ],
    ['no decisions', ({ guard, now }) => guard.findDecisions({ since: new Date(now()), limit: 0 }), { field: 'limit' }],
    [
      'a wrong country',
      ({ guard, now }) => guard.findDecisions({ since: new Date(now()), country: 'gb' }),
      { field: 'country' },
    ],
    [
      'a wrong number',
      ({ guard }) => guard.setVerdict('12', 'deny', { actor: 'a' }),
      { code: 'VERIFY_INVALID_NUMBER', field: 'number' },
    ],
    [
      'a wrong number of decisions',
      ({ guard, now }) => guard.findDecisions({ since: new Date(now()), number: 'x' }),
      { code: 'VERIFY_INVALID_NUMBER', field: 'number' },
    ],
  ])('operators learn that they gave %s, and nothing is changed', async (_case, call, failure) => {
    await open();
    const error = await failureOf(call(world));
    expect(error).toMatchObject({ name: 'VerificationError', code: 'VERIFY_INVALID_REQUEST', ...failure });
    expect([await world.guard.findListed(), await world.guard.findChanges()]).toEqual([[], []]);
  });
});
