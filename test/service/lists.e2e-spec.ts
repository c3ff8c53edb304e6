import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { invalidField, sql, startService, type Service } from './service.js';

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

const page = async (path: string) => {
  const { status, text } = await service.get(path);
  expect({ path, status }).toEqual({ path, status: 200 });
  return JSON.parse(text) as Record<string, unknown>;
};

it('messages are listed page by page, and found by number, reference, state and time', async () => {
  const ids: string[] = [];
  for (const [to, reference] of [
    ['91856321412', 'order 1'],
    ['91856321413', 'order 2'],
    [['91856321412', '91856321414'], 'order 3'],
  ] as const) {
    const { headers } = await service.send({ to, content: 'x', reference });
    ids.push(headers.get('location')!.split('/').at(-1)!);
  }
  await sql(database.url, `update recipient set state = 'delivered' where chunk_id = ${ids[1]!}`);
  const time = expect.any(String);
  const times = { createdAt: time, dueAt: time, changedAt: time };
  const common = { lane: 'priority', attempts: 1, ...times };
  const [first, second, third] = [
    { id: ids[0], ...common, reference: 'order 1', number: '91856321412', total: 1, counts: { accepted: 1 } },
    { id: ids[1], ...common, reference: 'order 2', number: '91856321413', total: 1, counts: { delivered: 1 } },
    { id: ids[2], ...common, reference: 'order 3', number: '91856321412', total: 2, counts: { accepted: 2 } },
  ];
  expect(await page('/v1/messages')).toEqual({ messages: [third, second, first] });
  expect(await page('/v1/messages?limit=2')).toEqual({ messages: [third, second], before: ids[1] });
  expect(await page(`/v1/messages?before=${ids[1]!}`)).toEqual({ messages: [first] });
  expect(await page('/v1/messages?number=%2B91%208563%2021412')).toEqual({ messages: [first] });
  expect(await page('/v1/messages?reference=order%203&lane=priority')).toEqual({ messages: [third] });
  expect(await page('/v1/messages?state=delivered&from=2026-01-31T09:00:00Z')).toEqual({ messages: [second] });
  expect(await page('/v1/messages?to=2026-01-31T09:00:00%2B05:30')).toEqual({ messages: [] });
});

it('campaigns are found by their name', async () => {
  for (const name of ['Spring sale', 'Spring', 'Spring sale']) {
    await service.post('/v1/campaigns', { name, content: 'x', recipients: ['91856321412'] });
  }
  const { campaigns } = (await page('/v1/campaigns?name=Spring%20sale&state=draft')) as {
    campaigns: { name: string }[];
  };
  expect(campaigns.map(({ name }) => name)).toEqual(['Spring sale', 'Spring sale']);
});

it('the history of everything shows what people did', async () => {
  const created = await service.post('/v1/campaigns', { name: 'a', content: 'b', recipients: ['91856321412'] });
  const { id } = created.body;
  await service.post(`/v1/campaigns/${id}/cancel`);
  const common = { id: expect.any(String), at: expect.any(String), actor: 'api', campaignId: id };
  const [creating, draft, cancelled] = ['creating', 'draft', 'cancelled'].map((event) => ({ ...common, event }));
  expect(await page('/v1/history?actor=api&event=draft&limit=1')).toEqual({
    entries: [draft],
    before: expect.any(String),
  });
  const ofCampaign = (await page(`/v1/history?campaignId=${id}`)) as { entries: { chunkId?: string }[] };
  expect(ofCampaign.entries.filter(({ chunkId }) => chunkId === undefined)).toEqual([cancelled, draft, creating]);
});

it.each([
  ['/v1/messages?orderId=a&state=held', 'orderId', 'orderId must be the only filter'],
  ['/v1/messages?orderId=a&orderId=b', 'orderId', 'orderId must be given once'],
  ['/v1/messages?limit=201', 'limit', 'limit must be from 1 to 200'],
  ['/v1/messages?from=yesterday', 'from', 'from must be a time with its offset, such as 2026-01-31T09:00:00Z'],
  ['/v1/messages?number=12', 'number', 'number must be a phone number with country code'],
  ['/v1/campaigns?name=', 'name', 'name must be text of 1 to 255 characters'],
  [
    '/v1/history?event=sending',
    'event',
    'event must not be sending without a campaignId or messageId: every message has it',
  ],
  ['/v1/history?campaignId=x', 'campaignId', 'campaignId must be the id of a campaign'],
])('GET %s is rejected', async (path, field, problem) => {
  const { status, body } = await service.get(path);
  expect(status).toBe(400);
  expect(body).toEqual(invalidField(`The request is invalid: ${problem}`, field));
});
