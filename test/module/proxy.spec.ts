import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { client, failureOf, sandboxAndClient } from './account.js';

const both = sandboxAndClient();

// A certificate of ours for a host that there is not, good for a hundred years; it protects nothing.
const [KEY, CERT] = ['key', 'cert'].map((part) => readFileSync(join(__dirname, `gateway.test.${part}.pem`)));
const SMS = { to: '91856321412', content: 'hi' };
const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Proxies of a test: each keeps what it was asked. */
function proxiesOfATest() {
  const running: { server: Server; sockets: Set<Socket> }[] = [];
  afterEach(async () => {
    for (const { server, sockets } of running.splice(0)) {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    }
  });
  return async (answer: (socket: Socket, request: IncomingMessage) => void, server: Server = createHttpServer()) => {
    const asked: IncomingMessage[] = [];
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      asked.push(request);
      socket.on('error', () => undefined);
      answer(socket, request);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    running.push({ server, sockets });
    return { asked, address: `127.0.0.1:${portOf(server)}` };
  };
}

/** To where it was asked to, as a proxy does that works. */
function tunnel(socket: Socket, { url = '' }: IncomingMessage): void {
  const upstream = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(socket).pipe(upstream);
  });
  socket.on('close', () => upstream.destroy());
}

describe('a proxy', () => {
  const startProxy = proxiesOfATest();

  it.each([
    ['', undefined],
    ['user:pass@', 'user:pass'],
    ['user@', 'user:'],
    [':pass@', ':pass'],
    ['us%40er:p%3A%E2%82%AC@', 'us@er:p:€'],
  ])('tunnels for http://%s…, who is %j', async (user, sent) => {
    const { asked, address } = await startProxy(tunnel);
    const proxied = await client({ baseUrl: both.sandbox.url, connection: { proxy: `http://${user}${address}` } });
    const receipt = await proxied.sms.send(SMS);
    await proxied.close();
    expect(receipt.accepted).toHaveLength(1);
    const { host } = new URL(both.sandbox.url);
    expect(asked.map(({ url, headers }) => [url, headers.host, headers['proxy-authorization']])).toEqual([
      [host, host, sent && `Basic ${Buffer.from(sent).toString('base64')}`],
    ]);
  });

  it.each(['http', 'https'])('over %s tunnels TLS to the gateway, which it cannot read', async (scheme) => {
    const requests: string[] = [];
    const gateway = createTlsServer({ key: KEY!, cert: CERT! }, (request, response) => {
      requests.push(request.url!);
      response.writeContinue();
      response.end('{"status":"0","success":"1","fail":"0","array":[{"msgId":"1","number":"91856321412"}]}');
    });
    await once(gateway.listen(0, '127.0.0.1'), 'listening');
    const server = scheme === 'http' ? createHttpServer() : createTlsServer({ key: KEY!, cert: CERT! });
    const { asked, address } = await startProxy(tunnel, server);
    const trusted = { ca: CERT!, servername: 'gateway.test' };
    const proxied = await client({
      baseUrl: `https://127.0.0.1:${portOf(gateway)}/v3`,
      connection: { proxy: `${scheme}://${address}`, tls: trusted },
    });
    const sent = scheme === 'http' ? proxied.sms.send(SMS) : failureOf(proxied.sms.send(SMS));
    // The options of TLS are those of the gateway; a proxy's certificate has to be one that Node trusts.
    expect(await sent).toMatchObject(
      scheme === 'http' ? { accepted: [{ msgId: '1' }] } : { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    );
    await proxied.close();
    gateway.close();
    expect([asked.length, requests]).toEqual(scheme === 'http' ? [1, ['/v3/sendSms']] : [0, []]);
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ['drops the tunnel', 'PROXY_NO_RESPONSE', (socket) => socket.destroy()],
    ['closes without an answer', 'PROXY_NO_RESPONSE', (socket) => socket.end()],
    ['talks another language', 'PROXY_NO_RESPONSE', (socket) => socket.end('220 mail.example ESMTP\r\n')],
    [
      'never ends its answer',
      'PROXY_NO_RESPONSE',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`),
    ],
    [
      'rejects the credentials',
      'PROXY_HTTP_407',
      (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
    ],
    ['does not let out', 'PROXY_HTTP_403', (socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\nno')],
    ['does not reach the gateway', 'PROXY_HTTP_502', (socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')],
    ['is silent', 'CONNECT_TIMEOUT', () => undefined],
    ['says a word now and then', 'CONNECT_TIMEOUT', (socket) => socket.write('HTTP/1.1 200')],
  ])('that %s is asked twice at most, and the app closes', async (_, reason, answer) => {
    const { asked, address } = await startProxy(answer);
    const proxied = await client({
      baseUrl: both.sandbox.url,
      connection: { proxy: `http://user:secret@${address}`, connectTimeoutMs: 150 },
    });
    const error = await failureOf(proxied.sms.send(SMS));
    expect(error).toMatchObject({ code: 'LAAFFIC_NOT_CONNECTED', outcome: 'rejected', reason });
    expect(JSON.stringify(error)).not.toContain('secret');
    await proxied.close();
    expect(asked).toHaveLength(2);
    expect(both.sandbox.requests).toEqual([]);
  });

  it('that is silent delays no call beyond its own time-out, and gets no request after it', async () => {
    const { asked, address } = await startProxy(() => undefined);
    const proxied = await client({
      baseUrl: both.sandbox.url,
      connection: { proxy: `http://${address}`, connectTimeoutMs: 500, maxConnections: 2 },
    });
    const errors = await Promise.all(
      Array.from({ length: 20 }, () => failureOf(proxied.sms.send(SMS, { timeoutMs: 100 }))),
    );
    expect(errors.map((error) => (error as { reason: string }).reason)).toEqual(
      Array.from({ length: 20 }, () => 'no connection in time'),
    );
    await proxied.close();
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  it('that does not listen fails with the code of the system', async () => {
    const port = await freePort();
    const proxied = await client({ baseUrl: both.sandbox.url, connection: { proxy: `http://127.0.0.1:${port}` } });
    expect(await failureOf(proxied.sms.send(SMS))).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
      reason: 'ECONNREFUSED',
    });
    await proxied.close();
  });
});
