import { once } from 'node:events';
import { connect } from 'node:net';
import { call, type Call, now, number, post, type Reply, send, signed } from '../../test/gateway-client.js';
import { LaafficSandbox, type BlockedRequest } from '../index.js';

const json = { 'Content-Type': 'application/json' };
let sandbox: LaafficSandbox;
let rejected: BlockedRequest[];

beforeEach(async () => {
  rejected = [];
  sandbox = await LaafficSandbox.start({
    now,
    allowedHosts: ['Sandbox', '192.0.2.1'],
    onBlockedRequest: (request) => rejected.push(request),
  });
});

afterEach(() => sandbox.close());

const port = (): string => new URL(sandbox.url).port;
const query = (path: string, given: Call = {}): Promise<Reply> => call(new URL(path, sandbox.url).href, given);

/** Sends a request whose request line and headers are written by hand. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(port()), '127.0.0.1');
  let response = '';
  socket.on('data', (chunk: Buffer) => (response += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return response;
}

const vendorCall = (headers: Record<string, string>): Promise<Reply> => post(sandbox.url, send, headers);
const reset = (headers: Record<string, string>): Promise<Reply> =>
  query('/_sandbox/reset', { method: 'POST', headers: { ...json, ...headers } });
const reading = (headers: Record<string, string>): Promise<Reply> => query('/_sandbox/messages', { headers });

describe('the Host header', () => {
  it.each([
    'evil.example',
    'evil.example:4010',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '127.999.1.1',
    '127.0.0.1.',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0.0.0.0',
    '192.0.2.2',
    '[::]',
    '[::2]',
    '[::1',
    '::1',
    'user@localhost',
    'localhost/_sandbox',
    'localhost:x',
    'localhost, evil.example',
  ])('%p is blocked on every route, before anything is counted, scripted or recorded', async (Host) => {
    sandbox.script({ status: -3 });
    const replies = await Promise.all([vendorCall({ Host }), reset({ Host }), reading({ Host })]);
    expect(replies.map(({ httpStatus }) => httpStatus)).toEqual([403, 403, 403]);
    for (const { text } of replies) expect(JSON.parse(text)).toMatchObject({ code: 'NOT_ALLOWED', field: null });
    expect(rejected.map(({ method, path, httpStatus }) => [method, path, httpStatus]).sort()).toEqual([
      ['GET', '/_sandbox/messages', 403],
      ['POST', '/_sandbox/reset', 403],
      ['POST', '/v3/sendSms', 403],
    ]);
    expect(sandbox.requests).toEqual([]);
    expect(sandbox.messages).toEqual([]);
    expect(sandbox.pendingSteps).toEqual([{ status: -3, times: 1 }]);
  });

  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1', '127.8.9.10:65535', '[::1]:4010', '[::ffff:127.0.0.1]'])(
    '%p is of this machine',
    async (Host) => {
      expect((await reading({ Host })).httpStatus).toBe(200);
      expect((await vendorCall({ Host })).httpStatus).toBe(200);
    },
  );

  it.each(['sandbox', 'sandbox:9710', 'SANDBOX', '192.0.2.1:80'])(
    '%p is allowed if the options name it',
    async (Host) => {
      expect((await vendorCall({ Host })).httpStatus).toBe(200);
    },
  );

  it('may be any IP address if the sandbox listens beyond loopback, because an address cannot be rebound', async () => {
    const everywhere = await LaafficSandbox.start({ now, host: '0.0.0.0' });
    const statusOf = async (Host: string) => (await post(everywhere.url, send, { Host })).httpStatus;
    expect(await statusOf('192.0.2.2:4010')).toBe(200);
    expect(await statusOf('[2001:db8::1]')).toBe(200);
    expect(await statusOf('evil.example')).toBe(403);
    await everywhere.close();
  });

  it('gets advice if it is not known', async () => {
    const { text } = await vendorCall({ Host: 'gateway:9710' });
    expect(JSON.parse(text)).toEqual({
      code: 'NOT_ALLOWED',
      field: null,
      message:
        '"gateway:9710" is not a host of this sandbox. If it is yours, start the sandbox with --allowed-host <name> ' +
        'or the option allowedHosts',
    });
  });

  it.each([
    ['twice', 'GET /_sandbox HTTP/1.1\r\nHost: localhost\r\nHost: evil.example', 400, 'one Host header, not 2'],
    ['not at all', 'GET /_sandbox HTTP/1.0', 400, 'one Host header, not 0'],
    ['as nothing', 'GET /_sandbox HTTP/1.1\r\nHost:', 403, '"" is not a host of this sandbox'],
    ['in the target', 'GET http://localhost/_sandbox HTTP/1.1\r\nHost: localhost', 400, 'target must be a path'],
    ['to no target', 'OPTIONS * HTTP/1.1\r\nHost: localhost', 400, 'target must be a path'],
  ])('is rejected if it is given %s', async (_, head, httpStatus, message) => {
    expect(await raw(`${head}\r\nConnection: close\r\n\r\n`)).toMatch(`HTTP/1.1 ${httpStatus} `);
    expect(rejected).toEqual([
      expect.objectContaining({ httpStatus, message: expect.stringContaining(message) as unknown }),
    ]);
  });
});

describe('a web page', () => {
  const origins = (): Record<string, string>[] => [
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost:3000' },
    { Origin: `https://127.0.0.1:${port()}` },
    { Origin: 'http://127.0.0.1' },
    { Origin: `http://localhost:${port()}` },
    { Origin: '' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': '' },
    { Origin: `http://127.0.0.1:${port()}`, 'Sec-Fetch-Site': 'cross-site' },
  ];

  it('of another origin cannot read, write or send anything', async () => {
    sandbox.script({ status: -3 });
    const responses = [];
    for (const headers of origins()) {
      const replies = [
        await reading(headers),
        await reset(headers),
        await vendorCall(headers),
        await query('/v3/sendSms?numbers=1', { headers }),
        await query('/v3/sendSms', {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'text/plain' },
          body: 'x',
        }),
      ];
      responses.push(replies.map(({ httpStatus }) => httpStatus));
    }
    expect(responses).toEqual(origins().map(() => [403, 403, 403, 403, 403]));
    expect(sandbox.requests).toEqual([]);
    expect(sandbox.messages).toEqual([]);
    expect(sandbox.pendingSteps).toEqual([{ status: -3, times: 1 }]);
  });

  it('gets no permission from a preflight', async () => {
    for (const path of ['/_sandbox/reset', '/_sandbox/options', '/v3/sendSms']) {
      const { httpStatus, headers } = await query(path, {
        method: 'OPTIONS',
        headers: {
          Origin: 'http://evil.example',
          'Access-Control-Request-Method': 'PATCH',
          'Access-Control-Request-Headers': 'content-type',
          'Access-Control-Request-Private-Network': 'true',
        },
      });
      expect(httpStatus).toBe(403);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('cannot open a WebSocket', async () => {
    const { httpStatus } = await query('/_sandbox', {
      headers: { Connection: 'Upgrade', Upgrade: 'websocket', Origin: 'http://evil.example' },
    });
    expect(httpStatus).toBe(403);
  });

  it('of the sandbox itself and a typed address may read, but no other page can include the response', async () => {
    const own = { Origin: `http://127.0.0.1:${port()}`, 'Sec-Fetch-Site': 'same-origin' };
    const replies = [await reading(own), await reading({ 'Sec-Fetch-Site': 'none' })];
    expect(replies.map(({ httpStatus }) => httpStatus)).toEqual([200, 200]);
    expect(replies[0]?.headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
  });
});

describe('a write to the control routes', () => {
  it.each([
    ['POST', 'reset', undefined],
    ['POST', 'script', '{"status":-3}'],
    ['POST', 'delivery', '{}'],
    ['POST', 'inbound-messages', `{"from":"${number}","content":"x"}`],
    ['PATCH', 'options', '{"balance":"1"}'],
  ])('%s %s needs a JSON content type, whatever its body is', async (method, path, body) => {
    await post(sandbox.url, send);
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/json', undefined];
    const responses = [];
    for (const type of types) {
      const headers = { 'Content-Type': type };
      const { httpStatus, text } = await query(`/_sandbox/${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
      });
      responses.push([httpStatus, (JSON.parse(text) as { code: string }).code]);
    }
    expect(responses).toEqual(types.map(() => [415, 'NOT_JSON']));
    expect(sandbox.messages).toHaveLength(1);
    expect(sandbox.inboundMessages).toEqual([]);
    expect(sandbox.pendingSteps).toEqual([]);
    expect(sandbox.funds.balance).toBe('999999.990000');
  });

  it('accepts JSON with a charset, in any case', async () => {
    expect((await reset({ 'Content-Type': 'Application/JSON ; charset=UTF-8' })).httpStatus).toBe(200);
  });

  it('is read up to a megabyte, then its connection ends', async () => {
    const body = JSON.stringify([{ reason: 'x'.repeat(1024 * 1024) }]);
    const { httpStatus, headers, text } = await query('/_sandbox/script', { method: 'POST', headers: json, body });
    expect(httpStatus).toBe(413);
    expect(headers.connection).toBe('close');
    expect(JSON.parse(text)).toEqual({
      code: 'TOO_LONG',
      field: null,
      message: 'The body must not be longer than 1048576 bytes',
    });
  });
});

it('a request that does not arrive completely in time is ended, in its headers or its body', async () => {
  await sandbox.close();
  sandbox = await LaafficSandbox.start({ now, requestTimeoutMs: 200 });
  const post = 'POST /v3/sendSms HTTP/1.1\r\nHost: localhost\r\n';
  const script = 'POST /_sandbox/script HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const responses = await Promise.all(
    [post, `${post}Content-Length: 10\r\n\r\n{`, `${script}Content-Length: 10\r\n\r\n{`].map(raw),
  );
  expect(responses).toEqual(Array(3).fill(expect.stringMatching(/^HTTP\/1\.1 408 /)));
});

it('a body that nests too deep is not JSON and does not end the process', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const body = `{"patch":${deep}}`;
  expect(JSON.parse((await post(sandbox.url, deep)).text)).toMatchObject({ status: '-22' });
  expect(
    (await query('/_sandbox/script', { method: 'POST', headers: json, body: body.slice(0, 500_000) })).httpStatus,
  ).toBe(400);
  const { httpStatus, text } = await query('/_sandbox/requests');
  expect(httpStatus).toBe(200);
  expect((JSON.parse(text) as { requests: { body: unknown }[] }).requests.map((one) => one.body)).toEqual([undefined]);
  const shallow = `${'[{"a":"[[["},'.repeat(600)}1${']'.repeat(600)}`;
  expect((await post(sandbox.url, { ...send, extra: Array(600).fill({ a: '"[' }) })).httpStatus).toBe(200);
  expect(JSON.parse((await post(sandbox.url, shallow, signed())).text)).toMatchObject({ status: '-22' });
});
