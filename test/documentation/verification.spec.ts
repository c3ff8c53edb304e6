import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Module, ValidationPipe, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { SmsVerification } from 'nestjs-laaffic-verify';
import { Pool } from 'pg';
import { Accounts, routesWithSessions } from '../../examples/verification-flows.js';
import { GUARD_ALARM_TYPES } from '../../libs/laaffic-verify/src/guard/guard-alarm.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { errorBody, JSON_HEADERS, NO_STORE, OVER, PLATFORMS, wrongFor } from '../verify/http/server.js';

let database: TestDatabase;
let sandbox: LaafficSandbox;
let AppModule: Type<object>;

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
  Object.assign(process.env, {
    LAAFFIC_API_KEY: SAMPLE_ACCOUNT.apiKey,
    LAAFFIC_API_SECRET: SAMPLE_ACCOUNT.apiSecret,
    LAAFFIC_APP_ID: SAMPLE_ACCOUNT.appId,
    LAAFFIC_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    SEAL_KEY: randomBytes(32).toString('base64'),
    VERIFY_KEY: randomBytes(32).toString('base64'),
  });
  // The example reads its environment when it is loaded.
  ({ AppModule } = await import('../../examples/verification.js'));
});
afterAll(async () => {
  await sandbox.close();
  await database.close();
});

/** Headers that belong to the connection or the platform. */
const NOT_OURS = /^(?:connection|content-length|date|etag|keep-alive|transfer-encoding|x-powered-by)$/;

describe.each(PLATFORMS)('the example, on %s,', (platform, adapter) => {
  let app: INestApplication;
  let url: string;
  // Each platform has numbers of its own, or the second one would wait for the pause of the first.
  const numberOf = (last: number) => `+4474${platform === 'Express' ? '01' : '02'}12345${last}`;

  beforeAll(async () => {
    app = await NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false });
    app.useGlobalPipes(new ValidationPipe({ transform: true }));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  async function post(path: string, body?: object, headers: Record<string, string> = {}) {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method: 'POST', headers: { ...type, ...headers }, ...content });
    const own = [...response.headers].filter(([name]) => !NOT_OURS.test(name));
    const answer = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: Object.fromEntries(own), body: answer };
  }

  async function codeOn(number: string): Promise<string> {
    const messages = await until(
      () => sandbox.messages.filter((message) => `+${message.number}` === number),
      (found) => found.length === 1,
    );
    return /#(\d{6})$/.exec(messages[0]!.content)![1]!;
  }

  const started = (to: string) => ({
    ...{ id: expect.any(String), sent: true, to: `+447…${to.slice(-3)}`, country: 'GB', digits: 6 },
    ...{ expiresAt: expect.any(String), resendAt: expect.any(String), attemptsLeft: 5 },
  });

  it('signs a user up by a proof', async () => {
    const to = numberOf(1);
    const start = await post('/verifications', { to, purpose: 'sign-up' });
    const id = String(start.body['id']);
    expect(start).toEqual({
      status: 201,
      headers: { ...NO_STORE, location: `/verifications/${id}`, 'retry-after': expect.stringMatching(/^(29|30)$/) },
      body: { status: 'pending', ...started(to) },
    });
    const check = await post(`/verifications/${id}/check`, { purpose: 'sign-up', code: await codeOn(to) });
    expect(check).toEqual({
      status: 200,
      headers: NO_STORE,
      body: {
        ...{ status: 'approved', number: to, country: 'GB', purpose: 'sign-up', approvedAt: expect.any(String) },
        proof: expect.stringMatching(/^v1\./),
      },
    });
    const proof = { 'verification-proof': String(check.body['proof']) };
    const invalid = errorBody(403, 'Forbidden', 'VERIFY_INVALID_PROOF', 'The proof is not valid, or was used before');
    expect([await post('/users'), await post('/users', {}, proof), await post('/users', {}, proof)]).toEqual([
      { status: 403, headers: JSON_HEADERS, body: invalid },
      { status: 201, headers: JSON_HEADERS, body: { number: to } },
      { status: 403, headers: JSON_HEADERS, body: invalid },
    ]);
  });

  it('signs a user in by a code, and says what is wrong', async () => {
    const to = numberOf(2);
    const start = await post('/sign-in', { to, purpose: 'sign-in' });
    expect(start).toEqual({ status: 201, headers: JSON_HEADERS, body: { ...started(to), isNew: true } });
    const check = { id: start.body['id'], purpose: 'sign-in', code: await codeOn(to) };
    expect([
      await post('/sign-in/check', { ...check, code: wrongFor(check.code) }),
      await post('/sign-in/check', check),
      await post('/sign-in/check', check),
      await post('/sign-in', { to, purpose: 'sign-in' }),
    ]).toEqual([
      {
        ...{ status: 422, headers: JSON_HEADERS },
        body: errorBody(422, 'Unprocessable Entity', 'VERIFY_WRONG_CODE', 'The code is wrong', {
          ...{ field: 'code', attemptsLeft: 4 },
        }),
      },
      { status: 201, headers: JSON_HEADERS, body: { number: to } },
      { status: 410, headers: JSON_HEADERS, body: OVER },
      {
        status: 429,
        headers: { ...JSON_HEADERS, 'retry-after': expect.stringMatching(/^\d+$/) },
        body: errorBody(429, 'Too Many Requests', 'VERIFY_COOLDOWN', 'The last message to this number is too recent', {
          retryAfterSeconds: expect.any(Number),
        }),
      },
    ]);
  });

  it('transfers only what was approved', async () => {
    const to = '+447400123457';
    // The other platform has sent a message to it.
    await app.get(SmsVerification).release(to);
    const before = sandbox.messages.filter(({ number }) => `+${number}` === to).length;
    const transfer = { amount: '10.00 EUR', payee: 'ACME' };
    const { id } = (await post('/transfers/verification', transfer)).body;
    const messages = await until(
      () => sandbox.messages.filter(({ number }) => `+${number}` === to),
      (found) => found.length > before,
    );
    const { content } = messages.at(-1)!;
    expect(content).toContain('10.00 EUR');
    const code = /#(\d{6})$/.exec(content)![1]!;
    const { proof } = (await post('/transfers/verification/check', { id, code, ...transfer })).body;
    const header = { 'Verification-Proof': String(proof) };
    const created = await post('/transfers', transfer, header);
    expect({ status: created.status, body: created.body }).toEqual({ status: 201, body: { transferred: transfer } });
    const others = [await post('/transfers', { ...transfer, amount: '9000.00 EUR' }, header)];
    others.push(await post('/transfers', transfer, header));
    expect(others.map(({ status }) => status)).toEqual([403, 403]);
  });
});

