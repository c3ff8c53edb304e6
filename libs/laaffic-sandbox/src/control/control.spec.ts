import { call, now, number, post, postJson, type Reply, send, postTo } from '../../test/gateway-client.js';
import { PushReceiver } from '../../test/push-receiver.js';
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

async function parsed(reply: Promise<Reply>): Promise<unknown> {
  const { httpStatus, text } = await reply;
  return [httpStatus, JSON.parse(text)];
}

describe('GET /_sandbox', () => {
  it('shows counts, funds, script and options, but neither key nor secret', async () => {
    sandbox.configure({ rejectionRules: [{ number: /^91/i, status: -9 }], historyLimit: Infinity });
    sandbox.script({ status: -3, times: Infinity });
    await post(sandbox.url, send);
    const { httpStatus, text } = await control('GET', '_sandbox');
    const state = JSON.parse(text) as { options: object };
    expect(httpStatus).toBe(200);
    expect(state).toEqual({
      requests: 1,
      messages: 0,
      inboundMessages: 0,
      conversions: 0,
      pushes: 0,
      pendingPushes: 0,
      pendingSteps: [{ status: -3, times: null }],
      funds: { balance: '1000000.000000', gift: '0.000000', credit: '0.000000' },
      options: expect.objectContaining({
        basePath: '/sms',
        historyLimit: null,
        rejectionRules: [{ number: { pattern: '^91', flags: 'i' }, status: -9 }],
        quirks: expect.objectContaining({ timestampToleranceSeconds: 1800 }) as unknown,
      }) as unknown,
    });
    expect(Object.keys(state.options).filter((name) => name.startsWith('api'))).toEqual([]);
    expect(text).not.toMatch(/7bz1lzh9|bDqJFiq9/);
  });
});

describe('GET /_sandbox/requests', () => {
  it('lists the newest requests without key, secret and signature, wherever they were sent', async () => {
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
    expect(await parsed(control('GET', '_sandbox/requests?limit=1'))).toMatchObject([200, { requests: [{ id: 2 }] }]);
  });
});

describe('GET /_sandbox/messages', () => {
  it.each([
    ['', ['a', 'b', 'c']],
    ['?limit=2', ['b', 'c']],
    [`?number=${other}`, ['b', 'c']],
    [`?number=${other}&limit=1`, ['c']],
    ['?orderId=a', ['a']],
    ['?msgId=2109011200000000003', ['c']],
    [`?msgId=2109011200000000003&number=${number}`, []],
  ])('filters by %p', async (query, orderIds) => {
    await post(sandbox.url, { ...send, numbers: `${number},${other},${other}`, orderId: 'a,b,c' });
    const { text } = await control('GET', `_sandbox/messages${query}`);
    const { messages } = JSON.parse(text) as { messages: { orderId: string }[] };
    expect(messages.map(({ orderId }) => orderId)).toEqual(orderIds);
  });
});

describe('deliveries, inbound messages, conversions and pushes', () => {
  const msgId = '2109011200000000001';
  const delivery = { state: 'failed', reason: 'EXPIRED', doneAt: now() };

  it('are set and listed', async () => {
    await post(sandbox.url, send);
    expect(await parsed(control('POST', '_sandbox/delivery', { msgId, state: 'failed', reason: 'EXPIRED' }))).toEqual([
      200,
      { delivery },
    ]);
    expect(await parsed(control('GET', '_sandbox/messages'))).toMatchObject([200, { messages: [{ msgId, delivery }] }]);
    const given = { from: other, to: 'ACME', content: 'the secret is 7bz1lzh9', at: 1000 };
    const inboundMessage = { ...given, content: 'the secret is ***', appId: '4luaKsL2', msgId: '7001010800010000002' };
    expect(await parsed(control('POST', '_sandbox/inbound-messages', given))).toEqual([200, { inboundMessage }]);
    expect(await parsed(control('GET', '_sandbox/inbound-messages'))).toEqual([
      200,
      { inboundMessages: [inboundMessage] },
    ]);
    await postTo(sandbox.url, 'postback/backfill', { appId: '4luaKsL2', number, time: '5', msgid: msgId });
    expect(await parsed(control('GET', '_sandbox/conversions?limit=1'))).toEqual([
      200,
      { conversions: [{ appId: '4luaKsL2', number, time: 5, msgId, requestId: 2 }] },
    ]);
  });

  it('are pushed to an address that PATCH sets and the sandbox allows', async () => {
    const customer = await PushReceiver.start();
    sandbox.configure({ allowedPushUrls: [customer.url] });
    await control('PATCH', '_sandbox/options', { pushReportsTo: customer.url, pushInboundTo: customer.url });
    await post(sandbox.url, send);
    await control('POST', '_sandbox/delivery', { msgId, state: 'delivered' });
    await control('POST', '_sandbox/inbound-messages', { from: other, content: 'STOP' });
    await sandbox.waitForPushes();
    expect(await parsed(control('GET', '_sandbox/pushes'))).toMatchObject([
      200,
      {
        pushes: [
          { kind: 'report', body: { msgid: msgId } },
          { kind: 'inbound', outcome: 'acknowledged' },
        ],
      },
    ]);
    expect(await parsed(control('GET', '_sandbox'))).toMatchObject([
      200,
      { pushes: 2, pendingPushes: 0, inboundMessages: 1 },
    ]);
    await customer.close();
  });

  it.each<[string, unknown, object]>([
    ['delivery', { msgId: '1' }, { field: 'state', message: 'state is missing' }],
    ['delivery', { msgId: '1', state: 'failed' }, { field: 'msgId', message: 'No message has the id 1' }],
    ['delivery', { state: 'failed' }, { field: 'msgId', message: 'msgId is missing' }],
    ['delivery', { state: 'x' }, { field: 'state' }],
    ['delivery', { state: 'failed', why: 1 }, { field: 'why', message: 'why is not a known field' }],
    ['delivery', undefined, { field: null, message: 'The value must be an object' }],
    ['inbound-messages', [], { field: null, message: 'The value must be an object' }],
    ['inbound-messages', { from: 1 }, { field: 'from' }],
  ])('POST %s rejects %p', async (path, body, error) => {
    expect(await parsed(control('POST', `_sandbox/${path}`, body))).toEqual([
      400,
      expect.objectContaining({ code: 'INVALID_ARGUMENT', ...error }),
    ]);
  });
});

