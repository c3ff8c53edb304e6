import { once } from 'node:events';
import { connect } from 'node:net';
import {
  call,
  get,
  getJson,
  now,
  number,
  numbers,
  post,
  postJson,
  sampleTime,
  send,
  until,
} from '../test/gateway.client.js';
import { LaafficSandbox, SandboxError } from './index.js';

const vendorSign = '05d7a50893e22a5c4bb3216ae3396c7c';
const vendorHeaders = {
  'Content-Type': 'application/json;charset=UTF-8',
  Sign: vendorSign,
  Timestamp: '1630468800',
  'Api-Key': 'bDqJFiq9',
};
const vendorAnswer = {
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
  it('takes the POST', async () => {
    const body = `{
    "appId":"4luaKsL2",
    "numbers":"91856321412,91856321413",
    "content":"hello world",
    "senderId":"123",
    "orderId":"21412,21413"
}`;
    const reply = await call(`${sandbox.url}/sendSms`, { method: 'POST', headers: vendorHeaders, body });
    expect(reply.http).toBe(200);
    expect(reply.headers).toEqual({
      'content-type': 'application/json;charset=UTF-8',
      'content-length': String(reply.text.length),
      date: 'Wed, 01 Sep 2021 04:00:00 GMT',
      connection: 'close',
    });
    expect(JSON.parse(reply.text)).toEqual(vendorAnswer);
  });

  it('takes the GET with its unescaped commas', async () => {
    const query =
      'appId=4luaKsL2&numbers=91856321412,91856321413&content=hello%20world&senderId=123&orderId=21412,21413';
    const reply = await call(`${sandbox.url}/sendSms?${query}`, { headers: vendorHeaders });
    expect(JSON.parse(reply.text)).toEqual(vendorAnswer);
    expect(sandbox.messages.map(({ content, senderId }) => [content, senderId])).toEqual([
      ['hello world', '123'],
      ['hello world', '123'],
    ]);
  });

  it('answers an expired timestamp as the vendor does', async () => {
    sandbox.configure({ clockSkew: 1801 });
    expect((await post(sandbox.url, send)).text).toBe('{"status":"-16","reason":"timestamp expires"}');
  });
});

