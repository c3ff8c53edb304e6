import { randomBytes } from 'node:crypto';
import { SmsVerification, type LaafficVerifyOptions } from 'nestjs-laaffic-verify';
import { FakeSmsVerification } from 'nestjs-laaffic-verify/testing';
import { OutboxTester, OutboxTestingModule } from 'nestjs-laaffic-outbox/testing';
import { VerifySettings } from '../../../libs/laaffic-verify/src/options/verify.settings.js';
import { failureOf } from '../../module/account.js';
import { Stage } from '../../outbox/stage.js';
import { openStore } from '../open-store.js';

const OPTIONS: LaafficVerifyOptions = {
  keys: [randomBytes(32)],
  countries: ['GB'],
  expectedPerDay: 1_000,
  app: 'Example',
  domain: 'example.com',
  code: { lockAfter: 3, lockMs: 60_000 },
};
const PURPOSE = 'sign-in';

/** A verification, the phones that get its codes, and its time. */
interface World {
  readonly verification: SmsVerification;
  readonly contentsTo: (number: string) => Promise<string[]>;
  readonly advance: (ms: number) => void;
  readonly now: () => number;
  readonly close: () => Promise<void>;
}

const WORLDS: [string, () => Promise<World>][] = [
  [
    'PostgreSQL and the outbox',
    async () => {
      const stage = await Stage.set();
      const clock = { advancedMs: 0, at: Date.now() };
      const now = () => clock.at + clock.advancedMs;
      const sealed = { sealKeys: [randomBytes(32)] };
      const imports = [OutboxTestingModule.forRoot()];
      const { store, app } = await openStore(stage, () => new Date(now()), sealed, { imports });
      const tester = app.get(OutboxTester);
      return {
        now,
        verification: new SmsVerification(store, new VerifySettings(OPTIONS), now),
        contentsTo: async (number) =>
          (await tester.enqueued())
            .filter(({ recipients }) => recipients.some((recipient) => `+${recipient.number}` === number))
            .map(({ content }) => content ?? ''),
        advance: (ms) => (clock.advancedMs += ms),
        close: () => stage.close(),
      };
    },
  ],
  [
    'memory',
    () => {
      const at = Date.now();
      const verification = new FakeSmsVerification({ ...OPTIONS, now: () => at });
      return Promise.resolve({
        verification,
        now: () => verification.time.getTime(),
        contentsTo: (number: string) =>
          Promise.resolve(
            verification.sent.filter((message) => message.number === number).map(({ content }) => content),
          ),
        advance: (ms: number) => {
          verification.advance(ms);
        },
        close: () => Promise.resolve(),
      });
    },
  ],
];

let next = 0;
/** In ranges of their own. */
const newNumber = () => `+44740${String(next++).padStart(3, '0')}0000`;

