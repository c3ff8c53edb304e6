import { inspect } from 'node:util';
import { LaafficSandbox } from 'laaffic-sandbox';
import { showFirstMessage } from '../../src/first-message.js';
import { GatewayAccount } from '../../src/gateway/gateway.account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { invalidField, MESSAGE, SECRET, startService, type Service } from './service.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

const start = (env: NodeJS.ProcessEnv = {}) => startService({ DATABASE_URL: database.url, ...env });

describe('the service without settings', () => {
  let service: Service;
  beforeAll(async () => {
    service = await start();
  });
  beforeEach(() => {
    service.sandbox?.reset();
  });
  afterAll(() => service.close());

  it('sends to its own sandbox and responds 201 with the receipt', async () => {
    const to = ['+91 856 321 412', { number: '91856321413', orderId: 'order-2' }];
    const { status, body } = await service.send({ to, content: 'hello world', senderId: 'ACME' });
    const [first, second] = service.sandbox!.messages;
    expect(status).toBe(201);
    expect(body).toEqual({
      accepted: [
        { number: '91856321412', orderId: first!.orderId, msgId: first!.msgId },
        { number: '91856321413', orderId: 'order-2', msgId: second!.msgId },
      ],
      rejected: [],
      unknown: [],
      id: expect.stringMatching(/^\d+$/),
    });
    expect([first, second].map((message) => [message!.content, message!.senderId])).toEqual([
      ['hello world', 'ACME'],
      ['hello world', 'ACME'],
    ]);
  });

  it('accepts 1,000 recipients with the longest order ids', async () => {
    const to = Array.from({ length: 1000 }, (_, i) => ({
      number: `9185${String(i).padStart(7, '0')}`,
      orderId: String(i).padStart(64, 'x'),
    }));
    const { status, body } = await service.send({ to, content: 'hi' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ accepted: { length: 1000 }, rejected: [], unknown: [] });
    expect(service.sandbox!.requests).toHaveLength(1);
  });

  it.each<[string, object, string, string]>([
    [
      'a bad number',
      { ...MESSAGE, to: ['91856321412', 'x'] },
      'to[1]',
      'to[1] must be a phone number with country code: it contains “x”, which is not part of a number',
    ],
    ['no recipient', { content: 'x' }, 'to', 'to must be a phone number as text, or an object { number, orderId }'],
    ['nothing', {}, 'to', 'to must be a phone number as text, or an object { number, orderId }; content must be text'],
    ['no content', { to: '91856321412' }, 'content', 'content must be text'],
    [
      'a content that is too long',
      { ...MESSAGE, content: 'x'.repeat(1025) },
      'content',
      'content must have at most 1024 characters',
    ],
    [
      'a recipient with a misspelt field',
      { ...MESSAGE, to: ['91856321412', { number: '91856321413', orderID: 'o' }] },
      'to[1]',
      'to[1] has an unknown field: "orderID"',
    ],
    [
      'a field that only JSON can make',
      JSON.parse('{"to":"91856321412","content":"x","__proto__":{"x":1}}') as object,
      '__proto__',
      '__proto__ is not a known field',
    ],
    [
      'such a field of a recipient',
      JSON.parse('{"to":[{"number":"91856321412","__proto__":1}],"content":"x"}') as object,
      'to[0].__proto__',
      'to[0].__proto__ is not a known field',
    ],
    ['an unknown field', { ...MESSAGE, sender: 'ACME' }, 'sender', 'sender is not a known field'],
  ])('rejects %s with 400, and names the field', async (_, message, field, problem) => {
    const { status, body } = await service.send(message);
    expect(status).toBe(400);
    expect(body).toEqual(invalidField(`The request is invalid: ${problem}`, field));
    expect(service.sandbox!.requests).toEqual([]);
  });

  it.each([
    ['broken JSON', '{"to":', 'application/json', 400],
    ['a form, which any page may post', 'to=91856321412&content=x', 'application/x-www-form-urlencoded', 415],
    ['plain text, which any page may post', JSON.stringify(MESSAGE), 'text/plain', 415],
    ['more than a megabyte', JSON.stringify({ ...MESSAGE, content: 'x'.repeat(1_100_000) }), 'application/json', 413],
  ])('rejects %s', async (_, body, type, expected) => {
    const { status } = await service.send(body, { 'Content-Type': type });
    expect(status).toEqual(expected);
    expect(service.sandbox!.requests).toHaveLength(0);
  });

  it('reports its health without the balance, which needs a key', async () => {
    const health = await service.get('/health');
    expect(health).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { laaffic: { status: 'up' }, outbox: { status: 'up', account: 'works' } } },
    });
    expect(health.text).not.toContain('balance');
    expect(health.text).toContain('clockOffsetSeconds');
    // The database of DATABASE_URL is not a server of its own.
    expect((await service.get('/health/live')).body).toEqual({ status: 'ok' });
    const { balance, gift, credit } = service.sandbox!.funds;
    const answer = await service.get('/v1/balance');
    expect(answer.status).toBe(200);
    expect(Object.values(answer.body as object).map(Number)).toEqual([balance, gift, credit].map(Number));
  });

  it('shows a message as accepted, and as delivered once the platform has pushed its report', async () => {
    service.app.get(GatewayAccount).pushTo(service.url, SECRET);
    service.sandbox!.configure({ deliveredAfterMs: null });
    const message = {
      to: ['91856321412', '91856321413', '9991100001'].map((number, i) => ({ number, orderId: `o-${i}` })),
      content: 'x',
    };
    expect((await service.send(message)).status).toBe(201);
    const state = async (orderId: string) => (await service.get(`/v1/messages/${orderId}`)).body;
    expect(await state('o-0')).toMatchObject({ orderId: 'o-0', number: '91856321412', state: 'accepted' });

    const [first, second, third] = service.sandbox!.messages.map(({ msgId }) => msgId);
    service.sandbox!.setDeliveryState(first!, 'delivered');
    service.sandbox!.setDeliveryState(third!, 'failed', { reason: 'UNDELIV' });
    await service.sandbox!.waitForPushes();
    expect(service.sandbox!.pushes.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged']);
    expect(await state('o-0')).toMatchObject({ msgId: first, state: 'delivered' });
    expect(await state('o-2')).toMatchObject({ msgId: third, state: 'failed', reason: 'UNDELIV' });

    expect(await state('o-1')).toMatchObject({ msgId: second, state: 'accepted' });
    expect(await service.get('/v1/messages/unheard-of')).toMatchObject({ status: 404 });
  });

  it('stores a push that it cannot read, and lists it', async () => {
    const body = '{"msgid":"1","mobile":"91856321412"}';
    const answer = await fetch(`${service.url}/laaffic/${SECRET}/reports`, { method: 'POST', body });
    expect(answer.status).toBe(400);
    const shown = await service.get('/v1/pushes/unreadable?limit=1');
    expect(shown.status).toBe(200);
    expect(shown.body).toEqual({
      pushes: [
        {
          ...{ id: expect.any(String), receivedAt: expect.any(String), route: 'reports', reason: 'missing-fields' },
          ...{ text: body, base64: Buffer.from(body).toString('base64') },
        },
      ],
      before: expect.any(String),
    });
    expect(await service.get('/v1/pushes/unreadable?limit=x&page=2')).toMatchObject({ status: 400 });
  });

  it.each([
    ['/v1/messages/caf%E9', 17],
    ['/v1/campaigns?name=a&content=caf%C3%A9%20%ff%41', 42],
    ['/v1/campaigns?name=%E2%82', 20],
  ])('rejects an address with bytes that are not UTF-8: %s', async (path, character) => {
    const answer = await service.post(path, '91856321412', { 'Content-Type': 'text/csv' });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toBe(`The address has a byte that is not UTF-8, at character ${character}`);
  });

  it('accepts no push with a wrong secret', async () => {
    const push = (secret: string) =>
      fetch(`${service.url}/laaffic/${secret}/reports`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ msgid: '1', mobile: '91856321412', status: 0 }),
      });
    expect((await push(SECRET)).status).toBe(200);
    expect((await push(`${SECRET.slice(0, -1)}x`)).status).toBe(404);
  });

  it('logs what it did, with masked numbers and without contents', async () => {
    service.logger.lines.length = 0;
    await service.send(MESSAGE);
    await service.send({ ...MESSAGE, to: ['91856321412', '9990000009'] });
    expect(service.logger.lines).toContainEqual([
      { event: 'message sent', to: '9185…412', accepted: 1, rejected: 0, unknown: 0 },
      'MessagesController',
    ]);
    expect(service.logger.lines.length).toBeGreaterThanOrEqual(2);
    expect(inspect(service.logger.lines, { depth: 9 })).not.toMatch(/91856321412|9990000009|482913/);
  });

  it('prints its first message through its own API', async () => {
    const printed: string[] = [];
    await showFirstMessage({
      url: service.url,
      sandboxUrl: service.sandbox!.url,
      apiKey: undefined,
      dataDir: './.data/postgres',
      verifies: true,
      print: (text) => printed.push(text),
    });
    const [message] = service.sandbox!.messages;
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain(`POST ${service.url}/v1/messages`);
    expect(printed[0]).toContain(`"msgId": "${message!.msgId}"`);
    expect(printed[0]).toContain(service.sandbox!.url.replace('/v3', '/_sandbox/messages'));
    expect(printed[0]).toContain('./.data/postgres');
    const data = `'{"to":"+44 7400 123456","purpose":"sign-in"}'`;
    expect(printed[0]).toContain(
      `curl -s ${service.url}/v1/verifications -H 'content-type: application/json' -d ${data}\n`,
    );
    const [, place = ''] = /Where the message is +(\S+)/.exec(printed[0]!) ?? [];
    expect(await (await fetch(place)).json()).toMatchObject({ recipients: [{ msgId: message!.msgId }] });
  });
});

describe('the service with an account', () => {
  it('sends with that account, starts no sandbox, and sends nothing by itself', async () => {
    const gateway = await LaafficSandbox.start({
      appId: 'app-of-mine',
      apiKey: 'key-of-mine',
      apiSecret: 'secret-of-mine',
    });
    const service = await start({
      LAAFFIC_APP_ID: 'app-of-mine',
      LAAFFIC_API_KEY: 'key-of-mine',
      LAAFFIC_API_SECRET: 'secret-of-mine\n',
      LAAFFIC_BASE_URL: gateway.url,
      LAAFFIC_SENDER_ID: 'HOUSE',
    });
    const before = gateway.requests.length;
    const { status } = await service.send(MESSAGE);
    const health = await service.get('/health');
    await service.close();
    await gateway.close();
    expect(service.sandbox).toBeUndefined();
    expect(before).toBe(0);
    expect(status).toBe(201);
    expect(health.status).toBe(200);
    expect(gateway.messages.map(({ number, senderId }) => [number, senderId])).toEqual([['91856321412', 'HOUSE']]);
  });
});
