import { until } from '../../../../../test/until.js';
import {
  getFrom,
  number,
  numbers,
  post,
  postJson,
  sampleTime,
  send,
  signed,
  postTo,
} from '../../../test/gateway-client.js';
import { PushReceiver } from '../../../test/push-receiver.js';
import { LaafficSandbox, type SandboxOptions, type SandboxQuirks } from '../../index.js';

type Quirks = Partial<SandboxQuirks>;

const start = sampleTime * 1000;
const first = '2109011200000000001';
const second = '2109011200000000002';
const report = {
  appId: '4luaKsL2',
  msgid: first,
  mobile: number,
  status: 0,
  reason: '0',
  timestamp: start,
  orderId: null,
  pricedetail: { pay: '0.010000', price: '0.010000', chargeCnt: 1, currency: 'EUR' },
};

let clock: number;
let customer: PushReceiver;
let sandbox: LaafficSandbox;

beforeEach(async () => {
  clock = start;
  customer = await PushReceiver.start();
  sandbox = await LaafficSandbox.start({
    now: () => clock,
    deliveredAfterMs: null,
    pushReportsTo: customer.url,
    pushInboundTo: customer.url,
  });
});

afterEach(async () => {
  await sandbox.close();
  await customer.close();
});

/** Sends to some numbers and sets each message to delivered. */
async function delivered(count = 1): Promise<void> {
  await post(sandbox.url, { ...send, numbers: numbers(count) });
  for (const { msgId } of sandbox.messages) sandbox.setDeliveryState(msgId, 'delivered');
  await sandbox.waitForPushes();
}

function without(body: object, key: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== key));
}

function received(): unknown[] {
  return customer.bodies.map(({ mobile }) => String(mobile).slice(-1));
}

