import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { invalidField, MESSAGE, sql, startService, type Json, type Service } from './service.js';
import { until } from '../until.js';

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
beforeEach(() => {
  service.sandbox!.reset();
});

const lines = async (path: string) => {
  const { text } = await service.get(path);
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Json & { event: string }]));
};
const idOf = (location: string | null) => location!.split('/').at(-1)!;

/** A message to two people that is held, because its outcome is unknown. */
async function holdOne(): Promise<string> {
  service.sandbox!.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
  const to = [{ number: '91856321412', orderId: 'held-1' }, '91856321413'];
  const id = idOf((await service.send({ to, content: 'x', reference: 'order 7' })).headers.get('location'));
  await sql(database.url, `update chunk set state = 'held', held = size, unknown = 0 where id = ${id}`);
  return id;
}

describe('held messages', () => {
  it('are listed with what helps the manual decision, and resolved', async () => {
    const id = await holdOne();
    const held = await lines('/v1/held');
    const said = { code: 'LAAFFIC_CONNECTION_LOST', reason: expect.any(String) };
    const facts = { messageId: id, reference: 'order 7', state: 'held', ...said };
    expect(held).toEqual([
      { ...facts, id: `${id}.0`, position: 0, number: '91856321412', orderId: 'held-1', sentAt: expect.any(String) },
      {
        ...facts,
        id: `${id}.1`,
        position: 1,
        number: '91856321413',
        orderId: expect.any(String),
        sentAt: expect.any(String),
      },
    ]);
    expect(await lines('/v1/held?limit=1')).toEqual([held[0]]);
    expect(await lines(`/v1/held?limit=9&after=${held[0]!.id}`)).toEqual([held[1]]);
    const { recipients, reference } = (await service.get(`/v1/messages/${id}`)).body;
    expect(reference).toBe('order 7');
    expect(recipients.map(({ state, sentAt }) => [state, sentAt])).toEqual(held.map(({ sentAt }) => ['held', sentAt]));
    const csv = await service.get('/v1/held', { Accept: 'text/csv' });
    expect(csv.text.split('\r\n')[0]).toBe(
      'id,messageId,campaignId,reference,position,number,orderId,state,msgId,code,reason,reportedAt,gatewayTime,sentAt',
    );

    const resolve = (decision: unknown) => service.post(`/v1/messages/${id}/resolve`, decision);
    expect((await resolve({ decision: 'sent', positions: [1], actor: 'ann' })).body).toEqual({ recipientCount: 1 });
    expect((await resolve({ decision: 'sent', positions: [1], actor: 'ann' })).body).toEqual({ recipientCount: 0 });
    expect((await resolve({ decision: 'abandon' })).body).toEqual({ recipientCount: 1 });
    expect(await lines('/v1/held')).toEqual([]);
    const decided = (await service.get(`/v1/messages/${id}`)).body.recipients;
    expect(decided.map(({ state }) => state)).toEqual(['abandoned', 'accepted']);
    const journal = await lines(`/v1/messages/${id}/history`);
    expect(journal.map(({ event }) => event)).toEqual(['pending', 'sending', 'unknown', 'marked as sent', 'abandoned']);
    expect(journal.slice(-2)).toMatchObject([{ actor: 'ann (api)' }, { actor: 'api' }]);
  });

  it.each([
    [{ decision: 'perhaps' }, 'decision', 'decision must be one of resend, abandon, sent'],
    [
      { decision: 'sent', positions: [] },
      'positions',
      'positions must name at least one recipient; leave it out to decide about all of them',
    ],
    [{ decision: 'sent', positions: [-1] }, 'positions', 'positions must be a list of whole numbers from 0'],
    [{ decision: 'sent', actor: '' }, 'actor', 'actor must be text of 1 to 200 characters'],
    [{ decision: 'sent', who: 'ann' }, 'who', 'who is not a known field'],
  ])('reject the decision %j', async (decision, field, problem) => {
    const id = idOf((await service.send(MESSAGE)).headers.get('location'));
    const { status, body } = await service.post(`/v1/messages/${id}/resolve`, decision);
    expect(status).toBe(400);
    expect(body).toEqual(invalidField(`The request is invalid: ${problem}`, field));
  });

  it('of a campaign are resolved there', async () => {
    const created = await service.post('/v1/campaigns', { name: 'a', content: 'b', recipients: ['91856321412'] });
    const [line] = await lines(`/v1/campaigns/${created.body.id}/results`);
    const { id } = (await sql(database.url, `select id::text as id from chunk order by id desc limit 1`))[0]!;
    for (const answer of [
      await service.post(`/v1/messages/${String(id)}/resolve`, { decision: 'abandon' }),
      await service.get(`/v1/messages/${String(id)}/history`),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('OUTBOX_WRONG_STATE');
      expect(answer.body.message).toContain(`campaign ${created.body.id}`);
    }
    expect(line).toMatchObject({ state: 'pending' });
  });

  it.each([
    ['limit=0', 'limit', 'limit must be at least 1'],
    ['after=x', 'after', 'after must be the id of a recipient in this list'],
    ['state=held', 'state', 'state is not a known field'],
  ])('reject the query %s', async (query, field, problem) => {
    const { status, body } = await service.get(`/v1/held?${query}`);
    expect(status).toBe(400);
    expect(body).toEqual(invalidField(`The request is invalid: ${problem}`, field));
  });
});

describe('onUnconfirmed', () => {
  const campaign = { name: 'a', content: 'b', recipients: ['91856321412'] };
  const upload = (query: string) =>
    service.ask(`/v1/campaigns?name=a&content=b&${query}`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/csv' },
      body: 'number\n91856321412\n',
    });

  it('of a message and of a campaign is stored and shown', async () => {
    const [own, none] = await Promise.all([
      service.send({ ...MESSAGE, onUnconfirmed: 'abandon' }),
      service.send({ ...MESSAGE, onUnconfirmed: null }),
    ]);
    expect((await service.get(own.headers.get('location')!)).body.onUnconfirmed).toBe('abandon');
    expect((await service.get(none.headers.get('location')!)).body).not.toHaveProperty('onUnconfirmed');
    const created = [
      await service.post('/v1/campaigns', { ...campaign, onUnconfirmed: 'resend' }),
      await service.post('/v1/campaigns', campaign),
      await upload('onUnconfirmed=abandon'),
    ];
    const shown = await Promise.all(created.map(({ body }) => service.get(`/v1/campaigns/${body.id}`)));
    expect(shown.map(({ body }) => body.onUnconfirmed)).toEqual(['resend', undefined, 'abandon']);
  });

  it('is named if it is wrong', async () => {
    const rejected = [
      await service.send({ ...MESSAGE, onUnconfirmed: 'retry' }),
      await service.post('/v1/campaigns', { ...campaign, onUnconfirmed: 'retry' }),
      await upload('onUnconfirmed=retry'),
    ];
    const problem = 'The request is invalid: onUnconfirmed must be one of hold, resend, abandon';
    expect(rejected.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(rejected.map(({ body }) => body)).toEqual(rejected.map(() => invalidField(problem, 'onUnconfirmed')));
  });
});

it('the history of a campaign has every change with its actor', async () => {
  const { id } = (await service.post('/v1/campaigns', { name: 'a', content: 'b', recipients: ['91856321412'] })).body;
  await service.post(`/v1/campaigns/${id}/start`);
  await service.post(`/v1/campaigns/${id}/pause`);
  const journal = await lines(`/v1/campaigns/${id}/history`);
  expect(journal.filter(({ event }) => ['running', 'paused'].includes(event))).toMatchObject([
    { event: 'running', actor: 'api', at: expect.any(String) },
    { event: 'paused', actor: 'api', at: expect.any(String) },
  ]);
});

describe('a paused account', () => {
  const pause = () =>
    sql(
      database.url,
      `update account set paused_at = clock_timestamp(), paused_code = 'LAAFFIC_INSUFFICIENT_BALANCE',
        paused_reason = 'no balance',
        probe_at = clock_timestamp() + interval '1 hour'`,
    );
  const account = async () => (await service.get('/v1/account')).body as unknown as Record<string, unknown>;
  const resume = (body?: unknown) => service.post('/v1/account/resume', body);

  it('is shown with the reason and the backlog, and resumed', async () => {
    await pause();
    const sent = await service.send(MESSAGE, { Prefer: 'respond-async' });
    expect(await until(async () => (await account()).backlog === 1 && account())).toEqual({
      state: 'paused',
      pausedCode: 'LAAFFIC_INSUFFICIENT_BALANCE',
      pausedSince: expect.any(String),
      pausedReason: 'no balance',
      limitedLanes: [],
      pausedLanes: [],
      sealKeys: [],
      laneConcurrency: [],
      sending: 0,
      probesAt: expect.stringMatching(/^\d{4}-.*Z$/),
      backlog: 1,
      scheduled: expect.any(Number),
      oldestPendingSeconds: expect.any(Number),
      oldestPrioritySeconds: expect.any(Number),
      unknown: 0,
      held: 0,
    });
    expect((await resume({ actor: '' })).body).toMatchObject({ statusCode: 400, field: 'actor' });
    expect((await resume({ who: 'ann' })).body).toMatchObject({ statusCode: 400, field: 'who' });
    expect((await resume({ actor: 'ann' })).body).toEqual({ wasPaused: true });
    await until(async () => (await service.get(sent.body.location)).body.recipients[0]!.state === 'accepted');
    expect((await resume()).body).toEqual({ wasPaused: false });
    await until(async () => (await account()).state === 'works');
    expect(await sql(database.url, `select actor from history where event = 'account resumed'`)).toEqual([
      { actor: 'ann (api)' },
    ]);
  });

  it('lets a message expire with 410, and never sends it', async () => {
    await pause();
    const message = { ...MESSAGE, sendBefore: new Date(Date.now() + 3_600_000).toISOString() };
    const ask = (headers: Record<string, string>) => service.send(message, { 'Idempotency-Key': 'late', ...headers });
    const { body } = await ask({ Prefer: 'respond-async' });
    await sql(database.url, `update chunk set expires_at = clock_timestamp() where id = ${body.id}`);
    await resume();
    await until(async () => (await service.get(body.location)).body.recipients[0]!.state === 'rejected');
    for (const headers of [{}, { Prefer: 'respond-async' }]) {
      const again = await ask(headers);
      expect(again.status).toBe(410);
      expect(again.body).toEqual({
        statusCode: 410,
        message: 'The SMS was not sent in time, and will not be',
        error: 'Gone',
        code: 'OUTBOX_EXPIRED',
        outcome: 'rejected',
        field: 'sendBefore',
      });
    }
    expect(service.sandbox!.requests).toEqual([]);
  });
});

it.each([
  ['that is over', { sendBefore: '2026-01-01T00:00:00+05:30' }, 'sendBefore must not be over'],
  [
    'before its own sendAt',
    { sendAt: '2099-01-31T10:00:00Z', sendBefore: '2099-01-31T09:00:00Z' },
    'sendBefore must be after sendAt',
  ],
])('a deadline %s is rejected with 400', async (_, times, problem) => {
  const { status, body } = await service.send({ ...MESSAGE, ...times });
  expect(status).toBe(400);
  expect(body).toEqual(invalidField(`The request is invalid: ${problem}`, 'sendBefore'));
});
