import {
  getFrom,
  call,
  number,
  numbers,
  post,
  postJson,
  sampleTime,
  send,
  signed,
  postTo,
} from '../../../test/gateway-client.js';
import { LaafficSandbox, type SandboxOptions, type SandboxQuirks } from '../../index.js';

type Quirks = Partial<SandboxQuirks>;

const appId = '4luaKsL2';
const other = '12025550123';
const first = '2109011200000000001';
const second = '2109011200000000002';
const start = sampleTime * 1000;
const day = 86_400_000;

let clock: number;
let sandbox: LaafficSandbox;

beforeEach(async () => {
  clock = start;
  sandbox = await LaafficSandbox.start({ now: () => clock });
});

afterEach(() => sandbox.close());

function headers(): Record<string, string> {
  return signed(Math.floor(clock / 1000));
}

function report(msgIds: string): Promise<unknown> {
  return getFrom(sandbox.url, 'getReport', { appId, msgIds }, headers());
}

function sent(startTime: string, endTime: string, more: Record<string, string> = {}): Promise<unknown> {
  return getFrom(sandbox.url, 'getSentRcd', { appId, startTime, endTime, ...more }, headers());
}

describe('the delivery of a message', () => {
  it.each<[SandboxOptions, number, string]>([
    [{}, 0, 'queued'],
    [{}, 499, 'queued'],
    [{}, 500, 'sending'],
    [{}, 1499, 'sending'],
    [{}, 1500, 'delivered'],
    [{ queuedForMs: 0 }, 0, 'sending'],
    [{ queuedForMs: 5000, deliveredAfterMs: 100 }, 100, 'delivered'],
    [{ deliveredAfterMs: 0 }, 0, 'delivered'],
    [{ deliveredAfterMs: null }, 1_000_000, 'sending'],
  ])('with %p after %i ms it is %s', async (options, after, state) => {
    sandbox.configure(options);
    await post(sandbox.url, send);
    clock += after;
    expect(sandbox.getDelivery(first).state).toBe(state);
  });

  it('is planned at acceptance, and later options are for later messages', async () => {
    await post(sandbox.url, send);
    sandbox.configure({ deliveredAfterMs: null, failureRules: [{ number, reason: 'EXPIRED' }] });
    clock += 1500;
    expect(sandbox.getDelivery(first)).toEqual({ state: 'delivered', reason: '0', doneAt: start + 1500 });
  });

  it.each<[string, SandboxOptions, string, string]>([
    ['number 99911…', {}, '9991112345', 'hello'],
    ['content [deliver:failed]', {}, number, 'oh [deliver:failed] no'],
  ])('fails by %s', async (_, options, numbers, content) => {
    sandbox.configure(options);
    await post(sandbox.url, { ...send, numbers, content });
    clock += 1500;
    expect(sandbox.getDelivery(first)).toEqual({ state: 'failed', reason: 'UNDELIV', doneAt: start + 1500 });
    sandbox.configure({ triggers: false });
    await post(sandbox.url, { ...send, numbers, content });
    clock += 1500;
    expect(sandbox.getDelivery(sandbox.messages[1]!.msgId)).toMatchObject({ state: 'delivered' });
  });

  it('fails by the first matching rule, which wins over the triggers', async () => {
    sandbox.configure({
      failureRules: [
        { number: /^1/, content: 'bye', reason: 'REJECTD' },
        { content: { pattern: 'BYE', flags: 'i' }, reason: 'EXPIRED' },
        { number: '9991112345' },
      ],
    });
    const list = `${number},${other},9991112345,9991112346`;
    await post(sandbox.url, { ...send, numbers: list, content: 'bye' });
    await post(sandbox.url, { ...send, numbers: list });
    clock += 1500;
    expect(sandbox.messages.map(({ msgId }) => sandbox.getDelivery(msgId).reason)).toEqual([
      'EXPIRED',
      'REJECTD',
      'EXPIRED',
      'EXPIRED',
      '0',
      '0',
      'UNDELIV',
      'UNDELIV',
    ]);
  });

  it('can be set by hand, several times', async () => {
    await post(sandbox.url, send);
    clock += 10;
    expect(sandbox.setDeliveryState(first, 'failed', { reason: 'EXPIRED' })).toEqual({
      state: 'failed',
      reason: 'EXPIRED',
      doneAt: start + 10,
    });
    clock += 1000;
    expect(sandbox.setDeliveryState(first, 'delivered')).toEqual({
      state: 'delivered',
      reason: '0',
      doneAt: start + 1010,
    });
    expect(sandbox.setDeliveryState(first, 'queued', { reason: 'x' })).toEqual({
      state: 'queued',
      reason: null,
      doneAt: null,
    });
    clock += 10_000;
    expect(sandbox.getDelivery(first).state).toBe('queued');
    expect(sandbox.setDeliveryState(first, 'failed')).toMatchObject({ reason: 'UNDELIV' });
  });

  it('cannot be set for an unknown message or to an unknown state', async () => {
    const unknown = { code: 'INVALID_ARGUMENT', field: 'msgId', message: 'No message has the id 1' };
    expect(() => sandbox.setDeliveryState('1', 'failed')).toThrow(expect.objectContaining(unknown) as Error);
    expect(() => sandbox.getDelivery('1')).toThrow(expect.objectContaining(unknown) as Error);
    await post(sandbox.url, send);
    expect(() => sandbox.setDeliveryState(first, 'lost' as 'failed')).toThrow(
      'state must be one of "queued", "sending", "delivered", "failed"',
    );
    sandbox.configure({ messageLimit: 0 });
    expect(() => sandbox.getDelivery(first)).toThrow(`No message has the id ${first}`);
  });
});

