import { connect } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { LineLogger } from '../../src/common/logging/line-logger.js';
import { readConfiguration } from '../../src/configuration.js';
import { createApp } from '../../src/create-app.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { MESSAGE } from './service.js';
import { until } from '../until.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const JSON_TYPE = { 'Content-Type': 'application/json' };

let database: TestDatabase;
let app: Awaited<ReturnType<typeof createApp>>;
let url: string;
let log = '';
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      log += String(text);
      return true;
    });
  }
  database = await startDatabase();
  app = await createApp(readConfiguration({ DATABASE_URL: database.url }), new LineLogger('json'));
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(async () => {
  await app.close();
  await database.close();
  jest.restoreAllMocks();
});

async function request(path: string, id: string | undefined, body?: string): Promise<[Response, unknown]> {
  const response = await fetch(url + path, {
    headers: { ...JSON_TYPE, ...(id === undefined ? {} : { 'X-Request-Id': id }) },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  return [response, await response.json()];
}

/** Sends a request by hand, because fetch rejects invalid headers. */
async function sendRaw(head: string, end: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    received += piece;
  });
  socket.write(head);
  await until(() => received.includes(end));
  socket.destroy();
  return received;
}

describe('X-Request-Id', () => {
  it('is the id of the caller in the response', async () => {
    const [response] = await request('/v1/messages', 'mine-1', JSON.stringify(MESSAGE));
    expect(response.status).toBe(201);
    expect(response.headers.get('x-request-id')).toBe('mine-1');
  });

  it('is a new UUID if the caller gives none', async () => {
    const [response] = await request('/health/live', undefined);
    expect(response.headers.get('x-request-id')).toMatch(UUID);
  });

  it.each([
    ['invalid JSON', '/v1/messages', '{', 400],
    ['an invalid field', '/v1/messages', '{"to":1}', 400],
    ['an unknown query', '/v1/campaigns?x=1', undefined, 400],
    ['an unknown route', '/nothing', undefined, 404],
    ['an unknown id', '/v1/messages/99999999', undefined, 404],
    ['a body that is too large', '/v1/messages', JSON.stringify('x'.repeat(1_100_000)), 413],
    ['an address that is not UTF-8', '/v1/messages/%E9', undefined, 400],
  ])('is in the error for %s', async (_, path, body, status) => {
    const [response, error] = await request(path, 'mine-2', body);
    expect(response.status).toEqual(status);
    expect(response.headers.get('x-request-id')).toBe('mine-2');
    expect(error).toEqual(expect.objectContaining({ statusCode: status, requestId: 'mine-2' }));
  });

  it.each([
    ['a long id', 'x'.repeat(200)],
    ['an id with a control character', 'a\tb'],
    ['an id with bytes beyond ASCII', 'caf\u00e9'],
    ['two ids', 'a\r\nX-Request-Id: b'],
    ['an id with a header behind it', 'a b\r\nX-Injected: 1'],
  ])('is a new UUID for %s', async (_, id) => {
    const text = await sendRaw(`GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: ${id}\r\n\r\n`, '"ok"');
    expect(/^X-Request-Id: (.*)\r$/im.exec(text)?.[1]).toMatch(UUID);
    expect(text).not.toMatch(/X-Injected/i);
  });

  it('is a new UUID in the response to what is not HTTP', async () => {
    const text = await sendRaw('hello\r\n\r\n', '}');
    const [, id] = /^X-Request-Id: (.*)\r$/m.exec(text) ?? [];
    expect(id).toMatch(UUID);
    expect(text).toContain(`"requestId":"${id}"`);
  });

  it('is in the error and in the log of a request that fails', async () => {
    log = '';
    jest.spyOn(app.get(SmsOutbox, { strict: false }), 'find').mockRejectedValueOnce(new TypeError('broken'));
    const [response, error] = await request('/v1/messages/1', 'mine-4');
    expect(response.status).toBe(500);
    expect(error).toEqual(expect.objectContaining({ requestId: 'mine-4' }));
    const lines = log.split('\n').filter((line) => line.includes('request failed'));
    expect(lines.map((line) => (JSON.parse(line) as { requestId: string }).requestId)).toEqual(['mine-4']);
  });

  it('is an attribute of the active span', async () => {
    const contexts = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(contexts);
    const span = new BasicTracerProvider().getTracer('test').startSpan('request');
    const setAttribute = jest.spyOn(span, 'setAttribute');
    const listeners = app.getHttpServer().listeners('request') as ((...args: unknown[]) => void)[];
    app.getHttpServer().removeAllListeners('request');
    app.getHttpServer().on('request', (...args: unknown[]) => {
      context.with(trace.setSpan(context.active(), span), () => {
        for (const listener of listeners) listener(...args);
      });
    });
    await request('/health/live', 'mine-3');
    expect(setAttribute).toHaveBeenCalledWith('request.id', 'mine-3');
    context.disable();
  });
});
