import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { GatewayClock, sign } from 'nestjs-laaffic';
import { client } from './account.js';

// The vendor's page "Sending Messages": its samples, as bytes.
const SAMPLE_TIME = 1630468800;
const SAMPLE_SIGN = '05d7a50893e22a5c4bb3216ae3396c7c';
const SAMPLE_HEADERS = [
  'Content-Type: application/json;charset=UTF-8',
  `Sign: ${SAMPLE_SIGN}`,
  `Timestamp: ${SAMPLE_TIME}`,
  'Api-Key: bDqJFiq9',
  'Accept-Encoding: identity',
];
const SAMPLE_BODY =
  '{"appId":"4luaKsL2","numbers":"91856321412,91856321413","content":"hello world","senderId":"123","orderId":"21412,21413"}';
const SAMPLE_PATH =
  '/v3/sendSms?appId=4luaKsL2&numbers=91856321412,91856321413&content=hello%20world&senderId=123&orderId=21412,21413';
const SAMPLE_ANSWER = {
  status: '0',
  reason: 'success',
  success: '2',
  fail: '0',
  array: [
    { msgId: '2108021054011000095', number: '91856321412', orderId: '21412' },
    { msgId: '2108021059531000096', number: '91856321413', orderId: '21413' },
  ],
};
const sample = {
  to: [
    { number: '91856321412', orderId: '21412' },
    { number: '91856321413', orderId: '21413' },
  ],
  content: 'hello world',
  senderId: '123',
};

/** A server without any notion of HTTP: it keeps the bytes, and answers with the vendor's sample. */
let server: Server;
let received: Buffer[];
let sms: Awaited<ReturnType<typeof client>>;

beforeAll(async () => {
  server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const head = bytes.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1] ?? 0);
      if (head < 0 || bytes.length < head + 4 + length) return;
      received.push(bytes);
      bytes = Buffer.alloc(0);
      const body = JSON.stringify(SAMPLE_ANSWER);
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  sms = await client({ baseUrl: `http://127.0.0.1:${port}/v3` }, new GatewayClock(() => SAMPLE_TIME * 1000 + 999));
});
beforeEach(() => {
  received = [];
});
afterAll(async () => {
  await sms.close();
  server.close();
});

function lastRequest() {
  expect(received).toHaveLength(1);
  const [head = '', body = ''] = received[0]!.toString().split('\r\n\r\n');
  const [line, ...headers] = head.split('\r\n');
  const own = headers.filter((header) => !/^(host|connection|content-length): /i.test(header));
  return { line, headers: own, body };
}

describe("the vendor's samples on the wire", () => {
  it('signature', () => {
    expect(sign('bDqJFiq9', '7bz1lzh9', SAMPLE_TIME)).toBe(SAMPLE_SIGN);
  });

  it('POST: request line, headers in name and order, and body', async () => {
    const receipt = await sms.sms.send(sample);
    expect(lastRequest()).toEqual({ line: 'POST /v3/sendSms HTTP/1.1', headers: SAMPLE_HEADERS, body: SAMPLE_BODY });
    expect(receipt).toEqual({ accepted: SAMPLE_ANSWER.array, rejected: [], unknown: [] });
  });

  it('GET: the URL with its commas, and the same headers', async () => {
    const receipt = await sms.sms.send(sample, { method: 'GET' });
    expect(lastRequest()).toEqual({ line: `GET ${SAMPLE_PATH} HTTP/1.1`, headers: SAMPLE_HEADERS, body: '' });
    expect(receipt).toEqual({ accepted: SAMPLE_ANSWER.array, rejected: [], unknown: [] });
  });

  it('leaves out a missing sender, and encodes once', async () => {
    await sms.sms.send({ to: sample.to, content: 'a+b & 50% — ü🙂\n"x"' }, { method: 'GET' });
    expect(lastRequest().line).toBe(
      'GET /v3/sendSms?appId=4luaKsL2&numbers=91856321412,91856321413&content=a%2Bb%20%26%2050%25%20%E2%80%94%20%C3%BC%F0%9F%99%82%0A%22x%22&orderId=21412,21413 HTTP/1.1',
    );
    received = [];
    await sms.sms.send({ to: sample.to, content: 'ü🙂\n"x"' });
    expect(lastRequest().body).toBe(
      '{"appId":"4luaKsL2","numbers":"91856321412,91856321413","content":"ü🙂\\n\\"x\\"","orderId":"21412,21413"}',
    );
  });
});
