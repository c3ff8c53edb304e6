import { randomBytes } from 'node:crypto';
import { Logger, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import {
  LaafficVerifyModule,
  SmsVerification,
  type LaafficVerifyOptions,
  type VerificationError,
} from 'nestjs-laaffic-verify';
import { Pool } from 'pg';
import { ACCOUNT, failureOf } from '../module/account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';

const OPTIONS: LaafficVerifyOptions = {
  keys: [randomBytes(32)],
  countries: ['GB'],
  expectedPerDay: 1_000,
  app: 'Example',
  domain: 'example.com',
};

let database: TestDatabase;
let sandbox: LaafficSandbox;
let pool: Pool;
let app: INestApplicationContext | undefined;
let next = 0;
const newNumber = () => `+4474002${String(next++).padStart(5, '0')}`;

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
  pool = new Pool({ connectionString: database.url });
  Logger.overrideLogger(false);
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(async () => {
  await pool.end();
  await sandbox.close();
  await database.close();
});

async function boot(
  options: Partial<LaafficVerifyOptions> = {},
  sealKeys = [randomBytes(32)],
): Promise<SmsVerification> {
  @Module({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: database.url, sealKeys, isGlobal: true }),
      LaafficVerifyModule.forRoot({ ...OPTIONS, ...options }),
    ],
  })
  class App {}
  app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  return app.get(SmsVerification);
}

/** The code that the phone of a number has got. */
async function codeOn(number: string, count = 1): Promise<string> {
  const messages = await until(
    () => sandbox.messages.filter((message) => `+${message.number}` === number),
    (found) => found.length >= count,
  );
  return /@example\.com #(\d+)$/.exec(messages.at(-1)!.content)?.[1] ?? '';
}

it('sends a code that approves the number', async () => {
  const verification = await boot();
  const to = newNumber();
  const started = await verification.start({ to, purpose: 'sign-in' }, { source: '192.0.2.1', session: 's1' });
  expect(started).toEqual({
    ...{ id: expect.any(String), isNew: true, sent: true, to: `+447…${to.slice(-3)}`, country: 'GB', digits: 6 },
    ...{ expiresAt: expect.any(Date), resendAt: expect.any(Date), attemptsLeft: 5 },
  });
  const code = await codeOn(to);
  const wrong = code === '000000' ? '000001' : '000000';
  expect(await verification.check({ id: started.id, purpose: 'sign-in', code: wrong })).toEqual({
    ...{ status: 'wrong', attemptsLeft: 4 },
  });
  const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
  const approved = await verification.check({ id: started.id, purpose: 'sign-in', code: spaced });
  expect(approved).toEqual({
    ...{ status: 'approved', number: to, country: 'GB', purpose: 'sign-in' },
    ...{ approvedAt: expect.any(Date), proof: expect.stringMatching(/^v1\./) },
  });
  const proof = 'proof' in approved ? approved.proof : '';
  expect(await verification.redeemProof(proof, { purpose: 'sign-in' })).toMatchObject({ number: to, id: started.id });
  expect(await failureOf(verification.redeemProof(proof, { purpose: 'sign-in' }))).toMatchObject({
    code: 'VERIFY_INVALID_PROOF',
  });
});

it('stores neither the code nor, in clear, the text', async () => {
  const verification = await boot();
  const to = newNumber();
  await verification.start({ to, purpose: 'sign-in' });
  const code = await codeOn(to);
  const { rows } = await pool.query<{ line: string }>(
    `select v::text as line from laaffic_verify.verification v union all select p::text from laaffic_verify.phone p
      union all select c::text from laaffic_outbox.chunk c union all select h::text from laaffic_outbox.history h`,
  );
  expect(rows.length).toBeGreaterThan(3);
  expect(rows.filter(({ line }) => line.includes(code) || line.includes('Example'))).toEqual([]);
});

it('commits the verification and its message with the transaction of the app, or neither', async () => {
  const verification = await boot();
  const to = newNumber();
  const client = await pool.connect();
  try {
    await client.query('begin');
    const lost = await verification.start({ to, purpose: 'sign-in' }, { transaction: client });
    await client.query('rollback');
    expect(await verification.find(lost.id)).toBeUndefined();
    await client.query('begin');
    const kept = await verification.start({ to, purpose: 'sign-in' }, { transaction: client });
    await client.query('commit');
    const code = await codeOn(to);
    await client.query('begin');
    const check = { id: kept.id, purpose: 'sign-in', code };
    expect((await verification.check(check, { transaction: client })).status).toBe('approved');
    await client.query('rollback');
    await client.query('begin');
    expect((await verification.check(check, { transaction: client })).status).toBe('approved');
    await client.query('commit');
    expect(await verification.check(check)).toEqual({ status: 'over' });
    expect(await verification.find(kept.id)).toMatchObject({ state: 'approved', attemptsLeft: 3, sends: 1 });
  } finally {
    client.release(true);
  }
});