describe('getReport', () => {
  it('counts every id and lists the messages that are on their way or done', async () => {
    await post(sandbox.url, { ...send, numbers: numbers(4) });
    const ids = sandbox.messages.map(({ msgId }) => msgId);
    sandbox.setDeliveryState(ids[1]!, 'sending');
    sandbox.setDeliveryState(ids[2]!, 'delivered');
    clock += 7000;
    sandbox.setDeliveryState(ids[3]!, 'failed');
    sandbox.setDeliveryState(ids[0]!, 'queued');
    expect(await report([...ids, 'foreign', '__proto__'].join(','))).toEqual({
      status: '0',
      reason: 'success',
      success: '1',
      fail: '1',
      sending: '1',
      nofound: '3',
      array: [
        { msgId: ids[1], number: '91856320001', receiveTime: null, status: '-1' },
        { msgId: ids[2], number: '91856320002', receiveTime: '2021-09-01T12:00:00+08:00', status: '0' },
        { msgId: ids[3], number: '91856320003', receiveTime: '2021-09-01T12:00:07+08:00', status: '1' },
      ],
    });
  });

  it('follows the clock', async () => {
    await post(sandbox.url, send);
    const seen: unknown[] = [];
    for (const after of [0, 500, 1500]) {
      clock = start + after;
      seen.push(await report(first));
    }
    expect(seen).toMatchObject([
      { success: '0', fail: '0', sending: '0', nofound: '1', array: [] },
      { success: '0', fail: '0', sending: '1', nofound: '0', array: [{ status: '-1' }] },
      { success: '1', fail: '0', sending: '0', nofound: '0', array: [{ status: '0' }] },
    ]);
  });

  it.each<[Quirks, number, string]>([
    [{}, 200, '0'],
    [{}, 201, '-14'],
    [{ maxMsgIds: 2 }, 3, '-14'],
    [{ maxMsgIds: 2, tooManyMsgIds: -22 }, 3, '-22'],
  ])('with %p gets %i ids and responds %s', async (quirks, count, status) => {
    sandbox.configure({ quirks });
    const nofound = status === '0' ? { nofound: String(count) } : {};
    expect(await report(Array(count).fill('1').join(','))).toMatchObject({ status, ...nofound });
  });

  it('can count the ids above the limit as not found', async () => {
    sandbox.configure({ quirks: { maxMsgIds: 1, tooManyMsgIds: 'nofound' }, deliveredAfterMs: 0 });
    await post(sandbox.url, { ...send, numbers: numbers(2) });
    expect(await report(`${first},${second}`)).toMatchObject({ success: '1', nofound: '1', array: [{ msgId: first }] });
  });

  it.each<[Quirks, Record<string, string>, object]>([
    [{}, {}, { status: '-14', reason: 'Field is empty or query ID is abnormal' }],
    [{}, { msgIds: '' }, { status: '-14' }],
    [{}, { msgIds: '  ' }, { status: '-14' }],
    [{ emptyMsgIds: 'nofound' }, { msgIds: '' }, { status: '0', nofound: '0', array: [] }],
    [{ emptyMsgIds: -22 }, { msgIds: '' }, { status: '-22' }],
    [{}, { msgIds: 'foreign' }, { status: '0', nofound: '1' }],
    [{ unknownMsgId: -14 }, { msgIds: 'foreign' }, { status: '-14' }],
    [{}, { msgids: first }, { status: '-14' }],
    [{}, { msgIds: first, appId: 'other' }, { status: '-1' }],
    [{}, { msgIds: first, appId: '' }, { status: '-22' }],
  ])('with %p responds to %p with %p', async (quirks, fields, response) => {
    sandbox.configure({ quirks });
    expect(await getFrom(sandbox.url, 'getReport', { appId, ...fields })).toMatchObject(response);
  });

  it('finds only the messages of its application', async () => {
    sandbox.configure({ appId: [appId, 'second'], deliveredAfterMs: 0 });
    await post(sandbox.url, { ...send, appId: 'second' });
    expect(await report(first)).toMatchObject({ nofound: '1', array: [] });
    expect(await getFrom(sandbox.url, 'getReport', { appId: 'second', msgIds: first })).toMatchObject({ success: '1' });
  });

  it.each<[Quirks, number, string]>([
    [{}, 90 * day, '0'],
    [{}, 90 * day + 1, '1'],
    [{ reportRetentionDays: 120 }, 120 * day, '0'],
    [{ reportRetentionDays: 120 }, 120 * day + 1, '1'],
  ])('with %p counts after %i ms as nofound: %s', async (quirks, after, nofound) => {
    sandbox.configure({ quirks });
    await post(sandbox.url, send);
    clock += after;
    expect(await report(first)).toMatchObject({ nofound });
  });

  it.each<[Quirks, object]>([
    [{ pendingReceiveTime: 'empty' }, { msgId: first, number, receiveTime: '', status: '-1' }],
    [{ pendingReceiveTime: 'absent' }, { msgId: first, number, status: '-1' }],
    [{ numericFields: 'numbers' }, { msgId: first, number, receiveTime: null, status: -1 }],
  ])('with %p shows a message on its way as %p', async (quirks, item) => {
    sandbox.configure({ quirks, queuedForMs: 0 });
    await post(sandbox.url, send);
    const count = quirks.numericFields === undefined ? String : Number;
    expect(await report(first)).toEqual({
      status: count(0),
      reason: 'success',
      success: count(0),
      fail: count(0),
      sending: count(1),
      nofound: count(0),
      array: [item],
    });
  });

  const plain = { pay: '0.020000', price: '0.010000', chargeCnt: 2, currency: 'EUR' };
  const settled = {
    settleCurrency: 'USD',
    settlePrice: '0.010000',
    quoteExchange: '1.000000',
    settlePay: '0.020000',
  };

  it.each<[Quirks, object]>([
    [{ receiveTime: 'accepted' }, { receiveTime: '2021-09-01T12:00:00+08:00' }],
    [{ receiveTime: 'done' }, { receiveTime: '2021-09-01T12:00:01+08:00' }],
    [{ utcOffsetHours: 0 }, { receiveTime: '2021-09-01T04:00:01+00:00' }],
    [{ utcOffsetHours: -3 }, { receiveTime: '2021-09-01T01:00:01-03:00' }],
    [{ reportPriceDetail: 'plain' }, { receiveTime: '2021-09-01T12:00:01+08:00', pricedetail: plain }],
    [
      { reportPriceDetail: 'settled' },
      { receiveTime: '2021-09-01T12:00:01+08:00', pricedetail: { ...plain, ...settled } },
    ],
    [
      { reportPriceDetail: 'settled', currency: 'USD' },
      { receiveTime: '2021-09-01T12:00:01+08:00', pricedetail: { ...plain, currency: 'USD' } },
    ],
  ])('with %p shows a delivered message with %p', async (quirks, fields) => {
    sandbox.configure({ quirks });
    await post(sandbox.url, { ...send, content: 'a'.repeat(161) });
    clock += 1500;
    const { array } = (await report(first)) as { array: unknown[] };
    expect(array).toEqual([{ msgId: first, number, status: '0', ...fields }]);
  });
});

