import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from '../../../test/until.js';
import { call, get, getJson, now, number, numbers, post, postJson, sampleTime, send } from '../test/gateway-client.js';
import { LaafficSandbox, SandboxError } from './index.js';

const vendorSign = '05d7a50893e22a5c4bb3216ae3396c7c';
const vendorHeaders = {
  'Content-Type': 'application/json;charset=UTF-8',
  Sign: vendorSign,
  Timestamp: '1630468800',
  'Api-Key': 'bDqJFiq9',
};
const vendorResponse = {
  status: '0',
  reason: 'success',
  success: '2',
  fail: '0',
  array: [
    { msgId: '2109011200000000001', number: '91856321412', orderId: '21412' },
    { msgId: '2109011200000000002', number: '91856321413', orderId: '21413' },
  ],
};

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

describe("the vendor's samples", () => {
  it('are accepted by POST', async () => {
    const body = `{
    "appId":"4luaKsL2",
    "numbers":"91856321412,91856321413",
    "content":"hello world",
    "senderId":"123",
    "orderId":"21412,21413"
}`;
    const reply = await call(`${sandbox.url}/sendSms`, { method: 'POST', headers: vendorHeaders, body });
    expect(reply.httpStatus).toBe(200);
    expect(reply.headers).toEqual({
      'content-type': 'application/json;charset=UTF-8',
      'content-length': String(reply.text.length),
      date: 'Wed, 01 Sep 2021 04:00:00 GMT',
      connection: 'close',
    });
    expect(JSON.parse(reply.text)).toEqual(vendorResponse);
  });

  it('are accepted by GET with unescaped commas', async () => {
    const query =
      'appId=4luaKsL2&numbers=91856321412,91856321413&content=hello%20world&senderId=123&orderId=21412,21413';
    const reply = await call(`${sandbox.url}/sendSms?${query}`, { headers: vendorHeaders });
    expect(JSON.parse(reply.text)).toEqual(vendorResponse);
    expect(sandbox.messages.map(({ content, senderId }) => [content, senderId])).toEqual([
      ['hello world', '123'],
      ['hello world', '123'],
    ]);
  });

  it('include the response to an expired timestamp', async () => {
    sandbox.configure({ clockSkewSeconds: 1801 });
    expect((await post(sandbox.url, send)).text).toBe('{"status":"-16","reason":"timestamp expires"}');
  });
});

