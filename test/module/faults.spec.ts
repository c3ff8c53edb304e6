import { createServer } from 'node:net';
import { once } from 'node:events';
import type { ScriptStep } from 'laaffic-sandbox';
import { toHttpException, type LaafficException } from 'nestjs-laaffic';
import { freePort } from '../free-port.js';
import { client, failureOf, sandboxAndClient } from './account.js';

const TO = [
  { number: '91856321412', orderId: 'order-1' },
  { number: '91856321413', orderId: 'order-2' },
];
const command = { to: TO, content: 'hello world' };

const both = sandboxAndClient();

interface Expected {
  kind: string;
  code: string;
  outcome: 'rejected' | 'unknown';
  http: number;
  reason?: string | RegExp;
  /** How many messages the gateway accepted behind our back. */
  acceptedThere: number;
}

const lost = {
  kind: 'transport',
  code: 'LAAFFIC_CONNECTION_LOST',
  outcome: 'unknown',
  http: 504,
  reason: 'UND_ERR_SOCKET',
} as const;
const timeout = {
  kind: 'transport',
  code: 'LAAFFIC_TIMEOUT',
  outcome: 'unknown',
  http: 504,
  reason: 'no response in time',
} as const;
const unreadable = { kind: 'unreadable', code: 'LAAFFIC_UNREADABLE_RESPONSE', outcome: 'unknown', http: 502 } as const;
const QUICK = { timeoutMs: 60 };

