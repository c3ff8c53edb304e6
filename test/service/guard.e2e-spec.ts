import { inspect } from 'node:util';
import { Ajv } from 'ajv';
import { LaafficSandbox } from 'laaffic-sandbox';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { instancesOfATest, sql, startService, type Answer, type Service } from './service.js';

const PLACE = '/v1/verifications';
const GUARD = `${PLACE}/guard`;
const API_KEY = 'a-key-of-my-own-0123';
const SHOP_KEY = 'the-key-of-the-shop-1';
const KEYS = Object.fromEntries(
  ['VERIFY_KEYS', 'SEAL_KEYS'].map((name, byte) => [name, Buffer.alloc(32, byte).toString('base64')]),
);
const RANGE = '+447400987';
const NUMBER = '+447400987654';

type Json = Readonly<Record<string, unknown>>;

const bodyOf = ({ status, body }: Answer) => ({ status, body: body as unknown as Json });
const linesOf = ({ text }: Answer) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
const put = (of: Service, body: object, headers: Record<string, string> = {}) =>
  of.ask(`${GUARD}/list`, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  });
const startOf = (of: Service, to: string, headers: Record<string, string> = {}) =>
  of.post(PLACE, { to, purpose: 'sign-in' }, headers);
const REJECTED = { status: 429, body: { code: 'VERIFY_REJECTED', outcome: 'rejected' } };

const startInstance = instancesOfATest();
let database: TestDatabase;
let service: Service;
/** Before all decisions. */
const since = encodeURIComponent(new Date(Date.now() - 60_000).toISOString());
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await service.close();
  await database.close();
});

