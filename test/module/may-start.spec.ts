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
  ['sendEach', (sms, options) => sms.sendEach([command], options)],
];

function withheldFor(reason: string) {
  const rejected = TO.map((recipient) => ({ ...recipient, code: 'LAAFFIC_WITHHELD', reason }));
  return {
    ...{ kind: 'transport', code: 'LAAFFIC_WITHHELD', outcome: 'rejected', status: undefined, reason },
    receipt: { accepted: [], rejected, unknown: [] },
  };
}

describe.each(CALLS)('mayStart of %s', (_, call) => {
  it.each([
    ['a gateway', () => both.gateway.sms],
    ['the fake', () => new FakeSmsService()],
  ])('that says no, before %s: nothing is sent, and sending again is safe', async (where, smsOf) => {
    const sms = smsOf();
    const mayStart = jest.fn(() => false);
    const error = await failureOf(call(sms, { mayStart }));
    expect(error).toBeInstanceOf(LaafficTransportException);
    expect(error).toMatchObject(withheldFor('mayStart said no'));
    expect(toHttpException(error as LaafficTransportException).getStatus()).toBe(503);
    expect(mayStart).toHaveBeenCalledTimes(1);
    expect(both.sandbox.requests).toEqual([]);
    if (sms instanceof FakeSmsService) sms.assertNothingSent();

    await call(sms, { mayStart: () => true });
    expect(both.sandbox.messages).toHaveLength(where === 'the fake' ? 0 : 2);
    if (sms instanceof FakeSmsService) sms.assertSentCount(2);
  });

  it.each([
    ['a gateway', () => both.gateway.sms],
    ['the fake', () => new FakeSmsService()],
  ])('that throws, before %s: nothing is sent', async (_where, smsOf) => {
    const cause = new Error('the lease is unknown');
    const mayStart = () => {
      throw cause;
    };
    const error = await failureOf(call(smsOf(), { mayStart }));
    expect(error).toMatchObject({ ...withheldFor('mayStart threw'), cause });
    expect(both.sandbox.requests).toEqual([]);
  });

  it('is asked for the second attempt too, after the gateway refused the time of the first', async () => {
    both.sandbox.configure({ clockSkew: 7200 });
    const skewed = await client({ baseUrl: both.sandbox.url });
    const answers = [true, false];
    const error = await failureOf(call(skewed.sms, { mayStart: () => answers.shift() ?? false }));
    await skewed.close();
    both.sandbox.configure({ clockSkew: 0 });
    expect(error).toMatchObject(withheldFor('mayStart said no'));
    expect(answers).toEqual([]);
    expect(both.sandbox.requests.map(({ status }) => status)).toEqual(['-16']);
  });
});

it('mayStart is asked after the wait for a free connection', async () => {
  const narrow = await client({ baseUrl: both.sandbox.url, connection: { maxConnections: 1 } });
  let hasLease = true;
  both.sandbox.configure({
    onCall: () => {
      hasLease = false;
    },
  });
  const first = narrow.sms.send(command, { mayStart: () => hasLease });
  const second = failureOf(narrow.sms.send(command, { mayStart: () => hasLease }));
  const third = narrow.sms.send(command);
  expect(await first).toMatchObject({ rejected: [], unknown: [] });
  expect(await second).toMatchObject(withheldFor('mayStart said no'));
  expect(await third).toMatchObject({ rejected: [], unknown: [] });
  both.sandbox.configure({ onCall: null });
  await narrow.close();
  expect(both.sandbox.requests).toHaveLength(2);
});

it('mayStart is asked after the wait for a turn, and not of a call that is over before', async () => {
  const slow = await client({ baseUrl: both.sandbox.url, rate: { requestsPerSecond: 20 } });
  let hasLease = true;
  await slow.sms.send(command);
  const waiting = failureOf(slow.sms.send(command, { mayStart: () => hasLease }));
  hasLease = false;
  expect(await waiting).toMatchObject(withheldFor('mayStart said no'));

  const mayStart = jest.fn(() => true);
  await failureOf(slow.sms.send(command, { mayStart, signal: AbortSignal.abort() }));
  await slow.close();
  expect(mayStart).not.toHaveBeenCalled();
  expect(both.sandbox.requests).toHaveLength(1);
});

it('an abort by mayStart itself is an abort', async () => {
  const controller = new AbortController();
  const mayStart = () => {
    controller.abort();
    return false;
  };
  expect(await failureOf(both.gateway.sms.send(command, { mayStart, signal: controller.signal }))).toMatchObject({
    code: 'LAAFFIC_ABORTED',
    outcome: 'rejected',
  });
  expect(both.sandbox.requests).toEqual([]);
});

it('a request that does not start writes no byte, and leaves its connection to the next', async () => {
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

  // A GET, for it arrives in one piece.
  const send = (mayStart: () => boolean) => failureOf(plain.sms.send(command, { method: 'GET', mayStart }));
  await send(() => false);
  expect([connections, received]).toEqual([1, []]);
  await send(() => true);
  await send(() => false);
  await send(() => true);
  await plain.close();
  server.close();
  expect([connections, received.length]).toEqual([1, 2]);
});

it('the traffic tells of a request that was withheld', async () => {
  const events: unknown[] = [];
  const subscription = both.gateway.sms.traffic.subscribe((event) => events.push(event));
  await failureOf(both.gateway.sms.send(command, { mayStart: () => false }));
  subscription.unsubscribe();
  expect(events).toMatchObject([
    { type: 'started', attempt: 1 },
    { type: 'ended', outcome: 'rejected', code: 'LAAFFIC_WITHHELD', rejected: 2, isRepeated: false },
  ]);
});

it('appId is of the account that a service sends for', () => {
  const { sms } = both.gateway;
  expect([sms.appId, sms.as({ ...ACCOUNT, appId: ' another ' }).appId]).toEqual([ACCOUNT.appId, 'another']);
});
