import { HttpService } from '@nestjs/axios';
import { cases } from '../../../../../test/cases.js';
import { damagedBodies } from '../../../../../test/gateway/damaged-bodies.js';
import {
  isBalance,
  isInboundSms,
  isNotFound,
  isRejection,
  isReport,
  type Check,
} from '../../../../../test/gateway/whole-values.js';
import { GatewayClock } from '../../clock.js';
import { LaafficException } from '../../errors/laaffic.exception.js';
import type { DeliveryReport } from '../../messages/delivery-report.js';
import { LaafficSettings } from '../../options/laaffic.settings.js';
import { Randomness } from '../../randomness.js';
import { SigningInterceptor } from '../../signing/signing.interceptor.js';
import { requestBalance, sendConversion } from './account.js';
import type { GatewayResponse } from '../http/response.js';
import { requestInboundMessages } from './inbound-messages.js';
import { QueryClient } from './query-client.js';
import { requestDeliveryReports, requestSentMessages } from './delivery-reports.js';
import { RequestEventEmitter } from '../traffic/request-event.emitter.js';
import { Transport } from '../http/transport.js';
import { RequestLoop } from '../request-loop.js';
import { gatewayStatus, isRecord } from '../protocol/values.js';

/** Responds with one body, and to a request for the next page with an empty page. */
class OneBody extends Transport {
  body = '';

  override exchange(): Promise<GatewayResponse> {
    const { body } = this;
    this.body = '{"status":"0"}';
    return Promise.resolve({
      httpStatus: 200,
      contentType: undefined,
      date: undefined,
      retryAfterSeconds: undefined,
      body,
    });
  }
}

// A damaged answer would be asked for again, and the test would have to wait.
const credentials = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };
const settings = new LaafficSettings({ ...credentials, queryRetry: { retries: 0 } });
const { account } = settings;
const clock = new GatewayClock();
const http = new HttpService(new HttpService().axiosRef.create());
const transport = new OneBody(http, settings, new SigningInterceptor(account.credentials, clock), clock);
const loop = new RequestLoop(transport, clock, new RequestEventEmitter(settings));
const queries = new QueryClient(loop, settings, clock, new Randomness());
const options = { timeoutMs: 10_000, signal: undefined };
const day = { from: new Date('2021-02-12T00:00:00+08:00'), to: new Date('2021-02-12T23:59:59+08:00') };

afterAll(() => transport.onApplicationShutdown());

const M1 = '2108021054011000095';
const M2 = '2108021059531000096';
const ok = { status: '0', reason: 'success' };
const rejections = [
  { status: '-14', reason: 'Field is empty or query ID is abnormal' },
  { status: '-16', reason: 'timestamp expires' },
];
const pricedetail = { pay: '0.02', price: '0.01', chargeCnt: 2, currency: 'EUR' };
const settled = { ...pricedetail, settleCurrency: 'CNY', settlePrice: '0.07', quoteExchange: '7.1', settlePay: '0.14' };
const finished = { msgId: M1, number: '91856321412', receiveTime: '2021-02-12T09:30:03+08:00', status: '0' };
const sending = { msgId: M2, number: '91856321413', receiveTime: null, status: '-1' };
const counts = { success: '1', fail: '0', sending: '1', nofound: '0' };
const inbound = {
  ...{ number: '91856321412', sendId: '12345', receiveTime: '2023-04-25T11:16:51+08:00', content: 'STOP' },
  ...{ mcc: 404, mnc: 10, operator: 'Airtel', pricedetail },
};

interface Query {
  /** The responses of the vendor's pages, without rejections. */
  readonly answers: readonly object[];
  readonly ask: () => Promise<unknown>;
  readonly isWhole: Check;
  /** Whether the answer told nothing of what was asked; a query without this always tells something. */
  readonly isEmpty?: Check;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of items) list.push(one);
  return list;
}

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isEmptyList: Check = (value) => Array.isArray(value) && value.length === 0;

const QUERIES: Record<string, Query> = {
  getReport: {
    answers: [
      { ...ok, ...counts, array: [finished, sending] },
      { ...ok, success: '0', fail: '1', sending: '0', array: [{ ...finished, status: '1', pricedetail: settled }] },
      { ...ok, success: '0', fail: '0', sending: '0', nofound: '2', array: [] },
    ],
    ask: () => requestDeliveryReports(queries, account, [M1, M2], options),
    isWhole: (value) => {
      const reports = value as DeliveryReport[];
      const ids = reports.map(({ msgId }) => msgId).join();
      return ids === `${M1},${M2}` && reports.every((report) => isReport(report) || isNotFound(report));
    },
    isEmpty: listOf(isNotFound),
  },
  getSentRcd: {
    answers: [
      { ...ok, success: '1', fail: '1', array: [finished, { ...finished, msgId: M2, status: '2', pricedetail }] },
      { ...ok, success: '0', fail: '0', array: [] },
    ],
    ask: () => all(requestSentMessages(queries, account, day, options)),
    isWhole: listOf(isReport),
    isEmpty: isEmptyList,
  },
  recordMo: {
    answers: [
      { ...ok, data: { total: 1, size: 100, current: 1, pages: 1, records: [inbound] } },
      { ...ok, data: { total: 2, size: 1, current: 1, pages: 2, records: [inbound] } },
    ],
    ask: () => all(requestInboundMessages(queries, account, day, options)),
    isWhole: listOf(isInboundSms),
    isEmpty: isEmptyList,
  },
  getBalance: {
    answers: [
      { ...ok, balance: '99.990000', gift: '50.00000', credit: '0' },
      { ...ok, balance: '99.990000', gift: '0' },
    ],
    ask: () => requestBalance(queries, account, options),
    isWhole: isBalance,
  },
  'postback/backfill': {
    answers: [ok],
    ask: () => sendConversion(queries, account, { number: '91856321412', msgId: M1, at: day.from }, options),
    isWhole: (value) => value === undefined,
  },
  'any query': {
    answers: [{ ...ok, ...counts, array: [finished, sending] }],
    ask: () => queries.request(account, { endpoint: 'getReport' }, options),
    isWhole: (value) => isRecord(value) && gatewayStatus(value['status']) === 0,
  },
};

type Outcome = 'whole' | 'empty' | 'rejected' | { readonly wrong: unknown };

async function outcomeOf({ ask, isWhole, isEmpty }: Query, body: string): Promise<Outcome> {
  transport.body = body;
  try {
    const value = await ask();
    if (!isWhole(value)) return { wrong: value };
    return isEmpty?.(value) === true ? 'empty' : 'whole';
  } catch (error) {
    return error instanceof LaafficException && isRejection(error.toJSON()) ? 'rejected' : { wrong: error };
  }
}

const COUNT = cases(100_000, 2_000);

describe('a damaged response', () => {
  it.each(Object.entries(QUERIES))(
    'to %s is either read as a whole or rejected with a LaafficException',
    async (_, query) => {
      const seen = { whole: 0, empty: 0, rejected: 0 };
      const wrong: unknown[] = [];
      for (const body of damagedBodies([...query.answers, ...query.answers, ...rejections], COUNT)) {
        const outcome = await outcomeOf(query, body);
        if (typeof outcome === 'string') seen[outcome]++;
        else wrong.push({ body: body.slice(0, 300), ...outcome });
      }
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(seen.whole + seen.empty + seen.rejected).toBe(COUNT);
      expect(seen.whole).toBeGreaterThan(COUNT / 10);
      expect(seen.rejected).toBeGreaterThan(COUNT / 10);
      expect(seen.empty > COUNT / 100).toBe(query.isEmpty !== undefined);
    },
  );
});
