import { getFrom, post, send, signed, postTo } from '../../../test/gateway-client.js';
import { LaafficSandbox, type SandboxOptions, type SandboxQuirks } from '../../index.js';

const appId = '4luaKsL2';
const number = '8613512345678';
const today = Date.parse('2023-04-11T00:00:00+08:00');
const hour = 3_600_000;
const headers = signed(today / 1000);

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now: () => today });
});

afterEach(() => sandbox.close());

describe('getBalance', () => {
  it.each<[SandboxOptions, Partial<SandboxQuirks>, object]>([
    [{ balance: '99.99' }, {}, { balance: '99.990000', gift: '0.00000', credit: '0' }],
    [{ balance: '99.99', gift: '50', credit: '1.5' }, {}, { balance: '99.990000', gift: '50.00000', credit: '1.5' }],
    [{ gift: '0.000001' }, {}, { balance: '1000000.000000', gift: '0.000001', credit: '0' }],
    [
      { balance: '1.999999', gift: 2, credit: '0.01' },
      { balanceDecimals: 0 },
      { balance: '1', gift: '2', credit: '0' },
    ],
    [{ balance: '1.999999' }, { balanceDecimals: 2 }, { balance: '1.99', gift: '0.00', credit: '0.00' }],
    [{ balance: '1.999999' }, { balanceDecimals: 6 }, { balance: '1.999999', gift: '0.000000', credit: '0.000000' }],
    [{ balance: '99.99' }, { creditInBalance: false }, { balance: '99.990000', gift: '0.00000' }],
    [{ balance: '99.99' }, { numericFields: 'numbers' }, { status: 0, balance: 99.99, gift: 0, credit: 0 }],
  ])('with %p and %p responds %p', async (options, quirks, amounts) => {
    sandbox.configure({ ...options, quirks });
    expect(await getFrom(sandbox.url, 'getBalance', {}, headers)).toEqual({
      status: '0',
      reason: 'success',
      ...amounts,
    });
  });

  it('goes down with a send', async () => {
    sandbox.configure({ balance: '1', pricePerSegment: '0.25' });
    await post(sandbox.url, send, headers);
    expect(await getFrom(sandbox.url, 'getBalance', {}, headers)).toMatchObject({ balance: '0.750000' });
  });
});

describe('recordMo', () => {
  const params = { strTime: '2023-04-10T00:00:00+08:00', endTime: '2023-04-12T00:00:00+08:00' };
  const query = { appId, current: 1, size: 100, params };

  function records(given: unknown): Promise<unknown> {
    return postTo(sandbox.url, 'recordMo', given, headers);
  }

  it('lists the inbound messages', async () => {
    expect(sandbox.addInboundMessage({ from: number, to: 'ACME', content: 'STOP' })).toEqual({
      msgId: '2304110000000000001',
      from: number,
      to: 'ACME',
      content: 'STOP',
      at: today,
      appId,
    });
    sandbox.addInboundMessage({ from: number, content: '', at: today + hour });
    const free = { pay: '0.000000', price: '0.000000', chargeCnt: 1, currency: 'EUR' };
    const common = { number, mcc: 404, mnc: -1, operator: '', pricedetail: free };
    expect(await records(query)).toEqual({
      status: '0',
      reason: 'success',
      data: {
        total: 2,
        size: 100,
        current: 1,
        pages: 1,
        records: [
          { ...common, sendId: 'ACME', receiveTime: '2023-04-11T00:00:00+08:00', content: 'STOP' },
          { ...common, sendId: '', receiveTime: '2023-04-11T01:00:00+08:00', content: '' },
        ],
      },
    });
  });

  it('returns pages', async () => {
    for (let index = 0; index < 5; index += 1) sandbox.addInboundMessage({ from: number, content: String(index) });
    const pages: unknown[] = [];
    for (const current of [1, 2, 3, 4, Number.MAX_SAFE_INTEGER]) {
      const { data } = (await records({ ...query, current, size: 2 })) as {
        data: { total: number; pages: number; records: { content: string }[] };
      };
      pages.push([data.total, data.pages, data.records.map(({ content }) => content).join('')]);
    }
    expect(pages).toEqual([
      [5, 3, '01'],
      [5, 3, '23'],
      [5, 3, '4'],
      [5, 3, ''],
      [5, 3, ''],
    ]);
  });

  it('lists only the given time range and application', async () => {
    sandbox.configure({ appId: [appId, 'second'] });
    const begin = Date.parse(params.strTime);
    const end = Date.parse(params.endTime);
    for (const at of [begin - 1, begin, end, end + 1]) sandbox.addInboundMessage({ from: number, content: 'x', at });
    sandbox.addInboundMessage({ from: number, content: 'x', appId: 'second' });
    expect(await records(query)).toMatchObject({ data: { total: 2 } });
    expect(await records({ ...query, appId: 'second' })).toMatchObject({ data: { total: 1 } });
  });

  it.each<[object, string]>([
    [{ size: 0 }, '-22'],
    [{ size: 1 }, '0'],
    [{ size: 101 }, '-22'],
    [{ size: '10' }, '-22'],
    [{ size: undefined }, '-22'],
    [{ current: 0 }, '-22'],
    [{ current: 1.5 }, '-22'],
    [{ current: null }, '-22'],
    [{ params: undefined }, '-22'],
    [{ params: [] }, '-22'],
    [{ params: { ...params, strTime: '2023-04-10' } }, '-22'],
    [{ params: { startTime: params.strTime, endTime: params.endTime } }, '-22'],
    [{ params: { ...params, endTime: 1 } }, '-22'],
    [{ params: { strTime: '2023-03-12T00:00:00+08:00', endTime: params.endTime } }, '0'],
    [{ params: { strTime: '2023-03-11T23:59:59+08:00', endTime: params.endTime } }, '-25'],
    [{ params: { strTime: params.endTime, endTime: params.strTime } }, '-25'],
    [{ params: { strTime: '2022-07-01T00:00:00+08:00', endTime: '2022-07-02T00:00:00+08:00' } }, '0'],
    [{ params: { strTime: '2022-06-30T23:59:59+08:00', endTime: '2022-07-02T00:00:00+08:00' } }, '-25'],
    [{ appId: 'foreign' }, '-1'],
    [{ appId: undefined }, '-22'],
  ])('responds to %p with %s', async (fields, status) => {
    expect(await records({ ...query, ...fields })).toMatchObject({ status });
  });

  it.each(['', '[]', 'null', '{'])('responds -22 to the body %p', async (body) => {
    expect(await records(body)).toEqual({ status: '-22', reason: 'Parameter exception' });
  });

  it.each<[object, string, string]>([
    [{}, 'from', 'from is missing'],
    [{ from: number }, 'content', 'content is missing'],
    [{ from: ' ', content: 'x' }, 'from', 'from must be a non-empty string without surrounding whitespace'],
    [{ from: number, content: 1 }, 'content', 'content must be a string'],
    [{ from: number, content: 'x', at: 1e300 }, 'at', 'at must be a whole number from 0 to 253000000000000'],
    [{ from: number, content: 'x', appId: 'y' }, 'appId', 'appId y is not an application of the account'],
    [{ from: number, content: 'x', sender: 'y' }, 'sender', 'sender is not a known field'],
  ])('LaafficSandbox.addInboundMessage rejects %p', (given, field, message) => {
    expect(() => sandbox.addInboundMessage(given as { from: string; content: string })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field, message }) as Error,
    );
    expect(sandbox.inboundMessages).toEqual([]);
  });
});

