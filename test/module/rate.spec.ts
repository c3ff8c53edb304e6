import { setImmediate } from 'node:timers/promises';
import { LaafficSandbox } from 'laaffic-sandbox';
import type { LaafficOptions } from 'nestjs-laaffic';
import { ACCOUNT, client, failureOf, until } from './account.js';

const MESSAGE = { content: 'hi' };
const OTP = { to: '8613800138000', content: 'Your code is 482913' };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(91_850_000_000 + index));

let sandbox: LaafficSandbox;
const open: { close: () => Promise<void> }[] = [];
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ quirks: { callsPerSecond: null } });
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
])('a one-time password waits for one slot of %s at most, whatever a bulk run is doing', async (_, rate) => {
  const sms = await limitedTo(rate);
  const run = sms.sendBulk(numbers(12), MESSAGE, { requestSize: 2, concurrency: 8 }).finish();
  await until(() => sandbox.requests.length >= 3);
  const before = sandbox.requests.length;
  await sms.send(OTP);
  expect(sandbox.messages.findIndex(({ number }) => number === OTP.to)).toBeLessThanOrEqual((before + 1) * 2);
  expect(await run).toMatchObject({ accepted: 12 });
});

it('requests of a bulk run have no more recipients than may go in a second', async () => {
  const sms = await limitedTo({ recipientsPerSecond: 30 });
  const [first, ...more] = await sms.sendBulk(numbers(31), MESSAGE).collect();
  expect([first!.count, more.map(({ count }) => count)]).toEqual([30, [1]]);
});

it('a send whose time is over before its turn was not sent', async () => {
  const sms = await limitedTo({ requestsPerSecond: 0.1 });
  await sms.send(OTP);
  expect(await failureOf(sms.send(OTP, { timeout: 20 }))).toMatchObject({
    ...{ code: 'LAAFFIC_RATE_LIMITED', kind: 'limit', outcome: 'rejected', retryAfter: 1 },
    receipt: { rejected: [{ number: OTP.to, code: 'LAAFFIC_RATE_LIMITED', reason: 'no turn in time' }] },
  });
  const controller = new AbortController();
  const aborted = failureOf(sms.sendEach([OTP], { signal: controller.signal }));
  await setImmediate();
  controller.abort();
  expect(await aborted).toMatchObject({ code: 'LAAFFIC_ABORTED', outcome: 'rejected' });
  expect(sandbox.requests).toHaveLength(1);
});

it('a bulk run that waits for its turn ends when it is aborted', async () => {
  const sms = await limitedTo({ requestsPerSecond: 0.1 });
  const controller = new AbortController();
  const run = sms.sendBulk(numbers(4), MESSAGE, { requestSize: 1, signal: controller.signal });
  const end = run.finish();
  await until(() => sandbox.requests.length >= 1);
  controller.abort();
  expect(await end).toEqual({ accepted: 1, rejected: 0, unknown: 0, dropped: 0, notAttempted: 3 });
});

it('each account has a rate of its own, and one account has one, however often it is named', async () => {
  const sms = await limitedTo({ requestsPerSecond: 0.1 });
  await sms.send(OTP);
  expect(await failureOf(sms.as(ACCOUNT).send(OTP, { timeout: 5 }))).toMatchObject({ code: 'LAAFFIC_RATE_LIMITED' });
  expect(await failureOf(sms.as({ ...ACCOUNT, appId: 'another' }).send(OTP))).toMatchObject({ kind: 'account' });
});

it.each([
  [{ requestsPerSecond: 0 }, 'rate.requestsPerSecond must be a number above 0'],
  [{ recipientsPerSecond: '5' as never }, 'rate.recipientsPerSecond must be a number above 0'],
  [{ perSecond: 1 } as never, 'rate.perSecond is no option; known are requestsPerSecond, recipientsPerSecond'],
])('options are checked at boot: %j', async (rate, problem) => {
  await expect(limitedTo(rate)).rejects.toThrow(problem);
});