describe('getSentRcd', () => {
  const morning = '2021-09-01T00:00:00+08:00';
  const evening = '2021-09-01T23:59:59+08:00';

  it('lists the messages that are done, failed ones with status 2', async () => {
    await post(sandbox.url, { ...send, numbers: `${number},9991112345` });
    clock += 1000;
    await post(sandbox.url, { ...send, numbers: other });
    clock += 500;
    expect(await sent(morning, evening)).toEqual({
      status: '0',
      reason: 'success',
      success: '1',
      fail: '1',
      array: [
        { msgId: first, number, receiveTime: '2021-09-01T12:00:01+08:00', status: '0' },
        { msgId: second, number: '9991112345', receiveTime: '2021-09-01T12:00:01+08:00', status: '2' },
      ],
    });
  });

  it("accepts the vendor's time format", async () => {
    sandbox.configure({ deliveredAfterMs: 0 });
    await post(sandbox.url, send);
    const times = 'startTime=2021-09-01T00%3A00%3A00%2B08%3A00&endTime=2021-09-01T23%3A00%3A00%2B08%3A00';
    const { text } = await call(`${sandbox.url}/getSentRcd?appId=${appId}&${times}&startIndex=0`, {
      headers: headers(),
    });
    expect(JSON.parse(text)).toMatchObject({ status: '0', success: '1' });
  });

  it('returns pages', async () => {
    sandbox.configure({ deliveredAfterMs: 0, quirks: { sentRecordPageSize: 2 } });
    await post(sandbox.url, { ...send, numbers: numbers(5) });
    const pages: unknown[] = [];
    for (const startIndex of ['0', '2', '4', '5', '999999999999999']) {
      const { array, success } = (await sent(morning, evening, { startIndex })) as {
        array: { number: string }[];
        success: string;
      };
      pages.push([success, array.map((item) => item.number.slice(-1)).join('')]);
    }
    expect(pages).toEqual([
      ['2', '01'],
      ['2', '23'],
      ['1', '4'],
      ['0', ''],
      ['0', ''],
    ]);
  });

  it('can return 50,000 messages on a page', async () => {
    sandbox.configure({ deliveredAfterMs: 0, quirks: { maxNumbersPerPost: 50_001 } });
    await post(sandbox.url, { ...send, numbers: Array(50_001).fill(number).join(',') });
    expect(await sent(morning, evening)).toMatchObject({ success: '50000' });
    expect(await sent(morning, evening, { startIndex: '50000' })).toMatchObject({ success: '1' });
  });

  it.each<[SandboxQuirks['sentRecordTime'], string, string, string]>([
    ['accepted', '2021-09-01T12:00:00+08:00', '2021-09-01T12:00:00+08:00', '1'],
    ['accepted', '2021-09-01T12:00:00.001+08:00', '2021-09-01T12:00:09+08:00', '0'],
    ['accepted', '2021-09-01T11:00:00+08:00', '2021-09-01T11:59:59.999+08:00', '0'],
    ['done', '2021-09-01T12:00:00+08:00', '2021-09-01T12:00:01+08:00', '0'],
    ['done', '2021-09-01T04:00:01.500Z', '2021-09-01T04:00:01.500Z', '1'],
  ])('compares the time of being %s with %s and %s: %s', async (sentRecordTime, startTime, endTime, success) => {
    sandbox.configure({ quirks: { sentRecordTime } });
    await post(sandbox.url, send);
    clock += 10_000;
    expect(await sent(startTime, endTime)).toMatchObject({ status: '0', success });
  });

  it.each<readonly [string, string]>([
    ['2021-09-01T00:00:00 08:00', 'startTime is not an ISO 8601 time with an offset; its + arrived as a blank'],
    ...[
      '',
      '2021-09-01',
      '2021-09-01 00:00:00',
      '2021-09-01T00:00:00',
      '2021-09-01T00:00:00%2B08:00',
      '2021-09-01T24:00:00+08:00',
      '2021-02-30T00:00:00+08:00',
      '2021-13-01T00:00:00+08:00',
      '2021-09-01T00:00:00+0800',
      '2021-09-01T00:00:00+99:00',
      '1630468800000',
      'now',
    ].map((time) => [time, 'startTime is not an ISO 8601 time with an offset'] as const),
  ])('responds -11 to the time %p', async (startTime, explanation) => {
    expect(await sent(startTime, evening)).toEqual({ status: '-11', reason: 'Incorrect time format' });
    expect(sandbox.requests[0]).toMatchObject({ explanation });
    sandbox.configure({ quirks: { badTime: -22 } });
    expect(await sent(startTime, evening)).toMatchObject({ status: '-22' });
  });

  it('responds -11 to a missing time and to a repeated one', async () => {
    expect(await getFrom(sandbox.url, 'getSentRcd', { appId, startTime: morning })).toMatchObject({ status: '-11' });
    const twice = new URLSearchParams([['appId', appId], ...Array(2).fill(['startTime', morning])]).toString();
    expect(JSON.parse((await call(`${sandbox.url}/getSentRcd?${twice}`, { headers: headers() })).text)).toMatchObject({
      status: '-11',
    });
  });

  it.each<[Quirks, number, number, string]>([
    [{}, -31 * day, 0, '0'],
    [{}, -31 * day, 1, '-25'],
    [{ maxRangeDays: 1 }, -day, 0, '0'],
    [{ maxRangeDays: 1 }, -day, 1, '-25'],
    [{}, -90 * day, -80 * day, '0'],
    [{}, -90 * day - 1, -80 * day, '-25'],
    [{ reportRetentionDays: 120 }, -120 * day, -100 * day, '0'],
    [{ badRange: -11 }, -90 * day - 1, -80 * day, '-11'],
    [{}, 0, -1, '-25'],
    [{}, 0, 0, '0'],
    [{ lastKnownStatus: -19 }, 0, -1, '-11'],
  ])('with %p responds to the range from %i to %i ms with %s', async (quirks, from, to, status) => {
    sandbox.configure({ quirks });
    const [startTime, endTime] = [from, to].map((off) => new Date(start + off).toISOString());
    expect(await sent(startTime!, endTime!)).toMatchObject({ status });
  });

  it.each(['-1', '1.5', 'x', '', ' 1', '1e3', '9'.repeat(16)])('responds -22 to startIndex %p', async (startIndex) => {
    expect(await sent(morning, evening, { startIndex })).toMatchObject({ status: '-22' });
  });
});