describe('a delivery report', () => {
  it('is one JSON object in one POST', async () => {
    await post(sandbox.url, send);
    sandbox.setDeliveryState(first, 'delivered');
    await sandbox.waitForPushes();
    const [push] = customer.received;
    expect(push).toEqual({
      method: 'POST',
      path: '/push',
      headers: {
        'content-type': 'application/json;charset=UTF-8',
        'user-agent': 'Java/1.8.0_232',
        'content-length': String(push?.text.length),
        host: new URL(customer.url).host,
        connection: 'close',
      },
      text: JSON.stringify(report),
    });
    expect(JSON.parse(push!.text)).toEqual(report);
    expect(sandbox.pushes).toEqual([
      {
        id: 1,
        kind: 'report',
        url: customer.url,
        body: report,
        copyOf: null,
        outcome: 'acknowledged',
        attempts: [{ at: start, httpStatus: 200, error: null }],
      },
    ]);
  });

  const sent = { ...send, orderId: '21412' };
  const settled = { settleCurrency: 'USD', settlePrice: '0.010000', quoteExchange: '1.000000', settlePay: '0.010000' };
  const withoutOrderId = without(report, 'orderId');

  it.each<[Quirks, object, object]>([
    [{}, sent, { ...report, orderId: '21412' }],
    [{ pushOrderId: 'trailing-blank' }, sent, { ...withoutOrderId, 'orderId ': '21412' }],
    [{ pushOrderId: 'absent' }, sent, withoutOrderId],
    [{ orderIdEcho: 'empty' }, send, { ...report, orderId: '' }],
    [{ orderIdEcho: 'absent' }, send, withoutOrderId],
    [{ orderIdEcho: 'absent' }, sent, { ...report, orderId: '21412' }],
    [{ pushNetwork: true }, send, { ...report, mcc: '404', mnc: '-1' }],
    [{ pushStatusType: 'string' }, send, { ...report, status: '0' }],
    [{ pushTimestamp: 'done' }, send, { ...report, timestamp: start + 2500 }],
    [{ pushPriceDetail: 'absent' }, send, without(report, 'pricedetail')],
    [{ pushPriceDetail: 'settled' }, send, { ...report, pricedetail: { ...report.pricedetail, ...settled } }],
    [{ currency: 'USD' }, send, { ...report, pricedetail: { ...report.pricedetail, currency: 'USD' } }],
  ])('depends on the quirks %p', async (quirks, given, body) => {
    sandbox.configure({ quirks });
    await post(sandbox.url, given);
    clock += 2500;
    sandbox.setDeliveryState(first, 'delivered');
    await sandbox.waitForPushes();
    expect(customer.bodies).toEqual([body]);
  });

  it.each<[Quirks, string | undefined, object]>([
    [{}, undefined, { status: 1, reason: 'UNDELIV' }],
    [{}, 'EXPIRED', { status: 1, reason: 'EXPIRED' }],
    [{ pushFailedStatus: -7, pushStatusType: 'string' }, undefined, { status: '-7', reason: 'UNDELIV' }],
  ])('for a failure depends on %p and the reason %p', async (quirks, reason, fields) => {
    sandbox.configure({ quirks });
    await post(sandbox.url, send);
    sandbox.setDeliveryState(first, 'failed', { ...(reason !== undefined && { reason }) });
    await sandbox.waitForPushes();
    expect(customer.bodies).toEqual([{ ...report, ...fields }]);
  });

  it('is pushed once when the message is done, with the outcome of the rules', async () => {
    sandbox.configure({ deliveredAfterMs: 1500 });
    await post(sandbox.url, { ...send, numbers: `${number},9991112345` });
    expect(sandbox.pushes).toEqual([]);
    clock += 1500;
    await sandbox.waitForPushes();
    await sandbox.waitForPushes();
    expect(customer.bodies).toMatchObject([
      { msgid: first, status: 0 },
      { msgid: second, status: 1, reason: 'UNDELIV' },
    ]);
  });

  it('is pushed without help', async () => {
    await using real = await LaafficSandbox.start({ deliveredAfterMs: 5, pushReportsTo: customer.url });
    await post(real.url, send, signed(Math.floor(Date.now() / 1000)));
    await real.waitForPushes();
    expect(real.pushes).toMatchObject([{ outcome: 'acknowledged' }]);
  });

  it('is pushed in the order in which messages are done, not in which they were sent', async () => {
    sandbox.configure({ deliveredAfterMs: 5000 });
    await post(sandbox.url, send);
    sandbox.configure({ deliveredAfterMs: 1000 });
    await post(sandbox.url, send);
    clock += 5000;
    await sandbox.waitForPushes();
    expect(customer.bodies.map(({ msgid }) => msgid)).toEqual([second, first]);
  });

  it('is not pushed again by time after a state was set by hand', async () => {
    sandbox.configure({ deliveredAfterMs: 1500 });
    await post(sandbox.url, { ...send, numbers: numbers(2) });
    sandbox.setDeliveryState(first, 'failed');
    sandbox.setDeliveryState(second, 'sending');
    clock += 1500;
    await sandbox.waitForPushes();
    expect(customer.bodies).toMatchObject([{ msgid: first, status: 1 }]);
    sandbox.setDeliveryState(first, 'delivered');
    await sandbox.waitForPushes();
    expect(customer.bodies).toMatchObject([{ status: 1 }, { status: 0 }]);
  });

  it('needs an address when the message is accepted or its state is set', async () => {
    sandbox.configure({ deliveredAfterMs: 1500, pushReportsTo: null });
    await post(sandbox.url, send);
    sandbox.setDeliveryState(first, 'delivered');
    await post(sandbox.url, send);
    sandbox.configure({ pushReportsTo: customer.url });
    clock += 1500;
    await sandbox.waitForPushes();
    expect(customer.received).toEqual([]);
    sandbox.setDeliveryState(first, 'delivered');
    await sandbox.waitForPushes();
    expect(customer.received).toHaveLength(1);
  });

  it('needs no timer without an address, and one for a hundred thousand messages with it', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    sandbox.configure({ deliveredAfterMs: 100_000_000, pushReportsTo: null, quirks: { maxNumbersPerPost: 100_000 } });
    await post(sandbox.url, send);
    expect(timers()).toBe(before);
    sandbox.configure({ pushReportsTo: customer.url });
    await post(sandbox.url, { ...send, numbers: Array(50_000).fill(number).join(',') });
    await post(sandbox.url, { ...send, numbers: Array(50_000).fill(number).join(',') });
    expect(timers()).toBe(before + 1);
    const done = sandbox.waitForPushes();
    await sandbox.close();
    await done;
    expect(timers()).toEqual(before);
    expect(sandbox.pushes).toEqual([]);
  });
});

