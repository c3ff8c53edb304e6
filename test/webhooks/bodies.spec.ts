import type { Answer } from './receiver.js';
import { INBOUND, PLATFORMS, REPORT, startReceiver } from './receiver.js';

const at = new Date('2021-08-24T10:32:57.192Z');
const price = { total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' };
const { 'orderId ': orderId, ...withoutOrderId } = REPORT;
const { pricedetail, ...withoutPrice } = REPORT;
const { msgid, ...withoutId } = REPORT;
const { mobile, ...withoutMobile } = REPORT;
const bare = { msgId: msgid, number: '91856321412', state: 'delivered', at, appId: '4luaKsL2' };
const delivered = { ...bare, orderId, price };

/** The vendor's variants, page by page, and what each means. */
const REPORTS: [string, object, object][] = [
  ['the Laaffic page, with a blank after orderId', REPORT, delivered],
  ['the older onbuka page', { ...REPORT, timestamp: 1629801177192 }, delivered],
  ['the newer onbuka page', { ...withoutOrderId, orderId, mcc: '404', mnc: '-1' }, { ...delivered, mcc: '404' }],
  [
    'itniotech.com, without order id',
    { ...withoutOrderId, mcc: '404', mnc: '45' },
    { ...bare, price, mcc: '404', mnc: '45' },
  ],
  ['itniotech.cn', { ...withoutOrderId, orderId }, delivered],
  ['msgId as in answers to pulls', { ...withoutId, msgId: msgid }, delivered],
  ['number as in answers to pulls', { ...withoutMobile, number: mobile }, delivered],
  ['status as text', { ...REPORT, status: '0' }, delivered],
  ['status 1', { ...REPORT, status: 1 }, { ...delivered, state: 'failed' }],
  ['status 2 as text', { ...REPORT, status: '2' }, { ...delivered, state: 'failed' }],
  ['status -1', { ...REPORT, status: -1 }, { ...delivered, state: 'failed' }],
  [
    'a reason',
    { ...REPORT, status: 1, reason: 'DST_MCCMNC_LIMIT' },
    { ...delivered, state: 'failed', reason: 'DST_MCCMNC_LIMIT' },
  ],
  ['no reason', { ...REPORT, reason: null }, delivered],
  ['no pricedetail', withoutPrice, { ...bare, orderId }],
  ['an empty pricedetail', { ...REPORT, pricedetail: {} }, { ...bare, orderId }],
  ['chargeCnt as text', { ...REPORT, pricedetail: { ...pricedetail, chargeCnt: '2' } }, delivered],
  ['prices as numbers', { ...REPORT, pricedetail: { ...pricedetail, pay: 0.02, price: 0.01 } }, delivered],
  [
    'prices in US dollars, with the settlement fields',
    { ...REPORT, pricedetail: { ...pricedetail, currency: 'USD', settleCurrency: 'EUR', settlePay: '0.019' } },
    { ...delivered, price: { ...price, currency: 'USD' } },
  ],
  ['milliseconds as text', { ...REPORT, timestamp: '1629801177192' }, delivered],
  ['seconds', { ...REPORT, timestamp: 1629801177 }, { ...delivered, at: new Date('2021-08-24T10:32:57Z') }],
  [
    'a time without zone, which is UTC+8',
    { ...REPORT, timestamp: '2021-08-24 18:32:57' },
    { ...delivered, at: new Date('2021-08-24T10:32:57Z') },
  ],
  ['a time with a zone', { ...REPORT, timestamp: '2021-08-24T18:32:57.192+08:00' }, delivered],
  ['no time', { ...REPORT, timestamp: null }, { ...delivered, at: undefined }],
  ['an order id that is a number', { ...withoutOrderId, orderId: 7 }, { ...delivered, orderId: '7' }],
];

const { mnc: none, ...withoutMnc } = INBOUND;
const { msgid: msgId, ...anonymous } = INBOUND;
const smsWithoutId = {
  from: '91856321412',
  to: '55501',
  content: INBOUND.content,
  at: new Date('2021-08-24T10:32:57Z'),
  mcc: '404',
  operator: 'airtel',
  price: { total: '0.01', unit: '0.01', segments: 1, currency: 'EUR' },
};
const sms = { ...smsWithoutId, msgId };

const MESSAGES: [string, object, object][] = [
  ['the English page', INBOUND, sms],
  ['mnc as text', { ...INBOUND, mnc: '45' }, { ...sms, mnc: '45' }],
  ['mcn, as ITNIO spells it', { ...withoutMnc, mcn: 45 }, { ...sms, mnc: '45' }],
  ['mcn of -1', { ...withoutMnc, mcn: String(none) }, sms],
  ['no id', anonymous, smsWithoutId],
  ['msgId', { ...anonymous, msgId }, sms],
  ['an empty content', { ...INBOUND, content: '' }, { ...sms, content: '' }],
  [
    'the least',
    { mobile: '+91 85632-1412', content: 'hi', reply_time: null },
    { from: '91856321412', content: 'hi', at: undefined },
  ],
];

/** Invalid bodies, with the route that receives them. */
const UNREADABLE: [string, 'reports' | 'inbound', string, string][] = [
  ['JSON that is cut off', 'reports', '{"msgid":"2108241832571000001", "mobile":"91856', 'malformed-json'],
  ['HTML', 'inbound', '<p>Ünicode & "quotes"</p>', 'malformed-json'],
  ['nothing', 'reports', '', 'malformed-json'],
  ['JSON that is no object', 'reports', '  [1,  2]\n', 'missing-fields'],
  ['a text', 'inbound', '"hello"', 'missing-fields'],
  ['a report without number', 'reports', '{ "msgid" : "1", "status":0 }', 'missing-fields'],
  ['a report without status', 'reports', '{"msgid":"1","mobile":"91856321412"}', 'missing-fields'],
  ['an id that is no whole number', 'reports', '{"msgid":1.5,"mobile":"91856321412","status":0}', 'missing-fields'],
  ['a message without content', 'inbound', '{"mobile":"91856321412"}', 'missing-fields'],
  ['forbidden keys', 'reports', '{"__proto__":{"msgid":"1"},"constructor":{"prototype":{}}}', 'missing-fields'],
];

const status = ({ status: code, body }: Answer): unknown[] => [code, body && JSON.parse(body)];

describe.each(PLATFORMS)('on %s', (_platform, adapter) => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  beforeAll(async () => {
    receiver = await startReceiver(adapter(), { options: { maxBodyBytes: 2_000 } });
  });
  afterAll(() => receiver.close());

  it.each(REPORTS.map((row, index) => [...row, index] as const))(
    'a report: %s',
    async (_name, body, expected, index) => {
      receiver.inbox.clear();
      // Each row is a message of its own, that none is a repetition.
      const id = `2108241832571${String(index).padStart(6, '0')}`;
      const text = JSON.stringify(body).replaceAll(msgid, id);
      expect(status(await receiver.push('reports', text))).toEqual([200, '']);
      expect(receiver.inbox).toEqual({ reports: [{ ...expected, msgId: id }], messages: [], unreadable: [] });
    },
  );

  it.each(MESSAGES.map((row, index) => [...row, index] as const))(
    'a message: %s',
    async (_name, body, expected, index) => {
      receiver.inbox.clear();
      const id = `2108241840001${String(index).padStart(6, '0')}`;
      const text = JSON.stringify(body).replaceAll(msgId, id);
      expect(status(await receiver.push('inbound', text))).toEqual([200, '']);
      const messages = [JSON.parse(JSON.stringify(expected).replaceAll(msgId, id))];
      expect(JSON.parse(JSON.stringify(receiver.inbox))).toEqual({ reports: [], messages, unreadable: [] });
    },
  );

  it.each(UNREADABLE)('an unreadable push is %s', async (_name, route, text, reason) => {
    receiver.inbox.clear();
    const answer = await receiver.push(route, text);
    expect(status(answer)).toEqual([
      400,
      { statusCode: 400, message: expect.stringMatching(/^The body /), error: 'Bad Request' },
    ]);
    const push = { route, reason, text, bytes: Buffer.from(text) };
    expect(receiver.inbox).toEqual({ reports: [], messages: [], unreadable: [push] });
  });

  it.each([
    ['text/plain', '{"msgid":"plain","mobile":"91856321412","status":0}'],
    ['application/x-www-form-urlencoded', '{"msgid":"form","mobile":"91856321412","status":0}'],
    ['application/octet-stream', '{"msgid":"bytes","mobile":"91856321412","status":0}'],
    ['application/json; charset=nonsense', '{"msgid":"charset","mobile":"91856321412","status":0}'],
    ['', '{"msgid":"none","mobile":"91856321412","status":0}'],
    ['application/json', '\uFEFF{"msgid":"mark","mobile":"91856321412","status":0}'],
  ])('a report with the content type %j is read all the same', async (type, text) => {
    receiver.inbox.clear();
    expect((await receiver.push('reports', text, { 'content-type': type })).status).toBe(200);
    expect(receiver.inbox.reports).toHaveLength(1);
  });

  it('a body is decoded by its charset, and rejected with its bytes if that is wrong', async () => {
    receiver.inbox.clear();
    const sms = (id: string, ...content: number[]) =>
      Buffer.from([...Buffer.from(`{"msgid":"${id}","mobile":"91856321412","content":"`), ...content, 0x22, 0x7d]);
    const [gbk, latin, utf8] = [sms('c1', 0xb6, 0xa9), sms('c2', 0xfc), sms('c3', 0xc3, 0xbc)];
    const push = async (body: Buffer, type: string) =>
      (await receiver.push('inbound', body, { 'content-type': type })).status;
    expect(await push(gbk, 'application/json;charset=GBK')).toBe(200);
    expect(await push(utf8, 'application/json; charset="utf8"')).toBe(200);
    expect(await push(sms('c4', 0xc3, 0xbc), 'application/json; charset=klingon')).toBe(200);
    expect(await push(latin, 'application/json;charset=UTF-8')).toBe(400);
    expect(await push(gbk, 'application/json')).toBe(400);
    expect(await push(latin, 'application/json; charset=klingon')).toBe(400);
    expect(receiver.inbox.messages.map(({ content }) => content)).toEqual(['订', 'ü', 'ü']);
    expect(
      receiver.inbox.unreadable.map(({ reason, bytes }) => [reason, bytes.equals(latin), bytes.equals(gbk)]),
    ).toEqual([
      ['wrong-encoding', true, false],
      ['wrong-encoding', false, true],
    ]);
  });

  it('ids that are numbers keep every digit', async () => {
    receiver.inbox.clear();
    const report = '{"msgid":2108241899991000001,"mobile":91856321412,"status":0,"orderId":9007199254740993}';
    const sms = '{"msgid":2108241899991000003,"mobile":91856321412,"content":"9007199254740993"}';
    expect((await receiver.push('reports', report)).status).toBe(200);
    expect((await receiver.push('inbound', sms)).status).toBe(200);
    expect(receiver.inbox.reports).toMatchObject([{ msgId: '2108241899991000001', orderId: '9007199254740993' }]);
    expect(receiver.inbox.messages).toMatchObject([{ msgId: '2108241899991000003', content: '9007199254740993' }]);
  });

  it('a form reaches @OnUnreadablePush with its exact text', async () => {
    receiver.inbox.clear();
    const text = 'msgid=1&mobile=%2B91&x=a+b';
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await receiver.push('reports', text, type)).status).toBe(400);
    expect(receiver.inbox.unreadable).toEqual([
      { route: 'reports', reason: 'malformed-json', text, bytes: Buffer.from(text) },
    ]);
  });

  it('a body of exactly the limit is read, one more byte is too long, and a very long body is truncated', async () => {
    receiver.inbox.clear();
    const padded = (id: string, length: number) => JSON.stringify({ ...REPORT, msgid: id }).padEnd(length);
    const texts = [padded('a', 2_000), padded('b', 2_001), padded('c', 1_000_000)];
    const answers = await Promise.all(texts.map((text) => receiver.push('reports', text)));
    const rejection = { statusCode: 400, message: 'The body has more than 2000 bytes', error: 'Bad Request' };
    expect(answers.map(status)).toEqual([
      [200, ''],
      [400, rejection],
      [400, rejection],
    ]);
    expect(receiver.inbox.reports.map(({ msgId }) => msgId)).toEqual(['a']);
    expect(new Set(receiver.inbox.unreadable)).toEqual(
      new Set(
        texts.slice(1).map((text) => {
          const cut = text.slice(0, 2_000);
          return { route: 'reports', reason: 'too-long', text: cut, bytes: Buffer.from(cut) };
        }),
      ),
    );
  });

  it('an unreadable push that is repeated reaches its handler once', async () => {
    receiver.inbox.clear();
    const answers = [await receiver.push('reports', 'again'), await receiver.push('reports', 'again')];
    expect(answers.map((answer) => answer.status)).toEqual([400, 400]);
    expect(receiver.inbox.unreadable).toHaveLength(1);
  });
});
