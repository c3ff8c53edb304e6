import { randomBytes, randomUUID } from 'node:crypto';
import { inspect, types } from 'node:util';
import { ConsoleLogger, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { LaafficVerifyModule, SmsVerification } from 'nestjs-laaffic-verify';
import { Pool } from 'pg';
import { ACCOUNT, failureOf } from '../module/account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { wrongCode } from './processes/verify-processes.js';

/** Everything that is written to it, at every level. */
class CatchingLogger extends ConsoleLogger {
  readonly lines: string[] = [];

  constructor() {
    super({ logLevels: ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'], colors: false });
  }

  protected override printMessages(messages: unknown[], ...rest: unknown[]): void {
    this.lines.push([...messages, ...rest].map((each) => inspect(each, { depth: 20, showHidden: true })).join(' '));
  }

  protected override printStackTrace(stack?: string): void {
    this.lines.push(stack ?? '');
  }
}

const PURPOSE = 'sign-in';
const KEY = randomBytes(32);
const SEAL_KEY = randomBytes(32);
const SCHEMAS = ['laaffic_verify', 'laaffic_outbox'];
/** The words of the text, which only the sealed form of a message has. */
const WORDS = ['SecretApp', 'is your'];

let database: TestDatabase;
let sandbox: LaafficSandbox;
let pool: Pool;
let app: INestApplicationContext;
let verification: SmsVerification;
const logger = new CatchingLogger();
/** What else leaves the module: errors, in every form in which an app may print them, and what is written to the console. */
const printed: string[] = [];
/** The tables at each moment. */
const dumps: { readonly moment: string; readonly rows: readonly string[] }[] = [];
let written: jest.SpyInstance[];

beforeAll(async () => {
  written = ([process.stdout, process.stderr] as const).map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    }),
  );
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
  pool = new Pool({ connectionString: database.url });
  pool.on('error', () => undefined);
  @Module({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: database.url, sealKeys: [SEAL_KEY], isGlobal: true }),
      LaafficVerifyModule.forRoot({
        ...{ keys: [KEY], countries: ['GB'], expectedPerDay: 1_000, app: 'SecretApp' },
        ...{ send: { cooldownsMs: [0], maxPerHour: 50, maxPerDay: 50 }, code: { lockAfter: 100 } },
      }),
    ],
  })
  class App {}
  app = await NestFactory.createApplicationContext(App, { logger, abortOnError: false });
  verification = app.get(SmsVerification);
});
afterAll(async () => {
  for (const spy of written) spy.mockRestore();
  await app.close();
  await pool.end();
  await sandbox.close();
  await database.close();
});

/** Every column of every table, as text, with what is stored as bytes in two forms. */
async function dump(schemas: readonly string[]): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_schema = any ($1) and table_type = 'BASE TABLE'`,
    [schemas],
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<Record<string, unknown>>(`select * from ${name}`);
    for (const row of rows) {
      const texts = Object.entries(row).map(([column, value]) =>
        Buffer.isBuffer(value)
          ? `${column}: ${value.toString('hex')} ${value.toString('base64')} ${value.toString('latin1')}`
          : `${column}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      found.push(`${name} ${texts.join('\n')}`);
    }
  }
  return found;
}

async function note(moment: string): Promise<void> {
  dumps.push({ moment, rows: await dump(SCHEMAS) });
}

/** An error as an app prints it. */
function print(error: unknown): void {
  // Errors of Node itself are no instances of the class that tests see.
  for (let each = error; types.isNativeError(each); each = each.cause) {
    printed.push(inspect(each, { depth: 20, showHidden: true }), JSON.stringify(each), each.stack ?? '', String(each));
    // A form that a parser of logs makes.
    printed.push(JSON.stringify(each, Object.getOwnPropertyNames(each)));
  }
}

async function codeOn(number: string, count = 1): Promise<string> {
  const messages = await until(
    () => sandbox.messages.filter((message) => `+${message.number}` === number),
    (list) => list.length >= count,
  );
  return /\b\d{6}\b/.exec(messages.at(-1)!.content)![0];
}

const codes: string[] = [];
const numbers: string[] = [];
let next = 0;

async function started(): Promise<{ to: string; id: string; code: string }> {
  const to = `+447${['400', '411', '444', '466', '477', '488', '499', '711'][next]}${String(312_907 + next * 7_919)}`;
  next++;
  numbers.push(to);
  const { id } = await verification.start({ to, purpose: PURPOSE }, { source: '192.0.2.1', session: 'visitor' });
  await note(`after the start ${next}`);
  const code = await codeOn(to);
  codes.push(code);
  await note(`when the message ${next} was sent`);
  return { to, id, code };
}