describe('POST /_sandbox/script', () => {
  it('takes one step or several', async () => {
    expect(await parsed(control('POST', '_sandbox/script', { status: -3 }))).toEqual([
      200,
      { pendingSteps: [{ status: -3, times: 1 }] },
    ]);
    await control('POST', '_sandbox/script', [{ patch: { success: null } }, { fault: 'html', times: null }]);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-3' });
    expect(await postJson(sandbox.url, send)).toEqual({
      status: '0',
      reason: 'success',
      fail: '0',
      array: [{ msgId: expect.stringMatching(/^\d{19}$/) as unknown, number, orderId: null }],
    });
    expect(await post(sandbox.url, send)).toMatchObject({ httpStatus: 502 });
    expect(sandbox.pendingSteps).toEqual([{ fault: 'html', times: Infinity }]);
  });
});

describe('PATCH /_sandbox/options', () => {
  it('changes options for the next request', async () => {
    const [httpStatus, state] = (await parsed(
      control('PATCH', '_sandbox/options', {
        balance: '0.02',
        rejectionRules: [{ content: { pattern: '^bye' }, status: -3 }],
        quirks: { orderIdEcho: 'empty' },
      }),
    )) as [number, unknown];
    expect(httpStatus).toBe(200);
    expect(state).toMatchObject({ funds: { balance: '0.020000' } });
    expect(await postJson(sandbox.url, send)).toMatchObject({ array: [{ orderId: '' }] });
    expect(await postJson(sandbox.url, { ...send, content: 'bye' })).toMatchObject({ status: '-3' });
  });
});

describe('over HTTP', () => {
  const webhook = 'http://127.0.0.1:3000/laaffic/of-the-webhook/reports';

  it.each<[string, object]>([
    ['a URL that is not allowed', { pushReportsTo: 'http://127.0.0.1:3000/admin' }],
    ['one beside an allowed URL', { pushInboundTo: `${webhook}/../inbound` }],
    ['one that begins like an allowed URL', { pushReportsTo: `${webhook}?x` }],
    ['a URL for an app id that is not allowed', { pushReportsTo: { '4luaKsL2': `${webhook}?x` } }],
  ])('pushes cannot be set to %s', async (_, options) => {
    sandbox.configure({ allowedPushUrls: [webhook], pushReportsTo: webhook });
    const field = Object.keys(options)[0]!;
    expect(await parsed(control('PATCH', '_sandbox/options', options))).toEqual([
      400,
      {
        code: 'INVALID_OPTION',
        field,
        message: `Over HTTP, ${field} can be set only to a URL of allowedPushUrls (--allowed-push-url)`,
      },
    ]);
  });

  it('pushes can be set to an allowed URL or to nowhere', async () => {
    sandbox.configure({ allowedPushUrls: [webhook] });
    const given = { pushReportsTo: webhook, pushInboundTo: null };
    expect(await parsed(control('PATCH', '_sandbox/options', given))).toMatchObject([
      200,
      { options: { pushReportsTo: 'http://127.0.0.1:3000/***', pushInboundTo: null } },
    ]);
  });

  it.each(['allowedHosts', 'allowedPushUrls', 'allowedPushHosts', 'onRequest', 'onPush', 'onBlockedRequest'])(
    '%s cannot be set',
    async (field) => {
      expect(await parsed(control('PATCH', '_sandbox/options', { [field]: null }))).toEqual([
        400,
        { code: 'INVALID_OPTION', field, message: `${field} cannot be set over HTTP` },
      ]);
    },
  );

  it.each(['plain-secret', '"quoted\\\\', 'ümläut & blank%', '\\ud800', '12345678901', 'status', '$&.*'])(
    'no response shows key, secret and push paths, even after they changed: %p',
    async (text) => {
      const customer = await PushReceiver.start();
      const secrets = { apiKey: `key-${text}`, apiSecret: text };
      sandbox.configure({ ...secrets, pushInboundTo: `${customer.url}/of-the-webhook`, allowedPushUrls: [webhook] });
      const headers = { 'X-Secret': encodeURIComponent(secrets.apiKey), Authorization: 'Basic abc', Cookie: 'abc' };
      const body = { ...send, [text]: [text], content: `it is ${text}`, number: Number(text) };
      await post(sandbox.url, body, { ...headers, 'Api-Key': 'of-another-account', Sign: 'a-real-signature' });
      await call(`${sandbox.url}/nowhere?${new URLSearchParams({ [text]: text }).toString()}`);
      sandbox.addInboundMessage({ from: other, content: `${text} ${customer.url}/of-the-webhook` });
      sandbox.script({ fault: 'raw', body: text });
      await sandbox.waitForPushes();
      await control('PATCH', '_sandbox/options', { apiKey: 'new-key', apiSecret: 'new-secret' });
      const responses = await Promise.all([
        ...['', '/requests', '/inbound-messages', '/pushes', `/nowhere/${encodeURIComponent(text)}`].map((path) =>
          control('GET', `_sandbox${path}`),
        ),
        control('POST', '_sandbox/inbound-messages', { from: other, content: 'x', appId: text }),
      ]);
      const shown = responses.map((response) => JSON.parse(response.text) as unknown);
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
      // 'status' is also a word of the sandbox itself.
      const own = text === 'status' ? [] : hidden;
      expect(texts.filter((one) => own.some((secret) => one.includes(secret)))).toEqual([]);
      expect(responses.map(({ httpStatus }) => httpStatus)).toEqual([200, 200, 200, 200, 404, 400]);
      await customer.close();
    },
  );
});