describe.each(WORLDS)('in %s', (_, open) => {
  let world: World;
  let verification: SmsVerification;
  beforeAll(async () => {
    world = await open();
    ({ verification } = world);
  });
  afterAll(() => world.close());

  const codesOn = async (number: string) =>
    (await world.contentsTo(number)).map((content) => /@example\.com #(\d{6})$/.exec(content)?.[1] ?? '');
  const codeOn = async (number: string) => (await codesOn(number)).at(-1) ?? '';
  const otherThan = (code: string) => (code === '000000' ? '000001' : '000000');
  const check = (id: string, code: string, more: object = {}) =>
    verification.check({ id, purpose: PURPOSE, code, ...more });
  const started = async (more: object = {}) => {
    const to = newNumber();
    const { id } = await verification.start({ to, purpose: PURPOSE }, more);
    return { id, to, code: await codeOn(to) };
  };

  // The first one: the guard learns from the others, and then needs more or fewer numbers.
  it('a range is blocked whose numbers are not approved', async () => {
    const start = (last: number) => verification.start({ to: `+447400777${100 + last}`, purpose: PURPOSE });
    for (let last = 0; last < 6; last++) await start(last);
    expect(await failureOf(start(6))).toMatchObject({ code: 'VERIFY_REJECTED', retryAfterSeconds: 3_600 });
    world.advance(3_600_000);
    expect(await start(7)).toMatchObject({ sent: true });
  });

  it('a start sends one message, and tells when the next one may follow', async () => {
    const to = newNumber();
    const start = await verification.start({ to, purpose: PURPOSE });
    expect(start).toMatchObject({
      ...{ id: expect.any(String) as string, sent: true, to: '+447…000', country: 'GB', digits: 6, attemptsLeft: 5 },
      ...{ expiresAt: new Date(world.now() + 600_000), resendAt: new Date(world.now() + 30_000) },
    });
    expect(await world.contentsTo(to)).toEqual([expect.stringMatching(/^Example.*\d{6}.*\n@example\.com #\d{6}$/s)]);
    expect(await verification.find(start.id)).toEqual({
      ...{ id: start.id, purpose: PURPOSE, country: 'GB', state: 'pending', sends: 1, attemptsLeft: 5 },
      ...{ createdAt: new Date(world.now()), expiresAt: start.expiresAt, approvedAt: undefined },
    });
  });

  it('a wrong code leaves fewer attempts, and the right one approves once', async () => {
    const { id, to, code } = await started();
    expect(await check(id, otherThan(code))).toEqual({ status: 'wrong', attemptsLeft: 4 });
    expect(await check(id, ` ${code.slice(0, 3)}-${code.slice(3)}`)).toEqual({
      ...{ status: 'approved', number: to, country: 'GB', purpose: PURPOSE },
      ...{ approvedAt: new Date(world.now()), proof: expect.stringMatching(/^v1\./) as string },
    });
    expect(await check(id, code)).toEqual({ status: 'over' });
    expect(await verification.find(id)).toMatchObject({ state: 'approved', approvedAt: new Date(world.now()) });
  });

  it('a malformed code is no attempt', async () => {
    const { id } = await started();
    expect(await failureOf(check(id, '12345'))).toMatchObject({ code: 'VERIFY_MALFORMED_CODE', field: 'code' });
    expect(await verification.find(id)).toMatchObject({ attemptsLeft: 5 });
  });

  it('the code is over after its time', async () => {
    const { id, code } = await started();
    world.advance(600_000);
    expect(await check(id, code)).toEqual({ status: 'over' });
    expect(await verification.find(id)).toMatchObject({ state: 'expired' });
  });

  it('another start has to wait, and the same session goes on', async () => {
    const { to, id } = await started({ session: 'a visitor' });
    world.advance(10_000);
    const start = (session?: string) => verification.start({ to, purpose: PURPOSE }, { session });
    expect(await failureOf(start())).toMatchObject({ code: 'VERIFY_COOLDOWN', retryAfterSeconds: 20 });
    expect(await start('a visitor')).toMatchObject({ id, sent: false, resendAt: new Date(world.now() + 20_000) });
    world.advance(20_000);
    expect(await start('a visitor')).toMatchObject({ id, sent: true, resendAt: new Date(world.now() + 60_000) });
    expect(await codesOn(to)).toHaveLength(2);
  });

  it('a resend has the same code, and a later one has another', async () => {
    const { id, to, code } = await started();
    expect(await failureOf(verification.resend(id))).toMatchObject({ code: 'VERIFY_COOLDOWN', retryAfterSeconds: 30 });
    world.advance(30_000);
    expect(await verification.resend(id)).toMatchObject({ id, sent: true });
    world.advance(300_000);
    expect(await verification.resend(id)).toMatchObject({ id, sent: true, expiresAt: new Date(world.now() + 600_000) });
    const [first, second, third] = await codesOn(to);
    expect([first, second]).toEqual([code, code]);
    expect(third).not.toBe(code);
    expect(await check(id, third!)).toMatchObject({ status: 'approved' });
    expect(await failureOf(verification.resend(id))).toMatchObject({ code: 'VERIFY_OVER', httpStatus: 410 });
  });

  it('wrong codes lock the number, whatever new codes are sent, until it is released', async () => {
    const { id, to, code } = await started();
    for (const attemptsLeft of [4, 3, 2]) expect(await check(id, otherThan(code))).toMatchObject({ attemptsLeft });
    expect(await check(id, code)).toEqual({ status: 'over' });
    world.advance(30_000);
    const start = () => verification.start({ to, purpose: PURPOSE });
    expect(await failureOf(start())).toMatchObject({ code: 'VERIFY_LOCKED', retryAfterSeconds: 30 });
    expect(await verification.release(to)).toBe(true);
    expect(await start()).toMatchObject({ sent: true });
    expect(await check(id, code)).toMatchObject({ status: 'approved' });
  });

  it('a cancelled verification is over', async () => {
    const { id, code } = await started();
    expect([await verification.cancel(id), await verification.cancel(id)]).toEqual([true, false]);
    expect(await check(id, code)).toEqual({ status: 'over' });
    expect(await verification.find(id)).toMatchObject({ state: 'cancelled' });
  });

  it('a proof is redeemed once, for its purpose and within its time', async () => {
    const proofOf = async () => {
      const { id, code, to } = await started();
      const result = await check(id, code);
      return { id, to, proof: 'proof' in result ? result.proof : '' };
    };
    const [{ id, to, proof }, late] = [await proofOf(), await proofOf()];
    const redeem = (given: string, purpose = PURPOSE) => verification.redeemProof(given, { purpose });
    const invalid = { code: 'VERIFY_INVALID_PROOF' };
    expect(await failureOf(redeem(proof, 'another'))).toMatchObject(invalid);
    expect(await redeem(proof)).toEqual({
      ...{ id, purpose: PURPOSE, number: to, country: 'GB', approvedAt: new Date(world.now()) },
    });
    expect(await failureOf(redeem(proof))).toMatchObject(invalid);
    world.advance(600_000);
    expect(await failureOf(redeem(late.proof))).toMatchObject(invalid);
  });

  it('a bound code approves nothing else', async () => {
    const to = newNumber();
    const binding = { amount: '10.00 EUR', payee: 'ACME' };
    const { id } = await verification.start({ to, purpose: PURPOSE, binding });
    const code = await codeOn(to);
    expect((await world.contentsTo(to))[0]).toContain('10.00 EUR');
    expect(await check(id, code, { binding: { ...binding, amount: '1000.00 EUR' } })).toMatchObject({
      status: 'wrong',
    });
    expect(await check(id, code, { binding })).toMatchObject({ status: 'approved' });
  });

  it.each([
    ['no phone number', { to: 'hello' }, { code: 'VERIFY_INVALID_NUMBER', field: 'to' }],
    ['another country', { to: '+4915112345678' }, { code: 'VERIFY_COUNTRY', field: 'to' }],
    ['a fixed line', { to: '+442079460000' }, { code: 'VERIFY_NUMBER_TYPE', field: 'to' }],
    ['no purpose', { purpose: '' }, { code: 'VERIFY_INVALID_REQUEST', field: 'purpose' }],
  ])('a start with %s is rejected', async (_, more, failure) => {
    const start = verification.start({ to: newNumber(), purpose: PURPOSE, ...more });
    expect(await failureOf(start)).toMatchObject({ name: 'VerificationError', ...failure });
  });

  it('many calls at once send one message, and approve once', async () => {
    const to = newNumber();
    const many = <T>(call: () => Promise<T>) => Promise.all(Array.from({ length: 50 }, call));
    const starts = await many(() => verification.start({ to, purpose: PURPOSE }, { session: 'one' }));
    expect([new Set(starts.map(({ id }) => id)).size, starts.filter(({ sent }) => sent).length]).toEqual([1, 1]);
    const [code] = await codesOn(to);
    const results = await many(() => check(starts[0]!.id, code!));
    expect(results.filter(({ status }) => status === 'approved')).toHaveLength(1);
  });
});
