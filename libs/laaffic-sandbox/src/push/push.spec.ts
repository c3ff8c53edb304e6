import {
  ask,
  number,
  numbers,
  post,
  postJson,
  sampleTime,
  send,
  signed,
  tell,
  until,
} from '../../test/gateway.client.js';
import { PushReceiver } from '../../test/push.receiver.js';
import { LaafficSandbox, type SandboxOptions, type SandboxQuirks } from '../index.js';

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
    deliveredAfter: null,
    pushReportsTo: customer.url,
    pushInboundTo: customer.url,
  });
});

afterEach(async () => {
  await sandbox.close();
  await customer.close();
});

/** Sends to so many numbers and lets each be delivered. */
async function delivered(count = 1): Promise<void> {
  await post(sandbox.url, { ...send, numbers: numbers(count) });
  for (const { msgId } of sandbox.messages) sandbox.deliver(msgId, 'delivered');
  await sandbox.pushesDone();
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
    sandbox.deliver(first, 'delivered');
    await sandbox.pushesDone();
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
        attempts: [{ at: start, http: 200, error: null }],
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
    [{ pushStatus: 'text' }, send, { ...report, status: '0' }],
    [{ pushTimestamp: 'done' }, send, { ...report, timestamp: start + 2500 }],
    [{ pushPriceDetail: 'absent' }, send, without(report, 'pricedetail')],
    [{ pushPriceDetail: 'settled' }, send, { ...report, pricedetail: { ...report.pricedetail, ...settled } }],
    [{ currency: 'USD' }, send, { ...report, pricedetail: { ...report.pricedetail, currency: 'USD' } }],
  ])('with %p', async (quirks, given, body) => {
    sandbox.configure({ quirks });
    await post(sandbox.url, given);
    clock += 2500;
    sandbox.deliver(first, 'delivered');
    await sandbox.pushesDone();
    expect(customer.bodies).toEqual([body]);
  });

  it.each<[Quirks, string | undefined, object]>([
    [{}, undefined, { status: 1, reason: 'UNDELIV' }],
    [{}, 'EXPIRED', { status: 1, reason: 'EXPIRED' }],
    [{ pushFailedStatus: -7, pushStatus: 'text' }, undefined, { status: '-7', reason: 'UNDELIV' }],
  ])('of a failure with %p and the reason %p', async (quirks, reason, fields) => {
    sandbox.configure({ quirks });
    await post(sandbox.url, send);
    sandbox.deliver(first, 'failed', { ...(reason !== undefined && { reason }) });
    await sandbox.pushesDone();
    expect(customer.bodies).toEqual([{ ...report, ...fields }]);
  });

  it('comes when its time has come, once, with the outcome of the rules', async () => {
    sandbox.configure({ deliveredAfter: 1500 });
    await post(sandbox.url, { ...send, numbers: `${number},9991112345` });
    expect(sandbox.pushes).toEqual([]);
    clock += 1500;
    await sandbox.pushesDone();
    await sandbox.pushesDone();
    expect(customer.bodies).toMatchObject([
      { msgid: first, status: 0 },
      { msgid: second, status: 1, reason: 'UNDELIV' },
    ]);
  });

  it('comes by itself', async () => {
    await using real = await LaafficSandbox.start({ deliveredAfter: 5, pushReportsTo: customer.url });
    await post(real.url, send, signed(Math.floor(Date.now() / 1000)));
    await real.pushesDone();
    expect(real.pushes).toMatchObject([{ outcome: 'acknowledged' }]);
  });

  it('comes in the order in which messages are done, not in which they were sent', async () => {
    sandbox.configure({ deliveredAfter: 5000 });
    await post(sandbox.url, send);
    sandbox.configure({ deliveredAfter: 1000 });
    await post(sandbox.url, send);
    clock += 5000;
    await sandbox.pushesDone();
    expect(customer.bodies.map(({ msgid }) => msgid)).toEqual([second, first]);
  });

  it('is not repeated by time once a message was set by hand', async () => {
    sandbox.configure({ deliveredAfter: 1500 });
    await post(sandbox.url, { ...send, numbers: numbers(2) });
    sandbox.deliver(first, 'failed');
    sandbox.deliver(second, 'sending');
    clock += 1500;
    await sandbox.pushesDone();
    expect(customer.bodies).toMatchObject([{ msgid: first, status: 1 }]);
    sandbox.deliver(first, 'delivered');
    await sandbox.pushesDone();
    expect(customer.bodies).toMatchObject([{ status: 1 }, { status: 0 }]);
  });

  it('is for messages accepted while there is an address, or set by hand then', async () => {
    sandbox.configure({ deliveredAfter: 1500, pushReportsTo: null });
    await post(sandbox.url, send);
    sandbox.deliver(first, 'delivered');
    await post(sandbox.url, send);
    sandbox.configure({ pushReportsTo: customer.url });
    clock += 1500;
    await sandbox.pushesDone();
    expect(customer.received).toEqual([]);
    sandbox.deliver(first, 'delivered');
    await sandbox.pushesDone();
    expect(customer.received).toHaveLength(1);
  });

  it('takes no timer without an address, and one for a hundred thousand messages with it', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    sandbox.configure({ deliveredAfter: 100_000_000, pushReportsTo: null, quirks: { maxNumbersPost: 100_000 } });
    await post(sandbox.url, send);
    expect(timers()).toBe(before);
    sandbox.configure({ pushReportsTo: customer.url });
    await post(sandbox.url, { ...send, numbers: Array(50_000).fill(number).join(',') });
    await post(sandbox.url, { ...send, numbers: Array(50_000).fill(number).join(',') });
    expect(timers()).toBe(before + 1);
    const done = sandbox.pushesDone();
    await sandbox.close();
    await done;
    expect([timers(), sandbox.pushes]).toEqual([before, []]);
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
    [{ moMsgId: false }, 'ACME', without(body, 'msgid')],
    [{ moNetworkKey: 'mcn' }, 'ACME', { ...without(body, 'mnc'), mcn: -1 }],
    [{ utcOffset: 0 }, 'ACME', { ...body, reply_time: '2021-09-01 04:00:00' }],
  ])('with %p to %p', async (quirks, to, expected) => {
    sandbox.configure({ quirks });
    sandbox.inbound({ from: '8613512345678', to, content: 'STOP' });
    await sandbox.pushesDone();
    expect(customer.bodies).toEqual([expected]);
    expect(sandbox.pushes).toMatchObject([{ kind: 'inbound', outcome: 'acknowledged' }]);
  });

  it('needs an address', async () => {
    sandbox.configure({ pushInboundTo: null });
    sandbox.inbound({ from: '8613512345678', content: 'STOP' });
    await sandbox.pushesDone();
    expect([sandbox.pushes, sandbox.inboundMessages.length]).toEqual([[], 1]);
  });
});

