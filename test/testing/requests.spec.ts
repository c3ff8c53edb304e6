import { inboundPush, reportPush, signRequest } from 'nestjs-laaffic/testing';
import { readInboundPush, readReportPush } from '../../libs/laaffic/src/gateway/protocol/pushes.js';

it("signRequest creates the headers of the vendor's sample", () => {
  const at = new Date('2021-09-01T04:00:00.999Z');
  expect(signRequest({ apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9', at })).toEqual({
    Sign: '05d7a50893e22a5c4bb3216ae3396c7c',
    Timestamp: '1630468800',
    'Api-Key': 'bDqJFiq9',
  });
});

it('signRequest signs with the current time by default', () => {
  const before = Math.floor(Date.now() / 1000);
  const { Timestamp } = signRequest({ apiKey: 'a', apiSecret: 'b' });
  expect([before, before + 1, before + 2]).toContain(Number(Timestamp));
});

const price = { total: '0.03', unit: '0.01', segments: 3, currency: 'USD' };

describe('reportPush', () => {
  it('creates the fields of the vendor page', () => {
    expect(reportPush()).toEqual({
      appId: '4luaKsL2',
      msgid: '2108021054011000095',
      mobile: '91856321412',
      status: 0,
      reason: '0',
      timestamp: 1629801177192,
      pricedetail: { pay: '0.02', price: '0.01', chargeCnt: 2, currency: 'EUR' },
    });
    expect(reportPush({ state: 'failed', orderId: 'order-1', mcc: '404', mnc: '-1' })).toMatchObject({
      ...{ status: 1, reason: 'UNDELIV', orderId: 'order-1', mcc: '404', mnc: '-1' },
    });
  });

  it.each(['delivered', 'failed'] as const)('is read as the report that it was created from: %s', (state) => {
    const report = {
      ...{ msgId: '2601010000000000001', number: '8613512345678', orderId: 'order-1', price, state },
      at: new Date('2026-01-02T03:04:05.678Z'),
      ...(state === 'failed' ? { reason: 'EXPIRED' } : {}),
      ...{ appId: 'app-1', mcc: '404', mnc: '10' },
    };
    expect(readReportPush(JSON.parse(JSON.stringify(reportPush(report))))).toEqual(report);
  });
});

describe('inboundPush', () => {
  it('creates the fields of the vendor page, with the time in UTC+8 without a zone', () => {
    expect(inboundPush()).toEqual({
      msgid: '2108021054011000096',
      mobile: '91856321412',
      reply_time: '2021-08-24 18:32:57',
      content: 'STOP',
      mcc: 404,
      mnc: -1,
      pricedetail: { pay: '0.01', price: '0.01', chargeCnt: 1, currency: 'EUR' },
    });
  });

  it('is read as the message that it was created from', () => {
    const at = new Date('2026-01-02T23:04:05Z');
    const sms = {
      ...{ from: '8613512345678', to: 'Shop', content: 'Yes!', operator: 'CMCC', price, at },
      msgId: '2601010000000000009',
    };
    const body: unknown = JSON.parse(JSON.stringify(inboundPush({ ...sms, mcc: 460, mnc: 1 })));
    expect(readInboundPush(body)).toEqual({ ...sms, mcc: '460', mnc: '1' });
  });
});
