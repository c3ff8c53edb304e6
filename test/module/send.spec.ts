import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LaafficSandbox } from 'laaffic-sandbox';
import { GatewayClock } from 'nestjs-laaffic';
import { client, failureOf, sandboxAndClient } from './account.js';

const both = sandboxAndClient();

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `9185${String(i).padStart(7, '0')}`);
const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('recipients', () => {
  it.each([
    ['POST', 1000],
    ['GET', 100],
  ] as const)('by %s are accepted up to %i, each with an order id and an outcome of its own', async (method, count) => {
    const { accepted, rejected, unknown } = await both.client.sms.send(
      { to: numbers(count), content: 'hi' },
      { method },
    );
    expect(rejected).toEqual([]);
    expect(unknown).toEqual([]);
    expect(both.sandbox.requests).toHaveLength(1);
    expect(accepted).toEqual(both.sandbox.messages.map(({ number, orderId, msgId }) => ({ number, orderId, msgId })));
    expect(accepted.map(({ number }) => number)).toEqual(numbers(count));
    expect(new Set(accepted.map(({ orderId }) => orderId)).size).toBe(count);
  });

  it.each([
    ['POST', 1001],
    ['GET', 101],
  ] as const)('by %s beyond the limit, %i, are rejected before anything leaves the process', async (method, count) => {
    const error = await failureOf(both.client.sms.send({ to: numbers(count), content: 'hi' }, { method }));
    expect(error).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND', outcome: 'rejected', field: 'to' });
    expect(both.sandbox.requests).toEqual([]);
  });

  it('are all rejected if one is wrong, with every position, and nothing is sent', async () => {
    const error = await failureOf(both.client.sms.send({ to: ['+91 856 321 412', 'garbage', '12'], content: '' }));
    expect(error).toMatchObject({
      kind: 'input',
      outcome: 'rejected',
      issues: [
        {
          field: 'to[1]',
          problem: 'must be a phone number with country code: it contains “g”, which is not part of a number',
        },
        {
          field: 'to[2]',
          problem: 'must be a phone number with country code: it has 2 digits, and numbers have 7 to 15',
        },
        { field: 'content', problem: 'must not be empty' },
      ],
    });
    expect(both.sandbox.requests).toEqual([]);
  });

  it.each([0, -1, NaN, 2 ** 31, Infinity])(
    'are not sent to with a time limit of %d, which is rejected',
    async (timeoutMs) => {
      expect(await failureOf(both.client.sms.send({ to: numbers(1), content: 'x' }, { timeoutMs }))).toMatchObject({
        code: 'LAAFFIC_INVALID_COMMAND',
        field: 'timeoutMs',
      });
    },
  );

  it('may have the same number twice, and both messages are sent', async () => {
    const { accepted } = await both.client.sms.send({ to: ['91856321412', '91856321412'], content: 'hi' });
    expect(accepted.map(({ msgId }) => msgId)).toEqual(both.sandbox.messages.map(({ msgId }) => msgId));
    expect(both.sandbox.messages).toHaveLength(2);
  });

  it('keep their outcomes apart in calls that run at the same time', async () => {
    const calls = numbers(200).map(async (number, i) => {
      const { accepted } = await both.client.sms.send({ to: { number, orderId: `order-${i}` }, content: `text ${i}` });
      return accepted[0]?.msgId;
    });
    const msgIds = await Promise.all(calls);
    const byOrder = new Map(both.sandbox.messages.map((message) => [message.orderId, message]));
    expect(msgIds).toEqual(numbers(200).map((_, i) => byOrder.get(`order-${i}`)!.msgId));
    expect(numbers(200).map((_, i) => byOrder.get(`order-${i}`)!.content)).toEqual(
      numbers(200).map((_, i) => `text ${i}`),
    );
  });
});

describe('the sender', () => {
  it.each([
    ['ACME', 'ACME'],
    [undefined, 'HOUSE'],
    ['', 'HOUSE'],
  ])('given as %j arrives as %j', async (senderId, expected) => {
    const house = await client({ baseUrl: both.sandbox.url, senderId: 'HOUSE' });
    await house.sms.send({ to: '91856321412', content: 'hi', senderId });
    await house.close();
    expect(both.sandbox.messages.map((message) => message.senderId)).toEqual([expected]);
  });
});

describe.each(['status-zero', 'first-failure'] as const)('partial acceptance (%s)', (partialSuccess) => {
  it.each(['never', 'on-failure'] as const)('keeps every accepted id, failArray %s', async (failArray) => {
    both.sandbox.script({
      status: -9,
      reason: 'DST_MCCMNC_LIMIT',
      numbers: ['91856321413'],
      quirks: { partialSuccess, failArray },
    });
    const to = ['91856321412', '91856321413', '91856321414'];
    const receipt = await both.client.sms.send({ to, content: 'hi' });
    expect(receipt.accepted).toEqual(
      both.sandbox.messages.map(({ number, orderId, msgId }) => ({ number, orderId, msgId })),
    );
    expect(receipt.accepted.map(({ number }) => number)).toEqual(['91856321412', '91856321414']);
    expect(receipt.unknown).toEqual([]);
    const listed = failArray === 'on-failure';
    const known = listed || partialSuccess === 'first-failure';
    expect(receipt.rejected).toEqual([
      {
        number: '91856321413',
        orderId: expect.any(String),
        code: partialSuccess === 'first-failure' ? 'LAAFFIC_ABNORMAL_NUMBER' : 'LAAFFIC_RECIPIENT_REJECTED',
        reason: known ? 'DST_MCCMNC_LIMIT' : 'not among the accepted numbers',
        ...(listed ? { msgId: expect.stringMatching(/^\d{19}$/) } : {}),
      },
    ]);
  });
});

