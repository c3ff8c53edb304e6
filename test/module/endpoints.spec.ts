import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox, type EndpointName, type SandboxQuirks } from 'laaffic-sandbox';
import type { DeliveryReport, InboundSms, LaafficException, SmsService } from 'nestjs-laaffic';
import { LaafficWebhooksModule, OnDeliveryReport, OnInboundSms } from 'nestjs-laaffic/webhooks';
import { client, failureOf } from './account.js';

const NUMBERS = ['91856321412', '91856321413', '91856321414'];
const RANGE = () => ({ from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) });

let sandbox: LaafficSandbox;
let gateway: Awaited<ReturnType<typeof client>>;
let sms: SmsService;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ deliveredAfterMs: null, queuedForMs: 0 });
  gateway = await client({ baseUrl: sandbox.url, queryRetry: { retries: 2, minDelayMs: 1, maxDelayMs: 2 } });
  sms = gateway.sms;
});
afterEach(async () => {
  await gateway.close();
  await sandbox.close();
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const send = () => sms.send({ to: NUMBERS, content: 'hello world' });
const states = (reports: readonly DeliveryReport[]) => reports.map(({ number, state }) => [number, state]);

describe('SmsService', () => {
  const CALLS: [EndpointName, string, () => Promise<unknown>][] = [
    ['sendSms', 'POST', () => sms.send({ to: NUMBERS, content: 'x' })],
    ['sendSms', 'GET', () => sms.send({ to: NUMBERS, content: 'x' }, { method: 'GET' })],
    ['sendSms/batch', 'POST', () => sms.sendBatch([{ to: NUMBERS, content: 'x' }])],
    ['getReport', 'GET', () => sms.getDeliveryReports(['2108021054011000095'])],
    ['getSentRcd', 'GET', () => all(sms.listSentMessages(RANGE()))],
    ['getBalance', 'GET', () => sms.getBalance()],
    ['recordMo', 'POST', () => all(sms.listInboundMessages(RANGE()))],
    ['postback/backfill', 'POST', () => sms.confirmConversion({ number: NUMBERS[0]!, at: new Date() })],
  ];
  /** The statuses that the vendor's pages list for at least one of these calls. */
  const STATUSES = [-1, -2, -10, -11, -12, -13, -14, -15, -16, -18, -19, -22, -25, -29, -30, -31, -32, -77];

  it.each(CALLS)('signs %s by %s, and a gateway that checks accepts it', async (endpoint, method, call) => {
    await call();
    expect(sandbox.requests.map((request) => [request.path, request.method, request.status])).toEqual(
      sandbox.requests.map(() => [`/v3/${endpoint}`, method, '0']),
    );
    expect(sandbox.requests.length).toBeGreaterThan(0);
  });

  const rows = CALLS.flatMap(([endpoint, method, call]) =>
    STATUSES.map((status) => [endpoint, method, status, call] as const),
  );
  it.each(rows)(
    'throws the exception of the status if %s by %s is rejected with %i',
    async (endpoint, method, status, call) => {
      sandbox.script({ endpoint, status, reason: 'words of the gateway', times: null });
      const error = (await failureOf(call())) as LaafficException;
      expect(error).toMatchObject({ status, reason: 'words of the gateway' });
      const isSend = endpoint.startsWith('sendSms');
      const mayHaveSent = isSend && [-12, -18, -77].includes(status);
      expect(error.outcome).toBe(mayHaveSent ? 'unknown' : 'rejected');
      const tries = status === -16 ? 2 : !isSend && [-15, -18].includes(status) ? 3 : 1;
      expect(sandbox.requests.map((request) => request.method)).toEqual(new Array(tries).fill(method));
      expect(sandbox.messages).toEqual([]);
    },
  );
});

describe('a message', () => {
  it('is not found, sending, delivered or failed, as the platform reports', async () => {
    const { accepted } = await send();
    const [first, second, third] = accepted.map(({ msgId }) => msgId);
    sandbox.setDeliveryState(first!, 'queued');
    sandbox.setDeliveryState(second!, 'sending');
    sandbox.setDeliveryState(third!, 'failed', { reason: 'UNDELIV' });
    expect(states(await sms.getDeliveryReports([third!, second!, first!]))).toEqual([
      [NUMBERS[2], 'failed'],
      [NUMBERS[1], 'sending'],
      [undefined, 'not-found'],
    ]);
    sandbox.setDeliveryState(first!, 'delivered');
    expect(states(await sms.getDeliveryReports([first!]))).toEqual([[NUMBERS[0], 'delivered']]);
    expect(states(await all(sms.listSentMessages(RANGE())))).toEqual([
      [NUMBERS[0], 'delivered'],
      [NUMBERS[2], 'failed'],
    ]);
  });

  it.each<[string, Partial<SandboxQuirks>]>([
    ['numbers for texts', { numericFields: 'numbers' }],
    ['prices', { reportPriceDetail: 'plain' }],
    ['prices with a settlement', { reportPriceDetail: 'settled' }],
    ['an empty time while pending', { pendingReceiveTime: 'empty' }],
    ['no time while pending', { pendingReceiveTime: 'absent' }],
    ['the time of sending', { receiveTime: 'accepted' }],
  ])('has the same report with %s', async (_, quirks) => {
    sandbox.configure({ quirks });
    const { accepted } = await send();
    sandbox.setDeliveryState(accepted[0]!.msgId, 'delivered');
    sandbox.setDeliveryState(accepted[1]!.msgId, 'failed');
    sandbox.setDeliveryState(accepted[2]!.msgId, 'sending');
    const reports = await sms.getDeliveryReports(accepted.map(({ msgId }) => msgId));
    expect(states(reports)).toEqual([
      [NUMBERS[0], 'delivered'],
      [NUMBERS[1], 'failed'],
      [NUMBERS[2], 'sending'],
    ]);
    expect(reports[0]!.price?.segments).toBe(quirks.reportPriceDetail === undefined ? undefined : 1);
  });
});

describe('listSentMessages', () => {
  it.each([1, 3, 7, 50])('finds every message with pages of %i rows', async (sentRecordPageSize) => {
    sandbox.configure({ quirks: { sentRecordPageSize } });
    const to = Array.from({ length: 20 }, (_, i) => `9185${String(i).padStart(7, '0')}`);
    const { accepted } = await sms.send({ to, content: 'x' });
    for (const { msgId } of accepted) sandbox.setDeliveryState(msgId, 'delivered');
    const records = await all(sms.listSentMessages(RANGE()));
    expect(records.map(({ msgId }) => msgId)).toEqual(accepted.map(({ msgId }) => msgId));
  });
});

describe('sendBatch', () => {
  const messages = NUMBERS.map((number, i) => ({ to: { number, orderId: `o-${i}` }, content: `text ${i}` }));

  it('gives each message its own content and its own outcome', async () => {
    sandbox.configure({ rejectionRules: [{ number: NUMBERS[1]!, status: -9, reason: 'DST_MCCMNC_LIMIT' }] });
    const { accepted, rejected, unknown } = await sms.sendBatch(messages);
    expect(sandbox.messages.map(({ orderId, content }) => [orderId, content])).toEqual([
      ['o-0', 'text 0'],
      ['o-2', 'text 2'],
    ]);
    expect(accepted.map(({ orderId, msgId }) => [orderId, msgId])).toEqual(
      sandbox.messages.map(({ orderId, msgId }) => [orderId, msgId]),
    );
    expect(rejected.map(({ orderId, reason }) => [orderId, reason])).toEqual([['o-1', 'DST_MCCMNC_LIMIT']]);
    expect(unknown).toEqual([]);
  });

  it('is never sent twice if its response is lost', async () => {
    sandbox.script({ fault: 'cut-after-accepting' });
    expect(await failureOf(sms.sendBatch(messages))).toMatchObject({
      outcome: 'unknown',
      receipt: { unknown: { length: 3 } },
    });
    expect(sandbox.requests).toHaveLength(1);
    expect(sandbox.messages).toHaveLength(3);
  });
});

describe('getBalance', () => {
  it.each([
    [{}, { balance: '12.345600', gift: '1', credit: '0' }],
    [{ balanceDecimals: 6 }, { balance: '12.345600', gift: '1.000000', credit: '0.000000' }],
    [
      { balanceDecimals: 6, creditInBalance: false },
      { balance: '12.345600', gift: '1.000000' },
    ],
  ] as [Partial<SandboxQuirks>, Record<string, string>][])('is exact with %j', async (quirks, expected) => {
    sandbox.configure({ balance: '12.3456', gift: '1', quirks });
    const balance = await sms.getBalance();
    expect(Object.keys(balance)).toEqual(Object.keys(expected));
    expect(Object.values(balance).map(Number)).toEqual(Object.values(expected).map(Number));
    expect(Object.values(balance).every((amount) => typeof amount === 'string')).toBe(true);
  });
});

describe('listInboundMessages', () => {
  it('finds the inbound messages of several pages', async () => {
    for (let i = 0; i < 205; i++)
      sandbox.addInboundMessage({ from: '91856321412', to: '12345', content: `reply ${i}` });
    const messages = await all(sms.listInboundMessages(RANGE()));
    expect(messages.map(({ content }) => content).sort()).toEqual(
      Array.from({ length: 205 }, (_, i) => `reply ${i}`).sort(),
    );
    expect(messages[0]).toMatchObject({ from: '91856321412', to: '12345' });
    expect(sandbox.requests).toHaveLength(3);
  });
});

describe('confirmConversion', () => {
  it('reaches the platform', async () => {
    const { accepted } = await send();
    const { msgId } = accepted[0]!;
    await sms.confirmConversion({ number: NUMBERS[0]!, msgId, at: new Date(1681184764000) });
    expect(sandbox.conversions).toMatchObject([{ number: NUMBERS[0], msgId, time: 1681184764000 }]);
  });
});

describe('pushes', () => {
  const SECRET = 'a-secret-of-my-own-0123';

  @Injectable()
  class Events {
    readonly reports: DeliveryReport[] = [];
    readonly inbound: InboundSms[] = [];

    @OnDeliveryReport()
    report(report: DeliveryReport) {
      this.reports.push(report);
    }

    @OnInboundSms()
    message(message: InboundSms) {
      this.inbound.push(message);
    }
  }

  @Module({ imports: [LaafficWebhooksModule.forRoot({ secret: SECRET })], providers: [Events] })
  class Receiver {}

  it.each<[string, Partial<SandboxQuirks>]>([
    ['as documented', {}],
    ['with a blank in the name of the order id', { pushOrderId: 'trailing-blank' }],
    ['without order id', { pushOrderId: 'absent' }],
    ['with network codes', { pushNetwork: true }],
    ['with a status as text', { pushStatusType: 'string' }],
    ['with another failure', { pushFailedStatus: 2 }],
    ['with each twice', { pushDuplicates: 1 }],
    ['in another order', { pushOrder: 'reversed' }],
    ['with the misspelt network code', { inboundNetworkKey: 'mcn' }],
    ['without id of inbound messages', { inboundMsgId: false }],
  ])('of %s arrive once each, and say the same as queries', async (_, quirks) => {
    const app = await NestFactory.create(Receiver, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/laaffic/${SECRET}`;
    sandbox.configure({ quirks, pushReportsTo: `${url}/reports`, pushInboundTo: `${url}/inbound` });
    const { accepted } = await send();
    sandbox.setDeliveryState(accepted[0]!.msgId, 'delivered');
    sandbox.setDeliveryState(accepted[1]!.msgId, 'failed', { reason: 'UNDELIV' });
    sandbox.addInboundMessage({ from: '91856321412', to: '12345', content: 'STOP' });
    await sandbox.waitForPushes();
    const { reports, inbound } = app.get(Events);
    await app.close();

    const pulled = await sms.getDeliveryReports(accepted.slice(0, 2).map(({ msgId }) => msgId));
    const sorted = [...reports].sort((a, b) => (a.msgId < b.msgId ? -1 : 1));
    expect(sorted.map(({ msgId, number, state }) => ({ msgId, number, state }))).toEqual(
      pulled.map(({ msgId, number, state }) => ({ msgId, number, state })),
    );
    expect(sorted.map(({ orderId }) => orderId)).toEqual(
      quirks.pushOrderId === 'absent' ? [undefined, undefined] : accepted.slice(0, 2).map(({ orderId }) => orderId),
    );
    expect(sorted.map(({ reason }) => reason)).toEqual([undefined, 'UNDELIV']);
    expect(inbound.map(({ from, to, content }) => [from, to, content])).toEqual([['91856321412', '12345', 'STOP']]);
    expect(Math.abs(inbound[0]!.at!.getTime() - Date.now())).toBeLessThan(10_000);
  });
});
