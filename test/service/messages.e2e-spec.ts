import { inspect } from 'node:util';
import { LaafficSandbox } from 'laaffic-sandbox';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { instancesOfATest, MESSAGE, SECRET, sql, startService, until, type Service } from './service.js';

const ASYNC = { Prefer: 'respond-async' };

const startInstance = instancesOfATest();
let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url, ANSWER_WITHIN: '20' });
});
afterAll(async () => {
  await service.close();
  await database.close();
});
beforeEach(() => {
  service.sandbox!.reset();
});

const sent = () => service.sandbox!.messages.map(({ number }) => number);

describe('nobody accepted', () => {
  it.each([
    ['a number', '9990000009', 422, 'LAAFFIC_ABNORMAL_NUMBER', 'rejected', 'to'],
    ['the content', '9990000003', 422, 'LAAFFIC_SENSITIVE_CONTENT', 'rejected', 'content'],
    ['a template', '9990000006', 422, 'LAAFFIC_NOT_A_TEMPLATE', 'rejected', 'content'],
    ['a parameter', '9990000022', 400, 'LAAFFIC_INVALID_PARAMETER', 'rejected', undefined],
    ['trouble of the platform', '9990000018', 503, 'LAAFFIC_GATEWAY_FAULT', 'unknown', undefined],
  ])('for %s: the status of its row, and a place to look', async (_, to, http, code, outcome, field) => {
    const { status, body, headers } = await service.send({ to, content: 'x' });
    expect([status, body]).toEqual([
      http,
      {
        statusCode: http,
        message: expect.any(String),
        error: expect.any(String),
        code,
        outcome,
        ...(field && { field }),
      },
    ]);
    const message = await service.get(headers.get('location')!);
    expect(message.body).toMatchObject({ recipients: [{ number: to, code }] });
  });

  it('for a lost answer: 504, for it may have been sent', async () => {
    service.sandbox!.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { status, body } = await service.send(MESSAGE);
    expect([status, body]).toMatchObject([504, { code: 'LAAFFIC_CONNECTION_LOST', outcome: 'unknown' }]);
    expect(sent()).toEqual([MESSAGE.to]);
  });
});