describe('POST /_sandbox/reset', () => {
  it('forgets requests and steps', async () => {
    sandbox.script({ status: -3, times: 2 });
    await post(sandbox.url, send);
    expect(await parsed(control('POST', '_sandbox/reset'))).toMatchObject([
      200,
      { requests: 0, messages: 0, pendingSteps: [] },
    ]);
    expect(sandbox.requests).toEqual([]);
  });
});

describe('a control request with a mistake', () => {
  it.each<[string, string, unknown, object]>([
    ['POST', '_sandbox/script', '{', { code: 'INVALID_JSON', field: null, message: 'The body must be JSON' }],
    [
      'POST',
      '_sandbox/script',
      undefined,
      { code: 'INVALID_SCRIPT', field: 'step[0]', message: 'step[0] must be an object' },
    ],
    [
      'POST',
      '_sandbox/script',
      [{ status: -1 }, { status: 'x' }],
      { code: 'INVALID_SCRIPT', field: 'step[1].status', message: 'step[1].status must be a status from -999 to -1' },
    ],
    [
      'POST',
      '_sandbox/script',
      { transform: 'x' },
      { code: 'INVALID_SCRIPT', field: 'step[0].transform', message: 'step[0].transform must be a function' },
    ],
    [
      'PATCH',
      '_sandbox/options',
      [],
      { code: 'INVALID_OPTION', field: null, message: 'The body must be an object of options' },
    ],
    [
      'PATCH',
      '_sandbox/options',
      { quirks: { x: 1 } },
      { code: 'INVALID_OPTION', field: 'quirks.x', message: 'quirks.x is not a known field' },
    ],
    [
      'PATCH',
      '_sandbox/options',
      { port: 1 },
      { code: 'INVALID_OPTION', field: 'port', message: 'port cannot change once the sandbox has started' },
    ],
    [
      'GET',
      '_sandbox/messages?limit=x',
      undefined,
      { code: 'INVALID_ARGUMENT', field: 'limit', message: 'limit must be a whole number from 1 to 999999999' },
    ],
    [
      'GET',
      '_sandbox/messages?phone=1',
      undefined,
      {
        code: 'INVALID_ARGUMENT',
        field: 'phone',
        message: 'phone is not a known parameter; known are limit, number, orderId, msgId',
      },
    ],
  ])('gets HTTP 400: %s %s with %p', async (method, path, body, error) => {
    expect(await parsed(control(method, path, body))).toEqual([400, error]);
    expect(sandbox.pendingSteps).toEqual([]);
  });

  it('gets a list of the routes', async () => {
    expect(await parsed(control('DELETE', '_sandbox/messages'))).toEqual([
      404,
      {
        code: 'NOT_FOUND',
        field: null,
        message:
          'There is no DELETE /_sandbox/messages. Use one of GET /_sandbox, GET /_sandbox/requests, GET /_sandbox/messages, ' +
          'GET /_sandbox/inbound-messages, GET /_sandbox/conversions, GET /_sandbox/pushes, POST /_sandbox/delivery, ' +
          'POST /_sandbox/inbound-messages, POST /_sandbox/script, PATCH /_sandbox/options, POST /_sandbox/reset',
      },
    ]);
    expect(sandbox.requests).toEqual([]);
  });
});
