import { call, now, number, post, postJson, send, tell, type Reply } from '../../test/gateway.client.js';
import { PushReceiver } from '../../test/push.receiver.js';
import { LaafficSandbox } from '../index.js';

const other = '12025550123';
let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now, basePath: '/sms' });
});

afterEach(() => sandbox.close());

function control(method: string, path: string, body?: unknown): Promise<Reply> {
  const url = new URL('/', sandbox.url).href + path;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'Content-Type': 'application/json' };
  return call(url, { method, headers, ...(body !== undefined && { body: text }) });
}

async function answered(reply: Promise<Reply>): Promise<unknown> {
  const { http, text } = await reply;
  return [http, JSON.parse(text)];
}

describe('state', () => {
  it('has counts, funds, script and options, but neither key nor secret', async () => {
    sandbox.configure({ rules: [{ number: /^91/i, status: -9 }], historyLimit: Infinity });
    sandbox.script({ status: -3, times: Infinity });
    await post(sandbox.url, send);
    const { http, text } = await control('GET', '_sandbox');
    const state = JSON.parse(text) as { options: object };
    expect([http, state]).toEqual([
      200,
      {
        requests: 1,
        messages: 0,
        inbound: 0,
        conversions: 0,
        pushes: 0,
        pendingPushes: 0,
        pendingScript: [{ status: -3, times: null }],
        funds: { balance: '1000000.000000', gift: '0.000000', credit: '0.000000' },
        options: expect.objectContaining({
          basePath: '/sms',
          historyLimit: null,
          rules: [{ number: { pattern: '^91', flags: 'i' }, status: -9 }],
          quirks: expect.objectContaining({ timeTolerance: 1800 }) as unknown,
        }) as unknown,
      },
    ]);
    expect(Object.keys(state.options).filter((name) => name.startsWith('api'))).toEqual([]);
    expect(text).not.toMatch(/7bz1lzh9|bDqJFiq9/);
  });
});

describe('requests', () => {
  it('are listed whole, the newest of them with a limit, without key, secret and signature wherever they were sent', async () => {
    await post(sandbox.url, { ...send, content: 'my secret is 7bz1lzh9' }, { 'X-Secret': '7bz1lzh9' });
    await post(sandbox.url, send);
    const { text } = await control('GET', '_sandbox/requests');
    expect((JSON.parse(text) as { requests: unknown[] }).requests).toEqual([
      expect.objectContaining({
        id: 1,
        status: '0',
        headers: expect.objectContaining({ 'x-secret': '***', 'api-key': '***', sign: '***' }) as unknown,
        body: { ...send, content: 'my secret is ***' },
      }),
      expect.objectContaining({ id: 2, rawBody: JSON.stringify(send) }),
    ]);
    expect(text).not.toMatch(/7bz1lzh9|bDqJFiq9/);
    expect(await answered(control('GET', '_sandbox/requests?limit=1'))).toMatchObject([200, { requests: [{ id: 2 }] }]);
  });
});

describe('messages', () => {
  it.each([
    ['', ['a', 'b', 'c']],
    ['?limit=2', ['b', 'c']],
    [`?number=${other}`, ['b', 'c']],
    [`?number=${other}&limit=1`, ['c']],
    ['?orderId=a', ['a']],
    ['?msgId=2109011200000000003', ['c']],
    [`?msgId=2109011200000000003&number=${number}`, []],
  ])('are found by %p', async (query, orderIds) => {
    await post(sandbox.url, { ...send, numbers: `${number},${other},${other}`, orderId: 'a,b,c' });
    const { text } = await control('GET', `_sandbox/messages${query}`);
    const { messages } = JSON.parse(text) as { messages: { orderId: string }[] };
    expect(messages.map(({ orderId }) => orderId)).toEqual(orderIds);
  });
});

