import { GatewayAccount } from '../../src/gateway/gateway.account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { invalidField, SECRET, sql, startService, type Service } from './service.js';

let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url });
  service.app.get(GatewayAccount).pushTo(service.url, SECRET);
  service.sandbox!.configure({ quirks: { pushNetwork: true } });
});
afterAll(async () => {
  await service.close();
  await database.close();
});

const CSV = { Accept: 'text/csv' };
/** The gateway pushes the reports of all messages that have none. */
const deliver = async () => {
  for (const { msgId } of service.sandbox!.messages) service.sandbox!.setDeliveryState(msgId, 'delivered');
  await service.sandbox!.waitForPushes();
};

it('the costs of messages are in the message, in the results of a campaign, and in sums by day', async () => {
  const message = await service.send({ to: '91856321412', content: 'x'.repeat(161) });
  const recipients = ['91856321413', '91856321414'];
  const campaign = await service.post('/v1/campaigns', { name: 'a', content: 'b', sendAt: 'now', recipients });
  await until(() => service.sandbox!.messages.length === 3);
  await sql(database.url, `update chunk set sent_at = '2027-01-31T12:00:00Z'`);
  await deliver();
  await until(async () => (await service.get(`/v1/campaigns/${campaign.body.id}`)).body.progress['delivered'] === 2);

  const found = await service.get(`/v1/messages/${message.body.id}`);
  expect(found.body.recipients).toEqual([
    expect.objectContaining({
      ...{ state: 'delivered', price: { total: '0.020000', currency: 'EUR', segments: 2 }, mcc: '404' },
    }),
  ]);
  const results = `/v1/campaigns/${campaign.body.id}/results`;
  const lines = (await service.get(results)).text.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
    recipients.map((number, position) => ({
      ...{ position, number, price: '0.010000', currency: 'EUR', segments: 1, mcc: '404' },
    })),
  );
  const [head, first] = (await service.get(results, CSV)).text.split('\r\n');
  expect(head).toMatch(/,sentAt,price,currency,segments,mcc,mnc$/);
  expect(first).toMatch(/,,0\.010000,EUR,1,404,$/);

  const costs = await service.get('/v1/costs?from=2027-01-01&to=2027-01-31');
  expect([costs.status, costs.body]).toEqual([
    200,
    { costs: [{ day: '2027-01-31', mcc: '404', currency: 'EUR', recipients: 3, segments: 4, total: '0.04' }] },
  ]);
  expect((await service.get('/v1/costs?from=2027-02-01&to=2027-02-28')).body).toEqual({ costs: [] });
});

it.each([
  ['to=2027-01-31', 'from', 'must be a day such as 2027-01-31'],
  ['from=2027-01-01&to=2027-01-31T00:00:00Z', 'to', 'must be a day such as 2027-01-31'],
  ['from=2027-01-01&from=2027-01-02&to=2027-01-31', 'from', 'must be a day such as 2027-01-31'],
  ['from=2027-02-30&to=2027-03-31', 'from', 'must be a day such as 2027-01-31'],
  ['from=2027-01-31&to=2027-01-01', 'to', 'must not be before from'],
  ['from=2027-01-01&to=2028-01-02', 'to', 'must be less than 366 days after from'],
])('costs of %s are rejected: %s', async (query, field, problem) => {
  const { status, body } = await service.get(`/v1/costs?${query}`);
  expect(status).toBe(400);
  expect(body).toEqual(invalidField(`The request is invalid: ${field} ${problem}`, field));
});