describe('the ledger', () => {
  it('holds what was accepted', async () => {
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

  it('issues 19-digit msgIds that never repeat', async () => {
    await Promise.all([
      postJson(sandbox.url, { ...send, numbers: numbers(1000) }),
      postJson(sandbox.url, { ...send, numbers: numbers(1000) }),
    ]);
    const ids = sandbox.messages.map(({ msgId }) => msgId);
    expect(ids.filter((id) => !/^210901120000\d{7}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(2000);
  });

  it('drops the oldest above the limit', async () => {
    sandbox.configure({ messageLimit: 2, historyLimit: 1 });
    await post(sandbox.url, { ...send, numbers: numbers(3) });
    await post(sandbox.url, { ...send, numbers: '12025550123' });
    expect(sandbox.messages.map((message) => message.number)).toEqual(['91856320002', '12025550123']);
    expect(sandbox.requests.map(({ id }) => id)).toEqual([2]);
  });

  it('keeps nothing at a limit of 0 and everything without one', async () => {
    sandbox.configure({ messageLimit: 0, historyLimit: null });
    await post(sandbox.url, send);
    sandbox.configure({ messageLimit: Infinity });
    await post(sandbox.url, send);
    expect([sandbox.requests.length, sandbox.messages.length]).toEqual([2, 1]);
  });
});

describe('the history', () => {
  it('shows a call as it came and as it was answered', async () => {
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
      outcome: 'answered',
      http: 200,
      status: '0',
      reason: 'success',
      why: null,
      fault: null,
      accepted: 1,
    });
  });

  it('shows queries, refusals and calls to nowhere', async () => {
    await get(sandbox.url, { ...send, content: '' });
    await call(`${sandbox.url}/nowhere?a=1&a=2`);
    await call(`${sandbox.url}/sendSms`, { method: 'PUT', body: '{' });
    expect(
      sandbox.requests.map(({ method, path, query, http, status, why }) => [
        method,
        path,
        { ...query },
        http,
        status,
        why,
      ]),
    ).toEqual([
      ['GET', '/v3/sendSms', { ...send, content: '' }, 200, '-4', 'content is empty'],
      ['GET', '/v3/nowhere', { a: ['1', '2'] }, 404, null, 'there is no /v3/nowhere; sends go to /v3/sendSms'],
      ['PUT', '/v3/sendSms', {}, 405, null, 'sendSms takes GET and POST, not PUT'],
    ]);
  });

  it('has a client that leaves in the middle of its request', async () => {
    const { hostname, port } = new URL(sandbox.url);
    const seen = new Promise<string>((resolve) => {
      sandbox.configure({
        onCall: ({ outcome }) => {
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

  it('tells an observer of each call once', async () => {
    const seen: [string | null, number][] = [];
    sandbox.configure({
      onCall: ({ status }, accepted) => {
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

describe('money', () => {
  it('is charged by segment and prefix, exactly', async () => {
    sandbox.configure({ balance: '1.000001', price: '0.1', prices: { '1': '0.25', '1202': '0.3' } });
    await post(sandbox.url, { ...send, numbers: '91856321412,13105550123,12025550123' });
    expect(sandbox.messages.map(({ price }) => price)).toEqual(['0.100000', '0.250000', '0.300000']);
    expect(sandbox.funds).toEqual({ balance: '0.350001', gift: '0.000000', credit: '0.000000' });
  });

  it('runs out to the last millionth', async () => {
    sandbox.configure({ balance: '0.3', price: '0.1' });
    expect(await postJson(sandbox.url, { ...send, numbers: numbers(3) })).toMatchObject({ status: '0', success: '3' });
    expect(sandbox.funds.balance).toBe('0.000000');
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-10', success: '0', fail: '1', array: [] });
  });

  it('comes back with a reset', async () => {
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
  ])('a %s with %i numbers is answered %s', async (method, count, status) => {
    const fields = { ...send, numbers: numbers(count) };
    const answer = method === 'GET' ? await getJson(sandbox.url, fields) : await postJson(sandbox.url, fields);
    const counts = status === '0' ? { success: String(count), fail: '0' } : { success: '0', fail: String(count) };
    expect(answer).toMatchObject({ status, ...counts });
    expect(sandbox.messages).toHaveLength(Number(counts.success));
  });

  it('takes a GET of 100 numbers with order ids and 1,024 characters of four bytes', async () => {
    const list = numbers(100);
    const content = '😀'.repeat(1024);
    expect(await getJson(sandbox.url, { ...send, numbers: list, orderId: list, content })).toMatchObject({
      status: '0',
      success: '100',
    });
    expect(sandbox.messages.at(-1)).toMatchObject({ content, orderId: '91856320099' });
  });

  it('answers a body above bodyLimit with HTTP 413', async () => {
    sandbox.configure({ bodyLimit: 100 });
    const { http, text } = await post(sandbox.url, { ...send, content: 'x'.repeat(100) });
    expect([http, text.includes('413 Payload Too Large')]).toEqual([413, true]);
    expect(sandbox.requests[0]).toMatchObject({ http: 413, rawBody: null, why: 'the body is longer than bodyLimit' });
  });
});

describe('options', () => {
  it.each(['/sms', 'sms/', '', '/'])('takes the base path %p', async (basePath) => {
    await using other = await LaafficSandbox.start({ now, basePath });
    const { port } = new URL(other.url);
    expect(other.url).toBe(`http://127.0.0.1:${port}${basePath.includes('sms') ? '/sms' : ''}`);
    expect(await postJson(other.url, send)).toMatchObject({ status: '0' });
  });

  it('serves several applications of one account', async () => {
    sandbox.configure({ appId: ['first', 'second'] });
    const answers = await Promise.all(
      ['first', 'second', '4luaKsL2'].map((appId) => postJson(sandbox.url, { ...send, appId })),
    );
    expect(answers).toMatchObject([{ status: '0' }, { status: '0' }, { status: '-1' }]);
  });

  it('takes other credentials', async () => {
    sandbox.configure({ apiKey: 'key', apiSecret: 'secret' });
    const headers = { 'Api-Key': 'key', Sign: '0' };
    expect(await postJson(sandbox.url, send)).toEqual({ status: '-1', reason: 'Authentication error' });
    expect(await postJson(sandbox.url, send, headers)).toEqual({ status: '-1', reason: 'Authentication error' });
    expect(sandbox.requests.map(({ why }) => why)).toEqual([
      'Api-Key is not the key of the account',
      'Sign is not the MD5 of Api-Key, secret and Timestamp',
    ]);
  });

  it.each<[string, object, string]>([
    ['prot', { prot: 1 }, 'prot is not known'],
    ['port', { port: 65536 }, 'port must be a whole number from 0 to 65535'],
    ['port', { port: '80' }, 'port must be a whole number from 0 to 65535'],
    ['host', { host: '' }, 'host must be a text without blanks around it'],
    ['basePath', { basePath: '/_sandbox' }, 'basePath must be a path such as /v3, or empty'],
    ['basePath', { basePath: '/v3?x' }, 'basePath must be a path such as /v3, or empty'],
    ['apiSecret', { apiSecret: 'a\n' }, 'apiSecret must be a text without blanks around it'],
    ['appId', { appId: [''] }, 'appId must be a text without blanks around it or a list of app ids'],
    ['balance', { balance: '1.0000001' }, 'balance must be an amount such as 99.99, at most 999999999.999999'],
    ['balance', { balance: -1 }, 'balance must be an amount such as 99.99, at most 999999999.999999'],
    ['prices', { prices: { a: 1 } }, 'prices must be an object of amounts by number prefix'],
    ['allowedIps', { allowedIps: ['10.0.0.0/33'] }, 'allowedIps must be null or a list of addresses and subnets'],
    ['triggers', { triggers: 'no' }, 'triggers must be true or false'],
    ['clockSkew', { clockSkew: Number.NaN }, 'clockSkew must be a number of seconds'],
    ['now', { now: 0 }, 'now must be a function'],
    ['historyLimit', { historyLimit: -1 }, 'historyLimit must be a whole number at least 0 or null for no limit'],
    ['quirks', { quirks: [] }, 'quirks must be an object'],
    ['quirks.nope', { quirks: { nope: 1 } }, 'quirks.nope is not known'],
    ['quirks.signCase', { quirks: { signCase: 'upper' } }, 'quirks.signCase must be one of "any", "lower"'],
    ['quirks.generation', { quirks: { generation: -20 } }, 'quirks.generation must be one of -19, -28, -32'],
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
    ['quirks.minDigits', { quirks: { minDigits: 16 } }, 'quirks.minDigits must not exceed quirks.maxDigits'],
    ['rules', { rules: {} }, 'rules must be a list of at most 1000 rules'],
    ['queuedFor', { queuedFor: -1 }, 'queuedFor must be a whole number at least 0'],
    ['deliveredAfter', { deliveredAfter: 0.5 }, 'deliveredAfter must be a whole number at least 0 or null'],
    ['failures', { failures: {} }, 'failures must be a list of at most 1000 failures'],
    ['failures[0]', { failures: [{ reason: 'x' }] }, 'failures[0] must match a number or a content'],
    ['failures[1].status', { failures: [{ number: '1' }, { status: -3 }] }, 'failures[1].status is not known'],
    [
      'failures[0].reason',
      { failures: [{ reason: '' }] },
      'failures[0].reason must be a text without blanks around it',
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
      'quirks.balanceDecimals must be a whole number from 0 to 6 or one of "varying"',
    ],
    [
      'quirks.tooManyMsgIds',
      { quirks: { tooManyMsgIds: 'ignore' } },
      'quirks.tooManyMsgIds must be a status from -999 to -1 or an HTTP status from 400 to 599 or one of "nofound"',
    ],
    ['quirks.utcOffset', { quirks: { utcOffset: 15 } }, 'quirks.utcOffset must be a whole number from -12 to 14'],
    ['rules[0]', { rules: [{ status: -3 }] }, 'rules[0] must match a number, a content or a senderId'],
    ['rules[0].status', { rules: [{ number: '1' }] }, 'rules[0].status is missing'],
    [
      'rules[1].status',
      {
        rules: [
          { number: '1', status: -3 },
          { number: '1', status: 0 },
        ],
      },
      'rules[1].status must be a status from -999 to -1',
    ],
    [
      'rules[0].content',
      { rules: [{ content: { pattern: '(' }, status: -3 }] },
      'rules[0].content must be a text without blanks around it or an expression such as {"pattern": "^91", "flags": "i"}, of at most 1000 characters',
    ],
  ])('refuses a wrong %s by name', async (field, options, message) => {
    const expected = { name: 'SandboxError', code: 'INVALID_OPTION', field, message };
    await expect(LaafficSandbox.start(options)).rejects.toMatchObject(expected);
  });

  it('ignores what is undefined, and what fails changes nothing', async () => {
    const given: object = { price: undefined, balance: 7 };
    sandbox.configure(given);
    expect(() => {
      sandbox.configure({ balance: 8, clockSkew: Infinity });
    }).toThrow(SandboxError);
    await post(sandbox.url, send);
    expect(sandbox.funds.balance).toBe('6.990000');
  });

  it.each(['host', 'port', 'basePath', 'now', 'requestTimeout'])('does not change %s once started', (field) => {
    const given: object = { [field]: 'x' };
    expect(() => {
      sandbox.configure(given);
    }).toThrow(`${field} cannot change once the sandbox has started`);
  });
});

describe('listening', () => {
  it('says that a port is taken', async () => {
    const port = Number(new URL(sandbox.url).port);
    await expect(LaafficSandbox.start({ port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      field: 'port',
      message: `Port ${port} on 127.0.0.1 is taken; choose another, or 0 for a free one`,
    });
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:'],
    ['localhost', 'http://localhost:'],
  ])('on %s is reached at %s', async (host, url) => {
    await using other = await LaafficSandbox.start({ now, host });
    expect(other.url.startsWith(url)).toBe(true);
    expect(await postJson(other.url, send)).toMatchObject({ status: '0' });
  });

  it('says that an address cannot be listened on', async () => {
    await expect(LaafficSandbox.start({ host: '203.0.113.1' })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      field: 'host',
    });
  });

  it('closes at once under open connections, delays and hanging calls', async () => {
    const { hostname, port } = new URL(sandbox.url);
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const idle = connect(Number(port), hostname);
    await once(idle, 'connect');
    sandbox.script([{ fault: 'hang-after-accepting' }, { delay: 100_000_000 }]);
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

it('forgets everything but its options at a reset', async () => {
  sandbox.configure({ quirks: { callsPerSecond: 1 } });
  await post(sandbox.url, send);
  sandbox.script({ status: -3 });
  sandbox.reset();
  expect([sandbox.requests, sandbox.messages, sandbox.pendingScript]).toEqual([[], [], []]);
  expect([await postJson(sandbox.url, send), await postJson(sandbox.url, send)]).toMatchObject([
    { status: '0', array: [{ msgId: '2109011200000000002' }] },
    { status: '-15' },
  ]);
});
