import { inspect } from 'node:util';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { instancesOfATest, MESSAGE, NOT_FOUND, sql, startService, type Service } from './service.js';

const JSON_TYPE = 'application/json';

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

it.each(['1', '99999999999999999999', 'unheard-of', '%00', 'a%2Cb'])(
  'an unknown message %s is reported with one text',
  async (id) => {
    const asked = [
      service.get(`/v1/messages/${id}`),
      service.get(`/v1/messages?orderId=${id}`),
      service.get(`/v1/messages/${id}/history`),
      service.post(`/v1/messages/${id}/cancel`),
      service.post(`/v1/messages/${id}/resolve`, { decision: 'sent' }),
    ];
    for (const { status, body } of await Promise.all(asked)) {
      expect(status).toBe(404);
      expect(body).toEqual(NOT_FOUND);
    }
  },
);

it.each([
  ['an unknown route', '/v1/nothing', undefined, {}, 404, 'NOT_FOUND', 'There is no such route'],
  [
    'broken JSON',
    '/v1/messages',
    '{"to":"91856321412',
    { 'Content-Type': JSON_TYPE },
    400,
    'INVALID_JSON',
    'The body is not a JSON object',
  ],
  [
    'a body that is too large',
    '/v1/campaigns',
    JSON.stringify({ name: 'x'.repeat(1_100_000) }),
    { 'Content-Type': JSON_TYPE },
    413,
    'PAYLOAD_TOO_LARGE',
    'The body is larger than a megabyte: upload more recipients as text/csv or application/x-ndjson',
  ],
  [
    'an unknown charset',
    '/v1/messages',
    JSON.stringify(MESSAGE),
    { 'Content-Type': 'application/json; charset=klingon' },
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'Send the body as JSON in UTF-8',
  ],
  [
    'a form',
    '/v1/messages',
    'to=91856321412&content=x',
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'Send the body as JSON, with the header Content-Type: application/json',
  ],
  [
    'a campaign of another media type',
    '/v1/campaigns?name=a&content=b',
    '91856321412',
    { 'Content-Type': 'text/plain' },
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'Give the recipients as application/json, text/csv or application/x-ndjson',
  ],
  [
    'a page of another origin',
    '/v1/messages',
    JSON.stringify(MESSAGE),
    { 'Content-Type': JSON_TYPE, Origin: 'https://evil.example' },
    403,
    'FORBIDDEN',
    'Without API_KEYS the service accepts requests from this machine only',
  ],
])('%s gets an error in the common form', async (_, path, body, headers, statusCode, code, message) => {
  const answer = await service.post(path, body, headers);
  expect(answer.status).toEqual(statusCode);
  expect(answer.body).toEqual({ statusCode, message, error: expect.any(String), code, outcome: 'rejected' });
});

it('a body without a content type gets an error that says what to send', async () => {
  const { status, body } = await service.ask('/v1/messages', {
    method: 'POST',
    body: new Blob([JSON.stringify(MESSAGE)]),
  });
  expect(status).toBe(415);
  expect(body.message).toBe('Send the body as JSON, with the header Content-Type: application/json');
});

it('a missing key gets an error in the common form that says how to send one', async () => {
  const closed = await startInstance({ DATABASE_URL: database.url, API_KEYS: 'a-key-of-my-own-0123' });
  try {
    const { status, body, headers } = await closed.get('/v1/account');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body).toEqual({
      statusCode: 401,
      message: 'An API key is needed: Authorization: Bearer <key>',
      error: 'Unauthorized',
      code: 'UNAUTHORIZED',
      outcome: 'rejected',
    });
  } finally {
    await closed.close();
  }
});

