import { readFileSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import {
  getCostsToken,
  openOutbox,
  SmsCampaigns,
  SmsCosts,
  SmsOutbox,
  type ManyRecipients,
  type SpendingQuery,
} from 'nestjs-laaffic-outbox';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { SHORT, Stage } from './stage.js';
import { until } from '../until.js';

const RECOUNT = readFileSync('libs/laaffic-outbox/sql/checks/recount-costs.sql', 'utf8').replaceAll(
  'outbox.',
  'laaffic_outbox.',
);
/** A currency for each country, and what a part costs there. */
const MARKETS = [
  { country: 'GB', currency: 'EUR', prefix: '4474', price: '0.0413' },
  { country: 'IN', currency: 'INR', prefix: '9198', price: '1.100007' },
  { country: 'KZ', currency: 'USD', prefix: '7707', price: '0.1' },
  { country: 'CA', currency: 'CNY', prefix: '1416', price: '0.333333' },
] as const;
type Market = (typeof MARKETS)[number];
const PRICES_BY_PREFIX = Object.fromEntries(MARKETS.map(({ prefix, price }) => [prefix, price]));
/** GSM-7 and UCS-2, in one part and in several, and a sign that takes two units. */
const TEXTS = [
  ['GSM-7 in 1 part', 'Your table is ready', 1],
  ['GSM-7 in 3 parts', '€'.repeat(153), 3],
  ['UCS-2 in 1 part', 'Ваш столик готов', 1],
  ['UCS-2 in 2 parts', '您的餐桌已准备好'.repeat(10), 2],
  ['UCS-2 with emoji in 3 parts', '🍽'.repeat(67), 3],
] as const;

const numbersOf = ({ prefix }: Market, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${5_550_000 + index}`.padEnd(11, '0'));

describe('prices', () => {
  let stage: Stage;
  let app: INestApplicationContext;
  let outbox: SmsOutbox;
  let costs: SmsCosts;

  beforeAll(async () => {
    stage = await Stage.set();
    ({ app, outbox } = await stage.app({ timing: { ...SHORT, reportsAfterMs: 20 } }));
    costs = app.get(SmsCosts);
  });
  beforeEach(() => stage.clear());
  afterEach(async () => {
    expect(await stage.query(RECOUNT)).toEqual([]);
  });
  afterAll(() => stage.close());

  const balance = () => BigInt(stage.sandbox.funds.balance.replace('.', ''));
  const chargeIn = (currency: string, more: object = {}) => {
    stage.sandbox.configure({
      pricesByPrefix: PRICES_BY_PREFIX,
      quirks: { reportPriceDetail: 'plain', currency, ...more },
    });
  };
  /** Waits until each accepted message has been reported with its price. */
  const report = async () => {
    for (const { msgId } of stage.sandbox.messages) stage.sandbox.setDeliveryState(msgId, 'delivered');
    await until(async () => (await stage.query('select from recipient where price is null')).length === 0);
  };
  /** Until the deltas are added up. */
  const fold = () => until(async () => (await stage.query('select from cost_delta')).length === 0);
  /** Sends to the numbers of a market. @returns the bill of the sandbox, in millionths. */
  const bill = async (market: Market, to: string[], content: string) => {
    chargeIn(market.currency);
    const before = balance();
    await outbox.send({ to, content }, { timeoutMs: 30_000 });
    const spent = before - balance();
    await report();
    return spent;
  };
  const micros = (amount: string) => {
    const [whole = '', fraction = ''] = amount.split('.');
    expect(fraction.length).toBeLessThanOrEqual(6);
    return BigInt(whole + fraction.padEnd(6, '0'));
  };
  const issuesOf = async (call: Promise<unknown>) => {
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    return (error as { issues?: { field: string; problem: string }[] }).issues?.map(
      ({ field, problem }) => `${field} ${problem}`,
    );
  };

  it('make estimates that equal the bill to the last decimal, in four currencies', async () => {
    for (const market of MARKETS) await bill(market, numbersOf(market, 3), 'the first messages');
    for (const [, content, parts] of TEXTS) {
      const numbers = MARKETS.flatMap((market, index) => numbersOf(market, 2 + index));
      const estimate = await costs.estimate({ numbers, content });
      expect([estimate.recipients, estimate.parts, estimate.unpriced]).toEqual([14, parts, []]);
      for (const [index, market] of MARKETS.entries()) {
        const { currency, country } = market;
        const spent = await bill(market, numbersOf(market, 2 + index), content);
        const [ofCurrency] = estimate.byCurrency.filter((each) => each.currency === currency);
        expect(ofCurrency).toEqual({ currency, recipients: 2 + index, low: ofCurrency?.high, high: ofCurrency?.high });
        expect(micros(ofCurrency!.low)).toBe(spent);
        expect(estimate.byCountry).toContainEqual({ country, ...ofCurrency, source: 'learned' });
        expect(spent).toBe(micros(market.price) * BigInt(parts * (2 + index)));
      }
    }
    await fold();
    // The gateway charged what was expected.
    const prices = await costs.getPrices();
    expect(prices.map(({ country, currency, usual, highest }) => [country, currency, usual, highest])).toEqual(
      MARKETS.map(({ country, currency, price }) => [country, currency, price, price]).sort(),
    );
    for (const { chargedParts, expectedParts, differing, recipients } of prices) {
      expect([differing, chargedParts]).toEqual([0, expectedParts]);
      expect(chargedParts).toBeGreaterThan(recipients);
    }
  });

  it('are learned from campaigns and from many and sealed messages, whose parts were known when they were stored', async () => {
    chargeIn('EUR');
    const [, content] = TEXTS[1];
    const [gb] = MARKETS;
    const sealing = await stage.app({
      ...{ timing: { ...SHORT, reportsAfterMs: 20 }, sealKeys: [Buffer.alloc(32, 7)] },
    });
    await sealing.app.get(SmsCampaigns).create({ name: 'sale', content, recipients: numbersOf(gb, 5), sendAt: 'now' });
    await sealing.outbox.enqueueMany(numbersOf(gb, 3).map((to) => ({ to, content })));
    await sealing.outbox.enqueue({ to: numbersOf(gb, 2), content }, { sealed: true });
    await until(() => stage.sandbox.messages.length === 10);
    await report();
    const seen = { firstSeenAt: expect.any(Date) as Date, lastSeenAt: expect.any(Date) as Date };
    const learned = [
      {
        ...{ country: 'GB', currency: 'EUR', usual: '0.0413', highest: '0.0413', source: 'learned' },
        ...{ recipients: 10, chargedParts: 30, expectedParts: 30, differing: 0, ...seen },
      },
    ];
    expect(await costs.getPrices()).toEqual(learned);
    await fold();
    expect(await costs.getPrices()).toEqual(learned);
    await stage.stop(sealing.app);
  });

  it('expect the parts of the whole text of recipients that were taken out of their message', async () => {
    stage.sandbox.script({ endpoint: 'sendSms', status: -10, times: 1_000 });
    const { id } = await outbox.enqueue({ to: numbersOf(MARKETS[0], 2), content: TEXTS[1][1] });
    const [{ part } = { part: '' }] = await stage.query<{ part: string }>(
      'select add_part(c, $2) as part from chunk c where id = $1',
      [id, 'a test'],
    );
    expect(await stage.query('select parts from chunk where id = any ($1)', [[id, part]])).toEqual([
      { parts: 3 },
      { parts: 3 },
    ]);
  });

  describe('of pushed reports', () => {
    const accepted = async (to: string, content = 'x') => {
      const { id } = await outbox.send({ to, content });
      const [recipient] = (await outbox.find(id))!.recipients;
      const { msgId, orderId } = recipient!;
      return { id, report: { msgId: msgId!, orderId, number: to, state: 'delivered', at: undefined } as const };
    };
    const take = (...reports: DeliveryReport[]) =>
      Promise.all(reports.map((each) => app.get(ReportIntake, { strict: false }).take(each)));
    const price = (unit: string, parts = 1, currency = 'EUR') => ({
      ...{ unit, segments: parts, currency, total: (Number(unit) * parts).toFixed(6) },
    });

    it('are those of each network, and of the country of the number', async () => {
      const all = await Promise.all(numbersOf(MARKETS[0], 4).map((to) => accepted(to)));
      const [one, two, three, four] = all.map((each) => each.report);
      const startedAt = Date.now();
      await take(
        { ...one!, price: price('0.04'), mcc: '234', mnc: '10' },
        { ...two!, price: price('0.05'), mcc: '234', mnc: '10' },
        { ...three!, price: price('0.05', 2), mcc: '234', mnc: '10' },
        // The number of a country in the network of another one.
        { ...four!, price: price('0.09'), mcc: '404', mnc: '20' },
      );
      const expected = [
        {
          ...{
            country: 'GB',
            mcc: '234',
            mnc: '10',
            currency: 'EUR',
            usual: '0.05',
            highest: '0.05',
            source: 'learned',
          },
          ...{ recipients: 3, chargedParts: 4, expectedParts: 3, differing: 1 },
          ...{ firstSeenAt: expect.any(Date) as Date, lastSeenAt: expect.any(Date) as Date },
        },
        {
          ...{
            country: 'GB',
            mcc: '404',
            mnc: '20',
            currency: 'EUR',
            usual: '0.09',
            highest: '0.09',
            source: 'learned',
          },
          ...{ recipients: 1, chargedParts: 1, expectedParts: 1, differing: 0 },
          ...{ firstSeenAt: expect.any(Date) as Date, lastSeenAt: expect.any(Date) as Date },
        },
      ];
      const before = await costs.getPrices();
      expect(before).toEqual(expected);
      await fold();
      expect(await costs.getPrices()).toEqual(before);
      for (const { firstSeenAt, lastSeenAt } of before) {
        expect(firstSeenAt!.getTime()).toBeGreaterThan(startedAt - 60_000);
        expect(lastSeenAt!.getTime()).toBeGreaterThanOrEqual(firstSeenAt!.getTime());
      }
    });

    it('change by the difference, before and after they are added up', async () => {
      const [one, two] = await Promise.all(numbersOf(MARKETS[0], 2).map((to) => accepted(to)));
      const shown = async () =>
        (await costs.getPrices()).map(({ country, mcc, currency, usual, highest, recipients }) => ({
          ...{ country, mcc, currency, usual, highest, recipients },
        }));
      const anonymous = (each: DeliveryReport): DeliveryReport => ({ ...each, number: undefined });
      await take({ ...anonymous(one!.report), price: price('0.04') }, { ...two!.report, price: price('0.05') });
      const none = { country: undefined, mcc: undefined, currency: 'EUR' };
      expect(await shown()).toEqual([
        { ...none, usual: '0.04', highest: '0.04', recipients: 1 },
        { ...none, country: 'GB', usual: '0.05', highest: '0.05', recipients: 1 },
      ]);
      await fold();
      await take({ ...anonymous(one!.report), price: price('0.04'), mcc: '234' });
      await take({ ...two!.report, price: price('0.06', 1, 'USD') });
      const expected = [
        { ...none, country: 'GB', currency: 'USD', usual: '0.06', highest: '0.06', recipients: 1 },
        { ...none, country: 'GB', mcc: '234', usual: '0.04', highest: '0.04', recipients: 1 },
      ];
      expect(await shown()).toEqual(expected);
      await fold();
      // Repeated reports, and those that say less, change nothing.
      await take(one!.report, two!.report, { ...two!.report, price: price('0.06', 1, 'USD') });
      expect(await shown()).toEqual(expected);
      expect((await costs.estimate({ to: numbersOf(MARKETS[0], 1), content: 'x' })).byCurrency).toEqual([
        { currency: 'USD', recipients: 1, low: '0.06', high: '0.06' },
      ]);
    });

    it('are those of 30 days, and are deleted later', async () => {
      const sent = await Promise.all(numbersOf(MARKETS[0], 3).map((to) => accepted(to)));
      const daysAgo = [29, 30, 61];
      for (const [index, { id }] of sent.entries()) {
        await stage.query(
          `update chunk set sent_at = (date_trunc('day', clock_timestamp() at time zone 'UTC') - $2::int * interval '1 day') at time zone 'UTC' where id = $1`,
          [id, daysAgo[index]],
        );
      }
      await take(...sent.map(({ report: each }, index) => ({ ...each, price: price(`0.0${index + 1}`) })));
      const usual = async () => (await costs.getPrices()).map((each) => each.usual);
      expect(await usual()).toEqual(['0.01']);
      await fold();
      expect(await usual()).toEqual(['0.01']);
      expect(await stage.query('select unit from price order by unit')).toEqual([{ unit: '0.01' }, { unit: '0.02' }]);
    });

    it.each([
      ['no parts', { total: '0.02', unit: '0.02', segments: 0, currency: 'EUR' }, []],
      ['nothing to pay', { total: '0', unit: '0', segments: 1, currency: 'EUR' }, ['0']],
      ['thirds', { total: '0.01', unit: '0', segments: 3, currency: 'EUR' }, ['0.003333333333333']],
      ['many digits', { ...price('1'), total: '123456789012.123456789012' }, ['123456789012.123456789012']],
      ['many digits for many parts', { ...price('1', 8), total: '0.000000000001' }, ['0.000000000000125']],
    ])('are what one part costs: %s', async (_, given, units) => {
      const { report: each } = await accepted(numbersOf(MARKETS[0], 1)[0]!);
      await take({ ...each, price: given });
      expect((await costs.getPrices()).map(({ highest }) => highest)).toEqual(units);
      await fold();
      expect((await costs.getPrices()).map(({ highest }) => highest)).toEqual(units);
    });
  });

  it('are given by an option until 20 parts were charged', async () => {
    chargeIn('EUR');
    const prices = { GB: { price: '0.05', currency: 'USD' }, NU: { price: '1', currency: 'NZD' } };
    const given = (await stage.app({ prices, worker: false })).app;
    const [gb] = MARKETS;
    const estimated = async () => {
      const { byCountry, unpriced } = await given
        .get(SmsCosts)
        .estimate({ numbers: [numbersOf(gb, 1)[0]!, '6834002', '870773111632', '919876543210', 'x'], content: 'x' });
      return [byCountry.map(({ country, high, currency, source }) => [country, high, currency, source]), unpriced];
    };
    const unpriced = [
      { country: 'IN', recipients: 1 },
      { callingCode: '870', recipients: 1 },
    ];
    const niue = ['NU', '1', 'NZD', 'given'];
    await bill(gb, numbersOf(gb, 19), 'x');
    expect(await estimated()).toEqual([[['GB', '0.05', 'USD', 'given'], niue], unpriced]);
    await bill(gb, numbersOf(gb, 1), 'x');
    expect(await estimated()).toEqual([[['GB', '0.0413', 'EUR', 'learned'], niue], unpriced]);
    await stage.stop(given);
  });

  it('are those of one account, and can be read without an app', async () => {
    const [gb] = MARKETS;
    await bill(gb, numbersOf(gb, 1), 'x');
    await stage.query(`insert into account (id) values ('other')`);
    const usual = async (account: string) =>
      (await (await openOutbox(stage.pool, account)).costs.getPrices()).map((price) => price.usual);
    expect([await usual('4luaKsL2'), await usual('other')]).toEqual([['0.0413'], []]);
    await stage.query(`delete from account where id = 'other'`);
    expect([getCostsToken(), getCostsToken('marketing')]).toEqual([SmsCosts, 'SmsCosts:marketing']);
  });

  it('estimate a message as it is sent, in every form of recipients, and an async iterable', async () => {
    const [gb] = MARKETS;
    await bill(gb, numbersOf(gb, 1), 'x');
    const [number = ''] = numbersOf(gb, 1);
    const costsOf = async (message: Parameters<SmsCosts['estimate']>[0]) => (await costs.estimate(message)).byCurrency;
    const one = [{ currency: 'EUR', recipients: 1, low: '0.0413', high: '0.0413' }];
    expect(await costsOf({ to: `+${number}`, content: 'x', senderId: 'shop' })).toEqual(one);
    expect(await costsOf({ to: [{ number, orderId: 'mine' }], content: 'x' })).toEqual(one);
    expect(await costsOf({ numbers: [{ number, orderId: 'mine' }], content: 'x' })).toEqual(one);
    const source = async function* () {
      for (let i = 0; i < 20_000; i++) yield await Promise.resolve(number);
    };
    expect(await costsOf({ numbers: source(), content: 'x' })).toEqual([
      { currency: 'EUR', recipients: 20_000, low: '826', high: '826' },
    ]);
    expect(await costsOf({ numbers: new Set<string>(), content: 'x' })).toEqual([]);
    expect((await stage.query('select from chunk')).length).toBe(1);
  });

  it.each<[unknown, string[]]>([
    [undefined, ['to must be a phone number as text, or an object { number, orderId }', 'content must be text']],
    [{ numbers: [], content: '' }, ['content must not be empty']],
    [{ numbers: [], content: 'x'.repeat(1_025) }, ['content must have at most 1024 characters']],
    [{ numbers: [], content: 'x', senderId: 5 }, ['senderId must be text']],
    [{ numbers: '447400123456', content: 'x' }, ['numbers must be an iterable of phone numbers']],
    [{ numbers: null, content: 'x' }, ['numbers must be an iterable of phone numbers']],
    [{ numbers: {}, content: 'x' }, ['numbers must be an iterable of phone numbers']],
    [{ numbers: [], to: '447400123456', content: 'x' }, ['to must not be given together with numbers']],
  ])('reject the estimate of %j', async (message, issues) => {
    expect(await issuesOf(costs.estimate(message as ManyRecipients))).toEqual(issues);
  });

  it('reject wrong numbers of a message without showing them', async () => {
    const issues = await issuesOf(costs.estimate({ to: ['447400123456', '020 7946 0958'], content: 'x' }));
    expect(issues).toEqual([
      'to[1] must be a phone number with country code: it starts with 0, so its country code is missing',
    ]);
  });

  it('become what was spent, by day, country and currency', async () => {
    const chargedOn = async (market: Market, day: string) => {
      chargeIn(market.currency);
      const { id } = await outbox.send({ to: numbersOf(market, 2), content: 'x' });
      await stage.query('update chunk set sent_at = $2 where id = $1', [id, `${day}T23:59:59.999Z`]);
      await report();
    };
    const [gb, india] = MARKETS;
    await chargedOn(gb, '2026-11-20');
    await chargedOn(india, '2026-11-21');
    await chargedOn(gb, '2026-11-21');
    const spending = (groupBy: SpendingQuery['groupBy'], from = '2026-11-20', to = '2026-11-21') =>
      costs.getSpending({ from, to, groupBy });
    const read = () =>
      Promise.all([
        ...[spending('day'), spending('country'), spending('currency')],
        spending('day', '2026-11-22', '2026-11-30'),
      ]);
    const before = await read();
    const eur = { currency: 'EUR', recipients: 2, parts: 2, total: '0.0826' };
    const inr = { ...eur, currency: 'INR', total: '2.200014' };
    const twice = { ...eur, recipients: 4, parts: 4, total: '0.1652' };
    expect(before).toEqual([
      [
        { day: '2026-11-20', ...eur },
        { day: '2026-11-21', ...eur },
        { day: '2026-11-21', ...inr },
      ],
      [
        { country: 'GB', ...twice },
        { country: 'IN', ...inr },
      ],
      [twice, inr],
      [],
    ]);
    await fold();
    expect(await read()).toEqual(before);
  });

  it('reject spending of days that do not exist, and other groups', async () => {
    const query = { from: '2026-11-20', to: '2026-11-21', groupBy: 'day' } as const;
    const wrong = (more: object) => issuesOf(costs.getSpending({ ...query, ...more }));
    expect(await wrong({ from: '2026-11-31' })).toEqual(['from must be a day such as 2027-01-31']);
    expect(await wrong({ groupBy: 'mcc' })).toEqual(['groupBy must be one of day, country, currency']);
    expect(await wrong({ from: undefined, groupBy: 1 })).toEqual([
      ...['from must be a day such as 2027-01-31', 'groupBy must be one of day, country, currency'],
    ]);
    expect(await wrong({ groupBy: undefined })).toEqual(['groupBy must be one of day, country, currency']);
  });
});
