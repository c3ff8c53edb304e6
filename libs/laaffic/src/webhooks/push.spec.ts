import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { readInboundPush, readReportPush } from '../gateway/protocol/pushes.js';
import { readPush, type PushRoute } from './push.js';

const FIELDS = [
  'msgid',
  'msgId',
  'mobile',
  'number',
  'status',
  'reason',
  'timestamp',
  'orderId',
  'orderId ',
  'mcc',
  'mnc',
  'mcn',
  'pricedetail',
  'reply_time',
  'content',
  'sendid',
  'operator',
];

/** Values that look like the vendor's, and values that do not. */
const value = fc.oneof(
  { depthSize: 'small' },
  fc.jsonValue(),
  fc.constantFrom<unknown>('91856321412', 0, 1, '0', '-1', -1, 1629801177192, '1629801177192', '2021-08-24 18:32:57'),
  fc.constantFrom<unknown>(NaN, Infinity, 1e300, '', ' ', '\u0000', '𝟗'.repeat(20), undefined, 8.64e15 + 1),
  fc.dictionary(fc.constantFrom('pay', 'price', 'chargeCnt', 'currency'), fc.jsonValue(), { maxKeys: 4 }),
);
const report = { msgid: '2108241833000000001', mobile: '91856321412', status: 0, timestamp: 1 };
const sms = { mobile: '91856321412', content: 'yes', reply_time: '2021-08-24 18:32:57' };
const body = fc.oneof(
  fc
    .tuple(fc.constantFrom(report, sms), fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 3 }))
    .map(([good, changes]) => ({ ...good, ...changes })),
  fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: FIELDS.length }),
  fc.dictionary(fc.string(), value, { maxKeys: 5 }),
  value,
);

describe('readPush', () => {
  it('never throws, whatever the body is', () => {
    const numRuns = cases(100_000, 4_000);
    let read = 0;
    fc.assert(
      fc.property(body, (any) => {
        const report = readReportPush(any);
        const sms = readInboundPush(any);
        if (report !== undefined || sms !== undefined) read++;
        return report?.msgId !== '' && sms?.from !== '';
      }),
      { numRuns },
    );
    expect(read).toBeGreaterThan(numRuns / 20);
  });

  it('never throws for text that is cut anywhere', () => {
    fc.assert(
      fc.property(body, fc.nat(400), fc.constantFrom<PushRoute>('reports', 'inbound'), (any, length, route) => {
        const text = JSON.stringify([any]).slice(0, length);
        const push = readPush(route, { bytes: Buffer.from(text), isTooLong: false });
        return push.kind !== 'unreadable' || push.value.text === Buffer.from(text).toString();
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the key of a push', () => {
  const key = (route: PushRoute, fields: object) =>
    readPush(route, { bytes: Buffer.from(JSON.stringify(fields)), isTooLong: false }).key;

  it('is the same for a report in another spelling', () => {
    const { msgid, mobile, ...rest } = report;
    const same = { ...rest, msgId: msgid, number: `+${mobile}`, status: '0', timestamp: 2, orderId: 'x' };
    expect(key('reports', same)).toBe(key('reports', report));
  });

  it.each([{ msgid: '2108241833000000002' }, { mobile: '91856321413' }, { status: 1 }])(
    'is another for a report with %j',
    (change) => {
      expect(key('reports', { ...report, ...change })).not.toBe(key('reports', report));
    },
  );

  it('is the id of an inbound message, otherwise its sender, content and time', () => {
    const keys = [
      sms,
      { ...sms, operator: 'x' },
      { ...sms, content: 'no' },
      { ...sms, mobile: '91856321413' },
      { ...sms, reply_time: '2021-08-24 18:32:58' },
      { ...sms, msgid: 'a' },
      { ...sms, msgid: 'a', content: 'no' },
    ].map((fields) => key('inbound', fields));
    expect(keys.map((one) => keys.indexOf(one))).toEqual([0, 0, 2, 3, 4, 5, 5]);
  });

  it('is that of the bytes if an inbound message has neither an id nor a readable time', () => {
    const [some, other] = ['yesterday', 'today'].map((time) => key('inbound', { ...sms, reply_time: time }));
    expect(some).not.toBe(other);
    expect(key('inbound', { ...sms, reply_time: 'today' })).toBe(other);
  });

  it('contains neither number nor content', () => {
    expect(key('reports', report) + key('inbound', sms)).not.toMatch(/91856321412|yes/);
  });
});