describe('an inbound push', () => {
  const body = {
    msgid: first,
    mobile: '8613512345678',
    reply_time: '2021-09-01 12:00:00',
    content: 'STOP',
    sendid: 'ACME',
    mcc: 404,
    mnc: -1,
    pricedetail: { pay: '0.000000', price: '0.000000', chargeCnt: 1, currency: 'EUR' },
  };

  it.each<[Quirks, string, object]>([
    [{}, 'ACME', body],
    [{}, '', without(body, 'sendid')],
    [{ inboundMsgId: false }, 'ACME', without(body, 'msgid')],
    [{ inboundNetworkKey: 'mcn' }, 'ACME', { ...without(body, 'mnc'), mcn: -1 }],
    [{ utcOffsetHours: 0 }, 'ACME', { ...body, reply_time: '2021-09-01 04:00:00' }],
  ])('depends on the quirks %p and the sender ID %p', async (quirks, to, expected) => {
    sandbox.configure({ quirks });
    sandbox.addInboundMessage({ from: '8613512345678', to, content: 'STOP' });
    await sandbox.waitForPushes();
    expect(customer.bodies).toEqual([expected]);
    expect(sandbox.pushes).toMatchObject([{ kind: 'inbound', outcome: 'acknowledged' }]);
  });

  it('needs an address', async () => {
    sandbox.configure({ pushInboundTo: null });
    sandbox.addInboundMessage({ from: '8613512345678', content: 'STOP' });
    await sandbox.waitForPushes();
    expect(sandbox.pushes).toEqual([]);
    expect(sandbox.inboundMessages).toHaveLength(1);
  });
});

describe('the quirks of pushes', () => {
  it.each([
    [0, ['0', '1', '2', '3']],
    [1, ['0', '0', '1', '1', '2', '2', '3', '3']],
    [0.5, ['0', '1', '1', '2', '3', '3']],
    [0.25, ['0', '1', '2', '3', '3']],
  ])('send %p copies', async (pushDuplicates, expected) => {
    sandbox.configure({ quirks: { pushDuplicates } });
    await delivered(4);
    expect(received()).toEqual(expected);
    const ids = new Set(sandbox.pushes.map(({ id }) => id));
    expect(sandbox.pushes.every(({ copyOf }) => copyOf === null || ids.has(copyOf))).toBe(true);
  });

  it.each<[Quirks, readonly string[]]>([
    [{ pushOrder: 'as-finished' }, ['0', '1', '2', '3']],
    [{ pushOrder: 'reversed' }, ['3', '2', '1', '0']],
    [{ pushOrder: 'reversed', pushDelayMs: 3 }, ['3', '2', '1', '0']],
  ])('depends on the quirks %p', async (quirks, expected) => {
    sandbox.configure({ quirks });
    await delivered(4);
    expect(received()).toEqual(expected);
  });

  it('allow several pushes in flight', async () => {
    sandbox.configure({ quirks: { pushConcurrency: 3 } });
    customer.responses = ['nothing', 'nothing', 'nothing'];
    await post(sandbox.url, { ...send, numbers: numbers(5) });
    for (const { msgId } of sandbox.messages) sandbox.setDeliveryState(msgId, 'delivered');
    await until(() => customer.received.length === 3);
    await getFrom(sandbox.url, 'getBalance');
    expect(customer.received).toHaveLength(3);
    expect(sandbox.pushes.map(({ outcome }) => outcome)).toEqual(Array(5).fill('pending'));
  });
});