describe('the guard, for operators', () => {
  const entry = { actor: 'ann (api)', listedAt: expect.stringMatching(/^20.*Z$/) as string };
  const range = { ...entry, kind: 'prefix', label: RANGE, verdict: 'deny' };

  // Changes reach the starts of a process within a second.
  let next = 100;
  const numberOf = (last: number) => `${RANGE}${last}`;

  it('blocks a range, shows what was rejected, and releases it', async () => {
    const blocked = await service.post(`${GUARD}/block`, { target: `${RANGE}xxx`, actor: 'ann' });
    expect(bodyOf(blocked)).toEqual({ status: 200, body: { listed: [range] } });
    expect(blocked.headers.get('cache-control')).toBe('no-store');

    const rejected = await until(
      () => startOf(service, numberOf(next++)),
      ({ body }) => body.code === 'VERIFY_REJECTED',
    );
    expect(bodyOf(rejected)).toEqual({
      status: 429,
      body: {
        ...{ statusCode: 429, error: 'Too Many Requests', code: 'VERIFY_REJECTED', outcome: 'rejected' },
        ...{ message: 'No message can be sent to this number for now', retryAfterSeconds: 900 },
      },
    });
    expect(rejected.headers.get('retry-after')).toBe('900');

    const decisions = await service.get(`${GUARD}/decisions?since=${since}&country=GB&rule=denied&limit=5`);
    expect(decisions.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(linesOf(decisions)).toEqual([
      {
        ...{ at: expect.stringMatching(/^20.*Z$/), tenant: '', purpose: 'sign-in', country: 'GB' },
        ...{ rule: 'denied', isShadow: false, count: 1 },
      },
    ]);
    expect(bodyOf(await service.get(GUARD))).toMatchObject({ status: 200, body: { listed: [range] } });

    const released = await service.post(`${GUARD}/release`, { target: RANGE, actor: 'ann' });
    expect(bodyOf(released)).toEqual({ status: 200, body: { wasListed: true, ranges: [] } });
    expect(bodyOf(await service.get(GUARD))).toMatchObject({ status: 200, body: { listed: [] } });
    await until(
      () => startOf(service, numberOf(next++)),
      ({ status }) => status === 201,
    );
  });

  it('denies a number, shows it masked, and takes it off the list', async () => {
    const to = '+447400987655';
    const until_ = '2999-01-31T12:00:00.000Z';
    const denied = await put(service, { number: to, verdict: 'deny', until: until_, actor: 'ann' });
    const listed = [{ ...entry, kind: 'number', label: '+447…655', verdict: 'deny', until: until_ }];
    expect(bodyOf(denied)).toEqual({ status: 200, body: { listed } });
    expect(bodyOf(await startOf(service, to))).toMatchObject(REJECTED);
    const national = { number: '07400 987655', country: 'GB', verdict: null, actor: 'ann' };
    expect(bodyOf(await put(service, national))).toEqual({ status: 200, body: { listed: [] } });
    expect((await startOf(service, to)).status).toBe(201);
  });

  it('shows what rules in shadow would have rejected', async () => {
    const own = await startDatabase();
    try {
      const trial = await startInstance({ DATABASE_URL: own.url });
      for (let last = 0; last < 12; last++) {
        expect((await startOf(trial, `+447400321${100 + last}`)).status).toBe(201);
      }
      const decisions = linesOf(await trial.get(`${GUARD}/decisions?since=${since}`));
      expect(decisions.length).toBeGreaterThan(0);
      expect(decisions.filter(({ isShadow }) => isShadow !== true)).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it.each<[string, string, unknown, string, string]>([
    ['a whole number as a range', '/block', { target: NUMBER, actor: 'ann' }, 'VERIFY_INVALID_REQUEST', 'target'],
    ['no actor', '/allow', { target: RANGE }, 'VERIFY_INVALID_REQUEST', 'actor'],
    ['an empty actor', '/allow', { target: RANGE, actor: ' ' }, 'VERIFY_INVALID_REQUEST', 'actor'],
    ['an actor of another type', '/allow', { target: RANGE, actor: ['ann'] }, 'VERIFY_INVALID_REQUEST', 'actor'],
    [
      'an actor that is too long',
      '/release',
      { target: RANGE, actor: 'a'.repeat(201) },
      'VERIFY_INVALID_REQUEST',
      'actor',
    ],
    ['a country that is not there', '/block', { target: 'XX', actor: 'ann' }, 'VERIFY_INVALID_REQUEST', 'target'],
    [
      'a past end',
      '/block',
      { target: 'FR', until: '2001-01-31T12:00:00Z', actor: 'ann' },
      'VERIFY_INVALID_REQUEST',
      'until',
    ],
    ['another field', '/release', { target: 'FR', actor: 'ann', x: 1 }, 'VERIFY_INVALID_REQUEST', 'x'],
  ])('rejects %s in the form of all errors', async (_, path, body, code, field) => {
    const answer = await service.post(GUARD + path, body);
    expect(bodyOf(answer)).toEqual({
      status: 400,
      body: {
        ...{ statusCode: 400, error: 'Bad Request', code, field, outcome: 'rejected' },
        message: expect.stringMatching(new RegExp(`^${field} `)),
      },
    });
    expect(answer.text).not.toContain(NUMBER.slice(1));
  });

  it.each([
    ['', 'VERIFY_INVALID_REQUEST', 'since'],
    ['?since=yesterday', 'VERIFY_INVALID_REQUEST', 'since'],
    [`?since=${since}&limit=0`, 'VERIFY_INVALID_REQUEST', 'limit'],
    [`?since=${since}&country=uk`, 'VERIFY_INVALID_NUMBER', 'country'],
    [`?since=${since}&before=x`, 'VERIFY_INVALID_REQUEST', 'before'],
  ])('rejects the decisions of the query "%s"', async (query, code, field) => {
    const answer = await service.get(`${GUARD}/decisions${query}`);
    expect(bodyOf(answer)).toMatchObject({ status: 400, body: { code, field } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('takes JSON only, and no broken JSON', async () => {
    const form = await service.post(`${GUARD}/block`, 'target=FR', {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    expect([form.status, form.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(bodyOf(await service.post(`${GUARD}/block`, '{"target":'))).toMatchObject({
      ...{ status: 400, body: { code: 'INVALID_JSON' } },
    });
  });

  it('leaves numbers and what it was asked out of the log, at every level', async () => {
    const [to, wrong] = ['+447400987656', '+447400987'];
    await put(service, { number: to, verdict: 'deny', actor: 'the-operator-ann' });
    await startOf(service, to);
    await service.get(`${GUARD}/decisions?since=${since}`);
    await put(service, { number: to, verdict: 'perhaps', actor: 'ann' });
    await put(service, { number: `${wrong}x`, verdict: 'deny', actor: 'ann' });
    await service.post(`${GUARD}/block`, { target: to, actor: 'ann' });
    await put(service, { number: to, verdict: null, actor: 'ann' });
    const { id } = (await startOf(service, to)).body;
    const [message] = await until(
      () => service.sandbox!.messages.filter(({ number }) => `+${number}` === to),
      (found) => found.length > 0,
    );
    const code = /\d{6}/.exec(message!.content)![0];
    await service.post(`${PLACE}/${id}/check`, { code, purpose: 'sign-in' });
    const log = inspect(service.logger.lines, { depth: 9, maxArrayLength: null, maxStringLength: null });
    for (const secret of [to.slice(1), to.slice(3), code, 'the-operator-ann']) expect(log).not.toContain(secret);
  });
});

it('the responses of the guard are as the API document describes them', async () => {
  const { components } = JSON.parse((await service.get('/docs-json')).text) as {
    components: { schemas: Record<string, { properties?: object; additionalProperties?: boolean }> };
  };
  // A property that is not described is a mistake too.
  for (const schema of Object.values(components.schemas)) {
    if (schema.properties !== undefined) schema.additionalProperties = false;
  }
  const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema({ $id: 'api', components });
  const problemsOf = (name: string, { body }: Answer) => {
    const validate = ajv.getSchema(`api#/components/schemas/${name}`)!;
    return validate(body) === true ? [] : [name, validate.errors];
  };
  await startOf(service, '+447400654321');
  await service.post(`${GUARD}/allow`, { target: 'DE', actor: 'ann', until: '2999-01-31T12:00:00Z' });
  await sql(
    database.url,
    `insert into laaffic_verify.alarm (type, scope, raised_at, last_at, count) values ('trouble', 'FR', now(), now(), 2)`,
  );
  const status = await service.get(GUARD);
  expect(bodyOf(status)).toMatchObject({
    body: {
      countries: [{ country: 'GB', spentPerDay: 0 }],
      caps: [{ cap: 'messagesPerHour' }, { cap: 'messagesPerDay' }],
      alarms: [{ type: 'trouble', scope: 'FR', count: 2 }],
      listed: [{ kind: 'country', label: 'DE' }],
    },
  });
  expect([
    ...problemsOf('GuardStatusDto', status),
    ...problemsOf('GuardAlarmsDto', await service.get(`${GUARD}/alarms`)),
    ...problemsOf('GuardListDto', await service.post(`${GUARD}/block`, { target: 'FR', actor: 'ann' })),
    ...problemsOf('ReleasedRangeDto', await service.post(`${GUARD}/release`, { target: 'FR', actor: 'ann' })),
  ]).toEqual([]);
});

it('/health shows the alarms that stop messages, and stays up', async () => {
  const own = await startDatabase();
  try {
    const instance = await startInstance({ DATABASE_URL: own.url });
    const details = async (): Promise<readonly [number, unknown]> => {
      const { status, body } = bodyOf(await instance.get('/health'));
      return [status, (body['details'] as { verification: unknown }).verification];
    };
    expect(await details()).toEqual([200, { status: 'up' }]);
    await sql(
      own.url,
      `insert into laaffic_verify.alarm (type, scope, raised_at, last_at, count)
       values ('cap', 'GB', now(), now(), 1), ('range', 'GB', now(), now(), 1)`,
    );
    // A result is kept for a second.
    const alarms = { status: 'up', alarms: ['cap GB'] };
    expect(await until(details, ([, found]) => inspect(found).includes('cap'))).toEqual([200, alarms]);
    await sql(own.url, 'drop schema laaffic_verify cascade');
    const [, found] = await until(details, ([status]) => status === 503);
    expect(found).toMatchObject({ status: 'down', code: 'VERIFY_HEALTH_SCHEMA' });
  } finally {
    await own.close();
  }
});

it('/health has no verification in a service without it', async () => {
  const gateway = await LaafficSandbox.start();
  const instance = await startInstance({
    DATABASE_URL: database.url,
    ...SAMPLE_ENVIRONMENT,
    LAAFFIC_BASE_URL: gateway.url,
  });
  try {
    const { status, body } = bodyOf(await instance.get('/health'));
    expect([status, Object.keys(body['details'] as object)]).toEqual([200, ['laaffic', 'outbox']]);
  } finally {
    await instance.close();
    await gateway.close();
  }
});

describe('two instances on one database', () => {
  it('know the list of each other within a second, with the key and the person who changed it', async () => {
    const env = { DATABASE_URL: database.url, API_KEYS: `desk:${API_KEY},shop:${SHOP_KEY}`, ...KEYS };
    const [one, other] = await Promise.all([startInstance(env), startInstance(env)]);
    const [desk, shop] = [API_KEY, SHOP_KEY].map((key) => ({ Authorization: `Bearer ${key}` }));
    const blocked = await one.post(`${GUARD}/block`, { target: '+33612', actor: 'desk (bob)' }, shop);
    expect(bodyOf(blocked).body['listed']).toContainEqual(
      expect.objectContaining({ label: '+33612', actor: 'desk (bob) (key shop)' }),
    );
    let last = 100;
    await until(
      () => startOf(other, `+33612345${last++}`, desk),
      ({ status }) => status === 429,
      10_000,
    );
    await other.post(`${GUARD}/release`, { target: '+33612', actor: 'bob' }, desk);
    await until(
      () => startOf(one, `+33612346${last++}`, desk),
      ({ status }) => status === 201,
      10_000,
    );
  });

  it('start one verification for an idempotency key, and check its code together', async () => {
    const env = { DATABASE_URL: database.url, ...KEYS };
    const gateway = await LaafficSandbox.start();
    const account = { ...SAMPLE_ENVIRONMENT, LAAFFIC_BASE_URL: gateway.url };
    const settings = { VERIFY_COUNTRIES: 'GB', VERIFY_EXPECTED_PER_DAY: '1000', VERIFY_APP: 'ACME' };
    const instances = await Promise.all(
      [0, 1].map(() => startInstance({ ...env, ...account, ...settings, VERIFY_GUARD: 'shadow' })),
    );
    try {
      const to = '+447400111222';
      const key = { 'Idempotency-Key': 'order 7' };
      const answers = await Promise.all([0, 1, 0, 1].map((index) => startOf(instances[index]!, to, key)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
      const ids = new Set(answers.map(({ body }) => body.id));
      expect(ids.size).toBe(1);
      const [id] = ids;
      const [message] = await until(
        () => gateway.messages,
        (found) => found.length > 0,
      );
      const code = /\d{6}/.exec(message!.content)![0];
      const wrong = code === '000000' ? '000001' : '000000';
      const check = (index: number, entered: string) =>
        instances[index]!.post(`${PLACE}/${id}/check`, { code: entered, purpose: 'sign-in' });
      expect(bodyOf(await check(0, wrong))).toMatchObject({ status: 422, body: { attemptsLeft: 4 } });
      expect(bodyOf(await check(1, wrong))).toMatchObject({ status: 422, body: { attemptsLeft: 3 } });
      const checks = await Promise.all([0, 1, 0, 1].map((index) => check(index, code)));
      expect(checks.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410]);
      expect(gateway.messages).toHaveLength(1);
    } finally {
      await Promise.all(instances.map((instance) => instance.close()));
      await gateway.close();
    }
  });
});
