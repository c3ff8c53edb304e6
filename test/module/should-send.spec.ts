import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { LaafficTransportException, toHttpException, type SendOptions, type SmsService } from 'nestjs-laaffic';
import { FakeSmsService } from 'nestjs-laaffic/testing';
import { ACCOUNT, client, failureOf, sandboxAndClient } from './account.js';

const TO = [
  { number: '91856321412', orderId: 'order-1' },
  { number: '91856321413', orderId: 'order-2' },
];
const command = { to: TO, content: 'hello world' };

const both = sandboxAndClient();

const CALLS: [string, (sms: SmsService, options: SendOptions) => Promise<unknown>][] = [
  ['send by POST', (sms, options) => sms.send(command, options)],
  ['send by GET', (sms, options) => sms.send(command, { ...options, method: 'GET' })],
  ['sendBatch', (sms, options) => sms.sendBatch([command], options)],
];

function withheldFor(reason: string) {
  const rejected = TO.map((recipient) => ({ ...recipient, code: 'LAAFFIC_SEND_PREVENTED', reason }));
  return {
    ...{ kind: 'transport', code: 'LAAFFIC_SEND_PREVENTED', outcome: 'rejected', status: undefined, reason },
    receipt: { accepted: [], rejected, unknown: [] },
  };
}

describe.each(CALLS)('shouldSend of %s', (_, call) => {
  it.each([
    ['a gateway', () => both.client.sms],
    ['the fake', () => new FakeSmsService()],
  ])('prevents a send to %s by returning false', async (where, smsOf) => {
    const sms = smsOf();
    const shouldSend = jest.fn(() => false);
    const error = await failureOf(call(sms, { shouldSend }));
    expect(error).toBeInstanceOf(LaafficTransportException);
    expect(error).toMatchObject(withheldFor('shouldSend returned false'));
    expect(toHttpException(error as LaafficTransportException).getStatus()).toBe(503);
    expect(shouldSend).toHaveBeenCalledTimes(1);
    expect(both.sandbox.requests).toEqual([]);
    if (sms instanceof FakeSmsService) sms.assertNothingSent();

    await call(sms, { shouldSend: () => true });
    expect(both.sandbox.messages).toHaveLength(where === 'the fake' ? 0 : 2);
    if (sms instanceof FakeSmsService) sms.assertSentCount(2);
  });

  it.each([
    ['a gateway', () => both.client.sms],
    ['the fake', () => new FakeSmsService()],
  ])('prevents a send to %s by throwing', async (_where, smsOf) => {
    const cause = new Error('the lease is unknown');
    const shouldSend = () => {
      throw cause;
    };
    const error = await failureOf(call(smsOf(), { shouldSend }));
    expect(error).toMatchObject({ ...withheldFor('shouldSend threw'), cause });
    expect(both.sandbox.requests).toEqual([]);
  });

  it('is called for the second attempt too, after the gateway rejected the time of the first', async () => {
    both.sandbox.configure({ clockSkewSeconds: 7200 });
    const skewed = await client({ baseUrl: both.sandbox.url });
    const answers = [true, false];
    const error = await failureOf(call(skewed.sms, { shouldSend: () => answers.shift() ?? false }));
    await skewed.close();
    both.sandbox.configure({ clockSkewSeconds: 0 });
    expect(error).toMatchObject(withheldFor('shouldSend returned false'));
    expect(answers).toEqual([]);
    expect(both.sandbox.requests.map(({ status }) => status)).toEqual(['-16']);
  });
});

it('shouldSend is called after the wait for a free connection', async () => {
  const narrow = await client({ baseUrl: both.sandbox.url, connection: { maxConnections: 1 } });
  let hasLease = true;
  both.sandbox.configure({
    onRequest: () => {
      hasLease = false;
    },
  });
  const first = narrow.sms.send(command, { shouldSend: () => hasLease });
  const second = failureOf(narrow.sms.send(command, { shouldSend: () => hasLease }));
  const third = narrow.sms.send(command);
  expect(await first).toMatchObject({ rejected: [], unknown: [] });
  expect(await second).toMatchObject(withheldFor('shouldSend returned false'));
  expect(await third).toMatchObject({ rejected: [], unknown: [] });
  both.sandbox.configure({ onRequest: null });
  await narrow.close();
  expect(both.sandbox.requests).toHaveLength(2);
});

it('shouldSend is called after the wait for a turn, and not for a call that ended before', async () => {
  const slow = await client({ baseUrl: both.sandbox.url, rate: { requestsPerSecond: 20 } });
  let hasLease = true;
  await slow.sms.send(command);
  const waiting = failureOf(slow.sms.send(command, { shouldSend: () => hasLease }));
  hasLease = false;
  expect(await waiting).toMatchObject(withheldFor('shouldSend returned false'));

  const shouldSend = jest.fn(() => true);
  await failureOf(slow.sms.send(command, { shouldSend, signal: AbortSignal.abort() }));
  await slow.close();
  expect(shouldSend).not.toHaveBeenCalled();
  expect(both.sandbox.requests).toHaveLength(1);
});

it('a call is aborted if shouldSend aborts it', async () => {
  const controller = new AbortController();
  const shouldSend = () => {
    controller.abort();
    return false;
  };
  expect(await failureOf(both.client.sms.send(command, { shouldSend, signal: controller.signal }))).toMatchObject({
    code: 'LAAFFIC_ABORTED',
    outcome: 'rejected',
  });
  expect(both.sandbox.requests).toEqual([]);
});

it('a prevented request writes no byte, and leaves its connection to the next', async () => {
  let connections = 0;
  const received: string[] = [];
  const server = createServer((socket) => {
    connections++;
    socket.on('data', (chunk) => {
      received.push(chunk.toString());
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"-9"}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const plain = await client({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`,
    connection: { maxConnections: 1 },
  });

  // A GET, because it arrives in one piece.
  const send = (shouldSend: () => boolean) => failureOf(plain.sms.send(command, { method: 'GET', shouldSend }));
  await send(() => false);
  expect(connections).toBe(1);
  expect(received).toEqual([]);
  await send(() => true);
  await send(() => false);
  await send(() => true);
  await plain.close();
  server.close();
  expect(connections).toBe(1);
  expect(received).toHaveLength(2);
});

it('requestEvents emits the end of a prevented request', async () => {
  const events: unknown[] = [];
  const subscription = both.client.sms.requestEvents.subscribe((event) => events.push(event));
  await failureOf(both.client.sms.send(command, { shouldSend: () => false }));
  subscription.unsubscribe();
  expect(events).toMatchObject([
    { type: 'started', attempt: 1 },
    { type: 'ended', outcome: 'rejected', code: 'LAAFFIC_SEND_PREVENTED', rejected: 2, willRetry: false },
  ]);
});

it('appId is the application of the account that a service sends for', () => {
  const { sms } = both.client;
  expect(sms.appId).toEqual(ACCOUNT.appId);
  expect(sms.withAccount({ ...ACCOUNT, appId: ' another ' }).appId).toBe('another');
});
