import { getEventListeners, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { LaafficOptions } from 'nestjs-laaffic';
import { client, failureOf, sandboxAndClient } from './account.js';
import { deafListener } from './deaf-listener.js';

const both = sandboxAndClient();

const SMS = { to: '91856321412', content: 'hi' };
const ACCEPTED = '{"status":"0","success":"1","fail":"0","array":[{"msgId":"7","number":"91856321412"}]}';
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `9185${String(i).padStart(7, '0')}`);
const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** A gateway of a test, and a client of it. */
async function startGateway(answer: RequestListener, options: Partial<LaafficOptions> = {}) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      answer(request, response);
    });
  });
  return withClient(server, options);
}

/** A gateway that answers each request with these bytes. */
async function startRawGateway(answer: string) {
  const server = createTcpServer((socket) => {
    socket.on('data', () => socket.write(answer)).on('error', () => undefined);
  });
  return withClient(server, {});
}

async function withClient(server: Server, options: Partial<LaafficOptions>) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const app = await client({ baseUrl: `http://127.0.0.1:${portOf(server)}`, ...options });
  return {
    sms: app.sms,
    server,
    close: async () => {
      await app.close();
      server.close();
      // Comes only when no connection is left.
      await once(server, 'close');
    },
  };
}

describe('connections', () => {
  it('are kept and reused, and never more than allowed', async () => {
    const open = new Set<unknown>();
    let most = 0;
    let made = 0;
    const narrow = await startGateway((_, response) => response.end('{"status":"-3"}'), {
      connection: { maxConnections: 3 },
    });
    narrow.server.on('connection', (socket) => {
      made++;
      most = Math.max(most, open.add(socket).size);
      socket.on('close', () => open.delete(socket));
    });
    await Promise.all(numbers(50).map((to) => failureOf(narrow.sms.send({ to, content: 'x' }))));
    expect(made).toBe(3);
    expect(most).toBe(3);
    await narrow.close();
  });

  it('are kept no longer than keepAliveTimeoutMs, whatever the server hints', async () => {
    const hinting = await startGateway(
      (_, response) => {
        response.setHeader('Keep-Alive', 'timeout=600').end(ACCEPTED);
      },
      { connection: { keepAliveTimeoutMs: 100 } },
    );
    hinting.server.on('connection', (socket) => socket.on('close', () => hinting.server.emit('left')));
    const left = once(hinting.server, 'left');
    await hinting.sms.send(SMS);
    await left;
    await hinting.close();
  });

  it('that cannot be made are attempted twice, each within connectTimeoutMs, and the app closes', async () => {
    const deaf = await deafListener('127.0.0.1');
    const lost = await client({
      baseUrl: `http://127.0.0.1:${deaf.port}`,
      connection: { connectTimeoutMs: 50, maxConnections: 1 },
    });
    const attempts: unknown[] = [];
    lost.sms.requestEvents.subscribe((event) => event.type === 'ended' && attempts.push(event.code));
    expect(await failureOf(lost.sms.send(SMS))).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
      reason: 'CONNECT_TIMEOUT',
    });
    expect(attempts).toEqual(['LAAFFIC_NOT_CONNECTED', 'LAAFFIC_NOT_CONNECTED']);
    await lost.close();
    await deaf.close();
  });

  it('that are still being made when all calls have ended do not delay the closing of the app', async () => {
    const deaf = await deafListener('127.0.0.1');
    const lost = await client({
      baseUrl: `http://127.0.0.1:${deaf.port}`,
      connection: { connectTimeoutMs: 2 ** 31 - 1, maxConnections: 2 },
    });
    const given = numbers(10).map((to) => failureOf(lost.sms.send({ to, content: 'x' }, { timeoutMs: 200 })));
    const reasons = (await Promise.all(given)).map((error) => (error as { reason: string }).reason);
    expect(reasons).toEqual(given.map(() => 'no connection in time'));
    await lost.close();
    await deaf.close();
  });

  it('that are made late serve the calls that still wait, and no ended call', async () => {
    const deaf = await deafListener('127.0.0.1', 0, ACCEPTED);
    const late = await client({
      baseUrl: `http://127.0.0.1:${deaf.port}`,
      connection: { connectTimeoutMs: 60_000, maxConnections: 1 },
    });
    const asked: string[] = [];
    const shouldSend = (name: string) => () => asked.push(name) > 0;
    const givenUp = failureOf(late.sms.send(SMS, { timeoutMs: 20, shouldSend: shouldSend('given up') }));
    expect(await givenUp).toMatchObject({ outcome: 'rejected', reason: 'no connection in time' });
    const waiting = late.sms.send(SMS, { timeoutMs: 60_000, shouldSend: shouldSend('waiting') });
    deaf.wake();
    expect((await waiting).accepted).toHaveLength(1);
    expect(asked).toEqual(['waiting']);
    await late.close();
    await deaf.close();
  });

  it('let sends in flight finish when the app closes, also when it closes twice', async () => {
    const closing = await client({ baseUrl: both.sandbox.url, connection: { maxConnections: 1 } });
    both.sandbox.script({ delayMs: 30 });
    const sends = ['91856321412', '91856321413'].map((to) => closing.sms.send({ to, content: 'hi' }));
    await closing.close();
    await closing.close();
    expect((await Promise.all(sends)).map(({ accepted }) => accepted.length)).toEqual([1, 1]);
    expect(await failureOf(closing.sms.send(SMS))).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
      reason: 'CLOSED',
    });
  });
});