describe('an answer before the outcome', () => {
  it('with Prefer: respond-async: 202 with a place to look, and it is sent', async () => {
    const { status, headers, body } = await service.send(MESSAGE, { Prefer: 'wait=10, Respond-Async; x=1' });
    const location = `/v1/messages/${body.id}`;
    expect([status, body, headers.get('location'), headers.get('preference-applied')]).toEqual([
      202,
      { id: expect.stringMatching(/^\d+$/), status: 'pending', location },
      location,
      'respond-async',
    ]);
    const { recipients } = await until(async () => {
      const message = (await service.get(location)).body;
      return (message.recipients[0]!.msgId as string | undefined) !== undefined && message;
    });
    expect(recipients[0]).toMatchObject({ number: MESSAGE.to, msgId: service.sandbox!.messages[0]!.msgId });
  });

  it('for a later time: 202 without a preference applied; it can be cancelled, and never goes', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const { status, headers, body } = await service.send({ ...MESSAGE, sendAt });
    expect([status, headers.get('preference-applied'), body.status]).toEqual([202, null, 'pending']);
    expect((await service.get(body.location)).body.recipients).toMatchObject([{ state: 'pending' }]);
    const cancelled = await service.post(`${body.location}/cancel`);
    expect([cancelled.status, cancelled.body.recipients]).toMatchObject([200, [{ state: 'cancelled' }]]);
    expect((await service.post('/v1/messages/999999/cancel')).status).toBe(404);
  });

  it('for the time that has come: it is sent', async () => {
    const { status } = await service.send({ ...MESSAGE, sendAt: new Date(Date.now() - 60_000).toISOString() });
    expect(status).toBe(202);
    await until(() => sent().length === 1);
  });

  it('for a time that is long over: 400, and nothing is sent', async () => {
    const { status, body } = await service.send({ ...MESSAGE, sendAt: '2026-01-01T00:00Z' });
    expect([status, body]).toMatchObject([400, { code: 'LAAFFIC_INVALID_COMMAND', field: 'sendAt' }]);
    expect(body.message).toContain('sendAt is over for more than 5 minutes: ask for now, or give a time to come');
  });

  it.each([
    ['sendAt', '2026-02-30T00:00:00Z'],
    ['sendAt', '2026-01-31T09:00:00'],
    ['sendBefore', 'tomorrow'],
    ['sendBefore', 1_800_000_000],
  ])('refuses %s %s with 400', async (field, value) => {
    const { status, body } = await service.send({ ...MESSAGE, [field]: value });
    expect([status, body]).toMatchObject([400, { code: 'LAAFFIC_INVALID_COMMAND', field }]);
    expect(body.message).toContain('must be a time with its offset');
  });

  it.each([
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59.999999999Z',
    '0001-01-01T00:00:00+05:00',
    '9999-12-31T23:59:59-00:01',
  ])('refuses %s with 400 and the field, for the database has no such time', async (time) => {
    const campaign = { name: 'a', content: 'b', recipients: [MESSAGE.to], sendAt: time };
    const upload = `/v1/campaigns?name=a&content=b&sendAt=${encodeURIComponent(time)}`;
    const answers = await Promise.all([
      service.send({ ...MESSAGE, sendAt: time }),
      service.send({ ...MESSAGE, sendBefore: time }, { 'Idempotency-Key': time }),
      service.post('/v1/campaigns', campaign),
      service.post(upload, MESSAGE.to, { 'Content-Type': 'text/csv' }),
    ]);
    const refusal = (field: string) => [
      400,
      {
        statusCode: 400,
        message: `The request cannot be taken as it is: ${field} must be in the years 1 to 9999`,
        error: 'Bad Request',
        code: 'LAAFFIC_INVALID_COMMAND',
        outcome: 'rejected',
        field,
      },
    ];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      ['sendAt', 'sendBefore', 'sendAt', 'sendAt'].map(refusal),
    );
  });

  it('takes the last moment that the database has in four digits', async () => {
    const { status, body } = await service.send({ ...MESSAGE, sendAt: '9999-12-31T23:59:59.999Z' });
    expect([status, (await service.post(`${body.location}/cancel`)).status]).toEqual([202, 200]);
  });

  it('when the account cannot send: 202 within ANSWER_WITHIN, health is down, and it is sent once it can', async () => {
    const impatient = await startInstance({ DATABASE_URL: database.url, ANSWER_WITHIN: '0.3', WORKER: 'off' });
    try {
      service.sandbox!.configure({ rules: [{ content: 'poor', status: -10 }] });
      const { status, body, headers } = await impatient.send({ to: '91856321499', content: 'poor' });
      expect([status, headers.get('preference-applied'), body.status]).toEqual([202, null, 'pending']);
      await until(async () => (await service.get('/health')).status === 503);
      service.sandbox!.configure({ rules: [] });
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
  it('sends once, however many ask at once, and gives each the same answer', async () => {
    const asked = Array.from({ length: 20 }, () => service.send(MESSAGE, { 'Idempotency-Key': 'once' }));
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(sent()).toEqual([MESSAGE.to]);
    expect(sent()).toEqual([MESSAGE.to]);
  });

  it('tells those who do not wait what is known of it by now', async () => {
    const first = await service.send(MESSAGE, { 'Idempotency-Key': 'known' });
    const again = await service.send(MESSAGE, { 'Idempotency-Key': 'known', ...ASYNC });
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      201,
      first.body,
      first.headers.get('location'),
    ]);
    const later = { ...MESSAGE, sendAt: new Date(Date.now() + 3_600_000).toISOString() };
    const other = await service.send(later, { 'Idempotency-Key': 'known', ...ASYNC });
    expect([other.status, other.body.code]).toEqual([422, 'OUTBOX_KEY_REUSED']);
    const refused = { to: '9990000009', content: 'x' };
    expect((await service.send(refused, { 'Idempotency-Key': 'known-refusal' })).status).toBe(422);
    expect((await service.send(refused, { 'Idempotency-Key': 'known-refusal', ...ASYNC })).status).toBe(422);

    const waits = { 'Idempotency-Key': 'waits', ...ASYNC };
    const [one, two] = [await service.send(later, waits), await service.send(later, waits)];
    expect([one.status, two.status, two.body]).toEqual([202, 202, one.body]);
    expect(sent()).toEqual([MESSAGE.to]);
  });

  it('refuses another message with 422', async () => {
    await service.send(MESSAGE, { 'Idempotency-Key': 'mine' });
    const { status, body } = await service.send({ ...MESSAGE, content: 'other' }, { 'Idempotency-Key': 'mine' });
    expect([status, body]).toEqual([
      422,
      {
        statusCode: 422,
        message: 'This idempotency key was given to another message before',
        error: 'Unprocessable Entity',
        code: 'OUTBOX_KEY_REUSED',
        outcome: 'rejected',
      },
    ]);
  });

  it('gives a refused message the same refusal', async () => {
    const ask = () => service.send({ to: '9990000009', content: 'x' }, { 'Idempotency-Key': 'refused' });
    const [first, second] = [await ask(), await ask()];
    expect([first.status, second.status, second.body]).toEqual([422, 422, first.body]);
    expect(service.sandbox!.requests).toHaveLength(1);
  });

  it.each([
    ['an empty one', ''],
    ['256 characters', 'x'.repeat(256)],
  ])('refuses %s with 400', async (_, key) => {
    const { status, body } = await service.send(MESSAGE, { 'Idempotency-Key': key });
    expect([status, body]).toMatchObject([400, { field: 'Idempotency-Key', code: 'LAAFFIC_INVALID_COMMAND' }]);
    expect(sent()).toEqual([]);
  });

  it('takes 255 characters, whatever they are', async () => {
    const key = `'; drop table chunk; -- ü%00${'x'.repeat(255)}`.slice(0, 255);
    expect((await service.send(MESSAGE, { 'Idempotency-Key': key })).status).toBe(201);
  });
});

