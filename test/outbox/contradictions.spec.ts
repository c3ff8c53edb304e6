import type { DeliveryReport } from 'nestjs-laaffic';
import { migrateOutbox, type OutboxRecipient, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { numbers, SHORT, Stage, until } from './stage.js';

jest.setTimeout(30_000);

const AT = new Date('2026-11-22T15:02:17Z');
/** The gateway says that it did not take the request: nothing is sent until the account is resumed. */
const NOT_TAKEN = { status: -10 };
const GIVEN_BACK = 'given back LAAFFIC_INSUFFICIENT_BALANCE';
const CONTRADICTED = 'contradicted 1 reported although not sent';
const DOUBT = { code: 'OUTBOX_CONTRADICTED', reason: 'a report came of an attempt that counted as not sent' };

describe('a report of a message that counted as not sent', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
    await migrateOutbox(stage.pool);
  }, 60_000);
  beforeEach(async () => {
    await stage.clear();
    await stage.query('delete from early_report');
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  /** A worker, and how reports reach it. */
  async function start(timing: Partial<typeof SHORT> | { grace: number } = { grace: 60_000 }) {
    const { app, outbox } = await stage.app({ timing: { ...SHORT, ...timing } });
    const intake = app.get(ReportIntake, { strict: false });
    const take = ({ orderId, number }: OutboxRecipient, attempt: number, more: Partial<DeliveryReport> = {}) =>
      intake.take({
        msgId: `7${attempt}`,
        orderId: orderId.replace(/\.\d\.(\w)$/, `.${attempt}.$1`),
        number,
        state: 'delivered',
        at: AT,
        ...more,
      });
    return { outbox, take };
  }

  const ends = (id: string, event: string) =>
    until(
      () => stage.events(id),
      (events) => events.at(-1) === event,
    );
  const recipientsOf = async (outbox: SmsOutbox, id: string) => (await outbox.find(id))?.recipients ?? [];
  const states = async (outbox: SmsOutbox, id: string) =>
    (await recipientsOf(outbox, id)).map(({ state }) => state).join();
  const becomes = (outbox: SmsOutbox, id: string, expected: string) =>
    until(
      () => states(outbox, id),
      (seen) => seen === expected,
    );

  /** A message that was given back after its first attempt. */
  async function givenBack(outbox: SmsOutbox, count: number) {
    stage.sandbox.script(NOT_TAKEN);
    const { id } = await outbox.enqueue({ to: numbers(count), content: 'x' });
    await ends(id, GIVEN_BACK);
    return { id, recipients: await recipientsOf(outbox, id) };
  }

  /** Lets a worker claim all that is pending. */
  async function letAllGo(outbox: SmsOutbox) {
    await outbox.resumeAccount('a person');
    expect((await outbox.send({ to: numbers(1, 90), content: 'last' })).receipt?.accepted).toHaveLength(1);
  }
  const sentTo = () => stage.sandbox.messages.map(({ number }) => number);

  it('settles it, and it is not sent again', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await givenBack(outbox, 1);
    const { number, orderId } = recipients[0]!;
    await take(recipients[0]!, 1);
    await letAllGo(outbox);
    expect([await recipientsOf(outbox, id), await stage.events(id), sentTo()]).toEqual([
      [{ position: 0, number, orderId, state: 'delivered', msgId: '71', reportedAt: AT }],
      ['pending', 'sending', GIVEN_BACK, CONTRADICTED],
      numbers(1, 90),
    ]);
    expect(await stage.query('select state::text, n, accepted, unknown, code from chunk where id = $1', [id])).toEqual([
      { state: 'settled', n: 1, accepted: 1, unknown: 0, code: null },
    ]);
  });

  it('makes the others unknown, who are proved one by one or held', async () => {
    const { outbox, take } = await start({ grace: 1_000 });
    const { id, recipients } = await givenBack(outbox, 3);
    await take(recipients[0]!, 1, { state: 'sending' });
    const [, second] = await recipientsOf(outbox, id);
    expect(second).toEqual({ ...recipients[1], ...DOUBT, state: 'unknown', sentAt: expect.any(Date) });
    await take(recipients[1]!, 1, { state: 'failed', msgId: '72' });
    await becomes(outbox, id, 'accepted,failed,held');
    await letAllGo(outbox);
    expect([await stage.events(id), sentTo()]).toEqual([
      ['pending', 'sending', GIVEN_BACK, CONTRADICTED, 'proved 2 of 3', 'held'],
      numbers(1, 90),
    ]);
    expect(await stage.query('select n, accepted, rejected, unknown from chunk where id = $1', [id])).toEqual([
      { n: 3, accepted: 2, rejected: 0, unknown: 1 },
    ]);
  });

  it('counts whichever attempt it is of, and says when that began', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await givenBack(outbox, 2);
    stage.sandbox.script([NOT_TAKEN, NOT_TAKEN]);
    await outbox.resumeAccount('a person');
    await until(
      () => stage.events(id),
      (events) => events.filter((event) => event === GIVEN_BACK).length === 2,
    );
    await take(recipients[0]!, 1);
    await take(recipients[1]!, 1, { state: 'sending', msgId: '72' });
    const began = await stage.query<{ is: boolean }>(
      `select c.sent_at = (select min(at) from journal where chunk_id = c.id and event = 'sending') as is
        from chunk c where id = $1`,
      [id],
    );
    expect([await states(outbox, id), (await stage.events(id)).slice(-2), began]).toEqual([
      'delivered,accepted',
      [CONTRADICTED, CONTRADICTED],
      [{ is: true }],
    ]);
  });

  it('is heard of by who waits for the outcome', async () => {
    const { outbox, take } = await start();
    stage.sandbox.script(NOT_TAKEN);
    const key = { idempotencyKey: 'waiting' };
    const sending = outbox.send({ to: numbers(2), content: 'x' }, key);
    const { id } = await outbox.enqueue({ to: numbers(2), content: 'x' }, key);
    await ends(id, GIVEN_BACK);
    await take((await recipientsOf(outbox, id))[0]!, 1);
    const { receipt } = await sending;
    expect([receipt?.accepted.map(({ number }) => number), receipt?.unknown]).toEqual([
      numbers(1),
      [{ number: numbers(2)[1], orderId: expect.any(String), ...DOUBT }],
    ]);
  });

  it("finds it by a caller's own order id too", async () => {
    const { outbox, take } = await start();
    stage.sandbox.script(NOT_TAKEN);
    const [number = ''] = numbers(1);
    const { id } = await outbox.enqueue({ to: { number, orderId: 'mine' }, content: 'x' });
    await ends(id, GIVEN_BACK);
    await take((await recipientsOf(outbox, id))[0]!, 1);
    expect([await states(outbox, id), (await stage.events(id)).at(-1)]).toEqual(['delivered', CONTRADICTED]);
  });

  it('changes nothing about one that was cancelled', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await givenBack(outbox, 1);
    await outbox.cancel(id);
    await take(recipients[0]!, 1);
    expect([await states(outbox, id), (await stage.events(id)).slice(-2)]).toEqual([
      'cancelled',
      ['cancelled', CONTRADICTED],
    ]);
  });

  it('stops no message that was never begun', async () => {
    const { outbox, take } = await start();
    const { id } = await outbox.enqueue({ to: numbers(1), content: 'x' }, { sendAt: new Date(Date.now() + 60_000) });
    await take((await recipientsOf(outbox, id))[0]!, 0);
    expect([await states(outbox, id), await stage.events(id)]).toEqual(['pending', ['pending', CONTRADICTED]]);
  });

  describe('that is being sent again', () => {
    /** The second attempt is under way when a report of the first comes. */
    async function contradicted(second: object, timing?: { grace: number }) {
      const { outbox, take } = await start(timing);
      const { id, recipients } = await givenBack(outbox, 2);
      // As the probe would, one recipient would be sent to alone.
      await stage.query('update account set paused_at = null, probe_at = null, probes = 0');
      stage.sandbox.script({ ...second, delayAnswer: 500 });
      const before = stage.sandbox.requests.length;
      await until(
        () => stage.sandbox.requests.length,
        (count) => count > before,
      );
      await take(recipients[0]!, 1);
      return { outbox, id, begun: ['pending', 'sending', GIVEN_BACK, 'sending', CONTRADICTED] };
    }

    it('lets it be settled', async () => {
      const { outbox, id, begun } = await contradicted({});
      await becomes(outbox, id, 'accepted,accepted');
      await until(
        () => stage.query('select from early_report'),
        (rows) => rows.length === 0,
      );
      expect(await stage.events(id)).toEqual([...begun, 'settled', CONTRADICTED]);
    });

    it('lets a refusal mean no longer that nothing was sent', async () => {
      const { outbox, id, begun } = await contradicted({ status: -6 });
      await becomes(outbox, id, 'delivered,abandoned');
      expect(await stage.events(id)).toEqual([...begun, 'abandoned LAAFFIC_NOT_A_TEMPLATE', CONTRADICTED]);
    });

    it.each([
      ['given back', { status: -15 }, 'giving back came too late LAAFFIC_TOO_FREQUENT'],
      ['divided', { status: -9 }, 'division came too late LAAFFIC_ABNORMAL_NUMBER'],
    ])('keeps it from being %s and sent a third time', async (_, answer, noted) => {
      const { outbox, id, begun } = await contradicted(answer, { grace: 3_000 });
      await becomes(outbox, id, 'delivered,unknown');
      await becomes(outbox, id, 'delivered,held');
      expect(await stage.events(id)).toEqual([...begun, noted, 'unknown OUTBOX_CONTRADICTED', CONTRADICTED, 'held']);
      expect(stage.sandbox.requests).toHaveLength(2);
    });
  });
});
