import { inspect } from 'node:util';
import { LaafficSandbox } from 'laaffic-sandbox';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { instancesOfATest, invalidField, MESSAGE, SECRET, sql, startService, type Service } from './service.js';
import { until } from '../until.js';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';

const ASYNC = { Prefer: 'respond-async' };

const startInstance = instancesOfATest();
let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url, RESPONSE_TIMEOUT_SECONDS: '20' });
});
afterAll(async () => {
  await service.close();
  await database.close();
});
beforeEach(() => {
  service.sandbox!.reset();
});

const sent = () => service.sandbox!.messages.map(({ number }) => number);

describe('a message without an accepted recipient', () => {
  it.each([
    ['a number', '9990000009', 422, 'LAAFFIC_ABNORMAL_NUMBER', 'rejected', 'to'],
    ['the content', '9990000003', 422, 'LAAFFIC_SENSITIVE_CONTENT', 'rejected', 'content'],
    ['a template', '9990000006', 422, 'LAAFFIC_NOT_A_TEMPLATE', 'rejected', 'content'],
    ['a parameter', '9990000022', 400, 'LAAFFIC_INVALID_PARAMETER', 'rejected', undefined],
    ['trouble of the platform', '9990000018', 503, 'LAAFFIC_GATEWAY_FAULT', 'unknown', undefined],
  ])('gets the status and code of %s, and its location', async (_, to, http, code, outcome, field) => {
    const { status, body, headers } = await service.send({ to, content: 'x' });
    expect(status).toEqual(http);
    expect(body).toEqual({
      statusCode: http,
      message: expect.any(String),
      error: expect.any(String),
      code,
      outcome,
      ...(field && { field }),
    });
    const message = await service.get(headers.get('location')!);
    expect(message.body).toMatchObject({ recipients: [{ number: to, code }] });
  });

  it('gets 504 for a lost response, because it may have been sent', async () => {
    service.sandbox!.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { status, body } = await service.send(MESSAGE);
    expect(status).toBe(504);
    expect(body).toMatchObject({ code: 'LAAFFIC_CONNECTION_LOST', outcome: 'unknown' });
    expect(sent()).toEqual([MESSAGE.to]);
  });
});