describe('the HTTP method', () => {
  it.each(['getReport', 'getSentRcd', 'getBalance'])('of %s is GET', async (path) => {
    const responses: unknown[] = [];
    for (const queryByPost of [405, 400, -14] as const) {
      sandbox.configure({ quirks: { queryByPost } });
      responses.push(await postTo(sandbox.url, path, { appId, msgIds: first }));
    }
    expect(responses).toEqual([
      'HTTP 405',
      'HTTP 400',
      { status: '-14', reason: 'Field is empty or query ID is abnormal' },
    ]);
    expect(sandbox.requests[0]).toMatchObject({
      status: null,
      httpStatus: 405,
      explanation: `${path} takes GET, not POST`,
    });
    const { httpStatus, headers: given } = await call(`${sandbox.url}/${path}`, { method: 'PUT', headers: headers() });
    expect(httpStatus).toBe(405);
    expect(given.allow).toBe('GET');
  });
});

describe('every query', () => {
  it.each(['getReport', 'getSentRcd', 'getBalance'])('%s makes the account checks', async (path) => {
    const wrong = [
      { 'Api-Key': 'x' },
      { Sign: 'x' },
      { Timestamp: '1' },
      { Sign: undefined },
      { 'Content-Type': 'x/y' },
    ];
    const responses = await Promise.all(wrong.map((header) => getFrom(sandbox.url, path, { appId }, header)));
    expect(responses).toMatchObject(['-1', '-1', '-16', '-1', '-22'].map((status) => ({ status })));
    sandbox.configure({ quirks: { maxRequestsPerSecond: 1, tooManyRequests: 429 } });
    await postJson(sandbox.url, send);
    expect(await getFrom(sandbox.url, 'getBalance')).toBe('HTTP 429');
  });
});
