import { readFileSync } from 'node:fs';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import {
  OnRecipientState,
  SmsCampaigns,
  SmsOutbox,
  type DailyCosts,
  type OutboxRecipient,
  type RecipientStateEvent,
} from 'nestjs-laaffic-outbox';
import { readReportPush } from '../../libs/laaffic/src/gateway/protocol/pushes.js';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { readReport, ReportStore } from '../../libs/laaffic-outbox/src/reports/report-store.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { readAll } from './campaigns.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

const RECOUNT = readFileSync('libs/laaffic-outbox/sql/checks/recount-costs.sql', 'utf8').replaceAll(
  'outbox.',
  'laaffic_outbox.',
);
const AT = new Date('2026-11-22T15:02:17Z');
const ALL = { from: '2026-01-01', to: '2026-12-31' };
const euros = (total: string, segments = 1) => ({ total, unit: total, segments, currency: 'EUR' });

describe('costs', () => {
  let stage: Stage;
  let app: INestApplicationContext;
  let outbox: SmsOutbox;
  let intake: ReportIntake;

  beforeAll(async () => {
    stage = await Stage.set();
    ({ app, outbox } = await stage.app());
    intake = app.get(ReportIntake, { strict: false });
  });
  beforeEach(() => stage.clear());
  afterEach(async () => {
    expect(await stage.query(RECOUNT)).toEqual([]);
  });
  afterAll(() => stage.close());

  const recipientsOf = async (id: string) => (await outbox.find(id))!.recipients;
  const shown = ({ state, price, mcc, mnc }: OutboxRecipient) => ({ state, price, mcc, mnc });
  const nothing = { price: undefined, mcc: undefined, mnc: undefined };
  /** Messages of one recipient each that the gateway accepted on this day. */
  const accepted = async (count: number, day = '2026-11-22') => {
    const sent = await Promise.all(numbers(count).map((to) => outbox.send({ to, content: 'x' })));
    const ids = sent.map(({ id }) => id);
    await stage.query(`update chunk set sent_at = $2::timestamptz where id = any ($1::bigint[])`, [
      ids,
      `${day}T23:59:59Z`,
    ]);
    return Promise.all(
      ids.map(async (id) => {
        const [{ msgId, orderId, number }] = (await recipientsOf(id)) as [OutboxRecipient];
        return { id, report: { msgId: msgId!, orderId, number, state: 'delivered', at: AT } satisfies DeliveryReport };
      }),
    );
  };
  const take = (...reports: DeliveryReport[]) => Promise.all(reports.map((report) => intake.take(report)));
  /** The day on which chunks were sent that match. */
  const dayOf = async (condition: string, id: string) => {
    const [row] = await stage.query<{ day: string }>(
      `select max(sent_at at time zone 'UTC')::date::text as day from chunk where ${condition}`,
      [id],
    );
    return row!.day;
  };
  /** The costs of the year before they are added up, and after it, which must be the same. */
  const costs = async (range = ALL): Promise<DailyCosts[]> => {
    const before = await outbox.getCosts(range);
    await until(async () => (await stage.query('select from cost_delta')).length === 0);
    expect(await outbox.getCosts(range)).toEqual(before);
    return before;
  };
  const ofDay = (more: Partial<DailyCosts>): DailyCosts => ({
    ...{ day: '2026-11-22', currency: 'EUR', recipients: 1, segments: 1, total: '0.02' },
    ...more,
  });

  it('are what pushed reports say, exactly, on the recipient and for its day and country', async () => {
    const [one, two, three, four, five] = await accepted(5);
    await take(
      { ...one!.report, price: euros('0.1'), mcc: '404', mnc: '10' },
      { ...two!.report, price: euros('0.2', 2), mcc: '404' },
      { ...three!.report, state: 'failed', price: euros('0.020000'), mcc: '525', mnc: '01' },
      { ...four!.report, price: { ...euros('7'), currency: 'usd' } },
      five!.report,
    );
    const all = await Promise.all([one, two, three, four, five].map(async (each) => recipientsOf(each!.id)));
    expect(all.map(([recipient]) => shown(recipient!))).toEqual([
      { state: 'delivered', price: { total: '0.1', currency: 'EUR', segments: 1 }, mcc: '404', mnc: '10' },
      { state: 'delivered', price: { total: '0.2', currency: 'EUR', segments: 2 }, mcc: '404', mnc: undefined },
      { state: 'failed', price: { total: '0.020000', currency: 'EUR', segments: 1 }, mcc: '525', mnc: '01' },
      { state: 'delivered', price: { total: '7', currency: 'USD', segments: 1 }, mcc: undefined, mnc: undefined },
      { state: 'delivered', ...nothing },
    ]);
    expect(await costs()).toEqual([
      ofDay({ currency: 'USD', total: '7' }),
      ofDay({ mcc: '404', recipients: 2, segments: 3, total: '0.3' }),
      ofDay({ mcc: '525', total: '0.02' }),
    ]);
  });

  it('count a repeated report once, with and without its order id', async () => {
    const [one] = await accepted(1);
    const report = { ...one!.report, price: euros('0.02'), mcc: '404' };
    const { orderId: _, ...anonymous } = report;
    await take(report, report, anonymous);
    await take(anonymous);
    await take(report, anonymous, { ...report, state: 'failed' });
    expect(shown((await recipientsOf(one!.id))[0]!)).toEqual({
      ...{ state: 'delivered', price: { total: '0.02', currency: 'EUR', segments: 1 }, mcc: '404', mnc: undefined },
    });
    expect(await costs()).toEqual([ofDay({ mcc: '404' })]);
  });

  it('change by the difference if a later report has a price, another one, or the country', async () => {
    const all = await accepted(3);
    const [bare, priced, placed] = all.map(({ report }) => report) as [DeliveryReport, DeliveryReport, DeliveryReport];
    await take(bare, { ...priced, price: euros('0.02') }, { ...placed, price: euros('0.05', 2) });
    expect(await costs()).toEqual([ofDay({ recipients: 2, segments: 3, total: '0.07' })]);
    const { orderId: _, ...anonymous } = priced;
    await take(
      { ...bare, price: euros('0.01') },
      { ...anonymous, price: euros('0.03') },
      { ...placed, mcc: '404', mnc: '10' },
    );
    const expected = [
      ofDay({ recipients: 2, segments: 2, total: '0.04' }),
      ofDay({ mcc: '404', segments: 2, total: '0.05' }),
    ];
    expect(await costs()).toEqual(expected);
    // A report that says less takes nothing away.
    await take(bare, priced, placed);
    expect(await costs()).toEqual(expected);
    expect(shown((await recipientsOf(all[2]!.id))[0]!)).toEqual({
      ...{ state: 'delivered', price: { total: '0.05', currency: 'EUR', segments: 2 }, mcc: '404', mnc: '10' },
    });
    // Another currency is another row; the old one has nothing left.
    await take({ ...placed, price: { ...euros('0.06', 2), currency: 'USD' } });
    expect(await costs()).toEqual([expected[0], ofDay({ mcc: '404', currency: 'USD', segments: 2, total: '0.06' })]);
  });

  it('are known before the final state, if the platform says so', async () => {
    const [one] = await accepted(1);
    await take({ ...one!.report, state: 'sending', price: euros('0.02') });
    expect(shown((await recipientsOf(one!.id))[0]!)).toEqual({
      ...{ ...nothing, state: 'accepted', price: { total: '0.02', currency: 'EUR', segments: 1 } },
    });
    expect(await costs()).toEqual([ofDay({})]);
    await take({ ...one!.report, price: euros('0.02') });
    expect((await recipientsOf(one!.id))[0]!.state).toBe('delivered');
    expect(await costs()).toEqual([ofDay({})]);
  });

  it('of reports that are earlier than their messages wait with them', async () => {
    const line = await stage.lineToGateway();
    const { outbox: slow, app: slowApp } = await stage.app({}, { url: line.url });
    const early = slowApp.get(ReportIntake, { strict: false });
    await stage.stop(app);
    line.hold();
    const sending = slow.send({ to: numbers(1)[0]!, content: 'early' }, { timeoutMs: 20_000 });
    const { msgId, orderId, number } = await until(() => stage.sandbox.messages[0]);
    const early404 = { price: euros('0.02'), mcc: '404' };
    await early.take({ msgId, orderId: orderId!, number, state: 'delivered', at: AT, ...early404 });
    expect(await stage.query('select (charge).price, (charge).mcc from unmatched_report')).toEqual([
      { price: '0.02', mcc: '404' },
    ]);
    line.release();
    const { id } = await sending;
    const found = await until(async () => {
      const [recipient] = (await slow.find(id))!.recipients;
      return recipient!.state === 'delivered' ? recipient : undefined;
    });
    expect(shown(found)).toEqual({
      ...{ state: 'delivered', price: { total: '0.02', currency: 'EUR', segments: 1 }, mcc: '404', mnc: undefined },
    });
    const day = await dayOf('id = $1', id);
    expect(await slow.getCosts({ from: day, to: day })).toEqual([ofDay({ day, mcc: '404' })]);
    await stage.stop(slowApp);
    ({ app, outbox } = await stage.app());
    intake = app.get(ReportIntake, { strict: false });
  });

  it('are in reports of messages without a response too, which decide them', async () => {
    stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to: numbers(2), content: 'lost' });
    const lost = await until(async () => {
      const recipients = await recipientsOf(id);
      return recipients.every(({ state }) => state === 'unknown' || state === 'held') ? recipients : undefined;
    });
    await stage.query(`update chunk set sent_at = '2026-11-22T00:00:00Z' where id = $1`, [id]);
    const report = ({ orderId, number }: OutboxRecipient, msgId: string): DeliveryReport => ({
      ...{ msgId, orderId, number, state: 'delivered', at: AT, price: euros('0.02') },
    });
    await take(report(lost[0]!, '71'), report(lost[1]!, '72'));
    expect((await recipientsOf(id)).map(shown)).toEqual(
      Array.from({ length: 2 }, () => ({
        ...{ ...nothing, state: 'delivered', price: { total: '0.02', currency: 'EUR', segments: 1 } },
      })),
    );
    // Another message with the same order id is not this recipient's.
    await take(report(lost[0]!, '73'));
    expect(await costs()).toEqual([ofDay({ recipients: 2, segments: 2, total: '0.04' })]);
  });

  it('belong to the recipient wherever it is, if its message waits to be resent', async () => {
    stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to: numbers(2), content: 'lost' });
    const lost = await until(async () => {
      const recipients = await recipientsOf(id);
      return recipients.every(({ state }) => state === 'held') ? recipients : undefined;
    });
    await stage.query(`update account set backoff_until = clock_timestamp() + interval '1 hour'`);
    await outbox.resolveHeld(id, 'resend', { actor: 'a person' });
    const { orderId, number } = lost[0]!;
    await take({ msgId: '71', orderId, number, state: 'delivered', at: AT, price: euros('0.02') });
    const parts = async () => (await recipientsOf(id)).map(({ state, price, mcc }) => [state, price?.total, mcc]);
    expect(await parts()).toEqual([
      ['delivered', '0.02', undefined],
      ['pending', undefined, undefined],
    ]);
    await take({ msgId: '71', orderId, number, state: 'delivered', at: AT, price: euros('0.03'), mcc: '404' });
    expect(await parts()).toEqual([
      ['delivered', '0.03', '404'],
      ['pending', undefined, undefined],
    ]);
    const day = await dayOf('id = $1 or root_id = $1', id);
    expect(await outbox.getCosts({ from: day, to: day })).toEqual([ofDay({ day, mcc: '404', total: '0.03' })]);
  });

  it('are in sent records too, which prove that a message was sent', async () => {
    await stage.stop(app);
    stage.sandbox.configure({ quirks: { reportPriceDetail: 'plain' } });
    const looking = await stage.app({ timing: { ...SHORT, gracePeriodMs: 60_000, lookupIntervalMs: 50 } });
    stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { id } = await looking.outbox.enqueue({ to: numbers(1), content: 'lost' });
    await until(() => stage.sandbox.messages.length === 1);
    stage.sandbox.setDeliveryState(stage.sandbox.messages[0]!.msgId, 'delivered');
    const [recipient] = await until(async () => {
      const { recipients } = (await looking.outbox.find(id))!;
      return recipients[0]!.state === 'delivered' ? recipients : undefined;
    });
    const price = { total: '0.010000', currency: 'EUR', segments: 1 };
    expect(shown(recipient!)).toEqual({ ...nothing, state: 'delivered', price });
    await stage.stop(looking.app);
    ({ app, outbox } = await stage.app());
    intake = app.get(ReportIntake, { strict: false });
  });

  it('belong to the recipient that an order id names, if two gateways issued the same message id', async () => {
    const [one, two] = await accepted(2);
    await stage.query(`update recipient set msg_id = 'same' where msg_id = any ($1)`, [
      [one!.report.msgId, two!.report.msgId],
    ]);
    await take({ ...two!.report, msgId: 'same', price: euros('0.02') });
    await take({ ...two!.report, msgId: 'same', price: euros('0.03') });
    expect((await recipientsOf(one!.id)).map(shown)).toEqual([{ ...nothing, state: 'accepted' }]);
    expect(await costs()).toEqual([ofDay({ total: '0.03' })]);
  });

  it('of several days, currencies and countries come in one commit', async () => {
    const first = await accepted(40, '2026-10-31');
    const second = await accepted(40, '2026-11-01');
    const currencies = ['EUR', 'USD', 'CNY'];
    const countries = ['404', '525', undefined];
    const reports = [...first, ...second].map(({ report }, index) => {
      const mcc = countries[index % 3];
      const price = { ...euros('0.013'), currency: currencies[Math.floor(index / 3) % 3]! };
      return { ...report, price, ...(mcc === undefined ? {} : { mcc }) };
    });
    const store = new ReportStore(app.get(OutboxStore, { strict: false }));
    await store.add(
      reports.map((report) => readReport(report, '')!),
      false,
    );
    const rows = await costs();
    expect(rows).toHaveLength(18);
    expect(rows.map(({ day, mcc = '', currency }) => [day, mcc, currency].join())).toEqual(
      ['2026-10-31', '2026-11-01'].flatMap((day) =>
        ['', '404', '525'].flatMap((mcc) => ['CNY', 'EUR', 'USD'].map((currency) => [day, mcc, currency].join())),
      ),
    );
    expect(rows.reduce((sum, { recipients }) => sum + recipients, 0)).toBe(80);
    expect(rows.every(({ recipients, total }) => Number(total) === Math.round(recipients * 13) / 1000)).toBe(true);
    expect(await costs({ from: '2026-11-01', to: '2026-11-01' })).toEqual(rows.slice(9));
  });

  it('stay exact while processes store the same reports at once', async () => {
    const all = await accepted(100);
    const other = await stage.app();
    const intakes = [intake, other.app.get(ReportIntake, { strict: false })];
    const report = (index: number, price?: DeliveryReport['price'], mcc?: string): DeliveryReport => ({
      ...all[index]!.report,
      ...(price === undefined ? {} : { price }),
      ...(mcc === undefined ? {} : { mcc }),
    });
    // Each recipient gets four reports in different orders: none with a price, with a price, with a country.
    const versions: readonly (readonly [price?: ReturnType<typeof euros> | undefined, mcc?: string])[] = [
      [],
      [euros('0.02')],
      [euros('0.02'), '404'],
      [undefined, '404'],
    ];
    await Promise.all(
      intakes.flatMap((each, turn) =>
        versions.flatMap((_, step) =>
          all.map((__, index) => each.take(report(index, ...versions[(step + turn + index) % 4]!))),
        ),
      ),
    );
    await stage.stop(other.app);
    expect(await costs()).toEqual([ofDay({ mcc: '404', recipients: 100, segments: 100, total: '2' })]);
  });

  it.each([
    ['numbers', { pay: 0.02, price: 0.02, chargeCnt: '1', currency: 'EUR' }, { total: '0.02' }],
    [
      'many digits',
      { pay: '123456789012.123456789012', price: '1', chargeCnt: 1, currency: 'EUR' },
      { total: '123456789012.123456789012' },
    ],
    ['nothing to pay', { pay: '0', price: '0', chargeCnt: 1, currency: 'EUR' }, { total: '0' }],
    ['a negative amount', { pay: '-0.02', price: '0.02', chargeCnt: 1, currency: 'EUR' }, undefined],
    ['a negative count', { pay: '0.02', price: '0.02', chargeCnt: -1, currency: 'EUR' }, undefined],
    ['a huge count', { pay: '0.02', price: '0.02', chargeCnt: 999_999_999, currency: 'EUR' }, undefined],
    ['a huge amount', { pay: '9'.repeat(200_000), price: '1', chargeCnt: 1, currency: 'EUR' }, undefined],
    ['no currency', { pay: '0.02', price: '0.02', chargeCnt: 1 }, undefined],
    ['what is not a currency', { pay: '0.02', price: '0.02', chargeCnt: 1, currency: 'E,(\u001e"' }, undefined],
    ['words', { pay: 'free', price: 'free', chargeCnt: 'one', currency: 'EUR' }, undefined],
    ['a list', [1, 2], undefined],
    ['text', '0.02 EUR', undefined],
    ['null', null, undefined],
  ])('with %s as the price never lose the report', async (_, pricedetail, price) => {
    const [one] = await accepted(1);
    const { msgId, orderId, number } = one!.report;
    await take(
      readReportPush({ msgid: msgId, mobile: number, status: 0, orderId, mcc: 'x,y', mnc: '(', pricedetail })!,
    );
    const expected = price && { currency: 'EUR', segments: 1, ...price };
    expect((await recipientsOf(one!.id)).map(shown)).toEqual([{ ...nothing, state: 'delivered', price: expected }]);
    expect(await costs()).toEqual(expected === undefined ? [] : [ofDay(expected)]);
  });

  it('are in polled reports, in events and in the results of a campaign', async () => {
    await stage.stop(app);
    stage.sandbox.configure({ quirks: { reportPriceDetail: 'plain', currency: 'USD' } });
    const heard: object[] = [];
    @Injectable()
    class Listener {
      @OnRecipientState()
      changed({ recipients }: RecipientStateEvent) {
        heard.push(...recipients.map(({ position, ...recipient }) => [position, shown({ position, ...recipient })]));
      }
    }
    const polling = await stage.app({ timing: { ...SHORT, reportsAfterMs: 20 } }, { providers: [Listener] });
    const campaigns = polling.app.get(SmsCampaigns);
    const { id } = await campaigns.create({
      name: 'sale',
      content: 'x'.repeat(161),
      recipients: numbers(3),
      sendAt: 'now',
    });
    await until(() => stage.sandbox.messages.length === 3);
    for (const { msgId } of stage.sandbox.messages) stage.sandbox.setDeliveryState(msgId, 'delivered');
    await until(async () => (await campaigns.getProgress(id)).delivered === 3);
    const price = { total: '0.020000', currency: 'USD', segments: 2 };
    const results = await readAll(campaigns.listResults(id));
    expect(results.map(shown)).toEqual(results.map(() => ({ ...nothing, state: 'delivered', price })));
    // What is known of the cost comes with the report.
    await until(() => heard.length === 6);
    const told = (state: string, more: object) =>
      [0, 1, 2].map((position) => [position, { ...nothing, state, ...more }]);
    expect(heard.slice(0, 3)).toEqual(told('accepted', {}));
    expect(heard.slice(3)).toEqual(told('delivered', { price }));
    const day = await dayOf('campaign_id = $1', id);
    expect(await polling.outbox.getCosts({ from: day, to: day })).toEqual([
      { day, currency: 'USD', recipients: 3, segments: 6, total: '0.06' },
    ]);
    await stage.stop(polling.app);
    ({ app, outbox } = await stage.app());
    intake = app.get(ReportIntake, { strict: false });
  });

  it('outlive the messages', async () => {
    const [one] = await accepted(1);
    await take({ ...one!.report, price: euros('0.02') });
    const before = await costs();
    expect(before).toEqual([ofDay({})]);
    await stage.query(`delete from recipient where chunk_id = $1`, [one!.id]);
    expect(await costs()).toEqual(before);
    await stage.query('delete from cost');
    await stage.query('delete from price');
  });

  it('need days that exist, in order, at most a year', async () => {
    const wrong = async (from: unknown, to: unknown) => {
      const error: unknown = await outbox.getCosts({ from, to } as typeof ALL).catch((thrown: unknown) => thrown);
      return (error as { issues?: { field: string; problem: string }[] }).issues?.map(
        ({ field, problem }) => `${field} ${problem}`,
      );
    };
    const day = 'must be a day such as 2027-01-31';
    expect(await wrong('2026-02-30', '2026-1-1')).toEqual([`from ${day}`, `to ${day}`]);
    expect(await wrong(undefined, new Date())).toEqual([`from ${day}`, `to ${day}`]);
    expect(await wrong('0000-01-01', '2026-01-01')).toEqual([`from ${day}`]);
    expect(await wrong('2026-01-02', '2026-01-01')).toEqual(['to must not be before from']);
    expect(await wrong('2026-01-01', '2027-01-02')).toEqual(['to must be less than 366 days after from']);
    expect(await outbox.getCosts({ from: '2026-01-01', to: '2027-01-01' })).toEqual([]);
  });
});