describe('postback/backfill', () => {
  const conversion = { appId, number, time: '1681184764000' };

  function backfill(body: unknown): Promise<unknown> {
    return postTo(sandbox.url, 'postback/backfill', body, headers);
  }

  it('records a conversion', async () => {
    await post(sandbox.url, send, headers);
    const msgid = sandbox.messages[0]!.msgId;
    expect(await backfill(conversion)).toEqual({ status: '0', reason: 'success' });
    expect(await backfill({ ...conversion, msgid })).toEqual({ status: '0', reason: 'success' });
    expect(sandbox.conversions).toEqual([
      { appId, number, time: 1_681_184_764_000, msgId: null, requestId: 2 },
      { appId, number, time: 1_681_184_764_000, msgId: msgid, requestId: 3 },
    ]);
  });

  it.each<[object, string]>([
    [{ number: '' }, '-14'],
    [{ number: undefined }, '-14'],
    [{ number: '+8613512345678' }, '-14'],
    [{ number: 8613512345678 }, '-14'],
    [{ time: '' }, '-14'],
    [{ time: 1_681_184_764_000 }, '-14'],
    [{ time: '2023-04-11' }, '-14'],
    [{ msgid: '1' }, '-14'],
    [{ msgid: 1 }, '-14'],
    [{ msgid: {} }, '-14'],
    [{ msgid: '' }, '0'],
    [{ msgid: null }, '0'],
    [{ msgId: '1' }, '0'],
    [{ appId: '' }, '-14'],
    [{ appId: undefined }, '-14'],
    [{ appId: 1 }, '-22'],
    [{ appId: 'foreign' }, '-1'],
  ])('responds to %p with %s', async (fields, status) => {
    expect(await backfill({ ...conversion, ...fields })).toMatchObject({ status });
    expect(sandbox.conversions).toHaveLength(status === '0' ? 1 : 0);
  });
});

it.each(['recordMo', 'postback/backfill'])('%s takes POST only', async (path) => {
  expect(await getFrom(sandbox.url, path, {}, headers)).toBe('HTTP 405');
});

it('LaafficSandbox.reset forgets inbound messages and conversions', async () => {
  sandbox.addInboundMessage({ from: number, content: 'x' });
  await postTo(sandbox.url, 'postback/backfill', { appId, number, time: '1' }, headers);
  sandbox.reset();
  expect(sandbox.inboundMessages).toEqual([]);
  expect(sandbox.conversions).toEqual([]);
});