describe('duplicates and order', () => {
  it.each([
    [0, ['0', '1', '2', '3']],
    [1, ['0', '0', '1', '1', '2', '2', '3', '3']],
    [0.5, ['0', '1', '1', '2', '3', '3']],
    [0.25, ['0', '1', '2', '3', '3']],
  ])('with %p copies', async (pushDuplicates, expected) => {
    sandbox.configure({ quirks: { pushDuplicates } });
    await delivered(4);
    expect(received()).toEqual(expected);
    const ids = new Set(sandbox.pushes.map(({ id }) => id));
    expect(sandbox.pushes.every(({ copyOf }) => copyOf === null || ids.has(copyOf))).toBe(true);
  });

  it.each<[Quirks, readonly string[]]>([
    [{ pushOrder: 'as-finished' }, ['0', '1', '2', '3']],
    [{ pushOrder: 'reversed' }, ['3', '2', '1', '0']],
    [{ pushOrder: 'reversed', pushDelay: 3 }, ['3', '2', '1', '0']],
  ])('with %p', async (quirks, expected) => {
    sandbox.configure({ quirks });
    await delivered(4);
    expect(received()).toEqual(expected);
  });

  it('sends so many at once', async () => {
    sandbox.configure({ quirks: { pushesAtOnce: 3 } });
    customer.answers = ['nothing', 'nothing', 'nothing'];
    await post(sandbox.url, { ...send, numbers: numbers(5) });
    for (const { msgId } of sandbox.messages) sandbox.deliver(msgId, 'delivered');
    await until(() => customer.received.length === 3);
    await ask(sandbox.url, 'getBalance');
    expect(customer.received).toHaveLength(3);
    expect(sandbox.pushes.map(({ outcome }) => outcome)).toEqual(Array(5).fill('pending'));
  });
});