describe('the example', () => {
  let app: INestApplication;
  let pool: Pool;
  let accounts: Accounts;

  beforeAll(async () => {
    // First, because its routes have the path of those of the example.
    @Module({ imports: [routesWithSessions(), AppModule] })
    class App {}
    app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    pool = new Pool({ connectionString: database.url, max: 2 });
    await pool.query('create table account (id text primary key, phone text)');
    await pool.query("insert into account values ('ada', null)");
    accounts = new Accounts(pool, app.get(SmsVerification));
  });
  afterAll(async () => {
    await app.close();
    await pool.end();
  });

  const phoneOfAda = async () => (await pool.query<{ phone: string | null }>('select phone from account')).rows;
  const codeOn = async (number: string) => {
    const [message] = await until(
      () => sandbox.messages.filter((each) => `+${each.number}` === number),
      (found) => found.length === 1,
    );
    return /#(\d{6})$/.exec(message!.content)![1]!;
  };

  it('changes a number and uses its code up together', async () => {
    const to = '+447404123451';
    const { id } = await app.get(SmsVerification).start({ to, purpose: 'new-number' });
    const code = await codeOn(to);
    const wrong = await accounts.changeNumber('ada', id, wrongFor(code));
    await pool.query("alter table account add constraint none check (id <> 'ada' or phone is null)");
    await expect(accounts.changeNumber('ada', id, code)).rejects.toThrow('violates check constraint');
    await pool.query('alter table account drop constraint none');
    const before = await phoneOfAda();
    const right = await accounts.changeNumber('ada', id, code);
    expect([wrong, before, right, await phoneOfAda()]).toEqual([
      'wrong',
      [{ phone: null }],
      'approved',
      [{ phone: to }],
    ]);
    expect(await accounts.changeNumber('ada', id, code)).toBe('over');
  });

  it('starts a password reset alike with and without an account, and sends nothing without one', async () => {
    const numbers = ['+447405123451', '+447406123451'] as const;
    const real = await accounts.startReset(numbers[0], true);
    const decoy = await accounts.startReset(numbers[1], false);
    await codeOn(numbers[0]);
    const alike = { id: expect.any(String), expiresAt: expect.any(Date), resendAt: expect.any(Date) };
    expect({ ...decoy, ...alike }).toEqual({ ...real, ...alike });
    expect(sandbox.messages.filter(({ number }) => `+${number}` === numbers[1])).toEqual([]);
  });

  it('goes on with the verification of the session in the cookie', async () => {
    const start = async (cookie: string, to: string) => {
      const response = await fetch(`${await app.getUrl()}/verifications`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify({ to, purpose: 'sign-up' }),
      });
      return [response.status, ((await response.json()) as { id?: string }).id] as const;
    };
    const cookie = `theme=dark; visitor=${randomBytes(16).toString('base64url')}`;
    const [, id] = await start(cookie, '+447407123451');
    expect(await start(cookie, '+447407123451')).toEqual([200, id]);
    expect(await start('visitor=short', '+447407123451')).toEqual([429, undefined]);
  });
});

