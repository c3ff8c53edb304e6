import { inspect } from 'node:util';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { migrateOutbox } from 'nestjs-laaffic-outbox';
import { Client, Pool } from 'pg';
import { createApp } from '../../src/create-app.js';
import { readConfiguration } from '../../src/configuration.js';
import { migrateSchemas } from '../../src/database/migrate-schemas.js';
import { migrateService } from '../../src/database/service-schema.js';
import { startFailure } from '../../src/start-failure.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';
import { until } from '../until.js';
import { instancesOfATest, KeepingLogger, startService, type Answer, type Service } from './service.js';

const PLACE = '/v1/verifications';
const UNKNOWN = '7d0c4f3e-6f5b-4f7a-9d6e-0a1b2c3d4e5f';
const API_KEY = 'a-key-of-my-own-0123';
const [VERIFY_KEYS, SEAL_KEYS] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];
const SETTINGS = {
  ...{ VERIFY_KEYS, SEAL_KEYS, VERIFY_COUNTRIES: 'GB', VERIFY_EXPECTED_PER_DAY: '1000', VERIFY_APP: 'ACME' },
};

/** Nothing is sent with it. A boot that fails leaves no sandbox behind where there is none. */
const ACCOUNT = { LAAFFIC_APP_ID: 'x', LAAFFIC_API_KEY: 'y', LAAFFIC_API_SECRET: 'z', WORKER: 'off' };

const startInstance = instancesOfATest();
let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await service.close();
  await database.close();
});

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  410: 'Gone',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** An error in the form of all errors; {@link startService} has checked and removed the id of its request. */
const errorOf = (statusCode: number, code: string, message: unknown, more: object = {}) => ({
  ...{
    status: statusCode,
    body: { statusCode, message, error: ERRORS[statusCode], code, outcome: 'rejected', ...more },
  },
});
const OVER = errorOf(410, 'VERIFY_OVER', 'This verification is over');
const INVALID_PROOF = errorOf(410, 'VERIFY_INVALID_PROOF', 'The proof is not valid, or was used before');

const bodyOf = ({ status, body }: Answer) => ({ status, body: body as unknown as Readonly<Record<string, unknown>> });

let next = 0;
/** A number that no test has used, in a range of its own, which is not suspicious. */
function newNumber(): string {
  next += 1;
  return `+4474${10 + (next % 80)}${String(100_000 + 1_009 * next).slice(-6)}`;
}

/** The code that the phone of a number has got. */
async function codeOn(number: string, of: Service = service): Promise<string> {
  const [message] = await until(
    () => of.sandbox!.messages.filter((one) => `+${one.number}` === number),
    (found) => found.length > 0,
  );
  return /\d{6}/.exec(message!.content)![0];
}

const wrongFor = (code: string) => (code === '000000' ? '000001' : '000000');

async function start(to: string, more: object = {}): Promise<string> {
  const { status, body } = await service.post(PLACE, { to, purpose: 'sign-in', ...more });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body.id;
}

