import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createLimitedServer, liftBodyLimit } from './limited-server.js';

const LIMITS = { headersMs: 300, bodyMs: 300, lingerMs: 300 };
const POST = 'POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n';

describe('createLimitedServer', () => {
  let server: Server;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });

  beforeAll(async () => {
    const read: RequestListener = (request, response) => {
      request.resume().once('end', () => response.end('read'));
    };
    const routes: Readonly<Record<string, RequestListener>> = {
      '/read': read,
      '/rejected': (_, response) => response.writeHead(401).end('rejected'),
      '/lifted': (request, response) => {
        liftBodyLimit(request);
        read(request, response);
      },
      '/later': (request, response) => {
        void released.then(() => {
          read(request, response);
        });
      },
    };
    server = createLimitedServer((request, response) => {
      routes[request.url ?? '']?.(request, response);
    }, LIMITS);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function open(text: string): { socket: Socket; first: Promise<unknown>; all: Promise<string> } {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.setEncoding('utf8').on('error', () => undefined);
    let heard = '';
    socket.on('data', (piece: string) => {
      heard += piece;
    });
    socket.write(text);
    return { socket, first: once(socket, 'data').catch(() => undefined), all: once(socket, 'close').then(() => heard) };
  }

  const answered = (statusCode: number, message: string, error: string, code: string): unknown =>
    expect.stringMatching(
      new RegExp(
        `^HTTP/1.1 ${statusCode} ${error}\r\n.*X-Request-Id: ([\\w-]{36})\r\n.*\r\n\r\n.*` +
          JSON.stringify({ statusCode, message, error, code, outcome: 'rejected', requestId: '\\1' }).replace(
            '\\\\1',
            '\\1',
          ),
        's',
      ),
    );

  it.each([
    ['nothing', '', 408, 'The head of the request did not arrive in time', 'Request Timeout', 'REQUEST_TIMEOUT'],
    [
      'half a head',
      'GET /',
      408,
      'The head of the request did not arrive in time',
      'Request Timeout',
      'REQUEST_TIMEOUT',
    ],
    [
      'half a body',
      `${POST}a`,
      408,
      'The body of the request did not arrive in time',
      'Request Timeout',
      'REQUEST_TIMEOUT',
    ],
    ['no HTTP', 'hello\r\n\r\n', 400, 'This is not an HTTP request', 'Bad Request', 'BAD_REQUEST'],
    [
      'a head that is too long',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
      431,
      'The head of the request is too long',
      'Request Header Fields Too Large',
      'REQUEST_HEADER_FIELDS_TOO_LARGE',
    ],
  ])('responds to %s in the common form, and closes the connection', async (_, text, status, message, error, code) => {
    expect(await open(text).all).toEqual(answered(status, message, error, code));
  });

  it.each(['', 'GET /', `${POST}a`, 'hello\r\n\r\n', `${POST.replace('read', 'rejected')}a`])(
    'closes the connection of a client that sent %j and does not close its own end',
    async (text) => {
      const { port } = server.address() as AddressInfo;
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      client.on('error', () => undefined).write(text);
      const [socket] = await accepted;
      await new Promise((resolve) => socket.once('close', resolve));
      client.destroy();
      expect(socket.destroyed).toBe(true);
    },
  );

  it('closes the connection of a caller that keeps sending after the response', async () => {
    const heard = await open(POST.replace('read', 'rejected')).all;
    expect(heard).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n.*rejected/s);
    expect(heard.match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  it('lets a route limit the time itself, and does not blame the caller for a body that the route has not read', async () => {
    const lifted = open(`${POST.replace('read', 'lifted')}a`);
    const unread = open(`${POST.replace('read', 'later')}ab`);
    // Both are older than this one.
    expect(await open(`${POST}a`).all).toContain('408');
    lifted.socket.write('b');
    release();
    for (const { socket, first, all } of [lifted, unread]) {
      await first;
      socket.end();
      expect(await all).toMatch(/^HTTP\/1.1 200 OK\r\n.*read/s);
    }
  });
});