describe('a response before the outcome', () => {
  it('is 202 with a location for Prefer: respond-async, and the message is sent', async () => {
    const { status, headers, body } = await service.send(MESSAGE, { Prefer: 'wait=10, Respond-Async; x=1' });
    const location = `/v1/messages/${body.id}`;
    expect(status).toBe(202);
    expect(body).toEqual({ id: expect.stringMatching(/^\d+$/), status: 'pending', location });
    expect(headers.get('location')).toEqual(location);
    expect(headers.get('preference-applied')).toBe('respond-async');
    const { recipients } = await until(async () => {
      const message = (await service.get(location)).body;
      return (message.recipients[0]!.msgId as string | undefined) !== undefined && message;
    });
    expect(recipients[0]).toMatchObject({ number: MESSAGE.to, msgId: service.sandbox!.messages[0]!.msgId });
  });

  it('is 202 for a later time, and the message can be cancelled', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const { status, headers, body } = await service.send({ ...MESSAGE, sendAt });
    expect(status).toBe(202);
    expect(headers.get('preference-applied')).toBeNull();
    expect(body.status).toBe('pending');
    expect((await service.get(body.location)).body.recipients).toMatchObject([{ state: 'pending' }]);
    const cancelled = await service.post(`${body.location}/cancel`);
    expect(cancelled.status).toBe(200);
    expect(cancelled.body.recipients).toMatchObject([{ state: 'cancelled' }]);
    expect((await service.post('/v1/messages/999999/cancel')).status).toBe(404);
  });

  it('is followed by the send once the time has come', async () => {
    const { status } = await service.send({ ...MESSAGE, sendAt: new Date(Date.now() - 60_000).toISOString() });
    expect(status).toBe(202);
    await until(() => sent().length === 1);
  });

  it('is 400 for a time that is long over, and nothing is sent', async () => {
    const { status, body } = await service.send({ ...MESSAGE, sendAt: '2026-01-01T00:00Z' });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND', field: 'sendAt' });
    expect(body.message).toContain('sendAt is more than 5 minutes in the past: give a later time');
  });

  it.each([
    ['sendAt', '2026-02-30T00:00:00Z'],
    ['sendAt', '2026-01-31T09:00:00'],
    ['sendBefore', 'tomorrow'],
    ['sendBefore', 1_800_000_000],
  ])('is 400 for %s %s', async (field, value) => {
    const { status, body } = await service.send({ ...MESSAGE, [field]: value });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND', field });
    expect(body.message).toContain('must be a time with its offset');
  });

  it.each([
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59.999999999Z',
    '0001-01-01T00:00:00+05:00',
    '9999-12-31T23:59:59-00:01',
  ])('is 400 with the field for %s, which the database cannot store', async (time) => {
    const campaign = { name: 'a', content: 'b', recipients: [MESSAGE.to], sendAt: time };
    const upload = `/v1/campaigns?name=a&content=b&sendAt=${encodeURIComponent(time)}`;
    const answers = await Promise.all([
      service.send({ ...MESSAGE, sendAt: time }),
      service.send({ ...MESSAGE, sendBefore: time }, { 'Idempotency-Key': time }),
      service.post('/v1/campaigns', campaign),
      service.post(upload, MESSAGE.to, { 'Content-Type': 'text/csv' }),
    ]);
    const rejection = (field: string) => [
      400,
      invalidField(`The request is invalid: ${field} must be in the years 1 to 9999`, field),
    ];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      ['sendAt', 'sendBefore', 'sendAt', 'sendAt'].map(rejection),
    );
  });

  it('is 202 for the last instant of the year 9999', async () => {
    const { status, body } = await service.send({ ...MESSAGE, sendAt: '9999-12-31T23:59:59.999Z' });
    expect(status).toBe(202);
    expect((await service.post(`${body.location}/cancel`)).status).toBe(200);
  });

  it('is 202 within RESPONSE_TIMEOUT_SECONDS if the account is paused; health is down, and the message is sent later', async () => {
    const impatient = await startInstance({
      DATABASE_URL: database.url,
      RESPONSE_TIMEOUT_SECONDS: '0.3',
      WORKER: 'off',
    });
    try {
      service.sandbox!.configure({ rejectionRules: [{ content: 'poor', status: -10 }] });
      const { status, body, headers } = await impatient.send({ to: '91856321499', content: 'poor' });
      expect(status).toBe(202);
      expect(headers.get('preference-applied')).toBeNull();
      expect(body.status).toBe('pending');
      await until(async () => (await service.get('/health')).status === 503);
      service.sandbox!.configure({ rejectionRules: [] });
      await until(async () => {
        await sql(
          database.url,
          `with due as (update chunk set due_at = clock_timestamp() where state = 'pending')
            update account set probe_at = clock_timestamp() where probe_at is not null`,
        );
        return (await service.get('/health')).status === 200;
      });
      expect(sent()).toEqual(['91856321499']);
    } finally {
      await impatient.close();
    }
  });
});