describe('a clock that is off', () => {
  it.each([
    ['ahead', 7200],
    ['behind', -7200],
  ])('is corrected if the gateway is %s, and the send is retried once', async (_, clockSkewSeconds) => {
    both.sandbox.configure({ clockSkewSeconds });
    const skewed = await client({ baseUrl: both.sandbox.url });
    const first = await skewed.sms.send({ to: '91856321412', content: 'hi' });
    expect(both.sandbox.requests.map(({ status }) => status)).toEqual(['-16', '0']);
    expect(first.accepted.map(({ msgId }) => msgId)).toEqual(both.sandbox.messages.map(({ msgId }) => msgId));

    await skewed.sms.send({ to: '91856321413', content: 'hi' });
    expect(both.sandbox.requests.map(({ status }) => status)).toEqual(['-16', '0', '0']);
    expect(Math.abs(skewed.clock.offsetMs / 1000 - clockSkewSeconds)).toBeLessThan(5);
    await skewed.close();
    both.sandbox.configure({ clockSkewSeconds: 0 });
  });

  it('leads to no retry without a Date header', async () => {
    both.sandbox.script({
      fault: 'raw',
      headers: { date: 'unreadable' },
      body: '{"status":"-16","reason":"timestamp expires"}',
    });
    const error = await failureOf(both.client.sms.send({ to: '91856321412', content: 'hi' }));
    expect(error).toMatchObject({ kind: 'clock', code: 'LAAFFIC_TIMESTAMP_EXPIRED', status: -16, outcome: 'rejected' });
    expect(both.sandbox.requests).toHaveLength(1);
  });

  it('leads to no retry if the rejection counts an accepted recipient', async () => {
    both.sandbox.script({ fault: 'raw', body: '{"status":"-16","success":"1","fail":"0","array":[]}' });
    const error = await failureOf(both.client.sms.send({ to: '91856321412', content: 'hi' }));
    expect(error).toMatchObject({ kind: 'clock', status: -16, outcome: 'unknown' });
    both.sandbox.script({ fault: 'raw', body: '{"status":"-16","array":[{"msgId":"1","number":"91856321412"}]}' });
    const receipt = await both.client.sms.send({ to: '91856321412', content: 'hi' });
    expect(receipt.accepted.map(({ msgId }) => msgId)).toEqual(['1']);
    expect(both.sandbox.requests).toHaveLength(2);
  });

  it('signs each attempt at its own time', async () => {
    let now = Date.now();
    const clock = new GatewayClock(() => (now += 1000));
    const ticking = await client({ baseUrl: both.sandbox.url }, clock);
    await ticking.sms.send({ to: '91856321412', content: 'hi' });
    await ticking.sms.send({ to: '91856321412', content: 'hi' });
    await ticking.close();
    const [first, second] = both.sandbox.requests.map(({ headers }) => Number(headers['timestamp']));
    expect(second! - first!).toBe(1);
  });
});

describe('sendOne', () => {
  it('returns the ids of the message, or fails like send', async () => {
    const { sms } = both.client;
    const made = await sms.sendOne('+91 8563 21412', 'Your code is 482913');
    const own = await sms.sendOne('91856321413', 'hi', { orderId: 'mine', senderId: ' ACME ', timeoutMs: 5_000 });
    const [first, second] = both.sandbox.messages;
    expect(made).toEqual({ msgId: first!.msgId, orderId: first!.orderId });
    expect(own).toEqual({ msgId: second!.msgId, orderId: 'mine' });
    expect(second!.senderId).toBe('ACME');
    expect(both.sandbox.requests).toHaveLength(2);
    both.sandbox.script({ status: -10 });
    expect(await failureOf(sms.sendOne('91856321412', 'hi'))).toMatchObject({ code: 'LAAFFIC_INSUFFICIENT_BALANCE' });
    expect(await failureOf(sms.sendOne('12', ''))).toMatchObject({ issues: [{ field: 'to' }, { field: 'content' }] });
  });
});

describe('a gateway at another address', () => {
  it.each(['/sms', ''])('is used with the base path %j', async (basePath) => {
    const elsewhere = await LaafficSandbox.start({ basePath });
    const there = await client({ baseUrl: `${elsewhere.url}/` });
    await there.sms.send({ to: '91856321412', content: 'hi' });
    expect(elsewhere.requests.map(({ path }) => path)).toEqual([`${basePath}/sendSms`]);
    await there.close();
    await elsewhere.close();
  });

  it('behind TLS is trusted with its certificate, and rejected without', async () => {
    // A certificate of ours for a host that there is not, good for a hundred years; it protects nothing.
    const [key, cert] = ['key', 'cert'].map((part) => readFileSync(join(__dirname, `gateway.test.${part}.pem`)));
    const tls = { key: key!, cert: cert! };
    const answer = { status: '0', success: '1', fail: '0', array: [{ msgId: '1', number: '91856321412' }] };
    let requests = 0;
    const secure = createTlsServer(tls, (_, response) => {
      requests++;
      response.end(JSON.stringify(answer));
    });
    await once(secure.listen(0, '127.0.0.1'), 'listening');
    const baseUrl = `https://127.0.0.1:${portOf(secure)}/v3`;

    const trusting = await client({ baseUrl, connection: { tls: { ca: tls.cert, servername: 'gateway.test' } } });
    expect((await trusting.sms.send({ to: '91856321412', content: 'hi' })).accepted).toHaveLength(1);
    await trusting.close();
    const wary = await client({ baseUrl });
    expect(await failureOf(wary.sms.send({ to: '91856321412', content: 'hi' }))).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    await wary.close();
    secure.close();
    expect(requests).toBe(1);
  });
});
