import { FakeSmsService } from 'nestjs-laaffic/testing';
import { failureOf } from '../module/account.js';

let sms: FakeSmsService;
beforeEach(() => {
  sms = new FakeSmsService();
});

const all = async <T>(rows: AsyncIterable<T>) => {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
};
const price = { total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' };
const at = (day: number) => new Date(Date.UTC(2026, 0, day, 9, 30));
const january = { from: '2026-01-01T00:00:00Z', to: new Date('2026-01-31T23:59:59Z') };

describe('getDeliveryReports of the fake', () => {
  it('returns sending until a test sets a report, and not-found for unknown messages', async () => {
    await sms.send({ to: ['91856321412', '91856321413', '91856321414'], content: 'hi' });
    const [first, second, third] = sms.sent.map(({ msgId }) => msgId) as [string, string, string];
    sms.setDeliveryReport(first, 'delivered', { at: at(2), price });
    sms.setDeliveryReport(second, 'failed');
    sms.setDeliveryReport(third, 'not-found');
    await sms.send({ to: '91856321415', content: 'hi' });
    const { msgId: fourth } = sms.lastMessage();
    const unheard = '2509102134011228732';
    expect(await sms.getDeliveryReports([first, second, third, fourth, unheard])).toEqual([
      { msgId: first, number: '91856321412', state: 'delivered', at: at(2), price },
      { msgId: second, number: '91856321413', state: 'failed', at: undefined },
      { msgId: third, number: undefined, state: 'not-found', at: undefined },
      { msgId: fourth, number: '91856321415', state: 'sending', at: undefined },
      { msgId: unheard, number: undefined, state: 'not-found', at: undefined },
    ]);
  });

  it('returns reports that a test sets for other messages', async () => {
    sms.setDeliveryReport('2509102134011228732', 'delivered');
    sms.setDeliveryReport('2509102134011228733', 'delivered', { number: '8613512345678' });
    expect(await sms.getDeliveryReports(['2509102134011228732', '2509102134011228733'])).toMatchObject([
      { number: '91856321412', state: 'delivered' },
      { number: '8613512345678', state: 'delivered' },
    ]);
  });

  it('agrees with listSentMessages, which lists finished messages of the range once', async () => {
    await sms.send({ to: ['91856321412', '91856321413', '91856321414', '91856321415'], content: 'hi' });
    const ids = sms.sent.map(({ msgId }) => msgId) as [string, string, string, string];
    sms.setDeliveryReport(ids[0], 'delivered', { at: new Date('2026-01-31T23:59:59.500Z') });
    sms.setDeliveryReport(ids[1], 'failed', { at: at(30), price });
    sms.setDeliveryReport(ids[2], 'delivered', { at: new Date('2026-02-01T00:00:00Z') });
    sms.setDeliveryReport(ids[3], 'sending', { at: at(3) });
    expect(await all(sms.listSentMessages(january))).toEqual([
      { msgId: ids[0], number: '91856321412', state: 'delivered', at: new Date('2026-01-31T23:59:59.500Z') },
      { msgId: ids[1], number: '91856321413', state: 'failed', at: at(30), price },
    ]);
    const quarter = { from: january.from, to: '2026-03-31T00:00:00Z' };
    expect((await all(sms.listSentMessages(quarter))).map(({ msgId }) => msgId)).toEqual(ids.slice(0, 3));
  });
});

describe('listInboundMessages of the fake', () => {
  it('lists the added messages of the range, over several pages', async () => {
    const first = {
      from: '8613512345678',
      to: 'Shop',
      content: 'STOP',
      at: at(2),
      mcc: '460',
      operator: 'CMCC',
      price,
    };
    sms.addInboundMessage(first);
    for (let day = 3; day < 250; day++)
      sms.addInboundMessage({ from: '91856321412', content: String(day), at: at(day) });
    const messages = await all(sms.listInboundMessages({ from: january.from, to: '2026-12-31T00:00:00Z' }));
    expect(messages).toHaveLength(248);
    expect(messages[0]).toEqual(first);
    expect(await all(sms.listInboundMessages(january))).toHaveLength(30);
  });
});

describe('the account of the fake', () => {
  it('has the balance that a test sets', async () => {
    expect(await sms.getBalance()).toEqual({ balance: '99.990000', gift: '50.00000', credit: '0' });
    sms.setBalance('0.30000000000000004');
    expect(await sms.getBalance()).toEqual({ balance: '0.30000000000000004', gift: '0' });
    sms.setBalance('1', { gift: '2', credit: '3' });
    expect(await sms.getBalance()).toEqual({ balance: '1', gift: '2', credit: '3' });
  });

  it('remembers the conversions that were confirmed', async () => {
    await sms.confirmConversion({ number: '+91 85632 1412', msgId: '2601010000000000001', at: at(5) });
    await sms.confirmConversion({ number: '91856321413', at: at(6).toISOString() });
    expect(sms.conversions).toEqual([
      { number: '91856321412', msgId: '2601010000000000001', at: at(5) },
      { number: '91856321413', msgId: undefined, at: at(6) },
    ]);
  });

  it('has the clock of this machine', () => {
    expect(sms.clockOffsetMs).toBe(0);
  });
});

it('the fake rejects a wrong query like the real service', async () => {
  expect(await failureOf(sms.getDeliveryReports(['not an id']))).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND' });
  expect(() => sms.listInboundMessages({ from: 'yesterday', to: 'today' })).toThrow(/from must be a Date/);
});
