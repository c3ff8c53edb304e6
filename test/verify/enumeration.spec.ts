import { randomUUID } from 'node:crypto';
import type { CheckOptions, CheckVerification, SmsVerification } from 'nestjs-laaffic-verify';
import { failureOf } from '../module/account.js';
import { PURPOSE, VerifyProcesses, wrongCode } from './processes/verify-processes.js';

let all: VerifyProcesses;
let verification: SmsVerification;
let close: () => Promise<void>;
beforeAll(async () => {
  all = await VerifyProcesses.start({}, { count: 0 });
  ({ verification, close } = await all.app({ worker: false }));
});
afterAll(async () => {
  await close();
  await all.close();
});

/** A check that must tell nothing about the verification. */
interface Check {
  readonly request: CheckVerification;
  readonly options?: CheckOptions;
}

async function started(): Promise<{ readonly to: string; readonly request: CheckVerification }> {
  const to = all.newNumber();
  const { id } = await verification.start({ to, purpose: PURPOSE }, { tenant: 'shop' });
  return { to, request: { id, purpose: PURPOSE, code: all.codeAt(id, 1) } };
}
const options = { tenant: 'shop' };

async function change(id: string, set: string): Promise<void> {
  await all.query(`update laaffic_verify.verification set ${set} where id = $1`, [id]);
}

async function fail({ code, ...rest }: CheckVerification): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    await verification.check({ ...rest, code: wrongCode(code) }, options);
  }
}

/** What a code can be entered for; each of them is over, and must look the same. Every code is right. */
const OVER: readonly [string, () => Promise<Check>][] = [
  ['an id that never was', async () => ({ request: { ...(await started()).request, id: randomUUID() } })],
  ['an id that is no id', async () => ({ request: { ...(await started()).request, id: `'; --` } })],
  ['an empty id', async () => ({ request: { ...(await started()).request, id: '' } })],
  [
    'an expired verification',
    async () => {
      const { request } = await started();
      await change(request.id, `expires_at = clock_timestamp()`);
      return { request };
    },
  ],
  [
    'one that was approved',
    async () => {
      const { request } = await started();
      expect(await verification.check(request, options)).toMatchObject({ status: 'approved' });
      return { request };
    },
  ],
  [
    'one that was cancelled',
    async () => {
      const { request } = await started();
      expect(await verification.cancel(request.id, options)).toBe(true);
      return { request };
    },
  ],
  [
    'one without attempts left',
    async () => {
      const { request } = await started();
      await fail(request);
      return { request };
    },
  ],
  [
    'one of a locked number',
    async () => {
      const { request } = await started();
      await all.query(
        `update laaffic_verify.phone p set locked_until = clock_timestamp() + interval '1 hour'
          from laaffic_verify.verification v where v.id = $1 and v.number_key = p.number_key`,
        [request.id],
      );
      return { request };
    },
  ],
  [
    'one of a suspended number',
    async () => {
      const { request } = await started();
      await all.query(
        `update laaffic_verify.phone p set suspended_at = clock_timestamp()
          from laaffic_verify.verification v where v.id = $1 and v.number_key = p.number_key`,
        [request.id],
      );
      return { request };
    },
  ],
  ['one of another tenant', async () => ({ request: (await started()).request, options: { tenant: 'other' } })],
  ['one of a tenant, without the tenant', async () => ({ request: (await started()).request, options: {} })],
  ['one for another purpose', async () => ({ request: { ...(await started()).request, purpose: 'transfer' } })],
  ['one for a purpose that cannot be', async () => ({ request: { ...(await started()).request, purpose: '\0' } })],
];

it.each(OVER)('a check of %s gets the same answer as every other', async (_, prepare) => {
  const { request, options: given = options } = await prepare();
  expect(await verification.check(request, given)).toEqual({ status: 'over' });
  const wrong = { ...request, code: wrongCode(request.code) };
  expect(await verification.check(wrong, given)).toEqual({ status: 'over' });
});

it.each(OVER)('a malformed code for %s gets the same error as every other', async (_, prepare) => {
  const { request, options: given = options } = await prepare();
  const error = await failureOf(verification.check({ ...request, code: '12' }, given));
  expect(fieldsOf(error)).toEqual(fieldsOf(await failureOf(verification.check({ ...request, code: '34' }, options))));
});