describe('a push that is not answered with 200', () => {
  it.each<[number | 'cut' | 'half', object]>([
    [201, { http: 201, error: null }],
    [302, { http: 302, error: null }],
    [404, { http: 404, error: null }],
    [500, { http: 500, error: null }],
    ['cut', { http: null, error: 'socket hang up' }],
    ['half', { http: null, error: 'the answer was cut' }],
  ])('but with %p is given up', async (answer, attempt) => {
    customer.answers = [answer];
    await delivered();
    expect(customer.received).toHaveLength(1);
    expect(sandbox.pushes).toMatchObject([{ outcome: 'given-up', attempts: [{ at: start, ...attempt }] }]);
  });

  it('is given up when nobody listens', async () => {
    const { url } = customer;
    await customer.close();
    sandbox.configure({ pushReportsTo: url });
    await delivered();
    expect(sandbox.pushes).toMatchObject([{ outcome: 'given-up', attempts: [{ http: null }] }]);
    expect(sandbox.pushes[0]?.attempts[0]?.error).toContain('ECONNREFUSED');
    customer = await PushReceiver.start();
  });

  it('is given up after its time-out', async () => {
    sandbox.configure({ quirks: { pushTimeout: 5 } });
    customer.answers = ['nothing'];
    await delivered();
    expect(sandbox.pushes).toMatchObject([
      { outcome: 'given-up', attempts: [{ http: null, error: 'no answer within 5 ms' }] },
    ]);
  });

  it.each<[number, readonly (number | 'cut')[], string, number]>([
    [1, [500], 'acknowledged', 2],
    [2, [500, 'cut'], 'acknowledged', 3],
    [2, [500, 'cut', 503], 'given-up', 3],
    [0, [500], 'given-up', 1],
  ])('with %i retries after %p is %s at attempt %i', async (pushRetries, answers, outcome, attempts) => {
    sandbox.configure({ quirks: { pushRetries, pushRetrySpacing: 1 } });
    customer.answers = [...answers];
    await delivered();
    expect([customer.received.length, sandbox.pushes[0]?.attempts.length]).toEqual([attempts, attempts]);
    expect(sandbox.pushes[0]?.outcome).toBe(outcome);
    expect(new Set(customer.received.map(({ text }) => text)).size).toBe(1);
  });

  it('lets others pass while it waits', async () => {
    sandbox.configure({ quirks: { pushRetries: 1, pushRetrySpacing: 100_000 } });
    customer.answers = [500];
    await post(sandbox.url, { ...send, numbers: numbers(3) });
    for (const { msgId } of sandbox.messages) sandbox.deliver(msgId, 'delivered');
    await until(() => sandbox.pushes[2]?.outcome === 'acknowledged');
    expect(received()).toEqual(['0', '1', '2']);
    expect(sandbox.pushes.map(({ outcome }) => outcome)).toEqual(['pending', 'acknowledged', 'acknowledged']);
  });
});

