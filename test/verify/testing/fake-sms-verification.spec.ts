import { AssertionError } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SmsVerification, type VerificationError, type VerificationErrorCode } from 'nestjs-laaffic-verify';
import {
  FakeSmsVerification,
  LaafficVerifyTestingModule,
  type FakeVerificationOptions,
  type SimulatedRejection,
} from 'nestjs-laaffic-verify/testing';
import { failureOf } from '../../module/account.js';

const [TO, OTHER] = ['+447400123456', '+447400654321'];
const REQUEST = { to: TO, purpose: 'sign-up' };

/** What a call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('FakeSmsVerification', () => {
  let fake: FakeSmsVerification;
  beforeEach(() => {
    fake = new FakeSmsVerification();
  });

  describe('its codes', () => {
    it('approve the number', async () => {
      const { id } = await fake.start(REQUEST);
      expect(await fake.check({ id, purpose: 'sign-up', code: fake.codeOf(id) })).toMatchObject({
        ...{ status: 'approved', number: TO },
      });
    });

    it('are those of the messages, in the order in which they were sent', async () => {
      const now = Date.UTC(2030, 0, 1);
      fake = new FakeSmsVerification({ now: () => now, app: 'Example & Söhne', domain: 'example.com' });
      const [first, second] = [await fake.start(REQUEST), await fake.start({ ...REQUEST, to: OTHER })];
      fake.advance({ seconds: 30 });
      await fake.resend(first.id);
      const [code, other] = [fake.codeOf(first.id), fake.codeOf(second.id)];
      const message = (number: string, its: string, verificationId: string, at: number) => ({
        ...{ number, code: its, verificationId, sentAt: new Date(now + at) },
        content: expect.stringMatching(`^Example & Söhne: .*${its}.*\n@example.com #${its}$`) as string,
      });
      expect(fake.sent).toEqual([
        ...[message(TO, code, first.id, 0), message(OTHER, other, second.id, 0), message(TO, code, first.id, 30_000)],
      ]);
      expect([fake.lastCodeOf('+44 7400 123456'), fake.lastCodeOf('0044 (7400) 654-321')]).toEqual([code, other]);
    });

    it('change with a renewal, and both are good', async () => {
      const [first, second] = [await fake.start(REQUEST), await fake.start({ ...REQUEST, to: OTHER })];
      const old = fake.codeOf(first.id);
      fake.advance({ minutes: 6 });
      for (const { id } of [first, second]) await fake.resend(id);
      expect(fake.codeOf(first.id)).not.toBe(old);
      expect(fake.lastCodeOf(TO)).toBe(fake.codeOf(first.id));
      const check = (id: string, code: string) => fake.check({ id, purpose: 'sign-up', code });
      expect(await check(first.id, old)).toMatchObject({ status: 'approved' });
      expect(await check(second.id, fake.codeOf(second.id))).toMatchObject({ status: 'approved' });
    });

    it('have as many digits as the app wants', async () => {
      fake = new FakeSmsVerification({ code: { digits: 10 } });
      const { id, digits } = await fake.start(REQUEST);
      expect([digits, fake.codeOf(id)]).toEqual([10, expect.stringMatching(/^\d{10}$/)]);
    });

    it('can be read until the verification is over, and on the phone after that', async () => {
      const { id } = await fake.start(REQUEST);
      const code = fake.codeOf(id);
      await fake.check({ id, purpose: 'sign-up', code });
      const message = 'Expected an open verification with this id';
      for (const gone of [id, randomUUID(), '', '__proto__'])
        expect(thrownBy(() => fake.codeOf(gone))).toMatchObject({ name: 'AssertionError', message });
      expect(fake.lastCodeOf(TO)).toBe(code);
    });
  });

  describe('its assertions', () => {
    it('accept what was sent', async () => {
      fake.assertNothingSent();
      fake.assertNotSentTo(TO);
      await fake.start(REQUEST);
      fake.assertSentTo('+44 7400 123456');
      fake.assertSentTo(TO, ({ content }) => content.includes('Example'));
      fake.assertNotSentTo(OTHER);
      fake.assertSentCount(1);
    });

    it.each<[string, (fake: FakeSmsVerification) => void, string]>([
      [
        'a message that is missing',
        (fake) => {
          fake.assertSentTo(OTHER);
        },
        'Expected a message to +447…321; 1 message was sent: to +447…456',
      ],
      [
        'a message that is another',
        (fake) => {
          fake.assertSentTo(TO, () => false);
        },
        'Expected a message to +447…456 that the predicate accepts; 1 message was sent: to +447…456',
      ],
      [
        'a message too many',
        (fake) => {
          fake.assertNotSentTo(TO);
        },
        'Expected no message to +447…456; 1 message was sent: to +447…456',
      ],
      [
        'another number of messages',
        (fake) => {
          fake.assertSentCount(2);
        },
        'Expected 2 messages; 1 message was sent: to +447…456',
      ],
      [
        'any message',
        (fake) => {
          fake.assertNothingSent();
        },
        'Expected no message; 1 message was sent: to +447…456',
      ],
      [
        'a code that was not sent',
        (fake) => fake.lastCodeOf(OTHER),
        'Expected a message to +447…321; 1 message was sent: to +447…456',
      ],
      [
        'what is no number',
        (fake) => fake.lastCodeOf('07400 123456'),
        'Expected a phone number, which must start with + and the country calling code, or come with a country',
      ],
    ])('fail about %s, and show neither numbers nor codes', async (_, assert, message) => {
      await fake.start(REQUEST);
      const failure = thrownBy(() => {
        assert(fake);
      });
      expect(failure).toBeInstanceOf(AssertionError);
      expect(failure).toMatchObject({ message, operator: 'fail' });
    });

    it('name at most ten numbers', async () => {
      expect(thrownBy(() => fake.lastCodeOf(TO))).toMatchObject({
        message: 'Expected a message to +447…456; nothing was sent',
      });
      const numbers = Array.from({ length: 12 }, (_, index) => `+4474${10 + index}000${100 + index}`);
      for (const to of [...numbers, TO]) await fake.start({ ...REQUEST, to });
      const failure = thrownBy(() => {
        fake.assertNothingSent();
      });
      const shown = numbers.slice(0, 10).map((number) => `+447…${number.slice(-3)}`);
      expect(failure).toMatchObject({
        message: `Expected no message; 13 messages were sent: to ${shown.join(', ')} and 3 more`,
      });
    });
  });

  describe('failNext', () => {
    const CODES: [SimulatedRejection['code'], number, string][] = [
      ['VERIFY_INVALID_NUMBER', 400, 'A test rejects this call'],
      ['VERIFY_INVALID_REQUEST', 400, 'A test rejects this call'],
      ['VERIFY_COUNTRY', 422, 'A test rejects this call'],
      ['VERIFY_NUMBER_TYPE', 422, 'A test rejects this call'],
      ['VERIFY_CHALLENGE', 403, 'A test rejects this call'],
      ['VERIFY_COOLDOWN', 429, 'The last message to this number is too recent'],
      ['VERIFY_LIMITED', 429, 'This number has had all messages that it may have for now'],
      ['VERIFY_LOCKED', 429, 'Too many wrong codes were entered for this number'],
      ['VERIFY_REJECTED', 429, 'No message can be sent to this number for now'],
      ['VERIFY_CAP', 503, 'No more messages can be sent for now'],
      ['VERIFY_OVER', 410, 'This verification is over'],
      ['VERIFY_KEY_REUSED', 422, 'A test rejects this call'],
    ];

    it.each(CODES)('rejects the next start by %s', async (code, httpStatus, message) => {
      fake.failNext({ code });
      const failure = await failureOf(fake.start(REQUEST));
      expect(failure).toMatchObject({ name: 'VerificationError', code, httpStatus, message, outcome: 'rejected' });
      // What the guard rejects has no end that a caller may know.
      const retryAfterSeconds = ['VERIFY_REJECTED', 'VERIFY_CAP'].includes(code) ? 900 : undefined;
      expect(failure).toMatchObject({ retryAfterSeconds, field: undefined });
      fake.assertNothingSent();
      expect(await fake.start(REQUEST)).toMatchObject({ sent: true });
    });

    it.each(CODES)('tells with %s when to retry, and the field', async (code) => {
      fake.failNext({ code, retryAfterSeconds: 20 });
      expect(await failureOf(fake.start(REQUEST))).toMatchObject({ code, retryAfterSeconds: 20 });
      fake.failNext({ code, field: 'to' });
      expect(await failureOf(fake.start(REQUEST))).toMatchObject({ code, field: 'to' });
    });

    it('rejects in turn, also resends, and not what is wrong itself', async () => {
      const { id } = await fake.start(REQUEST);
      fake.failNext({ code: 'VERIFY_CAP' });
      fake.failNext({ code: 'VERIFY_LOCKED' });
      const failures = [
        await failureOf(fake.start({ ...REQUEST, to: '12' })),
        await failureOf(fake.resend(randomUUID())),
        await failureOf(fake.resend(id)),
        await failureOf(fake.start({ ...REQUEST, to: OTHER })),
        await failureOf(fake.resend(id)),
      ];
      expect(failures.map((failure) => (failure as { code: VerificationErrorCode }).code)).toEqual([
        ...['VERIFY_INVALID_NUMBER', 'VERIFY_OVER', 'VERIFY_CAP', 'VERIFY_LOCKED', 'VERIFY_COOLDOWN'],
      ]);
    });

    it.each<[string, object, string]>([
      ['a code that there is not', { code: 'VERIFY_NOTHING' }, 'code must be a code of VerificationError'],
      ['no code', {}, 'code must be a code of VerificationError'],
      ...[0, -1, NaN, Infinity, '20'].map((seconds): [string, object, string] => [
        `${seconds} seconds`,
        { code: 'VERIFY_CAP', retryAfterSeconds: seconds },
        'retryAfterSeconds must be a number of at least 1',
      ]),
    ])('does not take %s', (_, rejection, message) => {
      const failure = thrownBy(() => {
        fake.failNext(rejection as SimulatedRejection);
      });
      expect(failure).toBeInstanceOf(RangeError);
      expect(failure).toMatchObject({ message });
    });
  });

  describe('known numbers', () => {
    /** Starts verifications in the range of a number until it is blocked. */
    const block = async () => {
      for (let last = 0; last < 7; last++)
        await fake.start({ ...REQUEST, to: `+44740012370${last}` }).catch(() => undefined);
    };

    it('are not stopped by suspicion', async () => {
      await fake.addKnownNumber('+44 7400 123 777');
      await block();
      expect(await failureOf(fake.start({ ...REQUEST, to: '+447400123778' }))).toMatchObject({
        code: 'VERIFY_REJECTED',
      });
      expect(await fake.start({ ...REQUEST, to: '+447400123777' })).toMatchObject({ sent: true });
      fake.assertSentCount(7);
    });

    it('are known to their tenant, and for their time', async () => {
      await fake.addKnownNumber(TO, { tenant: 'a' });
      await fake.addKnownNumber(OTHER);
      fake.advance({ days: 179 });
      await block();
      const start = (to: string, tenant?: string) =>
        fake.start({ ...REQUEST, to }, { tenant }).then(
          () => 'sent',
          (failure: unknown) => (failure as VerificationError).code,
        );
      const blockOther = async () => {
        // After many starts without an approval it takes more of them.
        for (let last = 0; last < 20; last++) await start(`+44740065${4_700 + last}`);
      };
      expect([await start(TO), await start(TO, 'a')]).toEqual(['VERIFY_REJECTED', 'sent']);
      await blockOther();
      expect(await start(OTHER)).toBe('sent');
      fake.advance({ days: 2 });
      await blockOther();
      expect(await start(OTHER)).toBe('VERIFY_REJECTED');
    });

    it('must be numbers', async () => {
      expect(await failureOf(fake.addKnownNumber('hello'))).toBeInstanceOf(AssertionError);
    });
  });

  describe('approve', () => {
    it('verifies a number as its user would', async () => {
      const binding = { amount: '10.00 EUR', payee: 'ACME' };
      const { proof, ...approved } = await fake.approve(
        { to: '07400 123456', country: 'GB', purpose: 'transfer', binding },
        { tenant: 'a', source: '192.0.2.1', session: 's', locale: 'de' },
      );
      expect(approved).toEqual({
        ...{ status: 'approved', number: TO, country: 'GB', purpose: 'transfer', approvedAt: expect.any(Date) as Date },
      });
      expect(await fake.redeemProof(proof, { purpose: 'transfer', binding })).toMatchObject({ number: TO });
      fake.assertSentTo(TO, ({ content }) => content.includes('10.00 EUR'));
    });

    it('counts for the limits of the number', async () => {
      await fake.approve(REQUEST);
      expect(await failureOf(fake.approve(REQUEST))).toMatchObject({ code: 'VERIFY_COOLDOWN' });
    });
  });

  describe('its time', () => {
    it('is that of the machine, until it advances', () => {
      const before = Date.now();
      const time = fake.time.getTime();
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(Date.now());
    });

    it('is that of the test, which can stand still', () => {
      let now = 1_900_000_000_000;
      fake = new FakeSmsVerification({ now: () => now });
      fake.advance({ minutes: 1, seconds: 0.5 });
      fake.advance(250.25);
      expect(fake.time).toEqual(new Date(1_900_000_060_750));
      now += 1_000;
      expect(fake.time).toEqual(new Date(1_900_000_061_750));
    });

    it('follows a faked Date', async () => {
      jest.useFakeTimers({ now: new Date('2030-01-01'), doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      try {
        expect(await fake.start(REQUEST)).toMatchObject({ expiresAt: new Date('2030-01-01T00:10:00Z') });
      } finally {
        jest.useRealTimers();
      }
    });

    it.each([-1, NaN, Infinity, { minutes: -1 }, { minute: 1 }])('does not advance by %p', (duration) => {
      expect(
        thrownBy(() => {
          fake.advance(duration);
        }),
      ).toBeInstanceOf(RangeError);
    });
  });

  describe('transactions', () => {
    it('of the fake commit the verification and its message', async () => {
      const { id } = await fake.transaction(async (transaction) => {
        const started = await fake.start(REQUEST, { transaction });
        expect([await fake.find(started.id), fake.sent]).toEqual([undefined, []]);
        return started;
      });
      fake.assertSentTo(TO);
      const check = { id, purpose: 'sign-up', code: fake.codeOf(id) };
      const rolledBack = fake.transaction(async (transaction) => {
        expect(await fake.check(check, { transaction })).toMatchObject({ status: 'approved' });
        throw new Error('rolled back');
      });
      expect(await failureOf(rolledBack)).toMatchObject({ message: 'rolled back' });
      expect(await fake.find(id)).toMatchObject({ state: 'matched', attemptsLeft: 4 });
      await fake.transaction((transaction) => fake.check(check, { transaction }));
      expect(await fake.find(id)).toMatchObject({ state: 'approved', attemptsLeft: 3 });
    });

    it('of the fake that are rolled back never happened', async () => {
      const start = fake.transaction(async (transaction) => {
        await fake.start(REQUEST, { transaction });
        throw new Error('rolled back');
      });
      await failureOf(start);
      fake.assertNothingSent();
      expect(await fake.start(REQUEST)).toMatchObject({ sent: true });
    });

    it('of the app are not followed: it stores and sends at once', async () => {
      const query = jest.fn();
      const { id } = await fake.start(REQUEST, { transaction: { query } });
      fake.assertSentTo(TO);
      const check = { id, purpose: 'sign-up', code: fake.codeOf(id) };
      expect(await fake.check(check, { transaction: { query } })).toMatchObject({ status: 'approved' });
      expect(await fake.check(check)).toEqual({ status: 'over' });
      expect(query).not.toHaveBeenCalled();
    });
  });

  it('forgets everything when it is reset, also what a transaction has begun', async () => {
    const { id } = await fake.start(REQUEST);
    fake.advance({ hours: 1 });
    await fake.transaction(async (transaction) => {
      await fake.start({ ...REQUEST, to: OTHER }, { transaction });
      fake.failNext({ code: 'VERIFY_CAP' });
      fake.reset();
    });
    fake.assertNothingSent();
    expect(await fake.find(id)).toBeUndefined();
    expect(Math.abs(fake.time.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await fake.start(REQUEST)).toMatchObject({ sent: true });
  });

  it('does not show codes, numbers and keys when it is printed', async () => {
    await fake.start(REQUEST);
    const shown = `${inspect(fake, { depth: 10, showHidden: true })} ${JSON.stringify(fake)}`;
    expect(shown).not.toContain(fake.lastCodeOf(TO));
    expect(shown).not.toContain('7400123456');
  });

  it('does not begin with wrong options, and names each', () => {
    const options = { countries: ['XX'], code: { digits: 4 }, misspelt: 1 } as unknown as FakeVerificationOptions;
    const failure = thrownBy(() => new FakeSmsVerification(options)) as Error;
    expect(failure.name).toBe('VerificationOptionsError');
    for (const field of ['countries[0]', 'code.digits', 'misspelt']) expect(failure.message).toContain(field);
  });

  it('takes the options of the app as they are', async () => {
    const keys = [Buffer.alloc(32, 1)];
    const options = { keys, countries: ['DE'], expectedPerDay: 10, app: 'App', schema: 'codes', migrate: false };
    fake = new FakeSmsVerification(options);
    expect(await failureOf(fake.start(REQUEST))).toMatchObject({ code: 'VERIFY_COUNTRY' });
    await fake.start({ ...REQUEST, to: '+4915112345678' });
    fake.assertSentTo('+49 1511 2345678', ({ content }) => content.startsWith('App: '));
  });
});

describe('LaafficVerifyTestingModule', () => {
  @Injectable()
  class SignUp {
    constructor(readonly verification: SmsVerification) {}
  }
  @Module({ providers: [SignUp] })
  class SignUpModule {}

  it('provides the fake to all modules', async () => {
    const imports = [LaafficVerifyTestingModule.forRoot({ isGlobal: true, countries: ['GB'] }), SignUpModule];
    const app = await Test.createTestingModule({ imports }).compile();
    const { verification } = app.get(SignUp);
    expect(verification).toBeInstanceOf(SmsVerification);
    expect(verification).toBe(app.get(FakeSmsVerification));
    expect(await failureOf(verification.start({ ...REQUEST, to: '+4915112345678' }))).toMatchObject({
      code: 'VERIFY_COUNTRY',
    });
  });

  it('provides it to the module that imports it, without options', async () => {
    const imports = [LaafficVerifyTestingModule.forRoot()];
    const app = await Test.createTestingModule({ imports, providers: [SignUp] }).compile();
    expect(await app.get(SignUp).verification.start({ ...REQUEST, to: '+4915112345678' })).toMatchObject({
      sent: true,
    });
  });

  it('fails the boot with wrong options', async () => {
    const imports = [LaafficVerifyTestingModule.forRoot({ app: '', expectedPerDay: -1 })];
    const boot = Test.createTestingModule({ imports }).compile();
    expect(await failureOf(boot)).toMatchObject({
      ...{ name: 'VerificationOptionsError', message: expect.stringContaining('expectedPerDay') as string },
    });
  });

  it('is not needed: the fake overrides the provider by its class too', async () => {
    const app = await Test.createTestingModule({
      providers: [SignUp, { provide: SmsVerification, useValue: undefined }],
    })
      .overrideProvider(SmsVerification)
      .useClass(FakeSmsVerification)
      .compile();
    expect(await app.get(SignUp).verification.start(REQUEST)).toMatchObject({ sent: true });
  });
});