describe('the pages', () => {
  const ROOT = join(__dirname, '../..');
  const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
  const section = (page: string, heading: string) =>
    new RegExp(`^## ${heading}\\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(page)?.[1] ?? '';
  /** The names in the first column of a table. */
  const named = (text: string) =>
    [...text.matchAll(/^\| (`[^|]+?) *\|/gm)].flatMap(([, cell]) => cell!.split(', ').map((name) => name.slice(1, -1)));

  it('the README has every option, and no other', () => {
    const fields = (file: string, name: string, prefix = '') => {
      const source = read(`libs/laaffic-verify/src/${file}.ts`);
      const [, body = ''] = new RegExp(`interface ${name}\\b[^{]*\\{(.*?)^\\}`, 'ms').exec(source) ?? [];
      return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => prefix + field!);
    };
    const options = [
      ...fields('options/verify.options', 'LaafficVerifyOptions').filter(
        (name) => !['code', 'send', 'guard'].includes(name),
      ),
      ...fields('texts/verification-texts', 'VerificationTextOptions'),
      ...fields('texts/autofill', 'AutofillOptions'),
      ...fields('options/verify.options', 'CodeOptions', 'code.'),
      ...fields('options/verify.options', 'SendOptions', 'send.'),
      ...fields('options/verify.options', 'GuardOptions', 'guard.').filter((name) => name !== 'guard.caps'),
      ...fields('options/verify.options', 'CapOptions', 'guard.caps.'),
    ];
    expect(options.length).toBeGreaterThan(40);
    expect(named(section(read('libs/laaffic-verify/README.md'), 'Options')).sort()).toEqual(options.sort());
  });

  it('the page for operators has every alarm, and the README names them', () => {
    const alarms = [...GUARD_ALARM_TYPES].sort();
    expect(named(section(read('docs/verification-operations.md'), 'Alarms')).sort()).toEqual(alarms);
    const [, sentence = ''] = /^The alarms are (.*?):/m.exec(read('libs/laaffic-verify/README.md')) ?? [];
    expect([...sentence.matchAll(/`([^`]+)`/g)].map(([, name]) => name!).sort()).toEqual(alarms);
  });

  it('the README has every error with its HTTP status', () => {
    const source = read('libs/laaffic-verify/src/errors/verification.error.ts');
    const [, table = ''] = /HTTP_STATUS[^{]*\{(.*?)^\}/ms.exec(source) ?? [];
    const statuses = [...table.matchAll(/(VERIFY_\w+): (\d+)/g)].map(([, code, status]) => `${code!} ${status!}`);
    const rows = section(read('libs/laaffic-verify/README.md'), 'Errors').matchAll(/^\| (`VERIFY_[^|]*)\| (\d+)/gm);
    const shown = [...rows].flatMap(([, codes, status]) =>
      [...codes!.matchAll(/`(\w+)`/g)].map(([, code]) => `${code!} ${status!}`),
    );
    expect(shown.sort()).toEqual(statuses.sort());
  });

  it('the page about security names tests and options that there are', () => {
    const page = read('docs/verification-security.md');
    const files = [...page.matchAll(/`((?:test|libs)\/[^`]+)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    const options = named(section(read('libs/laaffic-verify/README.md'), 'Options'));
    const used = [...page.matchAll(/`((?:code|send|guard)\.[\w.]+)`/g)].map(([, name]) => name!);
    expect(used.filter((name) => !options.includes(name))).toEqual([]);
  });

  it('the page about security has every scenario of the simulation', () => {
    const source = read('test/verify/traffic/scenarios.ts');
    const scenarios = [...source.matchAll(/attacked\(\s*'([^']+)'/g)].map(([, name]) => name!);
    expect(scenarios).toHaveLength(11);
    const page = read('docs/verification-security.md');
    expect(scenarios.filter((name) => !page.includes(`| ${name}:`))).toEqual([]);
  });

  it('the examples about verification are run', () => {
    const here = read('test/documentation/verification.spec.ts') + read('examples/verification.ts');
    const elsewhere = ['verification-testing.spec.ts', 'verification-watching.ts'];
    const files = readdirSync(join(ROOT, 'examples')).filter((file) => file.startsWith('verification-'));
    const run = (file: string) => here.includes(`/${file.replace(/\.ts$/, '.js')}'`);
    expect(files.filter((file) => !elsewhere.includes(file) && !run(file))).toEqual([]);
  });
});