it('every route responds 503 while the database is away, and the log holds nothing of the statements', async () => {
  const own = await startDatabase();
  const instance = await startInstance({ DATABASE_URL: own.url });
  try {
    const { headers } = await instance.send({ to: { number: '91856321412', orderId: 'mine-1' }, content: 'x' });
    await own.close();
    const paths = [headers.get('location')!, '/v1/messages/mine-1', '/v1/messages?orderId=mine-1', '/v1/messages'];
    const lists = [
      '/v1/held',
      '/v1/history',
      '/v1/campaigns',
      '/v1/campaigns/1',
      '/v1/campaigns/1/results',
      '/v1/campaigns/1/events',
      '/v1/account',
    ];
    for (const path of [...paths, ...lists]) {
      const { status, body } = await instance.get(path);
      expect({ path, status, body }).toEqual({
        path,
        status: 503,
        body: {
          statusCode: 503,
          message: expect.stringMatching(/^The database of the outbox /),
          error: 'Service Unavailable',
          code: 'OUTBOX_DATABASE_UNAVAILABLE',
          outcome: 'rejected',
        },
      });
    }
    // What was not reached has stored nothing, whatever was asked for.
    for (const path of ['/v1/messages/1/cancel', '/v1/campaigns/1/start']) {
      const { status, body } = await instance.post(path);
      expect(status).toBe(503);
      expect(body).toMatchObject({ code: 'OUTBOX_DATABASE_UNAVAILABLE', outcome: 'rejected' });
    }
    const { status, body } = await instance.send(MESSAGE);
    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: 'OUTBOX_DATABASE_UNAVAILABLE',
      outcome: 'rejected',
      message: expect.stringMatching(/the call may be retried$/),
    });
    // Once, however many parts of the outbox and requests noticed it.
    const told = (instance.logger.lines as unknown[][]).filter((line) => /database|outbox failed/.test(inspect(line)));
    expect(told.map(([words]) => words)).toEqual([expect.stringMatching(/^The database of the outbox fails \(/)]);
    expect(inspect(instance.logger.lines, { depth: 9 })).not.toMatch(/91856321412|mine-1/);
  } finally {
    await instance.close();
  }
});

it.each([
  ['40P01', 503, 'OUTBOX_DATABASE_UNAVAILABLE', 'the call may be retried'],
  ['25006', 503, 'OUTBOX_DATABASE_READ_ONLY', 'the call may be retried'],
  ['54000', 503, 'OUTBOX_DATABASE_FULL', 'the call may be retried'],
  ['22P05', 422, 'OUTBOX_DATABASE_ENCODING', 'the call always fails'],
  ['42501', 500, 'OUTBOX_DATABASE_DENIED', 'the call fails until'],
  ['42883', 500, 'OUTBOX_SCHEMA_MISSING', 'the call fails until'],
  ['XX000', 500, 'OUTBOX_DATABASE_REJECTED', 'the call may be rejected again'],
])(
  'a statement that the database rejects with %s gives %i, and nothing was done',
  async (sqlState, http, code, advice) => {
    await sql(
      database.url,
      `create function fail() returns trigger language plpgsql as
      $$ begin raise exception 'no: %', new.numbers using errcode = '${sqlState}'; end $$;
    create trigger fail before insert on chunk for each row execute function fail()`,
    );
    try {
      const campaign = { name: 'a', content: 'b', recipients: ['91856321412'], sendAt: 'now' };
      for (const answer of [await service.send(MESSAGE), await service.post('/v1/campaigns', campaign)]) {
        expect(answer.status).toEqual(http);
        expect(answer.body).toEqual({
          statusCode: http,
          message: expect.stringContaining(advice),
          error: expect.any(String),
          code,
          outcome: 'rejected',
        });
        expect(answer.text).not.toContain('91856321412');
      }
    } finally {
      await sql(database.url, 'drop function fail cascade');
    }
  },
);

it('a change that cannot be shown has an unknown outcome', async () => {
  const { body } = await service.send({ ...MESSAGE, sendAt: '2099-01-31T09:00:00Z' });
  // To cancel takes no look at it, and to show does.
  await sql(database.url, 'alter table recipient rename to gone');
  try {
    const answer = await service.post(`/v1/messages/${body.id}/cancel`);
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({
      code: 'OUTBOX_SCHEMA_MISSING',
      outcome: 'unknown',
      message: expect.stringMatching(/^The change was made, but cannot be shown/),
    });
  } finally {
    await sql(database.url, 'alter table gone rename to recipient');
  }
  const cancelled = await service.get(`/v1/messages/${body.id}`);
  expect(cancelled.body.recipients).toMatchObject([{ state: 'cancelled' }]);
});
