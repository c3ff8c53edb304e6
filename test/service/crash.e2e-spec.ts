import { LaafficSandbox } from 'laaffic-sandbox';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { BuiltService } from './built-service.js';

const PLACE = '/v1/verifications';
const [VERIFY_KEYS, SEAL_KEYS] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];

let built: BuiltService;
let gateway: LaafficSandbox;
let database: TestDatabase;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  built = BuiltService.build();
  gateway = await LaafficSandbox.start();
});
beforeEach(async () => {
  gateway.reset();
  database = await startDatabase();
  env = {
    ...SAMPLE_ENVIRONMENT,
    ...{ DATABASE_URL: database.url, LAAFFIC_BASE_URL: gateway.url, VERIFY_KEYS, SEAL_KEYS },
    ...{ VERIFY_COUNTRIES: 'GB', VERIFY_EXPECTED_PER_DAY: '1000', VERIFY_APP: 'ACME' },
  };
});
afterEach(() => database.close());
afterAll(async () => {
  await built.remove();
  await gateway.close();
});

const to = '+447400123456';
async function post(url: string, path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url + PLACE + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}
const codes = () => gateway.messages.map(({ content }) => /\d{6}/.exec(content)![0]);
const check = (url: string, id: unknown, code: string) =>
  post(url, `/${String(id)}/check`, { code, purpose: 'sign-in' });

it('a service that is killed between a start and its check approves the code after it is started again', async () => {
  const first = await built.serve(env);
  const started = await post(first.url, '', { to, purpose: 'sign-in' });
  expect(started.status).toBe(201);
  const { id } = started.body;
  const [code = ''] = await until(codes, ({ length }) => length > 0);
  expect(await check(first.url, id, code === '000000' ? '000001' : '000000')).toMatchObject({
    ...{ status: 422, body: { attemptsLeft: 4 } },
  });
  expect(await first.program.end('SIGKILL')).toBe('SIGKILL');

  const second = await built.serve(env);
  expect(await check(second.url, id, code === '000000' ? '000001' : '000000')).toMatchObject({
    ...{ status: 422, body: { attemptsLeft: 3 } },
  });
  expect(await check(second.url, id, code)).toMatchObject({
    ...{ status: 200, body: { status: 'approved', number: to, purpose: 'sign-in' } },
  });
  expect(await check(second.url, id, code)).toMatchObject({ status: 410, body: { code: 'VERIFY_OVER' } });
  expect(await second.program.end()).toBe('SIGTERM');
  expect(codes()).toEqual([code]);

  const printed = [first, second].map(({ program }) => program.printed + program.errors).join('');
  for (const secret of [to.slice(1), code, VERIFY_KEYS, SEAL_KEYS]) expect(printed).not.toContain(secret);
});

it('a code that was not sent when the service was killed is sent once by the next one, and a repeated start sends no other', async () => {
  const key = { 'Idempotency-Key': 'order 7' };
  const first = await built.serve({ ...env, WORKER: 'off' });
  const started = await post(first.url, '', { to, purpose: 'sign-in' }, key);
  expect(started.status).toBe(201);
  expect(await first.program.end('SIGKILL')).toBe('SIGKILL');
  expect(codes()).toEqual([]);

  const second = await built.serve(env);
  const repeated = await post(second.url, '', { to, purpose: 'sign-in' }, key);
  expect(repeated).toEqual({
    status: 200,
    body: { ...started.body, sent: false, expiresAt: expect.any(String), resendAt: expect.any(String) },
  });
  const [code = ''] = await until(codes, ({ length }) => length > 0);
  expect(await check(second.url, started.body['id'], code)).toMatchObject({ status: 200, body: { number: to } });
  expect(await second.program.end()).toBe('SIGTERM');
  expect(codes()).toEqual([code]);
});

describe('node dist/main.js migrate', () => {
  it('migrates all schemas and ends', async () => {
    const settings = {
      ...env,
      DATABASE_SCHEMA: 'sms_own',
      VERIFY_SCHEMA: 'codes_own',
      SERVICE_SCHEMA: 'service_own',
      DATABASE_MIGRATE: 'off',
    };
    const first = built.run(['migrate'], settings);
    expect([await first.ended, first.printed, first.errors]).toEqual([
      0,
      'sms_own is at version 1; applied 1\nservice_own is at version 1; applied 1\ncodes_own is at version 1; applied 1\n',
      '',
    ]);
    const second = built.run(['migrate'], settings);
    expect([await second.ended, second.printed, second.errors]).toEqual([
      0,
      'sms_own is up to date at version 1\nservice_own is up to date at version 1\ncodes_own is up to date at version 1\n',
      '',
    ]);
    const { program, url } = await built.serve(settings);
    expect((await post(url, '', { to, purpose: 'sign-in' })).status).toBe(201);
    expect(await program.end()).toBe('SIGTERM');
  });

  it.each<[string, readonly string[], NodeJS.ProcessEnv, string]>([
    ['no DATABASE_URL', ['migrate'], { DATABASE_URL: '' }, 'DATABASE_URL must be set for migrate'],
    ['a wrong setting', ['migrate'], { VERIFY_SCHEMA: 'Codes' }, 'VERIFY_SCHEMA must be at most 50 lower-case letters'],
    [
      'a database that is not there',
      ['migrate'],
      { DATABASE_URL: 'postgres://sms:hunter2@127.0.0.1:1/sms' },
      'the database of DATABASE_URL cannot be used: nothing listens at its host and port (ECONNREFUSED)',
    ],
    ['another command', ['serve'], {}, 'the only command is migrate'],
  ])('ends with one line and exit code 1 with %s', async (_, args, change, problem) => {
    const program = built.run(args, { ...env, ...change });
    expect([await program.ended, program.printed]).toEqual([1, '']);
    expect(program.errors).toMatch(/^The service cannot start: [^\n]+\n$/);
    expect(program.errors).toContain(problem);
    expect(program.errors).not.toContain('hunter2');
  });
});