describe('a signal', () => {
  it('has one listener, however many calls share it, because Node warns from the eleventh on', async () => {
    const { signal } = new AbortController();
    const { sms } = both.client;
    const listeners: number[] = [];
    const watch = sms.requestEvents.subscribe(() => listeners.push(getEventListeners(signal, 'abort').length));
    await Promise.all([
      ...numbers(30).map((to) => sms.send({ to, content: 'hi' }, { signal })),
      ...numbers(15).map((to) => sms.sendBulk([to], { content: 'hi' }, { signal }).toArray()),
    ]);
    watch.unsubscribe();
    expect(listeners).toHaveLength(90);
    expect(Math.max(...listeners)).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends any number of queries that wait before a retry', async () => {
    const abort = new AbortController();
    const busy = await startGateway((_, response) => response.end('{"status":"-18"}'), {
      queryRetry: { minDelayMs: 60_000, maxDelayMs: 60_000, timeoutMs: 600_000 },
    });
    let ended = 0;
    const listeners: number[] = [];
    busy.sms.requestEvents.subscribe(({ type }) => {
      // Listeners are notified before the pause begins.
      if (type === 'ended' && ++ended === 15)
        setImmediate(() => {
          listeners.push(getEventListeners(abort.signal, 'abort').length);
          abort.abort();
        });
    });
    const queries = numbers(15).map(() => failureOf(busy.sms.getBalance({ signal: abort.signal })));
    const reasons = (await Promise.all(queries)).map((error) => (error as { reason: string }).reason);
    expect(listeners).toEqual([1]);
    expect(reasons).toEqual(queries.map(() => 'aborted between two attempts'));
    await busy.close();
  });
});

describe('a response', () => {
  it.each<[string, string | undefined, string | Buffer]>([
    ['with a byte order mark', undefined, `\uFEFF${ACCEPTED}`],
    ['in gzip', 'gzip', gzipSync(ACCEPTED)],
    ['in deflate', 'deflate', deflateSync(ACCEPTED)],
    ['in deflate without its header', 'deflate', deflateRawSync(ACCEPTED)],
    ['in brotli', 'br', brotliCompressSync(ACCEPTED)],
    ['in gzip with a byte order mark', 'gzip', gzipSync(`\uFEFF${ACCEPTED}`)],
  ])('in %s is read, although it was not requested', async (_, encoding, body) => {
    const asked: unknown[] = [];
    const compressing = await startGateway((request, response) => {
      asked.push(request.headers['accept-encoding']);
      if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
      response.end(body);
    });
    expect((await compressing.sms.send(SMS)).accepted).toMatchObject([{ number: SMS.to, msgId: '7' }]);
    expect(asked).toEqual(['identity']);
    await compressing.close();
  });

  it('that is cut off inside its gzip makes the outcome unknown, and its connection is reused', async () => {
    let answers = 0;
    const broken = await startGateway(
      (_, response) => {
        const body = gzipSync(ACCEPTED);
        response.setHeader('Content-Encoding', 'gzip').end(++answers === 1 ? body.subarray(0, 25) : body);
      },
      { connection: { maxConnections: 1 } },
    );
    expect(await failureOf(broken.sms.send(SMS))).toMatchObject({ outcome: 'unknown', reason: 'Z_BUF_ERROR' });
    expect((await broken.sms.send(SMS)).accepted).toHaveLength(1);
    await broken.close();
  });

  it.each([
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['100 Continue with headers, twice', 'HTTP/1.1 100 Continue\r\nServer: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
    ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'],
  ])('after an unrequested %s is read, and the next one too', async (_, before) => {
    const length = `Content-Length: ${ACCEPTED.length}`;
    const gateway = await startRawGateway(`${before}HTTP/1.1 200 OK\r\n${length}\r\n\r\n${ACCEPTED}`);
    for (const content of ['one', 'two']) {
      expect((await gateway.sms.send({ ...SMS, content })).accepted).toMatchObject([{ msgId: '7' }]);
    }
    await gateway.close();
  });

  it.each([
    ['-15, in seconds', 200, '{"status":"-15"}', '7', 7],
    ['-15, as a date', 200, '{"status":"-15"}', 'Sun, 29 Nov 2026 12:00:30 GMT', 30],
    ['HTTP 429, as a date', 429, 'slow down', 'Sun, 29 Nov 2026 12:00:30 GMT', 30],
    ['-15, unreadable', 200, '{"status":"-15"}', 'soon', 1],
  ])('with %s says when to retry', async (_, status, body, retryAfterSeconds, seconds) => {
    const limiting = await startGateway(
      (_, response) => {
        const headers = { 'Retry-After': retryAfterSeconds, Date: 'Sun, 29 Nov 2026 12:00:00 GMT' };
        response.writeHead(status, headers).end(body);
      },
      { queryRetry: { retries: 0 } },
    );
    const expected = { kind: 'limit', code: 'LAAFFIC_TOO_FREQUENT', retryAfterSeconds: seconds };
    expect(await failureOf(limiting.sms.send(SMS))).toMatchObject({ ...expected, outcome: 'rejected' });
    expect(await failureOf(limiting.sms.getBalance())).toMatchObject(expected);
    await limiting.close();
  });
});