describe('where a message is', () => {
  it('is told by its id for all, by an order id for one, and by the id that the outbox made', async () => {
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

  it('knows an order id that looks like the id of a message', async () => {
    const { headers } = await service.send({ to: { number: '91856321412', orderId: '1' }, content: 'x' });
    expect((await service.get('/v1/messages/1')).body).toMatchObject({ id: '1' });
    expect((await service.get('/v1/messages?orderId=1')).body).toMatchObject({ orderId: '1', number: '91856321412' });
    expect(headers.get('location')).not.toBe('/v1/messages/1');
  });

  it.each(['%00', '0', '99999999999999999999', 'a%2Cb', '%20', 'x'.repeat(65), '%F0%9F%99%82'])(
    'knows nothing of %s',
    async (id) => {
      expect((await service.get(`/v1/messages/${id}`)).status).toBe(404);
      expect((await service.get(`/v1/messages?orderId=${id}`)).status).toBe(404);
    },
  );

  it('is told by the reports that the platform pushes', async () => {
    service.sandbox!.configure({ pushReportsTo: `${service.url}/laaffic/${SECRET}/reports`, deliveredAfter: null });
    const { body } = await service.send({ to: { number: '91856321412', orderId: 'pushed' }, content: 'x' });
    service.sandbox!.deliver(body.accepted[0]!.msgId, 'failed', { reason: 'EXPIRED' });
    await service.sandbox!.pushesDone();
    expect((await service.get('/v1/messages/pushed')).body).toMatchObject({
      state: 'failed',
      reason: 'EXPIRED',
      reportedAt: expect.any(String),
      gatewayTime: expect.any(String),
    });
  });
});

it('a client that does not wait for the answer loses nothing', async () => {
  service.sandbox!.script({ endpoint: 'sendSms', delay: 1_500 });
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

it('a gateway that is away: 202, and it is sent when it is back', async () => {
  const gateway = await LaafficSandbox.start();
  const { port } = new URL(gateway.url);
  await gateway.close();
  const own = await startDatabase();
  const instance = await startInstance({
    DATABASE_URL: own.url,
    ANSWER_WITHIN: '0.5',
    LAAFFIC_APP_ID: '4luaKsL2',
    LAAFFIC_API_KEY: 'bDqJFiq9',
    LAAFFIC_API_SECRET: '7bz1lzh9',
    LAAFFIC_BASE_URL: gateway.url,
  });
  const { status, body } = await instance.send(MESSAGE);
  const back = await LaafficSandbox.start({ port: Number(port) });
  try {
    expect([status, body.status]).toEqual([202, 'pending']);
    await until(() => back.messages.length === 1);
  } finally {
    await instance.close();
    await back.close();
    await own.close();
  }
});

it('a database that is away: 503, for nothing was taken, and a line in the log', async () => {
  const own = await startDatabase();
  const instance = await startInstance({ DATABASE_URL: own.url });
  try {
    await own.close();
    const { status, body } = await instance.send(MESSAGE);
    expect([status, body]).toMatchObject([503, { code: 'OUTBOX_DATABASE', outcome: 'rejected' }]);
    expect(instance.logger.lines.flat()).toContainEqual(
      expect.stringMatching(/^The database of the outbox fails \(.*the end will be told$/),
    );
    expect(inspect(instance.logger.lines, { depth: 9 })).not.toMatch(/91856321412|482913/);
  } finally {
    await instance.close();
  }
});