/** Every operation, with every end. */
beforeAll(async () => {
  const approved = await started();
  const check = { id: approved.id, purpose: PURPOSE };
  print(await failureOf(verification.check({ ...check, code: `${approved.code}9` })));
  print(await failureOf(verification.start({ to: `${approved.to} ${approved.code}`, purpose: PURPOSE })));
  print(await failureOf(verification.start({ to: approved.to, purpose: approved.code.repeat(20) })));
  printed.push(inspect(await verification.check({ ...check, code: wrongCode(approved.code) })));
  await note('after a wrong code');
  await verification.resend(approved.id);
  codes.push(await codeOn(approved.to, 2));
  await note('after a resend');
  await pool.query(`update laaffic_verify.verification set expires_at = clock_timestamp() + interval '100 s'`);
  await verification.resend(approved.id);
  const renewed = await codeOn(approved.to, 3);
  codes.push(renewed);
  await note('after a renewal');
  print(await failureOf(verification.redeemProof(`v1.${renewed}`, { purpose: PURPOSE })));
  const client = await pool.connect();
  await client.query('begin');
  await verification.check({ ...check, code: renewed }, { transaction: client });
  await note('while a code is matched');
  await client.query('rollback');
  client.release();
  const result = await verification.check({ ...check, code: renewed });
  if (result.status !== 'approved') throw new Error('It must be approved');
  await note('after an approval');
  await verification.redeemProof(result.proof, { purpose: PURPOSE });
  print(await failureOf(verification.redeemProof(result.proof, { purpose: PURPOSE })));
  printed.push(inspect(await verification.find(approved.id)));

  const failed = await started();
  for (let attempt = 0; attempt < 5; attempt++) {
    await verification.check({ id: failed.id, purpose: PURPOSE, code: wrongCode(failed.code) });
  }
  print(await failureOf(verification.resend(failed.id)));
  const cancelled = await started();
  await verification.cancel(cancelled.id);
  const expired = await started();
  await pool.query('update laaffic_verify.verification set expires_at = clock_timestamp() where id = $1', [expired.id]);
  // Its end is noted by the next start of the number.
  await verification
    .start({ to: expired.to, purpose: PURPOSE }, { session: 'visitor' })
    .then(({ id }) => verification.cancel(id));
  codes.push(await codeOn(expired.to, 2));
  await verification.release(failed.to);
  const limited = await started();
  await pool.query(`update laaffic_verify.phone set next_send_at = clock_timestamp() + interval '1 hour'`);
  print(await failureOf(verification.resend(limited.id)));
  print(await failureOf(verification.start({ to: limited.to, purpose: PURPOSE })));
  await verification.cancel(limited.id);
  // Failures of the database, whose errors repeat parameters.
  const broken = {
    query: async (text: string, values: unknown[]) => Promise.reject(new Error(`failed: ${text} ${inspect(values)}`)),
  };
  const brokenError = await failureOf(verification.start({ to: failed.to, purpose: PURPOSE }, { transaction: broken }));
  // The app's own error is passed on unchanged, with what the app has put into it. It must not have the code or the text.
  printed.push(inspect(brokenError).replaceAll(failed.to, ''));
  await pool.query('alter table laaffic_verify.verification rename to gone');
  print(await failureOf(verification.start({ to: cancelled.to, purpose: PURPOSE })));
  print(await failureOf(verification.check({ id: randomUUID(), purpose: PURPOSE, code: cancelled.code })));
  await pool.query('alter table laaffic_verify.gone rename to verification');
  printed.push(inspect(verification, { depth: 20, showHidden: true }));
  await note('at the end');
});

/** The keys, in every usual form. */
const KEYS = [KEY, SEAL_KEY].flatMap((key) => [
  ...[key.toString('hex'), key.toString('base64'), key.toString('base64url'), key.toString('latin1')],
]);

/** Where digits stand alone, or in a longer text, but not within a longer number, such as a time. */
const standsIn = (text: string, digits: string): boolean => new RegExp(`(?<!\\d)${digits}(?!\\d)`).test(text);

it('has seen enough: codes, logs, errors and tables', () => {
  expect(new Set(codes).size).toBeGreaterThanOrEqual(6);
  expect(printed.length).toBeGreaterThan(40);
  expect(dumps.length).toBeGreaterThan(12);
  expect(Math.min(...dumps.map(({ rows }) => rows.length))).toBeGreaterThan(5);
});

it('no code is in a log, on the console or in an error', () => {
  const texts = [...logger.lines, ...printed];
  expect(texts.filter((text) => codes.some((code) => standsIn(text, code)))).toEqual([]);
});

it('no key is in a log, on the console, in an error or in a table', () => {
  const texts = [...logger.lines, ...printed, ...dumps.flatMap(({ rows }) => rows)];
  expect(texts.filter((text) => KEYS.some((key) => text.includes(key)))).toEqual([]);
});

it('no code is in a table at any time, not even within a longer text', () => {
  const found = dumps.flatMap(({ moment, rows }) =>
    rows.filter((row) => codes.some((code) => standsIn(row, code))).map((row) => `${moment}: ${row}`),
  );
  expect(found).toEqual([]);
});

it('the text of a message is in no table in clear at any time', () => {
  const found = dumps.flatMap(({ rows }) => rows.filter((row) => WORDS.some((word) => row.includes(word))));
  expect(found).toEqual([]);
});

it('no whole number is in a log, on the console or in an error', () => {
  const texts = [...logger.lines, ...printed];
  expect(texts.filter((text) => numbers.some((number) => text.includes(number.slice(1))))).toEqual([]);
});

it('no number is in the tables of verifications once they are over', () => {
  const { rows } = dumps.at(-1)!;
  const ours = rows.filter((row) => row.startsWith('laaffic_verify.'));
  expect(ours.length).toBeGreaterThan(5);
  expect(ours.filter((row) => numbers.some((number) => row.includes(number.slice(1))))).toEqual([]);
});

it('no number is in the tables of the outbox soon after its verification is over', async () => {
  const hasNumber = (row: string): boolean => numbers.some((number) => row.includes(number.slice(1)));
  // The worker looks every few seconds.
  await until(
    async () => (await dump(['laaffic_outbox'])).filter(hasNumber),
    (rows) => rows.length === 0,
    50_000,
  );
});