describe('phone verification without settings', () => {
  it('sends a code, counts a wrong one, approves the right one once, and redeems its proof once', async () => {
    const to = newNumber();
    const started = await service.post(PLACE, { to, purpose: 'sign-in', source: { address: '203.0.113.7' } });
    const { id } = started.body;
    expect(bodyOf(started)).toEqual({
      status: 201,
      body: {
        ...{ id: expect.stringMatching(/^[\da-f-]{36}$/), status: 'pending', sent: true, to: `+447…${to.slice(-3)}` },
        ...{ country: 'GB', digits: 6, attemptsLeft: 5 },
        ...{ expiresAt: expect.stringMatching(/^20.*Z$/), resendAt: expect.stringMatching(/^20.*Z$/) },
      },
    });
    expect(started.headers.get('location')).toBe(`${PLACE}/${id}`);
    expect(Number(started.headers.get('retry-after'))).toBeGreaterThan(25);
    expect(started.headers.get('cache-control')).toBe('no-store');

    const code = await codeOn(to);
    const wrong = await service.post(`${PLACE}/${id}/check`, { code: wrongFor(code), purpose: 'sign-in' });
    const more = { field: 'code', attemptsLeft: 4 };
    expect(bodyOf(wrong)).toEqual(errorOf(422, 'VERIFY_WRONG_CODE', 'The code is wrong', more));
    expect(bodyOf(await service.get(`${PLACE}/${id}`))).toEqual({
      status: 200,
      body: {
        ...{ id, purpose: 'sign-in', country: 'GB', state: 'pending', sends: 1, attemptsLeft: 4 },
        ...{ createdAt: expect.any(String), expiresAt: expect.any(String) },
      },
    });

    const right = await service.post(`${PLACE}/${id}/check`, { code, purpose: 'sign-in' });
    const approval = { number: to, country: 'GB', purpose: 'sign-in', approvedAt: expect.stringMatching(/^20.*Z$/) };
    const { proof } = right.body as unknown as { proof: string };
    expect(bodyOf(right)).toEqual({
      status: 200,
      body: { status: 'approved', ...approval, proof: expect.any(String) },
    });
    expect(right.headers.get('cache-control')).toBe('no-store');
    expect(bodyOf(await service.post(`${PLACE}/${id}/check`, { code, purpose: 'sign-in' }))).toEqual(OVER);

    const redeem = (purpose: string) => service.post(`${PLACE}/proofs/redeem`, { proof, purpose });
    expect(bodyOf(await redeem('payment'))).toEqual(INVALID_PROOF);
    expect(bodyOf(await redeem('sign-in'))).toEqual({ status: 200, body: { id, ...approval } });
    expect(bodyOf(await redeem('sign-in'))).toEqual(INVALID_PROOF);
    expect((await service.get(`${PLACE}/${id}`)).body).toMatchObject({ state: 'approved', sends: 1 });
  });

  it('binds a code to a payment, which the text shows', async () => {
    const to = newNumber();
    const binding = { amount: '10.00 EUR', payee: 'ACME' };
    const id = await start(to, { purpose: 'transfer', binding });
    const code = await codeOn(to);
    const check = (bound?: object) =>
      service.post(`${PLACE}/${id}/check`, { code, purpose: 'transfer', binding: bound });
    expect((await check({ ...binding, amount: '99.00 EUR' })).status).toBe(422);
    expect((await check()).status).toBe(422);
    expect((await check(binding)).body).toMatchObject({ status: 'approved', number: to });
    const texts = service.sandbox!.messages.filter(({ number }) => `+${number}` === to);
    expect(texts.map(({ content }) => content)).toEqual([expect.stringMatching(/10\.00 EUR.*ACME|ACME.*10\.00 EUR/s)]);
  });

  it('goes on with the open verification of a session, and sends nothing', async () => {
    const body = { to: newNumber(), purpose: 'sign-in', session: 's_81' };
    const first = await service.post(PLACE, body);
    const second = await service.post(PLACE, body);
    const again = { sent: false, expiresAt: expect.any(String), resendAt: expect.any(String) };
    expect(bodyOf(second)).toEqual({ status: 200, body: { ...bodyOf(first).body, ...again } });
    expect(second.headers.get('location')).toBeNull();
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(25);
  });

  it('starts one verification for an Idempotency-Key, and rejects another one under it', async () => {
    const body = { to: newNumber(), purpose: 'sign-in', source: { address: '203.0.113.7' } };
    const start = (key: string, more: object = {}) =>
      service.post(PLACE, { ...body, ...more }, { 'Idempotency-Key': key });
    const first = await start('order 7 é');
    expect(first.status).toBe(201);
    const again = { sent: false, expiresAt: expect.any(String), resendAt: expect.any(String) };
    for (const repeated of [await start('order 7 é'), await start('order 7 é')]) {
      expect(bodyOf(repeated)).toEqual({ status: 200, body: { ...bodyOf(first).body, ...again } });
    }
    const message = 'The idempotency key was used for another verification';
    for (const other of [{ to: newNumber() }, { purpose: 'payment' }, { binding: { amount: '1' } }]) {
      expect(bodyOf(await start('order 7 é', other))).toEqual(errorOf(422, 'VERIFY_KEY_REUSED', message));
    }
    const code = await codeOn(body.to);
    const check = await service.post(`${PLACE}/${first.body.id}/check`, { code, purpose: 'sign-in' });
    expect(check.status).toBe(200);
    expect(service.sandbox!.messages.filter(({ number }) => `+${number}` === body.to)).toHaveLength(1);
  });

  it.each(['', 'x'.repeat(256)])('rejects the Idempotency-Key "%s"', async (key) => {
    const answer = await service.post(PLACE, { to: newNumber(), purpose: 'sign-in' }, { 'Idempotency-Key': key });
    const message = 'Idempotency-Key must be 1 to 255 characters on one line';
    expect(bodyOf(answer)).toEqual(errorOf(400, 'VERIFY_INVALID_REQUEST', message, { field: 'Idempotency-Key' }));
  });

  it('a decoy has the answers of a verification, sends nothing and takes no code', async () => {
    const to = newNumber();
    const started = await service.post(PLACE, { to, purpose: 'sign-in', decoy: true });
    expect(bodyOf(started)).toMatchObject({ status: 201, body: { status: 'pending', sent: true, attemptsLeft: 5 } });
    const check = await service.post(`${PLACE}/${started.body.id}/check`, { code: '123456', purpose: 'sign-in' });
    expect(bodyOf(check)).toEqual(
      errorOf(422, 'VERIFY_WRONG_CODE', 'The code is wrong', { field: 'code', attemptsLeft: 4 }),
    );
    // What is started later is sent later.
    const later = newNumber();
    await start(later);
    await codeOn(later);
    expect(service.sandbox!.messages.filter(({ number }) => `+${number}` === to)).toEqual([]);
  });

  it('waits between two messages to a number', async () => {
    const to = newNumber();
    const id = await start(to);
    const answers = [
      await service.post(PLACE, { to, purpose: 'sign-in' }),
      await service.post(`${PLACE}/${id}/resend`),
      await service.post(`${PLACE}/${id}/resend`, { source: { address: '2001:db8::7' }, locale: 'de' }),
    ];
    for (const answer of answers) {
      const retryAfterSeconds = Number(answer.headers.get('retry-after'));
      expect(retryAfterSeconds).toBeGreaterThan(20);
      const message = 'The last message to this number is too recent';
      expect(bodyOf(answer)).toEqual(errorOf(429, 'VERIFY_COOLDOWN', message, { retryAfterSeconds }));
    }
  });

  it('cancels a verification once, with or without a body', async () => {
    for (const body of [undefined, {}, '']) {
      const id = await start(newNumber());
      const cancelled = { status: 200, body: { id, status: 'cancelled' } };
      expect(bodyOf(await service.post(`${PLACE}/${id}/cancel`, body))).toEqual(cancelled);
      expect(bodyOf(await service.post(`${PLACE}/${id}/cancel`, body))).toEqual(OVER);
      expect((await service.get(`${PLACE}/${id}`)).body).toMatchObject({ state: 'cancelled' });
    }
  });

  it('lifts no lock of a number that has none', async () => {
    const released = await service.post(`${PLACE}/release`, { number: newNumber() });
    expect(bodyOf(released)).toEqual({ status: 200, body: { released: false } });
  });

  it('keeps tenants apart', async () => {
    const id = await start(newNumber(), { tenant: 'shop' });
    expect((await service.get(`${PLACE}/${id}?tenant=shop`)).status).toBe(200);
    expect((await service.get(`${PLACE}/${id}`)).status).toBe(404);
    expect((await service.post(`${PLACE}/${id}/cancel`, { tenant: 'desk' })).status).toBe(410);
  });

  it.each([UNKNOWN, '1', 'a%00b', 'ü'.repeat(200), "'; drop table verification; --"])(
    'tells nothing about the id %s, which it does not know',
    async (id) => {
      const at = `${PLACE}/${encodeURIComponent(id)}`;
      expect(bodyOf(await service.get(at))).toEqual(errorOf(404, 'VERIFY_OVER', 'This verification is over'));
      expect(bodyOf(await service.post(`${at}/check`, { code: '123456', purpose: 'sign-in' }))).toEqual(OVER);
      expect(bodyOf(await service.post(`${at}/resend`))).toEqual(OVER);
      expect(bodyOf(await service.post(`${at}/cancel`))).toEqual(OVER);
    },
  );

  const deep = JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`) as object;
  it.each<[string, string, unknown, ReturnType<typeof errorOf>]>([
    [
      'no body',
      '',
      undefined,
      errorOf(...([400, 'VERIFY_INVALID_NUMBER'] as const), expect.stringContaining('to must'), {
        field: 'to',
      }),
    ],
    [
      'a number that cannot be',
      '',
      { to: '+44 7400', purpose: 'sign-in' },
      errorOf(400, 'VERIFY_INVALID_NUMBER', expect.any(String), { field: 'to' }),
    ],
    [
      'another field',
      '',
      { to: '+44 7400 123456', purpose: 'sign-in', decoys: true },
      errorOf(400, 'VERIFY_INVALID_REQUEST', 'decoys is not a field of this request', { field: 'decoys' }),
    ],
    [
      'the prototype as a field',
      '',
      '{"to": "+44 7400 123456", "purpose": "sign-in", "__proto__": {}}',
      errorOf(400, 'LAAFFIC_INVALID_COMMAND', 'The request is invalid: __proto__ is not a known field', {
        field: '__proto__',
      }),
    ],
    [
      'a landline',
      '',
      { to: '+44 20 7946 0018', purpose: 'sign-in' },
      errorOf(422, 'VERIFY_NUMBER_TYPE', 'No codes are sent to numbers of this type', { field: 'to' }),
    ],
    [
      'letters as a code',
      `/${UNKNOWN}/check`,
      { code: 'abcdef', purpose: 'sign-in' },
      errorOf(400, 'VERIFY_MALFORMED_CODE', 'code must have 6 to 10 digits', { field: 'code' }),
    ],
    ['a proof of nothing', '/proofs/redeem', { proof: 'v1.0.x', purpose: 'sign-in' }, INVALID_PROOF],
    [
      'a body that is too deep',
      '/proofs/redeem',
      deep,
      errorOf(400, 'LAAFFIC_INVALID_COMMAND', 'The request is invalid: body is nested more than 8 levels deep', {
        field: 'body',
      }),
    ],
    ['broken JSON', '', '{"to": "+44', errorOf(400, 'INVALID_JSON', 'The body is not a JSON object')],
    ['a list', '/release', '[]', errorOf(400, 'INVALID_JSON', 'The body is not a JSON object')],
  ])('rejects %s in the form of all errors', async (_, path, body, expected) => {
    expect(bodyOf(await service.post(PLACE + path, body))).toEqual(expected);
  });

  it.each(['tenant=a&tenant=b', 'tenant=a%00', 'state=pending'])('rejects the query %s', async (query) => {
    const { status, body } = await service.get(`${PLACE}/${UNKNOWN}?${query}`);
    expect({ status, body }).toMatchObject({ status: 400, body: { code: 'VERIFY_INVALID_REQUEST' } });
    expect(query).toContain((body as unknown as { field: string }).field);
  });

  it('takes JSON only, and no megabytes of it', async () => {
    const form = await service.post(PLACE, 'to=%2B447400123456', {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    const message = 'Send the body as JSON, with the header Content-Type: application/json';
    expect(bodyOf(form)).toEqual(errorOf(415, 'UNSUPPORTED_MEDIA_TYPE', message));
    const large = await service.post(PLACE, { to: '4'.repeat(1_100_000), purpose: 'sign-in' });
    expect([large.status, large.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('leaves numbers, codes, proofs and addresses out of the log', async () => {
    const [to, address] = [newNumber(), '203.0.113.99'];
    const id = await start(to, { source: { address }, session: 'session-of-mine' });
    const code = await codeOn(to);
    await service.post(`${PLACE}/${id}/check`, { code: wrongFor(code), purpose: 'sign-in' });
    const { proof } = (await service.post(`${PLACE}/${id}/check`, { code, purpose: 'sign-in' })).body as unknown as {
      proof: string;
    };
    await service.post(`${PLACE}/proofs/redeem`, { proof, purpose: 'sign-in' });
    const log = inspect(service.logger.lines, { depth: 9, maxArrayLength: null, maxStringLength: null });
    for (const secret of [to.slice(1), code, proof, address, 'session-of-mine']) expect(log).not.toContain(secret);
  });
});

describe('phone verification with settings', () => {
  it('names no rule when the guard rejects a start, which it does not at a sandbox by default', async () => {
    const own = await startDatabase();
    const env = { DATABASE_URL: own.url, VERIFY_COUNTRIES: 'GB', VERIFY_EXPECTED_PER_DAY: '10' };
    const starts = async (of: Service) => {
      const answers: Answer[] = [];
      for (let index = 0; index < 8; index++)
        answers.push(await of.post(PLACE, { to: newNumber(), purpose: 'sign-in' }));
      return answers;
    };
    try {
      const trial = await startInstance(env);
      expect((await starts(trial)).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
      await trial.close();
      const answers = await starts(await startInstance({ ...env, VERIFY_GUARD: 'enforce' }));
      const [rejected] = answers;
      const retryAfterSeconds = Number(rejected!.headers.get('retry-after'));
      expect(retryAfterSeconds).toBeGreaterThan(0);
      const message = 'No message can be sent to this number for now';
      expect(bodyOf(rejected!)).toEqual(errorOf(429, 'VERIFY_REJECTED', message, { retryAfterSeconds }));
    } finally {
      await own.close();
    }
  });

  it('needs the API key on every route, before it reads a body', async () => {
    const closed = await startInstance({ DATABASE_URL: database.url, API_KEYS: API_KEY });
    const paths = ['', `/${UNKNOWN}/check`, `/${UNKNOWN}/resend`, `/${UNKNOWN}/cancel`, '/proofs/redeem', '/release'];
    const answers = await Promise.all([
      ...[`/${UNKNOWN}`, '/guard', '/guard/decisions', '/guard/alarms'].map((path) => closed.get(PLACE + path)),
      ...[...paths, '/guard/block', '/guard/allow', '/guard/release'].map((path) =>
        closed.post(PLACE + path, '{"broken'),
      ),
      closed.ask(`${PLACE}/guard/list`, { method: 'PUT', body: '{"broken' }),
    ]);
    for (const { status, headers, body } of answers) {
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(body).toEqual({
        statusCode: 401,
        message: 'An API key is needed: Authorization: Bearer <key>',
        error: 'Unauthorized',
        code: 'UNAUTHORIZED',
        outcome: 'rejected',
      });
    }
    const authorization = { Authorization: `Bearer ${API_KEY}` };
    expect((await closed.post(PLACE, { to: newNumber(), purpose: 'sign-in' }, authorization)).status).toBe(201);
  });

  it('sends codes in the name of the app, to the countries of the operator, through the real account', async () => {
    const gateway = await LaafficSandbox.start();
    const own = await startDatabase();
    const env = {
      ...{ LAAFFIC_APP_ID: SAMPLE_ACCOUNT.appId, LAAFFIC_API_KEY: SAMPLE_ACCOUNT.apiKey },
      ...{ LAAFFIC_API_SECRET: SAMPLE_ACCOUNT.apiSecret, LAAFFIC_BASE_URL: gateway.url, DATABASE_URL: own.url },
    };
    const instance = await startInstance({
      ...env,
      ...SETTINGS,
      ...{ VERIFY_DOMAIN: 'acme.example', VERIFY_SCHEMA: 'acme_verify', VERIFY_GUARD: 'shadow' },
      ...{ VERIFY_SPEND_PER_DAY: '0.05', VERIFY_PRICES: 'GB=0.04' },
    });
    const client = new Client(own.url);
    try {
      expect(bodyOf(await instance.post(PLACE, { to: '+49 1512 3456789', purpose: 'sign-in' }))).toEqual(
        errorOf(422, 'VERIFY_COUNTRY', 'No codes are sent to numbers of this country', { field: 'to' }),
      );
      const started = await instance.post(PLACE, { to: newNumber(), purpose: 'sign-in' });
      expect(started.status).toBe(201);
      const [message] = await until(
        () => gateway.messages,
        (found) => found.length > 0,
      );
      expect(message!.content).toMatch(/^ACME: .*\n@acme\.example #\d{6}$/s);
      await client.connect();
      const { rows } = await client.query('select id from acme_verify.verification');
      expect(rows).toEqual([{ id: started.body.id }]);
    } finally {
      await client.end();
      await instance.close();
      await own.close();
      await gateway.close();
    }
  });

  it('has no routes with an account and without keys', async () => {
    const instance = await startInstance({ DATABASE_URL: database.url, ...ACCOUNT });
    const answers = [await instance.get(`${PLACE}/${UNKNOWN}`), await instance.post(PLACE, {})];
    for (const answer of answers) expect(bodyOf(answer)).toEqual(errorOf(404, 'NOT_FOUND', 'There is no such route'));
    const { paths } = JSON.parse((await instance.get('/docs-json')).text) as { paths: object };
    expect(Object.keys(paths).filter((path) => path.startsWith(PLACE))).toEqual([]);
  });

  it('a code of one instance is good at another one with the same keys, also after the first has ended', async () => {
    const own = await startDatabase();
    const env = { DATABASE_URL: own.url, VERIFY_KEYS, SEAL_KEYS };
    const first = await startInstance(env);
    try {
      const to = newNumber();
      const { id } = (await first.post(PLACE, { to, purpose: 'sign-in' })).body;
      const code = await codeOn(to, first);
      await first.close();
      const second = await startInstance(env);
      expect((await second.post(`${PLACE}/${id}/check`, { code, purpose: 'sign-in' })).body).toMatchObject({
        status: 'approved',
        number: to,
      });
      await second.close();
    } finally {
      await own.close();
    }
  });

  it('checks the schemas with DATABASE_MIGRATE=off, and needs no right to change those that their owner has migrated', async () => {
    const own = await startDatabase();
    const admin = new Pool({ connectionString: own.url, max: 1 });
    const role = (name: string) => `${new URL(own.url).pathname.slice(1)}_${name}`;
    const urlOf = (name: string) => Object.assign(new URL(own.url), { username: role(name), password: 'of-mine' }).href;
    const env = { DATABASE_MIGRATE: 'off', ...ACCOUNT, ...SETTINGS };
    const schemas = ['laaffic_outbox', 'laaffic_service', 'laaffic_verify'];
    try {
      for (const name of ['owner', 'sender']) await admin.query(`create role ${role(name)} login password 'of-mine'`);
      for (const schema of schemas) {
        await admin.query(`create schema ${schema} authorization ${role('owner')}`);
        await admin.query(`grant usage on schema ${schema} to ${role('sender')}`);
        await admin.query(
          `alter default privileges for role ${role('owner')} in schema ${schema}
           grant select, insert, update, delete on tables to ${role('sender')}`,
        );
      }
      const owner = new Pool({ connectionString: urlOf('owner'), max: 1 });
      await migrateOutbox(owner);
      await migrateService(owner, 'laaffic_service');
      await owner.end();
      const sending = readConfiguration({ ...env, DATABASE_URL: urlOf('sender') });
      const error: unknown = await createApp(sending, new KeepingLogger()).catch((it: unknown) => it);
      expect(startFailure(error)).toBe(
        'The service cannot start: the database of DATABASE_URL cannot be used: The schema laaffic_verify is at version 0, ' +
          'and this release needs 1: run `node dist/main.js migrate` before the app starts, or set DATABASE_MIGRATE to on.',
      );
      const lines: string[] = [];
      await migrateSchemas(readConfiguration({ ...env, DATABASE_URL: urlOf('owner') }), (line) => lines.push(line));
      expect(lines).toEqual([
        'laaffic_outbox is up to date at version 1',
        'laaffic_service is up to date at version 1',
        'laaffic_verify is at version 1; applied 1',
      ]);

      const gateway = await LaafficSandbox.start();
      const account = { ...SAMPLE_ENVIRONMENT, LAAFFIC_BASE_URL: gateway.url, WORKER: 'on' };
      const instance = await startInstance({ ...env, ...account, DATABASE_URL: urlOf('sender') });
      const to = newNumber();
      const { id } = (await instance.post(PLACE, { to, purpose: 'sign-in' })).body;
      const [message] = await until(
        () => gateway.messages,
        (found) => found.length > 0,
      );
      const code = /\d{6}/.exec(message!.content)![0];
      const wrong = await instance.post(`${PLACE}/${id}/check`, { code: wrongFor(code), purpose: 'sign-in' });
      const right = await instance.post(`${PLACE}/${id}/check`, { code, purpose: 'sign-in' });
      expect([wrong.status, right.status]).toEqual([422, 200]);
      const blocked = await instance.post(`${PLACE}/guard/block`, { target: 'FR', actor: 'ann' });
      const released = await instance.post(`${PLACE}/guard/release`, { target: 'FR', actor: 'ann' });
      const status = await instance.get(`${PLACE}/guard`);
      expect([blocked.status, released.status, status.status]).toEqual([200, 200, 200]);
      await instance.close();
      await gateway.close();
      expect(inspect(instance.logger.lines, { depth: 9 })).not.toMatch(/permission denied|42501/);
    } finally {
      await admin.query(schemas.map((schema) => `drop schema if exists ${schema} cascade`).join(';'));
      for (const name of ['owner', 'sender']) await admin.query(`drop owned by ${role(name)}; drop role ${role(name)}`);
      await admin.end();
      await own.close();
    }
  });

  it.each([
    ['VERIFY_COUNTRIES', 'DE,UK', 'VERIFY_COUNTRIES[1] must be GB, which is the ISO code of the United Kingdom'],
    [
      'VERIFY_COUNTRIES',
      'XX',
      'VERIFY_COUNTRIES[0] must be the ISO code of a country with phone numbers, in two capital letters',
    ],
    ['VERIFY_DOMAIN', 'https://acme.example', expect.stringMatching(/^VERIFY_DOMAIN must be /)],
    ['VERIFY_PRICES', 'XX=1', expect.stringMatching(/^VERIFY_PRICES must be /)],
  ])('stops the start with %s=%s, and names the setting', async (name, value, problem) => {
    const configuration = readConfiguration({ DATABASE_URL: database.url, ...ACCOUNT, ...SETTINGS, [name]: value });
    const error: unknown = await createApp(configuration, new KeepingLogger()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ConfigurationError', problems: [problem] });
    expect(startFailure(error)).toMatch(/^The service cannot start: VERIFY_\w+.*[^\n]$/);
  });
});

it('every route responds 503 while the database is away, and the log has nothing of the requests', async () => {
  const own = await startDatabase();
  const instance = await startInstance({ DATABASE_URL: own.url });
  const to = newNumber();
  const { id } = (await instance.post(PLACE, { to, purpose: 'sign-in' })).body;
  const code = await codeOn(to, instance);
  await own.close();
  const asked: readonly (readonly [string, object?])[] = [
    ['', { to: newNumber(), purpose: 'sign-in' }],
    [`/${id}/check`, { code, purpose: 'sign-in' }],
    [`/${id}/resend`],
    [`/${id}/cancel`],
    ['/release', { number: to }],
    ['/guard/block', { target: 'FR', actor: 'ann' }],
    ['/guard/release', { target: 'FR', actor: 'ann' }],
  ];
  const list = { number: to, verdict: 'deny', actor: 'ann' };
  const answers = [
    await instance.get(`${PLACE}/${id}`),
    await instance.get(`${PLACE}/guard`),
    await instance.get(`${PLACE}/guard/decisions?since=2026-01-31T12:00:00Z`),
    await instance.ask(`${PLACE}/guard/list`, {
      method: 'PUT',
      body: JSON.stringify(list),
      headers: { 'Content-Type': 'application/json' },
    }),
    ...(await Promise.all(asked.map(([path, body]) => instance.post(PLACE + path, body)))),
  ];
  const message: unknown = expect.stringMatching(/^The database of the outbox /);
  for (const answer of answers) {
    expect(bodyOf(answer)).toEqual(errorOf(503, 'OUTBOX_DATABASE_UNAVAILABLE', message));
  }
  const log = inspect(instance.logger.lines, { depth: 9, maxArrayLength: null, maxStringLength: null });
  expect(log).not.toContain(to.slice(1));
  expect(log).not.toContain(code);
});