describe('pushOvertakesAnswer', () => {
  it('tells the outcome before the send is answered', async () => {
    sandbox.configure({ quirks: { pushOvertakesAnswer: true } });
    const outcomes: string[] = [];
    customer.onPush = () => outcomes.push(sandbox.requests[0]?.outcome ?? '');
    expect(await postJson(sandbox.url, { ...send, numbers: `${number},9991112345` })).toMatchObject({ success: '2' });
    expect(outcomes).toEqual(['pending', 'pending']);
    expect(customer.bodies).toMatchObject([{ status: 0 }, { status: 1 }]);
    expect(sandbox.delivery(first)).toEqual({ state: 'delivered', reason: '0', doneAt: start });
  });

  it('can be asked of one call, waits for the time-out, and needs messages and an address', async () => {
    sandbox.script({ quirks: { pushOvertakesAnswer: true }, times: 3 });
    sandbox.configure({ quirks: { pushTimeout: 5 } });
    customer.answers = ['nothing'];
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.pushes).toMatchObject([{ outcome: 'given-up' }]);
    expect(await postJson(sandbox.url, { ...send, content: '' })).toMatchObject({ status: '-4' });
    sandbox.configure({ pushReportsTo: null });
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.pushes).toHaveLength(1);
  });

  it('overtakes a batch too', async () => {
    sandbox.configure({ quirks: { pushOvertakesAnswer: true } });
    await tell(sandbox.url, 'sendSms/batch', { appId: '4luaKsL2', array: [{ numbers: number, content: 'x' }] });
    expect(customer.received).toHaveLength(1);
  });
});

describe('an end', () => {
  it('comes at once under open, delayed and repeated pushes', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    sandbox.configure({ quirks: { pushRetries: 1, pushRetrySpacing: 100_000 } });
    customer.answers = [500, 'nothing'];
    await post(sandbox.url, { ...send, numbers: numbers(3) });
    for (const { msgId } of sandbox.messages) sandbox.deliver(msgId, 'delivered');
    await until(() => customer.received.length === 2);
    sandbox.configure({ quirks: { pushDelay: 100_000 } });
    sandbox.inbound({ from: number, content: 'x' });
    const done = sandbox.pushesDone();
    await sandbox.close();
    await done;
    sandbox.deliver(first, 'failed');
    expect([timers(), sandbox.pushes.length]).toEqual([before, 4]);
  });

  it('comes with a reset, and the next pushes start anew', async () => {
    customer.answers = ['nothing'];
    await post(sandbox.url, send);
    sandbox.deliver(first, 'delivered');
    await until(() => customer.received.length === 1);
    sandbox.reset();
    await sandbox.pushesDone();
    expect(sandbox.pushes).toEqual([]);
    sandbox.inbound({ from: number, content: 'x' });
    await sandbox.pushesDone();
    expect(sandbox.pushes).toMatchObject([{ id: 1, kind: 'inbound', outcome: 'acknowledged' }]);
  });

  it('drops the oldest pushes above historyLimit', async () => {
    sandbox.configure({ historyLimit: 2 });
    await delivered(4);
    expect(sandbox.pushes.map(({ id }) => id)).toEqual([3, 4]);
    expect(customer.received).toHaveLength(4);
  });
});

describe('the address', () => {
  const expected = 'null or an http URL of this machine, such as http://127.0.0.1:3000/reports';

  it.each([
    'http://example.com/',
    'http://10.0.0.1:80/',
    'http://128.0.0.1/',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://127.0.0.1@example.com/',
    'http://user:pass@127.0.0.1/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:10.0.0.1]/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    '127.0.0.1:3000',
    '',
    3000,
  ])('%p is refused by name', (address) => {
    for (const field of ['pushReportsTo', 'pushInboundTo'] as const) {
      const options = { [field]: address } as SandboxOptions;
      expect(() => {
        sandbox.configure(options);
      }).toThrow(expect.objectContaining({ field, message: `${field} must be ${expected}` }) as Error);
    }
  });

  it.each(['http://localhost:3000/x', 'http://127.0.0.2', 'http://127.1/', 'http://[::1]:3000/', 'HTTP://LOCALHOST/'])(
    '%p is on this machine',
    (pushReportsTo) => {
      sandbox.configure({ pushReportsTo });
    },
  );
});