describe('LaafficSandbox.messages', () => {
  it('lists the accepted messages', async () => {
    await post(sandbox.url, { ...send, numbers: '8613512345678,12025550123', senderId: 'ACME', orderId: 'a,b' });
    const common = {
      content: 'hello world',
      senderId: 'ACME',
      appId: '4luaKsL2',
      at: sampleTime * 1000,
      segments: 1,
      price: '0.010000',
      requestId: 1,
    };
    expect(sandbox.messages).toEqual([
      { ...common, msgId: '2109011200000000001', number: '8613512345678', orderId: 'a' },
      { ...common, msgId: '2109011200000000002', number: '12025550123', orderId: 'b' },
    ]);
  });

  it('shows 19-digit msgIds that never repeat', async () => {
    await Promise.all([
      postJson(sandbox.url, { ...send, numbers: numbers(1000) }),
      postJson(sandbox.url, { ...send, numbers: numbers(1000) }),
    ]);
    const ids = sandbox.messages.map(({ msgId }) => msgId);
    expect(ids.filter((id) => !/^210901120000\d{7}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(2000);
  });

  it('drops the oldest messages above the limit', async () => {
    sandbox.configure({ messageLimit: 2, historyLimit: 1 });
    await post(sandbox.url, { ...send, numbers: numbers(3) });
    await post(sandbox.url, { ...send, numbers: '12025550123' });
    expect(sandbox.messages.map((message) => message.number)).toEqual(['91856320002', '12025550123']);
    expect(sandbox.requests.map(({ id }) => id)).toEqual([2]);
  });

  it('keeps no message at a limit of 0 and all without a limit', async () => {
    sandbox.configure({ messageLimit: 0, historyLimit: null });
    await post(sandbox.url, send);
    sandbox.configure({ messageLimit: Infinity });
    await post(sandbox.url, send);
    expect(sandbox.requests).toHaveLength(2);
    expect(sandbox.messages).toHaveLength(1);
  });
});

describe('LaafficSandbox.requests', () => {
  it('records a request with its response', async () => {
    await post(sandbox.url, send, { 'X-Extra': 'yes' });
    const [first] = sandbox.requests;
    expect(JSON.parse(JSON.stringify(first))).toEqual({
      id: 1,
      at: sampleTime * 1000,
      method: 'POST',
      path: '/v3/sendSms',
      headers: {
        'content-type': 'application/json;charset=UTF-8',
        'api-key': 'bDqJFiq9',
        timestamp: '1630468800',
        sign: vendorSign,
        'x-extra': 'yes',
        host: new URL(sandbox.url).host,
        connection: 'close',
        'content-length': String(JSON.stringify(send).length),
      },
      query: {},
      rawBody: JSON.stringify(send),
      body: send,
      outcome: 'responded',
      httpStatus: 200,
      status: '0',
      reason: 'success',
      explanation: null,
      fault: null,
      accepted: 1,
    });
  });

  it('records queries, rejections and unknown paths', async () => {
    await get(sandbox.url, { ...send, content: '' });
    await call(`${sandbox.url}/nowhere?a=1&a=2`);
    await call(`${sandbox.url}/sendSms`, { method: 'PUT', body: '{' });
    expect(
      sandbox.requests.map(({ method, path, query, httpStatus, status, explanation }) => [
        method,
        path,
        { ...query },
        httpStatus,
        status,
        explanation,
      ]),
    ).toEqual([
      ['GET', '/v3/sendSms', { ...send, content: '' }, 200, '-4', 'content is empty'],
      ['GET', '/v3/nowhere', { a: ['1', '2'] }, 404, null, 'there is no /v3/nowhere; sends go to /v3/sendSms'],
      ['PUT', '/v3/sendSms', {}, 405, null, 'sendSms takes GET and POST, not PUT'],
    ]);
  });

  it('records a client that leaves in the middle of its request', async () => {
    const { hostname, port } = new URL(sandbox.url);
    const seen = new Promise<string>((resolve) => {
      sandbox.configure({
        onRequest: ({ outcome }) => {
          resolve(outcome);
        },
      });
    });
    const socket = connect(Number(port), hostname);
    socket.end('POST /v3/sendSms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"appId"', () =>
      socket.destroy(),
    );
    expect(await seen).toBe('abandoned');
    expect(sandbox.messages).toEqual([]);
  });

  it('notifies an observer once of each request', async () => {
    const seen: [string | null, number][] = [];
    sandbox.configure({
      onRequest: ({ status }, accepted) => {
        seen.push([status, accepted.length]);
      },
    });
    await post(sandbox.url, { ...send, numbers: `${number},12025550123` });
    await post(sandbox.url, { ...send, content: '' });
    expect(seen).toEqual([
      ['0', 2],
      ['-4', 0],
    ]);
  });
});

describe('the account', () => {
  it('is charged exactly, by segment and number prefix', async () => {
    sandbox.configure({ balance: '1.000001', pricePerSegment: '0.1', pricesByPrefix: { '1': '0.25', '1202': '0.3' } });
    await post(sandbox.url, { ...send, numbers: '91856321412,13105550123,12025550123' });
    expect(sandbox.messages.map(({ price }) => price)).toEqual(['0.100000', '0.250000', '0.300000']);
    expect(sandbox.funds).toEqual({ balance: '0.350001', gift: '0.000000', credit: '0.000000' });
  });

  it('can be spent to the last millionth', async () => {
    sandbox.configure({ balance: '0.3', pricePerSegment: '0.1' });
    expect(await postJson(sandbox.url, { ...send, numbers: numbers(3) })).toMatchObject({ status: '0', success: '3' });
    expect(sandbox.funds.balance).toBe('0.000000');
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-10', success: '0', fail: '1', array: [] });
  });

  it('is refilled by a reset', async () => {
    sandbox.configure({ balance: 5 });
    await post(sandbox.url, send);
    sandbox.reset();
    expect(sandbox.funds.balance).toBe('5.000000');
  });

  it.each([
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    [`${'a'.repeat(159)}€`, 2],
    ['a'.repeat(306), 2],
    [`${'a'.repeat(152)}€${'a'.repeat(152)}`, 3],
    ['я'.repeat(70), 1],
    ['я'.repeat(71), 2],
    ['😀'.repeat(35), 1],
    ['😀'.repeat(66), 2],
    ['😀'.repeat(67), 3],
  ])('bills %p as %i segments', async (content, segments) => {
    await post(sandbox.url, { ...send, content });
    expect(sandbox.messages.map((message) => [message.segments, message.price])).toEqual([
      [segments, `0.0${segments}0000`],
    ]);
  });
});

describe('limits', () => {
  it.each([
    ['POST', 1000, '0'],
    ['POST', 1001, '-7'],
    ['GET', 100, '0'],
    ['GET', 101, '-7'],
  ])('allow a %s with %i numbers: %s', async (method, count, status) => {
    const fields = { ...send, numbers: numbers(count) };
    const response = method === 'GET' ? await getJson(sandbox.url, fields) : await postJson(sandbox.url, fields);
    const counts = status === '0' ? { success: String(count), fail: '0' } : { success: '0', fail: String(count) };
    expect(response).toMatchObject({ status, ...counts });
    expect(sandbox.messages).toHaveLength(Number(counts.success));
  });

  it('allow a GET of 100 numbers with order ids and 1,024 characters of four bytes', async () => {
    const list = numbers(100);
    const content = '😀'.repeat(1024);
    expect(await getJson(sandbox.url, { ...send, numbers: list, orderId: list, content })).toMatchObject({
      status: '0',
      success: '100',
    });
    expect(sandbox.messages.at(-1)).toMatchObject({ content, orderId: '91856320099' });
  });

  it('respond HTTP 413 to a body above maxBodyBytes', async () => {
    sandbox.configure({ maxBodyBytes: 100 });
    const { httpStatus, text } = await post(sandbox.url, { ...send, content: 'x'.repeat(100) });
    expect(httpStatus).toBe(413);
    expect(text.includes('413 Payload Too Large')).toBe(true);
    expect(sandbox.requests[0]).toMatchObject({
      httpStatus: 413,
      rawBody: null,
      explanation: 'the body is longer than maxBodyBytes',
    });
  });
});

describe('options', () => {
  it.each(['/sms', 'sms/', '', '/'])('accept the base path %p', async (basePath) => {
    await using other = await LaafficSandbox.start({ now, basePath });
    const { port } = new URL(other.url);
    expect(other.url).toBe(`http://127.0.0.1:${port}${basePath.includes('sms') ? '/sms' : ''}`);
    expect(await postJson(other.url, send)).toMatchObject({ status: '0' });
  });

  it('can give an account several applications', async () => {
    sandbox.configure({ appId: ['first', 'second'] });
    const responses = await Promise.all(
      ['first', 'second', '4luaKsL2'].map((appId) => postJson(sandbox.url, { ...send, appId })),
    );
    expect(responses).toMatchObject([{ status: '0' }, { status: '0' }, { status: '-1' }]);
  });

  it('can give an account other credentials', async () => {
    sandbox.configure({ apiKey: 'key', apiSecret: 'secret' });
    const headers = { 'Api-Key': 'key', Sign: '0' };
    expect(await postJson(sandbox.url, send)).toEqual({ status: '-1', reason: 'Authentication error' });
    expect(await postJson(sandbox.url, send, headers)).toEqual({ status: '-1', reason: 'Authentication error' });
    expect(sandbox.requests.map(({ explanation }) => explanation)).toEqual([
      'Api-Key is not the key of the account',
      'Sign is not the MD5 of Api-Key, secret and Timestamp',
    ]);
  });

  it.each<[string, object, string]>([
    ['prot', { prot: 1 }, 'prot is not a known field'],
    ['port', { port: 65536 }, 'port must be a whole number from 0 to 65535'],
    ['port', { port: '80' }, 'port must be a whole number from 0 to 65535'],
    ['host', { host: '' }, 'host must be a non-empty string without surrounding whitespace'],
    ['basePath', { basePath: '/_sandbox' }, 'basePath must be a path such as /v3, or empty'],
    ['basePath', { basePath: '/v3?x' }, 'basePath must be a path such as /v3, or empty'],
    ['apiSecret', { apiSecret: 'a\n' }, 'apiSecret must be a non-empty string without surrounding whitespace'],
    ['appId', { appId: [''] }, 'appId must be a non-empty string without surrounding whitespace or a list of app ids'],
    ['balance', { balance: '1.0000001' }, 'balance must be an amount such as 99.99, at most 999999999.999999'],
    ['balance', { balance: -1 }, 'balance must be an amount such as 99.99, at most 999999999.999999'],
    ['pricesByPrefix', { pricesByPrefix: { a: 1 } }, 'pricesByPrefix must be an object of amounts by number prefix'],
    ['allowedIps', { allowedIps: ['10.0.0.0/33'] }, 'allowedIps must be null or a list of IP addresses and subnets'],
    ['triggers', { triggers: 'no' }, 'triggers must be true or false'],
    ['clockSkewSeconds', { clockSkewSeconds: Number.NaN }, 'clockSkewSeconds must be a number of seconds'],
    ['now', { now: 0 }, 'now must be a function'],
    ['historyLimit', { historyLimit: -1 }, 'historyLimit must be a whole number of at least 0 or null for no limit'],
    ['quirks', { quirks: [] }, 'quirks must be an object'],
    ['quirks.nope', { quirks: { nope: 1 } }, 'quirks.nope is not a known field'],
    ['quirks.signCase', { quirks: { signCase: 'upper' } }, 'quirks.signCase must be one of "any", "lower"'],
    [
      'quirks.lastKnownStatus',
      { quirks: { lastKnownStatus: -20 } },
      'quirks.lastKnownStatus must be one of -19, -28, -32',
    ],
    [
      'quirks.checkOrder',
      { quirks: { checkOrder: ['key'] } },
      'quirks.checkOrder must be a list of key, ip, time, sign, parameters, each once',
    ],
    [
      'quirks.tooManyNumbers',
      { quirks: { tooManyNumbers: 0 } },
      'quirks.tooManyNumbers must be a status from -999 to -1 or an HTTP status from 400 to 599',
    ],
    [
      'quirks.minNumberDigits',
      { quirks: { minNumberDigits: 16 } },
      'quirks.minNumberDigits must not exceed quirks.maxNumberDigits',
    ],
    ['rejectionRules', { rejectionRules: {} }, 'rejectionRules must be a list of at most 1000 rules'],
    ['queuedForMs', { queuedForMs: -1 }, 'queuedForMs must be a whole number of at least 0'],
    ['deliveredAfterMs', { deliveredAfterMs: 0.5 }, 'deliveredAfterMs must be a whole number of at least 0 or null'],
    ['failureRules', { failureRules: {} }, 'failureRules must be a list of at most 1000 rules'],
    [
      'failureRules[0]',
      { failureRules: [{ reason: 'x' }] },
      'failureRules[0] must have a number or a content to match',
    ],
    [
      'failureRules[1].status',
      { failureRules: [{ number: '1' }, { status: -3 }] },
      'failureRules[1].status is not a known field',
    ],
    [
      'failureRules[0].reason',
      { failureRules: [{ reason: '' }] },
      'failureRules[0].reason must be a non-empty string without surrounding whitespace',
    ],
    ['onPush', { onPush: 'x' }, 'onPush must be null or a function'],
    [
      'quirks.pushFailedStatus',
      { quirks: { pushFailedStatus: 0 } },
      'quirks.pushFailedStatus must be a whole number other than 0',
    ],
    [
      'quirks.pushDuplicates',
      { quirks: { pushDuplicates: Number.NaN } },
      'quirks.pushDuplicates must be a number from 0 to 100',
    ],
    [
      'quirks.balanceDecimals',
      { quirks: { balanceDecimals: 7 } },
      'quirks.balanceDecimals must be a whole number from 0 to 6 or "varying"',
    ],
    [
      'quirks.tooManyMsgIds',
      { quirks: { tooManyMsgIds: 'ignore' } },
      'quirks.tooManyMsgIds must be a status from -999 to -1 or an HTTP status from 400 to 599 or "nofound"',
    ],
    [
      'quirks.utcOffsetHours',
      { quirks: { utcOffsetHours: 15 } },
      'quirks.utcOffsetHours must be a whole number from -12 to 14',
    ],
    [
      'rejectionRules[0]',
      { rejectionRules: [{ status: -3 }] },
      'rejectionRules[0] must have a number, a content or a senderId to match',
    ],
    ['rejectionRules[0].status', { rejectionRules: [{ number: '1' }] }, 'rejectionRules[0].status is missing'],
    [
      'rejectionRules[1].status',
      {
        rejectionRules: [
          { number: '1', status: -3 },
          { number: '1', status: 0 },
        ],
      },
      'rejectionRules[1].status must be a status from -999 to -1',
    ],
    [
      'rejectionRules[0].content',
      { rejectionRules: [{ content: { pattern: '(' }, status: -3 }] },
      'rejectionRules[0].content must be a non-empty string without surrounding whitespace or an expression such as {"pattern": "^91", "flags": "i"}, of at most 1000 characters',
    ],
  ])('name an invalid %s in the error', async (field, options, message) => {
    const expected = { name: 'SandboxError', code: 'INVALID_OPTION', field, message };
    await expect(LaafficSandbox.start(options)).rejects.toMatchObject(expected);
  });

  it('ignore undefined, and change nothing if one is invalid', async () => {
    const given: object = { pricePerSegment: undefined, balance: 7 };
    sandbox.configure(given);
    expect(() => {
      sandbox.configure({ balance: 8, clockSkewSeconds: Infinity });
    }).toThrow(SandboxError);
    await post(sandbox.url, send);
    expect(sandbox.funds.balance).toBe('6.990000');
  });

  it.each(['host', 'port', 'basePath', 'now', 'requestTimeoutMs'])(
    'cannot change %s once the sandbox has started',
    (field) => {
      const given: object = { [field]: 'x' };
      expect(() => {
        sandbox.configure(given);
      }).toThrow(`${field} cannot change once the sandbox has started`);
    },
  );
});

describe('LaafficSandbox.start and close', () => {
  it('report a port that is taken', async () => {
    const port = Number(new URL(sandbox.url).port);
    await expect(LaafficSandbox.start({ port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      field: 'port',
      message: `Port ${port} on 127.0.0.1 is taken. Choose another one, or 0 for a free one`,
    });
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:'],
    ['localhost', 'http://localhost:'],
  ])('listen on %s with the url %s', async (host, url) => {
    await using other = await LaafficSandbox.start({ now, host });
    expect(other.url.startsWith(url)).toBe(true);
    expect(await postJson(other.url, send)).toMatchObject({ status: '0' });
  });

  it('report an address that the sandbox cannot listen on', async () => {
    await expect(LaafficSandbox.start({ host: '203.0.113.1' })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      field: 'host',
    });
  });

  it('end open connections, delays and hanging requests at once', async () => {
    const { hostname, port } = new URL(sandbox.url);
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const idle = connect(Number(port), hostname);
    await once(idle, 'connect');
    sandbox.script([{ fault: 'hang-after-accepting' }, { delayMs: 100_000_000 }]);
    const calls = [post(sandbox.url, send), post(sandbox.url, send)].map((sent) =>
      expect(sent).rejects.toMatchObject({ code: 'ECONNRESET' }),
    );
    await until(() => sandbox.requests.length === 2 && sandbox.messages.length === 1);
    expect(timers()).toBe(before + 1);
    const gone = once(idle, 'close');
    await Promise.all([sandbox.close(), sandbox.close()]);
    await Promise.all([...calls, gone]);
    expect(timers()).toBe(before);
    await expect(post(sandbox.url, send)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(sandbox.messages).toHaveLength(1);
  });
});

it('LaafficSandbox.reset forgets everything but the options', async () => {
  sandbox.configure({ quirks: { maxRequestsPerSecond: 1 } });
  await post(sandbox.url, send);
  sandbox.script({ status: -3 });
  sandbox.reset();
  expect(sandbox.requests).toEqual([]);
  expect(sandbox.messages).toEqual([]);
  expect(sandbox.pendingSteps).toEqual([]);
  expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0', array: [{ msgId: '2109011200000000002' }] });
  expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-15' });
});