describe.each(['POST', 'GET'] as const)('a failure of a send by %s:', (method) => {
  it.each<[string, ScriptStep, Expected, { timeoutMs?: number }?]>([
    ['cut before reading', { fault: 'cut-before-reading' }, { ...lost, acceptedThere: 0 }],
    ['cut before accepting', { fault: 'cut-before-accepting' }, { ...lost, acceptedThere: 0 }],
    ['cut after accepting', { fault: 'cut-after-accepting' }, { ...lost, acceptedThere: 2 }],
    ['no answer, nothing accepted', { fault: 'hang-before-accepting' }, { ...timeout, acceptedThere: 0 }, QUICK],
    ['no answer, all accepted', { fault: 'hang-after-accepting' }, { ...timeout, acceptedThere: 2 }, QUICK],
    ['an answer that stops half-way', { fault: 'stalled-body' }, { ...timeout, acceptedThere: 2 }, QUICK],
    [
      '502 with HTML',
      { fault: 'html', httpStatus: 502 },
      { ...unreadable, reason: /^HTTP 502, text\/html.*, \d+ characters$/, acceptedThere: 0 },
    ],
    [
      '503 with HTML',
      { fault: 'html', httpStatus: 503 },
      { ...unreadable, reason: /^HTTP 503, text\/html/, acceptedThere: 0 },
    ],
    [
      '504 with HTML after accepting',
      { fault: 'html', httpStatus: 504, accepted: true },
      { ...unreadable, reason: /^HTTP 504/, acceptedThere: 2 },
    ],
    [
      '200 with HTML',
      { fault: 'html', httpStatus: 200 },
      { ...unreadable, reason: /^HTTP 200, text\/html/, acceptedThere: 0 },
    ],
    [
      '404 with HTML, as from a wrong base URL',
      { fault: 'html', httpStatus: 404 },
      { ...unreadable, reason: /^HTTP 404/, acceptedThere: 0 },
    ],
    [
      'an empty body',
      { fault: 'empty-body', accepted: true },
      { ...unreadable, reason: /^HTTP 200, .*, 0 characters$/, acceptedThere: 2 },
    ],
    ['broken JSON', { fault: 'broken-json' }, { ...unreadable, reason: /^HTTP 200/, acceptedThere: 2 }],
    ['nulls for everything but the status', { fault: 'nulls' }, { ...unreadable, acceptedThere: 2 }],
    ['text for the list', { fault: 'string-for-array' }, { ...unreadable, acceptedThere: 2 }],
    ['no list', { fault: 'missing-fields', fields: ['array'] }, { ...unreadable, acceptedThere: 2 }],
    [
      'no status and no list',
      { fault: 'missing-fields', fields: ['status', 'array'] },
      { ...unreadable, acceptedThere: 2 },
    ],
    [
      'HTTP 429 from a server in front of the gateway',
      { fault: 'raw', httpStatus: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
      {
        kind: 'limit',
        code: 'LAAFFIC_TOO_FREQUENT',
        outcome: 'rejected',
        http: 429,
        reason: 'HTTP 429',
        acceptedThere: 0,
      },
    ],
    [
      'a redirect, which is not followed',
      { fault: 'raw', httpStatus: 302, headers: { location: 'http://127.0.0.1:9/' } },
      { ...unreadable, reason: /^HTTP 302/, acceptedThere: 0 },
    ],
  ])('%s', async (...[, step, expected, options]) => {
    both.sandbox.script(step);
    const error = (await failureOf(both.client.sms.send(command, { method, ...options }))) as LaafficException;

    const { kind, code, outcome, http, reason, acceptedThere } = expected;
    expect(error).toMatchObject({ kind, code, outcome });
    expect(error.reason).toEqual(
      reason instanceof RegExp ? expect.stringMatching(reason) : (reason ?? expect.any(String)),
    );
    expect(toHttpException(error).getStatus()).toBe(http);
    const entries = TO.map((recipient) => ({ ...recipient, code, reason: error.reason }));
    expect(error.receipt).toEqual({ accepted: [], rejected: [], unknown: [], [outcome]: entries });
    expect(both.sandbox.requests).toHaveLength(1);
    expect(both.sandbox.messages).toHaveLength(acceptedThere);
  });

  it.each<[string, ScriptStep]>([
    ['a slow body', { fault: 'slow-body', chunkBytes: 40, pauseMs: 1 }],
    ['numbers for texts', { fault: 'numbers-for-strings' }],
    ['message ids as numbers', { fault: 'msg-id-as-number' }],
    ['items that were not sent', { fault: 'foreign-items', count: 3 }],
    ['an empty failArray', { quirks: { failArray: 'always' } }],
    ['business answers with HTTP 500', { httpStatus: 500 }],
  ])('with %s still reads the accepted recipients', async (_, step) => {
    both.sandbox.script(step);
    expect(await both.client.sms.send(command, { method })).toEqual({
      accepted: TO.map((recipient, index) => ({ ...recipient, msgId: both.sandbox.messages[index]!.msgId })),
      rejected: [],
      unknown: [],
    });
    expect(both.sandbox.requests).toHaveLength(1);
  });

  it('leaves a recipient unknown that is missing in the list of accepted ones', async () => {
    both.sandbox.script({ fault: 'missing-items', count: 1 });
    const receipt = await both.client.sms.send(command, { method });
    expect(receipt.accepted).toEqual([{ ...TO[0], msgId: both.sandbox.messages[0]!.msgId }]);
    expect(receipt.rejected).toEqual([]);
    expect(receipt.unknown.map(({ orderId }) => orderId)).toEqual(['order-2']);
  });
});

describe('a failure before a byte was written:', () => {
  let port: number;

  beforeAll(async () => {
    port = await freePort();
  });

  it.each<[string, () => string, object]>([
    ['a refused connection', () => `http://127.0.0.1:${port}/v3`, { reason: 'ECONNREFUSED' }],
    [
      'a host that does not exist',
      () => 'http://gateway.invalid/v3',
      { reason: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) },
    ],
    [
      'TLS that the server does not speak',
      () => both.sandbox.url.replace('http:', 'https:'),
      { reason: expect.stringMatching(/^(ERR_SSL|EPROTO)/) },
    ],
  ])('%s is rejected, and safe to send again', async (_, baseUrl, expected) => {
    const unreachable = await client({ baseUrl: baseUrl() });
    const error = (await failureOf(unreachable.sms.send(command))) as LaafficException;
    await unreachable.close();
    expect(error).toMatchObject({ kind: 'transport', code: 'LAAFFIC_NOT_CONNECTED', outcome: 'rejected', ...expected });
    expect(error.receipt?.rejected.map(({ orderId }) => orderId)).toEqual(['order-1', 'order-2']);
    expect(toHttpException(error).getStatus()).toBe(503);
    expect(both.sandbox.requests).toEqual([]);
  });

  it('a time-out while waiting for a free connection is rejected, because the gateway never saw the request', async () => {
    const narrow = await client({ baseUrl: both.sandbox.url, connection: { maxConnections: 1 } });
    both.sandbox.script({ fault: 'hang-after-accepting' });
    const first = failureOf(narrow.sms.send(command, { timeoutMs: 200 }));
    const second = failureOf(narrow.sms.send(command, { timeoutMs: 40 }));
    expect(await second).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
      reason: 'no connection in time',
    });
    expect(await first).toMatchObject({ code: 'LAAFFIC_TIMEOUT', outcome: 'unknown' });
    expect(await narrow.sms.send(command)).toMatchObject({ rejected: [], unknown: [] });
    await narrow.close();
    expect(both.sandbox.requests).toHaveLength(2);
  });

  it('a connection that fails once is attempted once more', async () => {
    let connections = 0;
    const flaky = createServer((socket) => {
      connections++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(flaky, 'listening');
    const { port: flakyPort } = flaky.address() as { port: number };
    const secure = await client({ baseUrl: `https://127.0.0.1:${flakyPort}/v3` });
    expect(await failureOf(secure.sms.send(command))).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
    });
    await secure.close();
    flaky.close();
    expect(connections).toBe(2);
  });
});

describe('an abort', () => {
  it('before the call leaves the process is rejected', async () => {
    const reason = new Error('the user went away');
    const error = await failureOf(both.client.sms.send(command, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: 'LAAFFIC_ABORTED', outcome: 'rejected', cause: reason });
    expect(both.sandbox.requests).toEqual([]);
  });

  it('while the request is in flight is unknown, and closes the connection', async () => {
    const controller = new AbortController();
    const arrived = new Promise<void>((resolve) => {
      both.sandbox.configure({
        onRequest: () => {
          resolve();
        },
      });
    });
    both.sandbox.script({ fault: 'hang-after-accepting' });
    const call = failureOf(both.client.sms.send(command, { signal: controller.signal }));
    await arrived;
    controller.abort();
    expect(await call).toMatchObject({ code: 'LAAFFIC_ABORTED', outcome: 'unknown' });
    both.sandbox.configure({ onRequest: null });
    expect(both.sandbox.messages).toHaveLength(2);
  });

  it('after the response changes nothing', async () => {
    const controller = new AbortController();
    const receipt = await both.client.sms.send(command, { signal: controller.signal });
    controller.abort();
    expect(receipt.accepted).toHaveLength(2);
  });
});
