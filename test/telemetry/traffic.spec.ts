import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { LaafficSandbox } from 'laaffic-sandbox';
import { GatewayClock, type RequestEvent, type SmsService } from 'nestjs-laaffic';
import { FakeSmsService } from 'nestjs-laaffic/testing';
import { config, finalize, take } from 'rxjs';
import { ACCOUNT, client, failureOf } from '../module/account.js';
import { CALL_NAMES, FAST, make, secretsOf, type CallName } from './calls.js';

const command = { to: '91856321412', content: 'hello world' };
let sandbox: LaafficSandbox;
let gateway: Awaited<ReturnType<typeof client>>;

beforeAll(async () => {
  sandbox = await LaafficSandbox.start();
});
beforeEach(async () => {
  sandbox.reset();
  sandbox.configure({ clockSkewSeconds: 0 });
  gateway = await client({ baseUrl: sandbox.url, ...FAST });
});
afterEach(() => gateway.close());
afterAll(() => sandbox.close());

function watch({ requestEvents }: SmsService): RequestEvent[] {
  const events: RequestEvent[] = [];
  requestEvents.subscribe((event) => events.push(event));
  return events;
}

const sent = (endpoint: string, recipients: number, attempt = 1) => ({
  ...{ type: 'started', endpoint, method: 'POST', appId: ACCOUNT.appId, attempt, recipients },
  server: { address: '127.0.0.1', port: Number(new URL(sandbox.url).port) },
});
const asked = (endpoint: string, attempt = 1) => ({ ...sent(endpoint, 0, attempt), method: 'GET' });
const answered = {
  ...{ type: 'ended', durationMs: expect.any(Number), code: undefined, status: 0, httpStatus: 200 },
  willRetry: false,
};
const none = { accepted: 0, rejected: 0, unknown: 0, failures: [] };
const accepted = (count: number) => ({ ...answered, ...none, outcome: 'accepted', accepted: count });
const alike = (outcome: 'rejected' | 'unknown', code: string) => ({
  ...{ ...answered, ...none, outcome, code, [outcome]: 1 },
  failures: [{ outcome, code, recipients: 1 }],
});
const noAnswer = { status: undefined, httpStatus: undefined };
const rejectedRecipient = { outcome: 'rejected', code: 'LAAFFIC_RECIPIENT_REJECTED', recipients: 1 };

/** The requests that a call makes, each with its start and its end. */
const EXPECTED: Record<CallName, () => [start: object, end: object][]> = {
  'a send that is accepted': () => [[sent('sendSms', 1), accepted(1)]],
  'a send by GET': () => [[{ ...sent('sendSms', 1), method: 'GET' }, accepted(1)]],
  'a send that is accepted in part': () => [
    [sent('sendSms', 2), { ...accepted(1), outcome: 'partial', rejected: 1, failures: [rejectedRecipient] }],
  ],
  'a send that leaves some unknown': () => [
    [
      sent('sendSms', 3),
      {
        ...{ ...accepted(1), outcome: 'partial', rejected: 1, unknown: 1 },
        failures: [rejectedRecipient, { outcome: 'unknown', code: 'LAAFFIC_UNREADABLE_RESPONSE', recipients: 1 }],
      },
    ],
  ],
  'a send that is rejected as a whole': () => [
    [sent('sendSms', 1), { ...alike('rejected', 'LAAFFIC_INSUFFICIENT_BALANCE'), status: -10 }],
  ],
  'a send whose answer is lost': () => [
    [sent('sendSms', 1), { ...alike('unknown', 'LAAFFIC_CONNECTION_LOST'), ...noAnswer }],
  ],
  'a send without an answer in time': () => [
    [sent('sendSms', 1), { ...alike('unknown', 'LAAFFIC_TIMEOUT'), ...noAnswer }],
  ],
  'a send whose answer is a page': () => [
    [sent('sendSms', 1), { ...alike('unknown', 'LAAFFIC_UNREADABLE_RESPONSE'), status: undefined, httpStatus: 502 }],
  ],
  'a send that is limited by a server in front': () => [
    [sent('sendSms', 1), { ...alike('rejected', 'LAAFFIC_TOO_FREQUENT'), status: undefined, httpStatus: 429 }],
  ],
  'a send whose time is rejected once': () => [
    [sent('sendSms', 1), { ...alike('rejected', 'LAAFFIC_TIMESTAMP_EXPIRED'), status: -16, willRetry: true }],
    [sent('sendSms', 1, 2), accepted(1)],
  ],
  'a batch': () => [[sent('sendSms/batch', 3), accepted(3)]],
  'a query that is answered': () => [[asked('getBalance'), { ...answered, outcome: 'answered' }]],
  'a query that is retried': () => [
    [
      asked('getReport'),
      { ...answered, outcome: 'failed', code: 'LAAFFIC_CONNECTION_LOST', ...noAnswer, willRetry: true },
    ],
    [
      asked('getReport', 2),
      { ...answered, outcome: 'failed', code: 'LAAFFIC_TOO_FREQUENT', status: -15, willRetry: true },
    ],
    [asked('getReport', 3), { ...answered, outcome: 'answered' }],
  ],
  'a query that is rejected': () => [
    [
      sent('postback/backfill', 0),
      { ...answered, outcome: 'failed', code: 'LAAFFIC_AUTHENTICATION_FAILED', status: -1 },
    ],
  ],
};

