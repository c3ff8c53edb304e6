import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaafficSandbox } from 'laaffic-sandbox';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { instancesOfATest, MESSAGE, SECRET, sql } from './service.js';
import { until } from '../until.js';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';

let database: TestDatabase;
let gateway: LaafficSandbox;
beforeAll(async () => {
  database = await startDatabase();
  gateway = await LaafficSandbox.start();
});
afterAll(async () => {
  await gateway.close();
  await database.close();
});
beforeEach(() => {
  gateway.reset();
});

const startInstance = instancesOfATest();
const start = (env: NodeJS.ProcessEnv = {}) =>
  startInstance({
    DATABASE_URL: database.url,
    ...SAMPLE_ENVIRONMENT,
    LAAFFIC_BASE_URL: gateway.url,
    ...env,
  });
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(918_500_000_000 + i));

it('two instances on one database see the same messages and share a campaign', async () => {
  const [one, other] = await Promise.all([start({ REQUESTS_PER_SECOND: '40' }), start({ REQUESTS_PER_SECOND: '40' })]);
  try {
    const sent = await one.send(
      { to: { number: '91856321412', orderId: 'of-one' }, content: 'x' },
      { 'Idempotency-Key': 'k' },
    );
    const { body } = await other.get('/v1/messages/of-one');
    expect(body).toMatchObject({ msgId: sent.body.accepted[0]!.msgId, state: 'accepted' });
    expect((await other.get(sent.headers.get('location')!)).body.recipients).toEqual([body]);
    const again = await other.send(
      { to: { number: '91856321412', orderId: 'of-one' }, content: 'x' },
      { 'Idempotency-Key': 'k' },
    );
    expect(again.status).toBe(201);
    expect(again.body).toEqual(sent.body);

    const created = await one.post('/v1/campaigns?name=shared&content=x&sendAt=now', numbers(30_000).join('\n'), {
      'Content-Type': 'text/csv',
    });
    const progress = await until(async () => {
      const answer = await other.get(`/v1/campaigns/${created.body.id}`);
      return answer.body.state === 'done' && answer.body.progress;
    });
    expect(progress).toMatchObject({ total: 30_000, accepted: 30_000 });
    expect(new Set(gateway.messages.map(({ number }) => number)).size).toBe(30_001);
    expect(gateway.messages).toHaveLength(30_001);
    const workers = await sql(database.url, `select distinct worker from chunk where campaign_id = ${created.body.id}`);
    expect(workers).toHaveLength(2);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

it('an instance without a worker accepts messages, and another one sends them', async () => {
  const intake = await start({ WORKER: 'off', RESPONSE_TIMEOUT_SECONDS: '0.2' });
  const { status, body } = await intake.send(MESSAGE);
  expect(status).toBe(202);
  expect(gateway.messages).toHaveLength(0);
  const worker = await start();
  try {
    await until(async () => (await intake.get(body.location)).body.recipients[0]!.state === 'accepted');
  } finally {
    await Promise.all([intake.close(), worker.close()]);
  }
});

describe('at shutdown', () => {
  it('requests in flight get responses, events and uploads end, nothing new is accepted, and nothing is lost', async () => {
    const service = await start();
    const { hostname: host, port } = new URL(service.url);
    const watched = await service.post('/v1/campaigns?name=watched&content=x', '91856321412', {
      'Content-Type': 'text/csv',
    });
    const events = await fetch(`${service.url}/v1/campaigns/${watched.body.id}/events`);

    gateway.script({ endpoint: 'sendSms', responseDelayMs: 400 });
    const sending = service.send(MESSAGE);
    await until(() => gateway.requests.length === 1);

    const headers = { 'Content-Type': 'text/csv', 'Idempotency-Key': 'broken-off' };
    const path = '/v1/campaigns?name=broken-off&content=x';
    const upload = httpRequest({ host, port, method: 'POST', path, headers });
    const cut = once(upload, 'error');
    upload.write(numbers(50_000).join('\n'));
    const stored = async () =>
      Number(
        (await sql(database.url, `select stored_entries from campaign where name = 'broken-off'`))[0]?.stored_entries,
      );
    await until(async () => (await stored()) >= 32_000);

    const closing = service.close();
    await expect(events.text()).resolves.toContain('"draft"');
    const { status, body } = await sending;
    expect(status).toBe(201);
    expect(body.accepted).toMatchObject([{ number: MESSAGE.to }]);
    await until(() =>
      fetch(`${service.url}/health`)
        .then(() => false)
        .catch(() => true),
    );
    await cut;
    await closing;
    expect(await stored()).toBeGreaterThanOrEqual(32_000);

    const next = await start();
    try {
      const again = await next.post('/v1/campaigns?name=broken-off&content=x', numbers(60_000).join('\n'), headers);
      expect(again.status).toBe(201);
      expect(again.body.total).toBe(60_000);
    } finally {
      await next.close();
    }
  });

  it('a push in flight is read to its end and stored', async () => {
    const service = await start();
    const { body } = await service.send(MESSAGE);
    const msgId = body.accepted[0]!.msgId;
    const { hostname: host, port } = new URL(service.url);
    const path = `/laaffic/${SECRET}/reports`;
    const push = httpRequest({ host, port, method: 'POST', path, headers: { 'Content-Type': 'application/json' } });
    const [head, tail] = [`{"msgid":"${msgId}","mobile":"${MESSAGE.to}",`, '"status":1,"reason":"UNDELIV"}'];
    const begun = once(service.app.getHttpServer(), 'request');
    push.write(head);
    await begun;
    const closing = service.close();
    await until(() =>
      fetch(`${service.url}/health`)
        .then(() => false)
        .catch(() => true),
    );
    push.end(tail);
    const [answer] = (await once(push, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    await closing;
    const next = await start();
    try {
      expect((await next.get(`/v1/messages/${body.accepted[0]!.orderId}`)).body).toMatchObject({ state: 'failed' });
    } finally {
      await next.close();
    }
  });

  it('a message that cannot be sent now gets 202, and the next start sends it', async () => {
    const service = await start({ WORKER: 'off', RESPONSE_TIMEOUT_SECONDS: '60' });
    const sending = service.send({ to: { number: '91856321412', orderId: 'left-over' }, content: 'x' });
    await until(async () => (await service.get('/v1/messages/left-over')).status === 200);
    const closing = service.close();
    const { status } = await sending;
    await closing;
    expect(status).toBe(202);
    const next = await start();
    try {
      await until(async () => (await next.get('/v1/messages/left-over')).body.state === 'accepted');
    } finally {
      await next.close();
    }
  });
});

describe('without DATABASE_URL', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'laaffic-service-'));
    await chmod(folder, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('two instances share an embedded server, and its data survive a restart', async () => {
    const env = { DATABASE_URL: '', DATA_DIR: join(folder, 'data') };
    const [one, other] = await Promise.all([start(env), start(env)]);
    const { headers, body } = await one.send({ to: { number: '91856321412', orderId: 'kept' }, content: 'x' });
    expect((await other.get(headers.get('location')!)).body.recipients).toMatchObject([{ orderId: 'kept' }]);
    await one.close();
    expect((await other.get('/v1/messages/kept')).body).toMatchObject({ msgId: body.accepted[0]!.msgId });
    await other.close();
    const next = await start(env);
    expect((await next.get('/v1/messages/kept')).body).toMatchObject({ msgId: body.accepted[0]!.msgId });
    await next.close();
  });

  it('the process lives while its server is started again, and sends afterwards', async () => {
    const dataDir = join(folder, 'dying');
    const service = await start({ DATABASE_URL: '', DATA_DIR: dataDir });
    const live = () => service.get('/health/live');
    const body = (status: string) => ({ status: 'ok', embeddedPostgres: { status, since: expect.any(String) } });
    const before = await live();
    expect([before.status, before.body]).toEqual([200, body('running')]);

    // Without its data, no server can start.
    const cluster = join(dataDir, 'cluster');
    await rename(cluster, `${cluster}.away`);
    const [pid] = (await readFile(join(`${cluster}.away`, 'data', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    const down = await until(live, ({ text }) => text.includes('restarting'));
    expect([down.status, down.body]).toEqual([200, body('restarting')]);
    const { status: health } = await until(
      () => service.get('/health'),
      ({ status }) => status !== 200,
    );
    expect(health).toBe(503);

    await rename(`${cluster}.away`, cluster);
    const up = await until(live, ({ text }) => text.includes('running'));
    expect([up.status, up.body]).toEqual([200, body('running')]);
    const sent = await until(
      () => service.send(MESSAGE),
      ({ status }) => status === 201,
    );
    expect(sent.body).toMatchObject({ accepted: [{ number: MESSAGE.to }] });
    await service.close();
  });

  it('the start fails with a message that names DATABASE_URL if no server can run', async () => {
    await expect(start({ DATABASE_URL: '', DATA_DIR: '/dev/null/data' })).rejects.toThrow(
      /no PostgreSQL of its own can run here, with its data in \/dev\/null\/data: .*Set DATABASE_URL/,
    );
  });
});
