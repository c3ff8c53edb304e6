import { once } from 'node:events';
import { connect } from 'node:net';
import { cases } from '../../../../test/cases.js';
import { getFrom, call, get, now, number, post, postJson, send, signed, postTo } from '../../test/gateway-client.js';
import { LaafficSandbox } from '../index.js';
import fc from 'fast-check';

const runs = { numRuns: cases(150, 25) };

let sandbox: LaafficSandbox;

beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(async () => {
  sandbox.reset();
  expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
  sandbox.reset();
});

afterAll(() => sandbox.close());

const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>('__proto__', 'constructor', [number], { numbers: number }, 1e21, '\u0000', '\ud800', number),
);

it('the sandbox responds to any body with a vendor status', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json()), async (body) => {
      const { httpStatus, text } = await post(sandbox.url, Buffer.from(body as string));
      expect(httpStatus).toBe(200);
      expect((JSON.parse(text) as { status: string }).status).toMatch(/^-\d+$/);
    }),
    runs,
  );
  expect(sandbox.messages).toEqual([]);
});

it('the sandbox responds to any JSON in any field with a status that agrees with its messages', async () => {
  const fields = fc.record(
    {
      appId: fc.constantFrom('4luaKsL2', 'x'),
      numbers: strange,
      content: strange,
      senderId: strange,
      orderId: strange,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      sandbox.reset();
      const { text } = await post(sandbox.url, { ...send, ...given });
      const { status, success = '0' } = JSON.parse(text) as { status: string; success?: string };
      expect(status).toMatch(/^(0|-\d+)$/);
      expect(String(sandbox.messages.length)).toEqual(success);
    }),
    runs,
  );
});

it('the sandbox responds to any query and any header value', async () => {
  const header = fc.stringMatching(/^[\x20-\x7e]{0,40}$/);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), header, header, async (text, one, another) => {
      const query = encodeURIComponent(text);
      const replies = await Promise.all([
        call(`${sandbox.url}/sendSms?numbers=${query}&${query}=%E0%A4%A&appId=4luaKsL2`, { headers: signed() }),
        get(sandbox.url, send, { Timestamp: one, Sign: another, 'Api-Key': one }),
        get(sandbox.url, send, { 'Content-Type': another }),
      ]);
      expect(replies.map(({ httpStatus }) => httpStatus)).toEqual([200, 200, 200]);
    }),
    { numRuns: 50 },
  );
});

it.each(['sendSms/batch', 'recordMo', 'postback/backfill'])('the sandbox responds to any body for %s', async (path) => {
  const field = fc.constantFrom(
    'array',
    'numbers',
    'number',
    'content',
    'orderId',
    'current',
    'size',
    'params',
    'time',
    'msgid',
  );
  const entry = fc.dictionary(field, strange, { maxKeys: 4 });
  const body = fc.oneof(
    fc.json(),
    fc
      .tuple(entry, fc.oneof(strange, fc.array(fc.oneof(entry, strange), { maxLength: 4 })))
      .map(([fields, array]) => JSON.stringify({ appId: '4luaKsL2', array, ...fields })),
  );
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      sandbox.reset();
      const { status, success = '0' } = (await postTo(sandbox.url, path, text)) as { status: string; success?: string };
      expect(status).toMatch(/^(0|-\d+)$/);
      expect(String(sandbox.messages.length)).toEqual(success);
    }),
    runs,
  );
});

it.each(['getReport', 'getSentRcd', 'getBalance'])('the sandbox responds to any query for %s', async (path) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '__proto__',
      '-271821-04-20T00:00:00Z',
      '+275760-09-13T00:00:00Z',
      '0000-01-01T00:00:00+00:00',
      ',,,',
    ),
  );
  await fc.assert(
    fc.asyncProperty(text, text, text, async (one, another, third) => {
      const msgIds = [one, another, third].join(',');
      const fields = { appId: '4luaKsL2', msgIds, startTime: one, endTime: another, startIndex: third };
      const { status } = (await getFrom(sandbox.url, path, fields)) as { status: string };
      expect(status).toMatch(/^(0|-\d+)$/);
    }),
    runs,
  );
});

it('a body cannot change the prototypes of the sandbox', async () => {
  const body = `{"__proto__":{"appId":"4luaKsL2","polluted":1},"constructor":{"prototype":{"polluted":1}}}`;
  expect(await postJson(sandbox.url, body)).toMatchObject({ status: '-22' });
  sandbox.script({ patch: JSON.parse(body) as Record<string, never> });
  const { text } = await post(sandbox.url, send);
  expect(text).toContain('"__proto__":{"appId":"4luaKsL2"');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

it('the sandbox accepts a body of ten million bytes', async () => {
  const numbers = Array<string>(700_000).fill(number).join(',');
  expect(await postJson(sandbox.url, { ...send, content: 'x'.repeat(10_000_000) })).toMatchObject({ status: '-5' });
  sandbox.script({ quirks: { failureEnvelope: 'bare' } });
  expect(await postJson(sandbox.url, { ...send, numbers })).toMatchObject({ status: '-7' });
});

it('the sandbox survives a client that does not speak HTTP', async () => {
  const { hostname, port } = new URL(sandbox.url);
  const texts = [
    '\u0000\u0001\u0002',
    'GET\r\n\r\n',
    'POST /v3/sendSms HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\n\r\n',
  ];
  const closed = texts.map((text) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined).resume();
    socket.end(text);
    return once(socket, 'close');
  });
  expect(await Promise.all(closed)).toHaveLength(4);
});

it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('the sandbox rejects %s with HTTP 405', async (method) => {
  const { httpStatus, headers } = await call(`${sandbox.url}/sendSms`, { method, headers: signed() });
  expect(httpStatus).toBe(405);
  expect(headers.allow).toBe('GET, POST');
});