describe('deliveries, inbound messages, conversions and pushes', () => {
  const msgId = '2109011200000000001';
  const delivery = { state: 'failed', reason: 'EXPIRED', doneAt: now() };

  it('are set and seen', async () => {
    await post(sandbox.url, send);
    expect(await answered(control('POST', '_sandbox/deliver', { msgId, state: 'failed', reason: 'EXPIRED' }))).toEqual([
      200,
      { delivery },
    ]);
    expect(await answered(control('GET', '_sandbox/messages'))).toMatchObject([
      200,
      { messages: [{ msgId, delivery }] },
    ]);
    const given = { from: other, to: 'ACME', content: 'the secret is 7bz1lzh9', at: 1000 };
    const inbound = { ...given, content: 'the secret is ***', appId: '4luaKsL2', msgId: '7001010800010000002' };
    expect(await answered(control('POST', '_sandbox/inbound', given))).toEqual([200, { inbound }]);
    expect(await answered(control('GET', '_sandbox/inbound'))).toEqual([200, { inbound: [inbound] }]);
    await tell(sandbox.url, 'postback/backfill', { appId: '4luaKsL2', number, time: '5', msgid: msgId });
    expect(await answered(control('GET', '_sandbox/conversions?limit=1'))).toEqual([
      200,
      { conversions: [{ appId: '4luaKsL2', number, time: 5, msgId, requestId: 2 }] },
    ]);
  });

  it('are pushed to an address given by PATCH, where it is one that the sandbox may be pointed at', async () => {
    const customer = await PushReceiver.start();
    sandbox.configure({ allowedPushUrls: [customer.url] });
    await control('PATCH', '_sandbox/options', { pushReportsTo: customer.url, pushInboundTo: customer.url });
    await post(sandbox.url, send);
    await control('POST', '_sandbox/deliver', { msgId, state: 'delivered' });
    await control('POST', '_sandbox/inbound', { from: other, content: 'STOP' });
    await sandbox.pushesDone();
    expect(await answered(control('GET', '_sandbox/pushes'))).toMatchObject([
      200,
      {
        pushes: [
          { kind: 'report', body: { msgid: msgId } },
          { kind: 'inbound', outcome: 'acknowledged' },
        ],
      },
    ]);
    expect(await answered(control('GET', '_sandbox'))).toMatchObject([
      200,
      { pushes: 2, pendingPushes: 0, inbound: 1 },
    ]);
    await customer.close();
  });

  it.each<[string, unknown, object]>([
    ['deliver', { msgId: '1' }, { field: 'state', message: 'state is missing' }],
    ['deliver', { msgId: '1', state: 'failed' }, { field: 'msgId', message: 'No message has the id 1' }],
    ['deliver', { state: 'failed' }, { field: 'msgId', message: 'msgId is missing' }],
    ['deliver', { state: 'x' }, { field: 'state' }],
    ['deliver', { state: 'failed', why: 1 }, { field: 'why', message: 'why is not known' }],
    ['deliver', undefined, { field: null, message: 'It must be an object' }],
    ['inbound', [], { field: null, message: 'It must be an object' }],
    ['inbound', { from: 1 }, { field: 'from' }],
  ])('%s does not take %p', async (path, body, error) => {
    expect(await answered(control('POST', `_sandbox/${path}`, body))).toEqual([
      400,
      expect.objectContaining({ error: 'INVALID_ARGUMENT', ...error }),
    ]);
  });
});

describe('script', () => {
  it('takes one step or several', async () => {
    expect(await answered(control('POST', '_sandbox/script', { status: -3 }))).toEqual([
      200,
      { pendingScript: [{ status: -3, times: 1 }] },
    ]);
    await control('POST', '_sandbox/script', [{ patch: { success: null } }, { fault: 'html', times: null }]);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-3' });
    expect(await postJson(sandbox.url, send)).toEqual({
      status: '0',
      reason: 'success',
      fail: '0',
      array: [{ msgId: expect.stringMatching(/^\d{19}$/) as unknown, number, orderId: null }],
    });
    expect(await post(sandbox.url, send)).toMatchObject({ http: 502 });
    expect(sandbox.pendingScript).toEqual([{ fault: 'html', times: Infinity }]);
  });
});