it('a wrong binding gets the same answer as a wrong code', async () => {
  const binding = { amount: '10.00 EUR' };
  const start = async () => (await verification.start({ to: all.newNumber(), purpose: PURPOSE, binding })).id;
  const [first, second] = [await start(), await start()];
  const answers = [
    await verification.check({
      id: first,
      purpose: PURPOSE,
      code: all.codeAt(first, 1),
      binding: { amount: '11.00 EUR' },
    }),
    await verification.check({ id: second, purpose: PURPOSE, code: wrongCode(all.codeAt(second, 1)), binding }),
  ];
  expect(answers).toEqual(Array(2).fill({ status: 'wrong', attemptsLeft: 4 }));
});

/** Numbers whose history a start must not show. */
const NUMBERS: readonly [string, () => Promise<string>][] = [
  ['a number that was never seen', async () => all.newNumber()],
  [
    'a number that was verified before',
    async () => {
      const { to, request } = await started();
      await verification.check(request, options);
      return to;
    },
  ],
  [
    'a number whose verification was cancelled',
    async () => {
      const { to, request } = await started();
      await verification.cancel(request.id, options);
      return to;
    },
  ],
  [
    'a number whose verification has expired',
    async () => {
      const { to, request } = await started();
      await change(request.id, `expires_at = clock_timestamp()`);
      return to;
    },
  ],
  [
    'a number whose verification failed',
    async () => {
      const { to, request } = await started();
      await fail(request);
      return to;
    },
  ],
  ['a number of another tenant', async () => (await started()).to],
  ['a number without an account, as a decoy', () => Promise.resolve(all.newNumber())],
];

it.each(NUMBERS)('a start for %s is answered like that for every other', async (name, prepare) => {
  const to = await prepare();
  await all.query(`update laaffic_verify.phone set next_send_at = '-infinity'`);
  const tenant = name.includes('another tenant') ? 'other' : 'shop';
  const answer = await verification.start({ to, purpose: PURPOSE }, { tenant, decoy: name.includes('decoy') });
  const [before, after] = [answer.expiresAt.getTime() - Date.now(), answer.resendAt.getTime() - Date.now()];
  expect(answer).toEqual({
    ...{
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      sent: true,
      isNew: true,
      to: `+447…${to.slice(-3)}`,
      country: 'GB',
      digits: 6,
    },
    ...{ expiresAt: expect.any(Date), resendAt: expect.any(Date), attemptsLeft: 5 },
  });
  expect(before).toBeGreaterThan(590_000);
  expect(after).toBeLessThan(600_000);
});

it.each([
  ['VERIFY_COOLDOWN', `update laaffic_verify.phone set next_send_at = clock_timestamp() + interval '60 s'`],
  ['VERIFY_LOCKED', `update laaffic_verify.phone set locked_until = clock_timestamp() + interval '60 s'`],
  ['VERIFY_REJECTED', `update laaffic_verify.number_range set blocked_until = clock_timestamp() + interval '60 s'`],
])('a start that is rejected with %s shows nothing about verifications', async (code, prepare) => {
  const errors = [];
  for (const isOpen of [true, false]) {
    const { to, request } = await started();
    if (!isOpen) await verification.cancel(request.id, options);
    await all.query(prepare);
    const error = await failureOf(verification.start({ to, purpose: PURPOSE }, options));
    expect(error).toMatchObject({ code });
    errors.push(fieldsOf(error));
  }
  expect(errors[0]).toEqual(errors[1]);
});

// A purpose is no argument of a resend, and the visitor of a locked number is told that it is locked.
const OVER_FOR_RESENDS = OVER.filter(([name]) => !/purpose|locked|suspended/.test(name));

it.each(OVER_FOR_RESENDS)('a resend of %s gets the same error as every other', async (_, prepare) => {
  const { request, options: given = options } = await prepare();
  const error = await failureOf(verification.resend(request.id, given));
  expect(fieldsOf(error)).toEqual({
    ...{ name: 'VerificationError', code: 'VERIFY_OVER', message: 'This verification is over', cause: undefined },
    ...{ httpStatus: expect.any(Number), outcome: 'rejected', retryAfterSeconds: undefined, field: undefined },
  });
});

/** Everything that a caller can read in an error. */
function fieldsOf(error: unknown): Record<string, unknown> {
  const { name, code, message, cause, httpStatus, outcome, retryAfterSeconds, field } = error as Record<
    string,
    unknown
  >;
  return { name, code, message, cause, httpStatus, outcome, retryAfterSeconds, field };
}