describe('a push that does not get HTTP 200', () => {
  it.each<[number | 'cut' | 'half', object]>([
    [201, { httpStatus: 201, error: null }],
    [302, { httpStatus: 302, error: null }],
    [404, { httpStatus: 404, error: null }],
    [500, { httpStatus: 500, error: null }],
    ['cut', { httpStatus: null, error: 'socket hang up' }],
    ['half', { httpStatus: null, error: 'the response was cut off' }],
  ])('but %p is given up', async (response, attempt) => {
    customer.responses = [response];
    await delivered();
    expect(customer.received).toHaveLength(1);
    expect(sandbox.pushes).toMatchObject([{ outcome: 'given-up', attempts: [{ at: start, ...attempt }] }]);
  });

  it('is given up if nothing listens', async () => {
    const { url } = customer;
    await customer.close();
    sandbox.configure({ pushReportsTo: url });
    await delivered();
    expect(sandbox.pushes).toMatchObject([{ outcome: 'given-up', attempts: [{ httpStatus: null }] }]);
    expect(sandbox.pushes[0]?.attempts[0]?.error).toContain('ECONNREFUSED');
    customer = await PushReceiver.start();
  });

  it('is given up after its timeout', async () => {
    sandbox.configure({ quirks: { pushTimeoutMs: 5 } });
    customer.responses = ['nothing'];
    await delivered();
    expect(sandbox.pushes).toMatchObject([
      { outcome: 'given-up', attempts: [{ httpStatus: null, error: 'no response within 5 ms' }] },
    ]);
  });

  it.each<[number, readonly (number | 'cut')[], string, number]>([
    [1, [500], 'acknowledged', 2],
    [2, [500, 'cut'], 'acknowledged', 3],
    [2, [500, 'cut', 503], 'given-up', 3],
    [0, [500], 'given-up', 1],
  ])('with %i retries after %p is %s at attempt %i', async (pushRetries, responses, outcome, attempts) => {
    sandbox.configure({ quirks: { pushRetries, pushRetryDelayMs: 1 } });
    customer.responses = [...responses];
    await delivered();
    expect(customer.received).toHaveLength(attempts);
    expect(sandbox.pushes[0]?.attempts.length).toEqual(attempts);
    expect(sandbox.pushes[0]?.outcome).toBe(outcome);
    expect(new Set(customer.received.map(({ text }) => text)).size).toBe(1);
  });

  it('does not block other pushes while it waits', async () => {
    sandbox.configure({ quirks: { pushRetries: 1, pushRetryDelayMs: 100_000 } });
    customer.responses = [500];
    await post(sandbox.url, { ...send, numbers: numbers(3) });
    for (const { msgId } of sandbox.messages) sandbox.setDeliveryState(msgId, 'delivered');
    await until(() => sandbox.pushes[2]?.outcome === 'acknowledged');
    expect(received()).toEqual(['0', '1', '2']);
    expect(sandbox.pushes.map(({ outcome }) => outcome)).toEqual(['pending', 'acknowledged', 'acknowledged']);
  });
});

describe('pushBeforeResponse', () => {
  it('pushes the outcome before the send gets its response', async () => {
    sandbox.configure({ quirks: { pushBeforeResponse: true } });
    const outcomes: string[] = [];
    customer.onPush = () => outcomes.push(sandbox.requests[0]?.outcome ?? '');
    expect(await postJson(sandbox.url, { ...send, numbers: `${number},9991112345` })).toMatchObject({ success: '2' });
    expect(outcomes).toEqual(['pending', 'pending']);
    expect(customer.bodies).toMatchObject([{ status: 0 }, { status: 1 }]);
    expect(sandbox.getDelivery(first)).toEqual({ state: 'delivered', reason: '0', doneAt: start });
  });

  it('works for one request, waits for the timeout, and needs messages and an address', async () => {
    sandbox.script({ quirks: { pushBeforeResponse: true }, times: 3 });
    sandbox.configure({ quirks: { pushTimeoutMs: 5 } });
    customer.responses = ['nothing'];
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.pushes).toMatchObject([{ outcome: 'given-up' }]);
    expect(await postJson(sandbox.url, { ...send, content: '' })).toMatchObject({ status: '-4' });
    sandbox.configure({ pushReportsTo: null });
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.pushes).toHaveLength(1);
  });

  it('works for a batch too', async () => {
    sandbox.configure({ quirks: { pushBeforeResponse: true } });
    await postTo(sandbox.url, 'sendSms/batch', { appId: '4luaKsL2', array: [{ numbers: number, content: 'x' }] });
    expect(customer.received).toHaveLength(1);
  });
});

