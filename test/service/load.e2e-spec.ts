import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { MESSAGE, sql, startService, type Answer, type Service } from './service.js';
import { until } from '../until.js';

jest.setTimeout(60_000);

/** Requests to send that are under way at once; twice as many if none has had an outcome for some time. */
const MOST = 100;
/** Lists that are written at once. */
const LISTS = 32;

let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url, RESPONSE_TIMEOUT_SECONDS: '40' });
}, 60_000);
afterAll(async () => {
  await service.close();
  await database.close();
});

/** Nothing is sent until the account is let go. */
const hold = () => sql(database.url, `update account set backoff_until = clock_timestamp() + interval '1 hour'`);
const letGo = () => sql(database.url, 'update account set backoff_until = null; notify laaffic_outbox_due');
const pending = async () => {
  const [row] = await sql(database.url, `select count(*)::int as count from chunk where state = 'pending'`);
  return Number(row?.count);
};

const BUSY = {
  statusCode: 503,
  message: expect.stringMatching(/^The service is busy: .+\. Nothing was done; retry in \d+ s$/),
  error: 'Service Unavailable',
  code: 'SERVICE_BUSY',
  outcome: 'rejected',
};
const retryAfterSeconds = ({ headers }: Pick<Answer, 'headers'>) => Number(headers.get('retry-after'));

it('the service rejects requests beyond its capacity, and sends each accepted message once', async () => {
  await hold();
  const contents = Array.from({ length: 3 * MOST }, (_, i) => `message ${i}`);
  const answers = contents.map(async (content) => ({ content, answer: await service.send({ ...MESSAGE, content }) }));
  let rejections = 0;
  for (const answer of answers) void answer.then(({ answer: { status } }) => (rejections += Number(status === 503)));
  await until(async () => rejections >= MOST && (await pending()) + rejections === contents.length);

  await letGo();
  const all = await Promise.all(answers);
  const rejected = all.flatMap(({ answer }) => (answer.status === 503 ? [answer] : []));
  expect(rejected.map(({ body }) => body)).toEqual(rejected.map(() => BUSY));
  const seconds = rejected.map(retryAfterSeconds);
  expect(seconds.every((one) => Number.isInteger(one) && one >= 1 && one <= 30)).toBe(true);
  // Who comes back then needs no new connection.
  expect(new Set(rejected.map(({ headers }) => headers.get('keep-alive')))).toEqual(new Set(['timeout=75']));
  // Not all come back at once.
  expect(new Set(seconds).size).toBeGreaterThan(5);

  await until(async () => (await pending()) === 0);
  const taken = all.filter(({ answer }) => answer.status === 201 || answer.status === 202);
  expect(taken.length).toBe(contents.length - rejected.length);
  const sent = service.sandbox!.messages.map(({ content }) => content);
  expect(sent.sort()).toEqual(taken.map(({ content }) => content).sort());
});

it('the service rejects messages while too many are due', async () => {
  await hold();
  await sql(
    database.url,
    `insert into chunk (account, lane, size, numbers, content)
      select id, 'priority', 1, '918563210000', 'hello' from account, generate_series(1, 10001)`,
  );
  const rejected = await until(async () => {
    const answer = await service.send(MESSAGE, { Prefer: 'respond-async' });
    return answer.status === 503 && answer;
  });
  expect(rejected.body).toEqual({
    ...BUSY,
    message: expect.stringContaining('more than 10000 messages wait to be sent'),
  });
  expect(retryAfterSeconds(rejected)).toBeGreaterThan(0);
  expect((await service.send(MESSAGE)).status).toBe(503);

  await sql(database.url, `delete from chunk where content = 'hello'`);
  await letGo();
  await until(async () => (await service.send(MESSAGE)).status === 201);
});

it('the service sends while others read results slowly, and admits new readers when they have gone', async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => 918_500_000_000 + i).join('\n');
  const campaign = await service.post('/v1/campaigns?name=large&content=hello', `number\n${rows}\n`, {
    'Content-Type': 'text/csv',
  });
  expect(campaign.status).toBe(201);
  const path = `/v1/campaigns/${campaign.body.id}/results`;
  const { hostname, port } = new URL(service.url);
  const startReader = (): Socket => {
    const reader = connect(Number(port), hostname).pause();
    reader.on('error', () => undefined);
    reader.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    return reader;
  };
  const readers = Array.from({ length: LISTS }, startReader);

  const rejected = await until(async () => {
    const answer = await fetch(service.url + path);
    if (answer.status === 503) return answer;
    await answer.body?.cancel();
    // One of the others may have been rejected in its place.
    readers.push(startReader());
    return false;
  });
  expect(await rejected.json()).toEqual({
    ...BUSY,
    message: expect.stringMatching(/^The service is busy: 32 lists/),
    requestId: rejected.headers.get('x-request-id'),
  });
  expect(retryAfterSeconds(rejected)).toBeGreaterThan(0);
  expect((await service.send(MESSAGE)).status).toBe(201);
  // A download that no client reads holds no connection of the database.
  await until(async () => {
    const [row] = await sql(
      database.url,
      `select count(*)::int as count from pg_stat_activity where datname = current_database()
        and pid <> pg_backend_pid() and state <> 'idle' and query like '%stretch%'`,
    );
    return row?.count === 0;
  });

  for (const reader of readers) reader.destroy();
  const results = await until(async () => {
    const answer = await service.get(path);
    return answer.status === 200 && answer;
  });
  expect(results.text.split('\n')).toHaveLength(60_001);
});

it('a thousand clients can connect at once, even while the service has no time for them', () => {
  const { port } = new URL(service.url);
  const script = `let left = 1000;
    for (let i = 0; i < 1000; i++) {
      require('net').connect(${port}, '127.0.0.1', () => --left === 0 && process.exit(0)).on('error', () => process.exit(1));
    }
    setTimeout(() => process.exit(2), 20_000);`;
  // This process, and the service in it, stands still meanwhile.
  expect(spawnSync(process.execPath, ['-e', script]).status).toBe(0);
});

it('the service keeps no slot for clients that disconnect at once', async () => {
  const { hostname, port } = new URL(service.url);
  const body = JSON.stringify({ ...MESSAGE, content: 'no request waits' });
  const head = `POST /v1/messages HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json`;
  for (let i = 0; i < 3 * MOST; i++) {
    const client = connect(Number(port), hostname);
    client.on('error', () => undefined);
    await once(client, 'connect');
    client.end(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, () => client.destroy());
  }
  await hold();
  const before = await pending();
  const waiting = Array.from({ length: MOST }, () => service.send(MESSAGE));
  await until(async () => (await pending()) >= before + MOST);
  await letGo();
  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([201]));
});