describe('requestEvents emits the start and the end of each request of', () => {
  it.each(CALL_NAMES)('%s', async (name) => {
    const events = watch(gateway.sms);
    await make(name, gateway.sms, sandbox);
    const expected = EXPECTED[name]().flatMap(([request, end]) => [request, { ...end, request }]);
    expect(events).toStrictEqual(expected);
    const starts = events.filter((event) => event.type === 'started');
    const ends = events.filter((event) => event.type === 'ended');
    expect(ends.every(({ request }, index) => request === starts[index])).toBe(true);
    expect(ends.every(({ durationMs }) => durationMs > 0 && durationMs < 5_000)).toBe(true);
  });

  it('a send that does not connect, with its retry', async () => {
    const flaky = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(flaky, 'listening');
    const { port } = flaky.address() as AddressInfo;
    const secure = await client({ baseUrl: `https://127.0.0.1:${port}/v3` });
    const events = watch(secure.sms);
    await failureOf(secure.sms.send(command));
    await secure.close();
    flaky.close();
    const request = { ...sent('sendSms', 1), server: { address: '127.0.0.1', port } };
    const end = { ...alike('rejected', 'LAAFFIC_NOT_CONNECTED'), ...noAnswer };
    expect(events).toStrictEqual([
      request,
      { ...end, request, willRetry: true },
      { ...request, attempt: 2 },
      { ...end, request: { ...request, attempt: 2 } },
    ]);
  });

  it('a mistake of the program, which has no code', async () => {
    const broken = await client({ baseUrl: sandbox.url }, new GatewayClock(() => NaN));
    jest.spyOn(broken.clock, 'seconds').mockImplementation(() => {
      throw new RangeError('no time');
    });
    const events = watch(broken.sms);
    await expect(broken.sms.send(command)).rejects.toThrow(RangeError);
    await expect(broken.sms.getBalance()).rejects.toThrow(RangeError);
    await broken.close();
    expect(events.filter(({ type }) => type === 'ended')).toStrictEqual([
      {
        ...{ ...answered, ...none, ...noAnswer, request: sent('sendSms', 1), outcome: 'unknown', unknown: 1 },
        failures: [{ outcome: 'unknown', code: undefined, recipients: 1 }],
      },
      { ...answered, ...noAnswer, request: asked('getBalance'), outcome: 'failed' },
    ]);
  });

  it('tenants, with their application ids', async () => {
    const events = watch(gateway.sms);
    const tenant = gateway.sms.withAccount({ ...ACCOUNT, appId: 'tenant-1' });
    expect(tenant.requestEvents).toBe(gateway.sms.requestEvents);
    await failureOf(tenant.send(command));
    expect(events).toMatchObject([{ appId: 'tenant-1' }, { request: { appId: 'tenant-1' } }]);
  });

  it('the fake', async () => {
    const sms = new FakeSmsService();
    const events = watch(sms);
    sms.failNext({ failure: 'timeout' });
    await failureOf(sms.send(command));
    const server = { address: 'api.laaffic.com', port: 443 };
    expect(events).toMatchObject([
      { server, appId: 'fake-app' },
      { code: 'LAAFFIC_TIMEOUT', unknown: 1 },
    ]);
  });
});

it('requestEvents emits nothing about a request that started before the first subscription', async () => {
  let events: RequestEvent[] = [];
  sandbox.configure({ onRequest: () => void (events = watch(gateway.sms)) });
  await gateway.sms.send(command);
  sandbox.configure({ onRequest: null });
  expect(events).toEqual([]);
  await gateway.sms.send(command);
  expect(events).toHaveLength(2);
});

describe('a subscriber of requestEvents that throws', () => {
  const unhandled: unknown[] = [];
  beforeEach(() => {
    unhandled.length = 0;
    config.onUnhandledError = (error) => unhandled.push(error);
  });
  afterEach(() => {
    config.onUnhandledError = null;
    Reflect.set(config, 'useDeprecatedSynchronousErrorHandling', false);
    jest.restoreAllMocks();
  });
  const throwing = () => {
    throw new RangeError('hostile');
  };

  it('affects neither the send nor other subscribers', async () => {
    const reported = new Promise<void>((resolve) => {
      config.onUnhandledError = (error) => {
        if (unhandled.push(error) === 2) resolve();
      };
    });
    gateway.sms.requestEvents.subscribe(throwing);
    const events = watch(gateway.sms);
    expect(await gateway.sms.send(command)).toMatchObject({ accepted: { length: 1 } });
    expect(events.map(({ type }) => type)).toEqual(['started', 'ended']);
    await reported;
    expect(unhandled).toEqual([new RangeError('hostile'), new RangeError('hostile')]);
  });

  it('affects neither if rxjs throws synchronously', async () => {
    jest.spyOn(console, 'warn').mockReturnValue();
    Reflect.set(config, 'useDeprecatedSynchronousErrorHandling', true);
    gateway.sms.requestEvents.subscribe(throwing);
    expect(await gateway.sms.send(command)).toMatchObject({ accepted: { length: 1 } });
  });

  it('affects neither while it unsubscribes', async () => {
    gateway.sms.requestEvents.pipe(take(1), finalize(throwing)).subscribe();
    expect(await gateway.sms.send(command)).toMatchObject({ accepted: { length: 1 } });
  });
});

it('requestEvents has no secret, number, content or id', async () => {
  const found: string[] = [];
  for (const name of CALL_NAMES) {
    const events = watch(gateway.sms);
    await make(name, gateway.sms, sandbox);
    const whole = JSON.stringify(events) + inspect(events, { depth: 9, showHidden: true });
    expect(events.length).toBeGreaterThanOrEqual(2);
    found.push(...secretsOf(sandbox).filter((secret) => whole.includes(secret)));
  }
  expect(found).toEqual([]);
});