describe('close and reset', () => {
  it('abort open, delayed and retried pushes at once', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    sandbox.configure({ quirks: { pushRetries: 1, pushRetryDelayMs: 100_000 } });
    customer.responses = [500, 'nothing'];
    await post(sandbox.url, { ...send, numbers: numbers(3) });
    for (const { msgId } of sandbox.messages) sandbox.setDeliveryState(msgId, 'delivered');
    await until(() => customer.received.length === 2);
    sandbox.configure({ quirks: { pushDelayMs: 100_000 } });
    sandbox.addInboundMessage({ from: number, content: 'x' });
    const done = sandbox.waitForPushes();
    await sandbox.close();
    await done;
    sandbox.setDeliveryState(first, 'failed');
    expect(timers()).toEqual(before);
    expect(sandbox.pushes).toHaveLength(4);
  });

  it('start the pushes anew after a reset', async () => {
    customer.responses = ['nothing'];
    await post(sandbox.url, send);
    sandbox.setDeliveryState(first, 'delivered');
    await until(() => customer.received.length === 1);
    sandbox.reset();
    await sandbox.waitForPushes();
    expect(sandbox.pushes).toEqual([]);
    sandbox.addInboundMessage({ from: number, content: 'x' });
    await sandbox.waitForPushes();
    expect(sandbox.pushes).toMatchObject([{ id: 1, kind: 'inbound', outcome: 'acknowledged' }]);
  });

  it('historyLimit drops the oldest pushes', async () => {
    sandbox.configure({ historyLimit: 2 });
    await delivered(4);
    expect(sandbox.pushes.map(({ id }) => id)).toEqual([3, 4]);
    expect(customer.received).toHaveLength(4);
  });
});

describe('the push address', () => {
  const expected =
    'must be null, an http URL such as http://127.0.0.1:3000/reports, or an object with one for each app id';
  const elsewhere = 'must name this machine or a host of allowedPushHosts (--allowed-push-host)';
  const rejects = (address: unknown, expectation: string) => {
    for (const field of ['pushReportsTo', 'pushInboundTo'] as const) {
      const options = { [field]: address } as SandboxOptions;
      expect(() => {
        sandbox.configure(options);
      }).toThrow(expect.objectContaining({ field, message: `${field} ${expectation}` }) as Error);
    }
  };

  it.each([
    'http://127.0.0.1@example.com/',
    'http://user:pass@127.0.0.1/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    '127.0.0.1:3000',
    '',
    3000,
    { '4luaKsL2': 3000 },
    { '4luaKsL2': null },
    ['http://127.0.0.1/'],
  ])('cannot be %p', (address) => {
    rejects(address, expected);
  });

  it.each([
    'http://example.com/',
    'http://10.0.0.1:80/',
    'http://128.0.0.1/',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:10.0.0.1]/',
    { '4luaKsL2': 'http://example.com/' },
  ])('cannot be %p unless its host is allowed', (address) => {
    rejects(address, elsewhere);
  });

  it('may be on an allowed host and on no other', () => {
    sandbox.configure({ allowedPushHosts: ['Service'] });
    sandbox.configure({ pushReportsTo: 'http://service:3000/x', pushInboundTo: { '4luaKsL2': 'http://SERVICE/' } });
    rejects('http://service.example.com/', elsewhere);
  });

  it('is that of the application if each has its own', async () => {
    const other = await PushReceiver.start();
    sandbox.configure({
      appId: ['shop', 'desk', 'mute'],
      pushReportsTo: { shop: customer.url, desk: other.url },
      pushInboundTo: { desk: other.url },
    });
    for (const appId of ['shop', 'desk', 'mute']) {
      await post(sandbox.url, { ...send, appId });
      sandbox.addInboundMessage({ from: number, content: appId, appId });
    }
    for (const { msgId } of sandbox.messages) sandbox.setDeliveryState(msgId, 'delivered');
    await sandbox.waitForPushes();
    await other.close();
    const seen = ({ bodies }: PushReceiver) => bodies.map(({ appId, content }) => appId ?? content).sort();
    expect(seen(customer)).toEqual(['shop']);
    expect(seen(other)).toEqual(['desk', 'desk']);
  });

  it('cannot be for an application that the account does not have', () => {
    rejects({ shop: customer.url }, 'has the app id shop, which the account does not have');
  });

  it.each(['http://localhost:3000/x', 'http://127.0.0.2', 'http://127.1/', 'http://[::1]:3000/', 'HTTP://LOCALHOST/'])(
    '%p is on this machine',
    (pushReportsTo) => {
      sandbox.configure({ pushReportsTo });
    },
  );
});