describe('options', () => {
  it('change for the next call', async () => {
    const [http, state] = (await answered(
      control('PATCH', '_sandbox/options', {
        balance: '0.02',
        rules: [{ content: { pattern: '^bye' }, status: -3 }],
        quirks: { orderIdEcho: 'empty' },
      }),
    )) as [number, unknown];
    expect([http, state]).toMatchObject([200, { funds: { balance: '0.020000' } }]);
    expect(await postJson(sandbox.url, send)).toMatchObject({ array: [{ orderId: '' }] });
    expect(await postJson(sandbox.url, { ...send, content: 'bye' })).toMatchObject({ status: '-3' });
  });
});

describe('over HTTP', () => {
  const webhook = 'http://127.0.0.1:3000/laaffic/of-the-webhook/reports';

  it.each<[string, object]>([
    ['a URL that nobody allowed', { pushReportsTo: 'http://127.0.0.1:3000/admin' }],
    ['one beside the allowed', { pushInboundTo: `${webhook}/../inbound` }],
    ['one that begins like the allowed', { pushReportsTo: `${webhook}?x` }],
  ])('pushes are not pointed at %s', async (_, options) => {
    sandbox.configure({ allowedPushUrls: [webhook], pushReportsTo: webhook });
    const field = Object.keys(options)[0]!;
    expect(await answered(control('PATCH', '_sandbox/options', options))).toEqual([
      400,
      {
        error: 'INVALID_OPTION',
        field,
        message: `${field} can be set over HTTP only to a URL that the sandbox was started with --allowed-push-url for`,
      },
    ]);
  });

  it('pushes are pointed at what is allowed, and nowhere', async () => {
    sandbox.configure({ allowedPushUrls: [webhook] });
    const given = { pushReportsTo: webhook, pushInboundTo: null };
    expect(await answered(control('PATCH', '_sandbox/options', given))).toMatchObject([
      200,
      { options: { pushReportsTo: 'http://127.0.0.1:3000/***', pushInboundTo: null } },
    ]);
  });

  it.each(['allowedHosts', 'allowedPushUrls', 'onCall', 'onPush', 'onRefused'])('%s does not change', async (field) => {
    expect(await answered(control('PATCH', '_sandbox/options', { [field]: null }))).toEqual([
      400,
      { error: 'INVALID_OPTION', field, message: `${field} cannot be set over HTTP` },
    ]);
  });

  it.each(['plain-secret', '"quoted\\\\', 'ümläut & blank%', '\\ud800', '12345678901', 'status', '$&.*'])(
    'key, secret and paths of pushes are in no answer, now or after they changed: %p',
    async (text) => {
      const customer = await PushReceiver.start();
      const secrets = { apiKey: `key-${text}`, apiSecret: text };
      sandbox.configure({ ...secrets, pushInboundTo: `${customer.url}/of-the-webhook`, allowedPushUrls: [webhook] });
      const headers = { 'X-Secret': encodeURIComponent(secrets.apiKey), Authorization: 'Basic abc', Cookie: 'abc' };
      const body = { ...send, [text]: [text], content: `it is ${text}`, number: Number(text) };
      await post(sandbox.url, body, { ...headers, 'Api-Key': 'of-another-account', Sign: 'a-real-signature' });
      await call(`${sandbox.url}/nowhere?${new URLSearchParams({ [text]: text }).toString()}`);
      sandbox.inbound({ from: other, content: `${text} ${customer.url}/of-the-webhook` });
      sandbox.script({ fault: 'raw', body: text });
      await sandbox.pushesDone();
      await control('PATCH', '_sandbox/options', { apiKey: 'new-key', apiSecret: 'new-secret' });
      const answers = await Promise.all([
        ...['', '/requests', '/inbound', '/pushes', `/nowhere/${encodeURIComponent(text)}`].map((path) =>
          control('GET', `_sandbox${path}`),
        ),
        control('POST', '_sandbox/inbound', { from: other, content: 'x', appId: text }),
      ]);
      const shown = answers.map((answer) => JSON.parse(answer.text) as unknown);
      const texts: string[] = [];
      JSON.stringify(shown, (key, value: unknown) => {
        texts.push(key, String(value));
        return value;
      });
      const written = [
        text,
        JSON.stringify(text).slice(1, -1),
        'of-the-webhook',
        'of-another-account',
        'a-real-signature',
      ];
      const hidden = [...written, 'Basic abc', 'new-key', 'new-secret'];
      // the sandbox's own words
      const own = text === 'status' ? [] : hidden;
      expect(texts.filter((one) => own.some((secret) => one.includes(secret)))).toEqual([]);
      expect(answers.map(({ http }) => http)).toEqual([200, 200, 200, 200, 404, 400]);
      await customer.close();
    },
  );
});

