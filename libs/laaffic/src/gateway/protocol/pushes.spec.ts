import { readInboundPush, readReportPush } from './pushes.js';

const report = {
  ...{ msgId: '2108021054011000095', number: '91856321412', state: 'delivered', at: new Date(1629801177192) },
  appId: '4luaKsL2',
};
const wire = {
  appId: '4luaKsL2',
  msgid: '2108021054011000095',
  mobile: '91856321412',
  status: 0,
  reason: '0',
  timestamp: 1629801177192,
};
const pricedetail = { pay: '0.02', price: '0.01', chargeCnt: 2, currency: 'EUR' };

describe('readReportPush', () => {
  it.each<[string, object, object]>([
    ['the older form', {}, {}],
    ['an order id', { orderId: '21412' }, { orderId: '21412' }],
    ['an order id under a name with a blank at its end', { 'orderId ': '21412' }, { orderId: '21412' }],
    ['an order id as a number', { orderId: 21412 }, { orderId: '21412' }],
    ['the id spelt as in queries', { msgid: undefined, msgId: '2108021054011000095' }, {}],
    ['a status as text', { status: '0' }, {}],
    ['a failure', { status: 1, reason: 'UNDELIV' }, { state: 'failed', reason: 'UNDELIV' }],
    ['any other failure', { status: '2', reason: '0' }, { state: 'failed' }],
    ['a negative failure', { status: -1 }, { state: 'failed' }],
    ['a time as text', { timestamp: '1629801177192' }, {}],
    ['a time in seconds', { timestamp: 1629801177 }, { at: new Date(1629801177000) }],
    ['no time', { timestamp: null }, { at: undefined }],
    ['network codes', { mcc: 404, mnc: '10' }, { mcc: '404', mnc: '10' }],
    ['invalid network codes', { mcc: '-1', mnc: -1 }, {}],
    ['the misspelt network code', { mcn: 10 }, { mnc: '10' }],
    ['no application', { appId: '' }, { appId: undefined }],
    ['a price', { pricedetail }, { price: { total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' } }],
    [
      'a price with a settlement',
      {
        pricedetail: {
          ...pricedetail,
          ...{ settleCurrency: 'CNY', settlePrice: '0.07', quoteExchange: '7.1', settlePay: '0.14' },
        },
      },
      {
        price: {
          ...{ total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' },
          settlement: { total: '0.14', unit: '0.07', currency: 'CNY', exchangeRate: '7.1' },
        },
      },
    ],
    [
      'a price with half a settlement',
      { pricedetail: { ...pricedetail, settleCurrency: 'CNY', settlePay: '0.14' } },
      { price: { total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' } },
    ],
    ['half a price', { pricedetail: { pay: '0.02' } }, {}],
  ])('reads %s', (_, change, expected) => {
    expect(readReportPush({ ...wire, ...change })).toEqual({ ...report, ...expected });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list', [wire]],
    ['no id', { ...wire, msgid: '' }],
    ['an id as a number, which has lost digits', { ...wire, msgid: Number('2108021054011000095') }],
    ['no number', { ...wire, mobile: null }],
    ['no status', { ...wire, status: 'DELIVRD' }],
  ])('returns undefined for %s', (_, body) => {
    expect(readReportPush(body)).toBeUndefined();
  });
});

describe('readInboundPush', () => {
  const inbound = { from: '91856321412', content: 'STOP', at: new Date('2026-01-31T01:00:00Z') };
  const pushed = { mobile: '91856321412', content: 'STOP', reply_time: '2026-01-31 09:00:00' };

  it.each<[string, object, object]>([
    ['the least, its time without a zone being UTC+8', pushed, {}],
    [
      'everything',
      { ...pushed, msgid: '2108021054011000095', sendid: '12345', mcc: 404, mnc: 10, operator: 'Airtel', pricedetail },
      {
        msgId: '2108021054011000095',
        to: '12345',
        mcc: '404',
        mnc: '10',
        operator: 'Airtel',
        price: { total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' },
      },
    ],
    ['the misspelt network code', { ...pushed, mcn: 10 }, { mnc: '10' }],
    ['invalid codes', { ...pushed, mcc: -1, mnc: '-1' }, {}],
    ['an empty content', { ...pushed, content: '' }, { content: '' }],
    [
      'a pulled record',
      { number: '91856321412', sendId: '12345', receiveTime: '2026-01-31T09:00:00+08:00', content: 'STOP' },
      { to: '12345' },
    ],
    ['an invalid time', { ...pushed, reply_time: 'soon' }, { at: undefined }],
  ])('reads %s', (_, body, expected) => {
    expect(readInboundPush(body)).toEqual({ ...inbound, ...expected });
  });

  it.each([undefined, 'text', [], {}, { ...pushed, mobile: 'x' }, { ...pushed, content: 5 }])(
    'cannot read %j',
    (body) => {
      expect(readInboundPush(body)).toBeUndefined();
    },
  );
});