describe('Idempotency-Key', () => {
  it('sends once for many requests at once, and gives each the same response', async () => {
    const asked = Array.from({ length: 20 }, () => service.send(MESSAGE, { 'Idempotency-Key': 'once' }));
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(sent()).toEqual([MESSAGE.to]);
    expect(sent()).toEqual([MESSAGE.to]);
  });

  it('gives a request that does not wait the outcome that is known by now', async () => {
    const first = await service.send(MESSAGE, { 'Idempotency-Key': 'known' });
    const again = await service.send(MESSAGE, { 'Idempotency-Key': 'known', ...ASYNC });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toEqual(first.headers.get('location'));
    const later = { ...MESSAGE, sendAt: new Date(Date.now() + 3_600_000).toISOString() };
    const other = await service.send(later, { 'Idempotency-Key': 'known', ...ASYNC });
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('OUTBOX_KEY_REUSED');
    const rejected = { to: '9990000009', content: 'x' };
    expect((await service.send(rejected, { 'Idempotency-Key': 'known-rejection' })).status).toBe(422);
    expect((await service.send(rejected, { 'Idempotency-Key': 'known-rejection', ...ASYNC })).status).toBe(422);

    const waits = { 'Idempotency-Key': 'waits', ...ASYNC };
    const [one, two] = [await service.send(later, waits), await service.send(later, waits)];
    expect(one.status).toBe(202);
    expect(two.status).toBe(202);
    expect(two.body).toEqual(one.body);
    expect(sent()).toEqual([MESSAGE.to]);
  });

  it('rejects another message with 422', async () => {
    await service.send(MESSAGE, { 'Idempotency-Key': 'mine' });
    const { status, body } = await service.send({ ...MESSAGE, content: 'other' }, { 'Idempotency-Key': 'mine' });
    expect(status).toBe(422);
    expect(body).toEqual({
      statusCode: 422,
      message: 'This idempotency key was used for another message before',
      error: 'Unprocessable Entity',
      code: 'OUTBOX_KEY_REUSED',
      outcome: 'rejected',
    });
  });

  it('gives a rejected message the same error again', async () => {
    const ask = () => service.send({ to: '9990000009', content: 'x' }, { 'Idempotency-Key': 'rejected' });
    const [first, second] = [await ask(), await ask()];
    expect(first.status).toBe(422);
    expect(second.status).toBe(422);
    expect(second.body).toEqual(first.body);
    expect(service.sandbox!.requests).toHaveLength(1);
  });

  it.each([
    ['an empty one', ''],
    ['256 characters', 'x'.repeat(256)],
  ])('rejects %s with 400', async (_, key) => {
    const { status, body } = await service.send(MESSAGE, { 'Idempotency-Key': key });
    expect(status).toBe(400);
    expect(body).toMatchObject({ field: 'Idempotency-Key', code: 'LAAFFIC_INVALID_COMMAND' });
    expect(sent()).toEqual([]);
  });

  it('accepts any 255 characters', async () => {
    const key = `'; drop table chunk; -- ü%00${'x'.repeat(255)}`.slice(0, 255);
    expect((await service.send(MESSAGE, { 'Idempotency-Key': key })).status).toBe(201);
  });
});

describe('the state of a message', () => {
  it('is found by its id for all recipients, by an order id for one, and by an id that the outbox made', async () => {
    const to = [{ number: '91856321412', orderId: 'mine-1' }, '91856321413'];
    const { headers, body } = await service.send({ to, content: 'x' });
    const [first, second] = [body.accepted[0]!, body.accepted[1]!];
    const message = await service.get(headers.get('location')!);
    expect(message.body).toEqual({
      id: headers.get('location')!.split('/').at(-1),
      createdAt: expect.any(String),
      recipients: [
        { orderId: 'mine-1', msgId: first.msgId, number: '91856321412', state: 'accepted' },
        { orderId: second.orderId, msgId: second.msgId, number: '91856321413', state: 'accepted' },
      ],
    });
    expect((await service.get('/v1/messages/mine-1')).body).toEqual(message.body.recipients[0]);
    expect((await service.get(`/v1/messages/${second.orderId}`)).body).toEqual(message.body.recipients[1]);
  });

  it('is found by an order id that looks like the id of a message', async () => {
    const { headers } = await service.send({ to: { number: '91856321412', orderId: '1' }, content: 'x' });
    expect((await service.get('/v1/messages/1')).body).toMatchObject({ id: '1' });
    expect((await service.get('/v1/messages?orderId=1')).body).toMatchObject({ orderId: '1', number: '91856321412' });
    expect(headers.get('location')).not.toBe('/v1/messages/1');
  });

  it.each(['%00', '0', '99999999999999999999', 'a%2Cb', '%20', 'x'.repeat(65), '%F0%9F%99%82'])(
    'is 404 for %s',
    async (id) => {
      expect((await service.get(`/v1/messages/${id}`)).status).toBe(404);
      expect((await service.get(`/v1/messages?orderId=${id}`)).status).toBe(404);
    },
  );

  it('changes with the reports that the platform pushes', async () => {
    service.sandbox!.configure({ pushReportsTo: `${service.url}/laaffic/${SECRET}/reports`, deliveredAfterMs: null });
    const { body } = await service.send({ to: { number: '91856321412', orderId: 'pushed' }, content: 'x' });
    service.sandbox!.setDeliveryState(body.accepted[0]!.msgId, 'failed', { reason: 'EXPIRED' });
    await service.sandbox!.waitForPushes();
    expect((await service.get('/v1/messages/pushed')).body).toMatchObject({
      state: 'failed',
      reason: 'EXPIRED',
      reportedAt: expect.any(String),
      gatewayTime: expect.any(String),
    });
  });
});

