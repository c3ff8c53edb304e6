import { setImmediate } from 'node:timers/promises';
import { LaafficSandbox } from 'laaffic-sandbox';
import type { LaafficOptions } from 'nestjs-laaffic';
import { ACCOUNT, client, failureOf } from './account.js';
import { until } from '../until.js';

const MESSAGE = { content: 'hi' };
const OTP = { to: '8613800138000', content: 'Your code is 482913' };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(91_850_000_000 + index));

let sandbox: LaafficSandbox;
const open: { close: () => Promise<void> }[] = [];
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ quirks: { maxRequestsPerSecond: null } });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.close()));
  sandbox.reset();
});
afterAll(() => sandbox.close());

async function limitedTo(rate: LaafficOptions['rate']) {
  const gateway = await client({ baseUrl: sandbox.url, rate });
  open.push(gateway);
  return gateway.sms;
}

it.each([
  ['requests', { requestsPerSecond: 5 }],
  ['recipients', { recipientsPerSecond: 10 }],
])('a one-time password waits for at most one slot of %s, even during a bulk run', async (_, rate) => {
  const sms = await limitedTo(rate);
  const run = sms.sendBulk(numbers(12), MESSAGE, { batchSize: 2, concurrency: 8 }).drain();
  await until(() => sandbox.requests.length >= 3);
  const before = sandbox.requests.length;
  await sms.send(OTP);
  expect(sandbox.messages.findIndex(({ number }) => number === OTP.to)).toBeLessThanOrEqual((before + 1) * 2);
  expect(await run).toMatchObject({ accepted: 12 });
});

it('requests of a bulk run have no more recipients than one second allows', async () => {
  const sms = await limitedTo({ recipientsPerSecond: 30 });
  const [first, ...more] = await sms.sendBulk(numbers(31), MESSAGE).toArray();
  expect(first!.count).toBe(30);
  expect(more.map(({ count }) => count)).toEqual([1]);
});

it('a send that times out before its turn is not sent', async () => {
  const sms = await limitedTo({ requestsPerSecond: 0.1 });
  await sms.send(OTP);
  expect(await failureOf(sms.send(OTP, { timeoutMs: 20 }))).toMatchObject({
    ...{ code: 'LAAFFIC_RATE_LIMITED', kind: 'limit', outcome: 'rejected', retryAfterSeconds: 1 },
    receipt: {
      rejected: [{ number: OTP.to, code: 'LAAFFIC_RATE_LIMITED', reason: 'the rate limit allowed no request in time' }],
    },
  });
  const controller = new AbortController();
  const aborted = failureOf(sms.sendBatch([OTP], { signal: controller.signal }));
  await setImmediate();
  controller.abort();
  expect(await aborted).toMatchObject({ code: 'LAAFFIC_ABORTED', outcome: 'rejected' });
  expect(sandbox.requests).toHaveLength(1);
});

it('a send that times out while its process stands still is not sent, and no rate is named', async () => {
  const sms = await limitedTo({ requestsPerSecond: 1000 });
  const failure = failureOf(sms.send(OTP, { timeoutMs: 1 }));
  const end = performance.now() + 5;
  while (performance.now() < end);
  const reason = 'the call timed out before its request was written';
  expect(await failure).toMatchObject({
    ...{ code: 'LAAFFIC_NOT_CONNECTED', kind: 'transport', outcome: 'rejected' },
    receipt: { rejected: [{ number: OTP.to, code: 'LAAFFIC_NOT_CONNECTED', reason }] },
  });
  expect(sandbox.requests).toEqual([]);
});

it('a bulk run that waits for its turn ends when it is aborted', async () => {
  const sms = await limitedTo({ requestsPerSecond: 0.1 });
  const controller = new AbortController();
  const run = sms.sendBulk(numbers(4), MESSAGE, { batchSize: 1, signal: controller.signal });
  const end = run.drain();
  await until(() => sandbox.requests.length >= 1);
  controller.abort();
  expect(await end).toEqual({ accepted: 1, rejected: 0, unknown: 0, dropped: 0, notAttempted: 3 });
});

it('each account has one rate, however often it is used', async () => {
  const sms = await limitedTo({ requestsPerSecond: 0.1 });
  await sms.send(OTP);
  expect(await failureOf(sms.withAccount(ACCOUNT).send(OTP, { timeoutMs: 5 }))).toMatchObject({
    code: 'LAAFFIC_RATE_LIMITED',
  });
  expect(await failureOf(sms.withAccount({ ...ACCOUNT, appId: 'another' }).send(OTP))).toMatchObject({
    kind: 'account',
  });
});

it.each([
  [{ requestsPerSecond: 0 }, 'rate.requestsPerSecond must be a number above 0'],
  [{ recipientsPerSecond: '5' as never }, 'rate.recipientsPerSecond must be a number above 0'],
  [{ perSecond: 1 } as never, 'rate.perSecond is not an option; known options: requestsPerSecond, recipientsPerSecond'],
])('options are checked at boot: %j', async (rate, problem) => {
  await expect(limitedTo(rate)).rejects.toThrow(problem);
});