it('resends the same code after the pause', async () => {
  const verification = await boot({ send: { cooldownsMs: [0] } });
  const to = newNumber();
  const { id } = await verification.start({ to, purpose: 'sign-in' });
  const code = await codeOn(to);
  expect(await verification.resend(id)).toMatchObject({ id, sent: true });
  expect(await codeOn(to, 2)).toBe(code);
});

it('shows what a bound code approves, and approves nothing else', async () => {
  const verification = await boot();
  const to = newNumber();
  const binding = { amount: '10.00 EUR', payee: 'ACME' };
  const { id } = await verification.start({ to, purpose: 'transfer', binding });
  const code = await codeOn(to);
  const text = sandbox.messages.find((message) => `+${message.number}` === to)!.content;
  expect(text).toContain('10.00 EUR');
  expect(text).toContain('ACME');
  const other = { ...binding, amount: '1000.00 EUR' };
  expect(await verification.check({ id, purpose: 'transfer', code, binding: other })).toMatchObject({
    status: 'wrong',
  });
  expect(await verification.check({ id, purpose: 'transfer', code, binding })).toMatchObject({ status: 'approved' });
});

it('blocks a range whose numbers are not approved, and the block outlives the rejected start', async () => {
  const verification = await boot();
  const start = (last: number) => verification.start({ to: `+447400777${100 + last}`, purpose: 'sign-in' });
  for (let count = 0; count < 6; count++) await start(count);
  const failures = [await failureOf(start(6)), await failureOf(start(7))];
  for (const failure of failures) {
    expect(failure).toMatchObject({ code: 'VERIFY_REJECTED', message: expect.not.stringContaining('range') });
    expect((failure as VerificationError).retryAfterSeconds).toBeGreaterThan(3_590);
  }
  const { rows } = await pool.query(`select key, blocks from laaffic_verify.number_range where blocks > 0`);
  expect(rows).toEqual([{ key: '+447400777xxx', blocks: 1 }]);
});

it.each([
  ['no phone number', { to: 'hello' }, 'VERIFY_INVALID_NUMBER'],
  ['another country', { to: '+4915112345678' }, 'VERIFY_COUNTRY'],
  ['a fixed line', { to: '+442079460000' }, 'VERIFY_NUMBER_TYPE'],
  ['no purpose', { purpose: '' }, 'VERIFY_INVALID_REQUEST'],
  ['a binding that is no text', { binding: { amount: 10 as unknown as string } }, 'VERIFY_INVALID_REQUEST'],
])('rejects %s, and sends nothing', async (_, more, code) => {
  const verification = await boot();
  const before = sandbox.messages.length;
  const failure = await failureOf(verification.start({ to: newNumber(), purpose: 'sign-in', ...more }));
  expect(failure).toMatchObject({ name: 'VerificationError', code, outcome: 'rejected' });
  expect(sandbox.messages).toHaveLength(before);
});

it('rejects a malformed code, which is no attempt', async () => {
  const verification = await boot();
  const { id } = await verification.start({ to: newNumber(), purpose: 'sign-in' });
  expect(await failureOf(verification.check({ id, purpose: 'sign-in', code: '12345' }))).toMatchObject({
    code: 'VERIFY_MALFORMED_CODE',
    field: 'code',
  });
  expect(await verification.find(id)).toMatchObject({ attemptsLeft: 5 });
});

it.each([
  ['keys', { keys: [] }],
  ['countries', { countries: undefined as unknown as 'all' }],
  ['expectedPerDay', { expectedPerDay: undefined as unknown as number }],
  ['app', { app: undefined as unknown as string }],
  ['trustProxy', { trustProxy: -1 }],
  ['trustProxy', { trustProxy: true as unknown as number }],
])('does not boot without %s that is right, and names it', async (field, options) => {
  const failure = await failureOf(boot(options));
  expect(failure).toMatchObject({ name: 'VerificationOptionsError', message: expect.stringContaining(field) });
});

it('does not boot if the outbox has no seal keys', async () => {
  expect(await failureOf(boot({}, []))).toMatchObject({ message: expect.stringContaining('sealKeys') });
});