it('a client that disconnects loses nothing', async () => {
  service.sandbox!.script({ endpoint: 'sendSms', delayMs: 1_500 });
  const gone = new AbortController();
  const asked = fetch(`${service.url}/v1/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'gone' },
    body: JSON.stringify({ to: { number: '91856321412', orderId: 'gone-1' }, content: 'x' }),
    signal: gone.signal,
  });
  await until(async () => (await service.get('/v1/messages/gone-1')).status === 200);
  gone.abort();
  await expect(asked).rejects.toThrow();
  await until(async () => ((await service.get('/v1/messages/gone-1')).body.msgId as string | undefined) !== undefined);
  expect(sent()).toEqual(['91856321412']);
});

it('a message is 202 while the gateway is away, and sent when it is back', async () => {
  const gateway = await LaafficSandbox.start();
  const { port } = new URL(gateway.url);
  await gateway.close();
  const own = await startDatabase();
  const instance = await startInstance({
    DATABASE_URL: own.url,
    RESPONSE_TIMEOUT_SECONDS: '0.5',
    ...SAMPLE_ENVIRONMENT,
    LAAFFIC_BASE_URL: gateway.url,
  });
  const { status, body } = await instance.send(MESSAGE);
  const back = await LaafficSandbox.start({ port: Number(port) });
  try {
    expect(status).toBe(202);
    expect(body.status).toBe('pending');
    await until(() => back.messages.length === 1);
  } finally {
    await instance.close();
    await back.close();
    await own.close();
  }
});

it('a message is 503 while the database is away, with one line in the log', async () => {
  const own = await startDatabase();
  const instance = await startInstance({ DATABASE_URL: own.url });
  try {
    await own.close();
    const { status, body } = await instance.send(MESSAGE);
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'OUTBOX_DATABASE_UNAVAILABLE', outcome: 'rejected' });
    expect(instance.logger.lines.flat()).toContainEqual(
      expect.stringMatching(/^The database of the outbox fails \(.*the recovery will be logged$/),
    );
    expect(inspect(instance.logger.lines, { depth: 9 })).not.toMatch(/91856321412|482913/);
  } finally {
    await instance.close();
  }
});

describe('a sealed message', () => {
  const sealed = { ...MESSAGE, sealed: true };
  const contents = () => sql(database.url, 'select content, seal_key_id from chunk order by id desc limit 1');

  it('is encrypted in the database until it is sent, and shown as sealed', async () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const instance = await startInstance({ DATABASE_URL: database.url, SEAL_KEYS: key });
    const later = { ...sealed, sendAt: new Date(Date.now() + 3_600_000).toISOString() };
    const { status, body } = await instance.send(later);
    expect(status).toBe(202);
    const [row] = (await contents()) as { seal_key_id: string }[];
    expect(row).toEqual({ content: expect.stringMatching(/^v1\.one\./), seal_key_id: expect.any(String) });
    expect((await instance.get(`/v1/messages/${body.id}`)).body).toMatchObject({ id: body.id, sealed: true });
    const keys = async (from: Service) =>
      ((await from.get('/v1/account')).body as unknown as { sealKeys: unknown }).sealKeys;
    expect(await keys(instance)).toEqual([{ keyId: row?.seal_key_id, position: 0, recipients: 1 }]);
    expect(await keys(service)).toEqual([{ keyId: row?.seal_key_id, recipients: 1 }]);
    await instance.post(`${body.location}/cancel`);
    expect(await contents()).toEqual([{ content: null, seal_key_id: row?.seal_key_id }]);
  });

  it('is rejected without keys, which the service makes only for phone verification', async () => {
    const instance = await startInstance({ DATABASE_URL: database.url, DATABASE_MIGRATE: 'off' });
    const { status, body } = await instance.send(sealed);
    expect(status).toBe(400);
    expect(body).toEqual(
      invalidField('The request is invalid: sealed needs sealKeys in the options of the outbox', 'sealed'),
    );
  });
});