describe('reset', () => {
  it('forgets', async () => {
    sandbox.script({ status: -3, times: 2 });
    await post(sandbox.url, send);
    expect(await answered(control('POST', '_sandbox/reset'))).toMatchObject([
      200,
      { requests: 0, messages: 0, pendingScript: [] },
    ]);
    expect(sandbox.requests).toEqual([]);
  });
});

describe('mistakes', () => {
  it.each<[string, string, unknown, object]>([
    ['POST', '_sandbox/script', '{', { error: 'INVALID_JSON', field: null, message: 'The body must be JSON' }],
    [
      'POST',
      '_sandbox/script',
      undefined,
      { error: 'INVALID_SCRIPT', field: 'step[0]', message: 'step[0] must be an object' },
    ],
    [
      'POST',
      '_sandbox/script',
      [{ status: -1 }, { status: 'x' }],
      { error: 'INVALID_SCRIPT', field: 'step[1].status', message: 'step[1].status must be a status from -999 to -1' },
    ],
    [
      'POST',
      '_sandbox/script',
      { answer: 'x' },
      { error: 'INVALID_SCRIPT', field: 'step[0].answer', message: 'step[0].answer must be a function' },
    ],
    [
      'PATCH',
      '_sandbox/options',
      [],
      { error: 'INVALID_OPTION', field: null, message: 'The body must be an object of options' },
    ],
    [
      'PATCH',
      '_sandbox/options',
      { quirks: { x: 1 } },
      { error: 'INVALID_OPTION', field: 'quirks.x', message: 'quirks.x is not known' },
    ],
    [
      'PATCH',
      '_sandbox/options',
      { port: 1 },
      { error: 'INVALID_OPTION', field: 'port', message: 'port cannot change once the sandbox has started' },
    ],
    [
      'GET',
      '_sandbox/messages?limit=x',
      undefined,
      { error: 'INVALID_ARGUMENT', field: 'limit', message: 'limit must be a whole number from 1 to 999999999' },
    ],
    [
      'GET',
      '_sandbox/messages?phone=1',
      undefined,
      { error: 'INVALID_ARGUMENT', field: 'phone', message: 'phone is none of limit, number, orderId, msgId' },
    ],
  ])('%s %s with %p', async (method, path, body, error) => {
    expect(await answered(control(method, path, body))).toEqual([400, error]);
    expect(sandbox.pendingScript).toEqual([]);
  });

  it('name the routes there are', async () => {
    expect(await answered(control('DELETE', '_sandbox/messages'))).toEqual([
      404,
      {
        error: 'NOT_FOUND',
        field: null,
        message:
          'DELETE /_sandbox/messages is none of GET /_sandbox, GET /_sandbox/requests, GET /_sandbox/messages, ' +
          'GET /_sandbox/inbound, GET /_sandbox/conversions, GET /_sandbox/pushes, POST /_sandbox/deliver, ' +
          'POST /_sandbox/inbound, POST /_sandbox/script, PATCH /_sandbox/options, POST /_sandbox/reset',
      },
    ]);
    expect(sandbox.requests).toEqual([]);
  });
});
