import type { DeliveryReport, RecipientInput } from 'nestjs-laaffic';
import { migrateOutbox, SmsCampaigns, type OutboxRecipient, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { readAll } from './campaigns.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

const AT = new Date('2026-11-22T15:02:17Z');
/** The gateway rejects the request. Nothing is sent until the account is resumed. */
const NOT_TAKEN = { status: -10 };
const RELEASED = 'released LAAFFIC_INSUFFICIENT_BALANCE';
const STOPPED = 'unknown OUTBOX_CONTRADICTED';
const CONTRADICTED = 'contradicted 1 reported although not sent';
const CONTRADICTION = { code: 'OUTBOX_CONTRADICTED', reason: 'a report came of an attempt that counted as not sent' };

describe('a report of a message that counted as not sent', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
    await migrateOutbox(stage.pool);
  });
  beforeEach(async () => {
    await stage.clear();
    await stage.query('delete from unmatched_report');
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  /** A worker, and the way reports reach it. */
  async function start({ url = stage.sandbox.url, gracePeriodMs = 60_000 } = {}) {
    const { app, outbox } = await stage.app({ timing: { ...SHORT, gracePeriodMs } }, { url });
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
    return { app, outbox, take };
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

  /** A message that was released after its first attempt. */
  async function released(outbox: SmsOutbox, count: number) {
    stage.sandbox.script(NOT_TAKEN);
    const { id } = await outbox.enqueue({ to: numbers(count), content: 'x' });
    await ends(id, RELEASED);
    return { id, recipients: await recipientsOf(outbox, id) };
  }

  /** Lets a worker claim everything that is pending. */
  async function letAllGo(outbox: SmsOutbox) {
    await letGo();
    await outbox.resumeAccount('a person');
    expect((await outbox.send({ to: numbers(1, 90), content: 'last' })).receipt?.accepted).toHaveLength(1);
  }
  const endGrace = () => stage.query(`update chunk set changed_at = changed_at - interval '1 hour'`);
  const sentTo = () => stage.sandbox.messages.map(({ number }) => number);
  /** Holds claims until the test releases them. */
  const hold = () => stage.query(`update account set backoff_until = clock_timestamp() + interval '1 hour'`);
  const letGo = () => stage.query(`update account set backoff_until = null`);

  it('decides the message, and it is not sent again', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await released(outbox, 1);
    const { number, orderId } = recipients[0]!;
    await take(recipients[0]!, 1);
    await letAllGo(outbox);
    expect(await recipientsOf(outbox, id)).toEqual([
      {
        position: 0,
        number,
        orderId,
        state: 'delivered',
        msgId: '71',
        reportedAt: expect.any(Date),
        gatewayTime: AT,
      },
    ]);
    expect(await stage.events(id)).toEqual(['pending', 'sending', RELEASED, STOPPED, CONTRADICTED]);
    expect(sentTo()).toEqual(numbers(1, 90));
    expect(
      await stage.query('select state::text, size, accepted, unknown, code from chunk where id = $1', [id]),
    ).toEqual([{ state: 'completed', size: 1, accepted: 1, unknown: 0, code: null }]);
  });

  it('makes the other recipients unknown, which are proved one by one or held', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await released(outbox, 3);
    await take(recipients[0]!, 1, { state: 'sending' });
    const [, second] = await recipientsOf(outbox, id);
    expect(second).toEqual({ ...recipients[1], ...CONTRADICTION, state: 'unknown', sentAt: expect.any(Date) });
    await take(recipients[1]!, 1, { state: 'failed', msgId: '72' });
    await endGrace();
    await becomes(outbox, id, 'accepted,failed,held');
    await letAllGo(outbox);
    expect(await stage.events(id)).toEqual([
      'pending',
      'sending',
      RELEASED,
      STOPPED,
      CONTRADICTED,
      'confirmed 2 of 3',
      'held',
    ]);
    expect(sentTo()).toEqual(numbers(1, 90));
    expect(await stage.query('select size, accepted, rejected, held from chunk where id = $1', [id])).toEqual([
      { size: 3, accepted: 2, rejected: 0, held: 1 },
    ]);
  });

  it('counts for whichever attempt it belongs to, and tells when that attempt started', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await released(outbox, 2);
    stage.sandbox.script([NOT_TAKEN, NOT_TAKEN]);
    await outbox.resumeAccount('a person');
    await until(
      () => stage.events(id),
      (events) => events.filter((event) => event === RELEASED).length === 2,
    );
    await take(recipients[0]!, 1);
    await take(recipients[1]!, 1, { state: 'sending', msgId: '72' });
    const began = await stage.query<{ is: boolean }>(
      `select c.sent_at = (select min(at) from history where chunk_id = c.id and event = 'sending') as is
        from chunk c where id = $1`,
      [id],
    );
    expect(await states(outbox, id)).toBe('delivered,accepted');
    expect((await stage.events(id)).slice(-2)).toEqual([CONTRADICTED, CONTRADICTED]);
    expect(began).toEqual([{ is: true }]);
  });

  it('wakes a caller that waits for the outcome', async () => {
    const { outbox, take } = await start();
    stage.sandbox.script(NOT_TAKEN);
    const key = { idempotencyKey: 'waiting' };
    const sending = outbox.send({ to: numbers(2), content: 'x' }, key);
    const { id } = await outbox.enqueue({ to: numbers(2), content: 'x' }, key);
    await ends(id, RELEASED);
    await take((await recipientsOf(outbox, id))[0]!, 1);
    const { receipt } = await sending;
    expect(receipt?.accepted.map(({ number }) => number)).toEqual(numbers(1));
    expect(receipt?.unknown).toEqual([{ number: numbers(2)[1], orderId: expect.any(String), ...CONTRADICTION }]);
  });

  it("finds the message by a caller's own order id too", async () => {
    const { outbox, take } = await start();
    stage.sandbox.script(NOT_TAKEN);
    const [number = ''] = numbers(1);
    const { id } = await outbox.enqueue({ to: { number, orderId: 'mine' }, content: 'x' });
    await ends(id, RELEASED);
    await take((await recipientsOf(outbox, id))[0]!, 1);
    expect(await states(outbox, id)).toBe('delivered');
    expect((await stage.events(id)).at(-1)).toEqual(CONTRADICTED);
  });

  it('changes nothing about a cancelled message', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await released(outbox, 1);
    await outbox.cancel(id);
    await take(recipients[0]!, 1);
    expect(await states(outbox, id)).toBe('cancelled');
    expect((await stage.events(id)).slice(-2)).toEqual(['cancelled', CONTRADICTED]);
  });

  it.each([0, 1, 2])('does not count for attempt %i, which was not made', async (attempt) => {
    const { outbox, take } = await start();
    await hold();
    const { id } = await outbox.enqueue({ to: numbers(1), content: 'x' });
    await take((await recipientsOf(outbox, id))[0]!, attempt);
    expect(await states(outbox, id)).toBe('pending');
    expect(await stage.events(id)).toEqual(['pending']);
    // Nor after the attempt.
    await letGo();
    await becomes(outbox, id, 'accepted');
    await stage.query(`update unmatched_report set try_at = clock_timestamp()`);
    await until(
      () => stage.query('select from unmatched_report where tries > 0'),
      (rows) => rows.length === 1,
    );
    expect(await states(outbox, id)).toBe('accepted');
    expect(sentTo()).toEqual(numbers(1));
  });

  it('does not count if its number differs from that of the recipient that its order id names', async () => {
    const { outbox, take } = await start();
    const { id, recipients } = await released(outbox, 2);
    await take({ ...recipients[0]!, number: numbers(2)[1] }, 1);
    await take({ ...recipients[0]!, number: undefined }, 1, { msgId: '72' });
    expect(await states(outbox, id)).toBe('pending,pending');
    expect(await stage.events(id)).toEqual(['pending', 'sending', RELEASED]);
  });

  describe('whose recipient has moved to another request', () => {
    /** Two recipients whose response was lost, held, and resent by a person while nothing can be sent. */
    async function resent(outbox: SmsOutbox, to: RecipientInput[]) {
      stage.sandbox.script({ fault: 'cut-after-accepting' });
      const { id } = await outbox.enqueue({ to, content: 'x' });
      await becomes(outbox, id, to.map(() => 'held').join());
      const recipients = await recipientsOf(outbox, id);
      await hold();
      await outbox.resolveHeld(id, 'resend', { actor: 'a person' });
      await becomes(outbox, id, to.map(() => 'pending').join());
      return { id, recipients };
    }

    it.each<[string, (number: string, i: number) => RecipientInput]>([
      ['an order id of the outbox', (number: string) => number],
      ["a caller's own order id", (number: string, i: number) => ({ number, orderId: `own-${i}` })],
    ])('keeps the recipient from getting it twice, and the others are resent: by %s', async (_, form) => {
      const { outbox, take } = await start({ gracePeriodMs: 100 });
      const { id, recipients } = await resent(outbox, numbers(3).map(form));
      await take(recipients[0]!, 1);
      await take(recipients[2]!, 1, { msgId: '73', state: 'failed', reason: 'UNDELIV' });
      expect(await states(outbox, id)).toBe('delivered,pending,failed');
      await letGo();
      await becomes(outbox, id, 'delivered,accepted,failed');
      expect(sentTo()).toEqual([...numbers(3), numbers(3)[1]]);
      // By chunk: the resent recipients, then each that was taken out.
      expect((await stage.events(id)).slice(5)).toEqual([
        'not resent 1 reported',
        'not resent 1 reported',
        'sending',
        'completed',
        'confirmed 1 of 1',
        'confirmed 1 of 1',
      ]);
      expect(await stage.sums()).toEqual({ n: 3, accepted: 3, rejected: 0, unknown: 0 });
    });

    it('stops all recipients if all are reported in one group', async () => {
      const { outbox, take } = await start({ gracePeriodMs: 100 });
      const { id, recipients } = await resent(outbox, numbers(3));
      await Promise.all(recipients.map((recipient, i) => take(recipient, 1, { msgId: `7${i}` })));
      await becomes(outbox, id, 'delivered,delivered,delivered');
      await letAllGo(outbox);
      expect(sentTo()).toEqual([...numbers(3), ...numbers(1, 90)]);
      expect(await stage.query(`select count(*)::int as pending from chunk where state = 'pending'`)).toEqual([
        { pending: 0 },
      ]);
    });

    it('decides a recipient that is being sent to again, and the later response changes nothing', async () => {
      const { outbox, take } = await start({ gracePeriodMs: 100 });
      const { id, recipients } = await resent(outbox, numbers(2));
      stage.sandbox.script({ responseDelayMs: 500 });
      const before = stage.sandbox.requests.length;
      await letGo();
      await until(
        () => stage.sandbox.requests.length,
        (count) => count > before,
      );
      await take(recipients[0]!, 1);
      await becomes(outbox, id, 'accepted,accepted');
      expect(sentTo()).toEqual([...numbers(2), ...numbers(2)]);
    });

    it('stops both halves of a request that the gateway rejected for a number and sent anyway', async () => {
      const { outbox, take } = await start();
      stage.sandbox.script({ status: -9, responseDelayMs: 300 });
      const { id } = await outbox.enqueue({ to: numbers(4), content: 'x' });
      await until(
        () => stage.sandbox.requests.length,
        (count) => count === 1,
      );
      const recipients = await recipientsOf(outbox, id);
      await hold();
      await until(
        () => stage.query(`select from chunk where state = 'pending'`),
        (rows) => rows.length === 2,
      );
      await take(recipients[3]!, 1);
      expect(await states(outbox, id)).toBe('unknown,unknown,unknown,delivered');
      await letAllGo(outbox);
      expect(await states(outbox, id)).toBe('unknown,unknown,unknown,delivered');
      expect(sentTo()).toEqual(numbers(1, 90));
    });

    it.each([
      ['sent to alone', 0, 'delivered,unknown,unknown'],
      ['among the others', 2, 'unknown,unknown,delivered'],
    ])('stops the probe that was split off, and the others: the report is of one %s', async (_, position, expected) => {
      const { outbox, take } = await start();
      const { id, recipients } = await released(outbox, 3);
      stage.sandbox.script(NOT_TAKEN);
      await stage.query(`with due as (update chunk set due_at = clock_timestamp() where state = 'pending')
        update account set probe_at = clock_timestamp()`);
      await until(
        () => stage.query(`select size from chunk where state = 'pending' and attempt > 0 order by size`),
        (rows) => JSON.stringify(rows) === '[{"size":1},{"size":2}]',
      );
      await take(recipients[position]!, 1);
      expect(await states(outbox, id)).toBe(expected);
      await letAllGo(outbox);
      expect(await states(outbox, id)).toEqual(expected);
      expect(sentTo()).toEqual(numbers(1, 90));
    });

    it('does not stop a chunk that was split off before the reported attempt', async () => {
      const { outbox, take } = await start();
      await hold();
      const { id } = await outbox.enqueue({ to: numbers(3), content: 'x' });
      await stage.query(`select split_head(id, 1, 'test') from chunk`);
      const [whole] = await stage.query<{ id: string }>('select min(id)::text as id from chunk');
      await stage.query(`update chunk set due_at = clock_timestamp() + interval '1 hour' where id <> $1`, [whole!.id]);
      stage.sandbox.script(NOT_TAKEN);
      await letGo();
      await until(
        () => stage.query('select from chunk where id = $1 and attempt = 1 and state = $2', [whole!.id, 'pending']),
        (rows) => rows.length === 1,
      );
      await take((await recipientsOf(outbox, id))[2]!, 1);
      expect(await states(outbox, id)).toBe('pending,unknown,delivered');
    });

    it('stops recipients that a person resent because the gateway had rejected them', async () => {
      const { app, outbox, take } = await start();
      const campaigns = app.get(SmsCampaigns);
      stage.sandbox.script({ status: -3 });
      const { id } = await campaigns.create({ name: 'sale', content: 'x', recipients: numbers(2), sendAt: 'now' });
      await until(
        () => stage.query<{ state: string }>('select state::text from campaign'),
        ([campaign]) => campaign?.state === 'done',
      );
      const [first, second] = await readAll(campaigns.listResults(id));
      await hold();
      expect(await campaigns.retryRejected(id, { actor: 'a person' })).toBe(2);
      await take(first!, 1);
      await take(second!, 1, { msgId: '72', state: 'sending' });
      expect((await readAll(campaigns.listResults(id))).map(({ state }) => state)).toEqual(['delivered', 'accepted']);
      await letAllGo(outbox);
      expect(sentTo()).toEqual(numbers(1, 90));
    });
  });

  describe('that is being sent again', () => {
    /** The second attempt is in flight when a report for the first arrives. */
    async function contradicted(second: object) {
      const line = await stage.lineToGateway();
      const { outbox, take } = await start({ url: line.url });
      const { id, recipients } = await released(outbox, 2);
      stage.sandbox.script(second);
      line.hold();
      const before = stage.sandbox.requests.length;
      // A probe would send to one recipient only.
      await stage.query(`with due as (update chunk set due_at = clock_timestamp() where state = 'pending')
        update account set paused_at = null, probe_at = null, probes = 0`);
      await until(
        () => stage.sandbox.requests.length,
        (count) => count > before,
      );
      await take(recipients[0]!, 1);
      line.release();
      return { outbox, id, begun: ['pending', 'sending', RELEASED, 'sending', CONTRADICTED] };
    }

    it('lets the message be decided', async () => {
      const { outbox, id, begun } = await contradicted({});
      await becomes(outbox, id, 'accepted,accepted');
      await until(
        () => stage.query('select from unmatched_report'),
        (rows) => rows.length === 0,
      );
      expect(await stage.events(id)).toEqual([...begun, 'completed', CONTRADICTED]);
    });

    it('means that a rejection no longer proves that nothing was sent', async () => {
      const { outbox, id, begun } = await contradicted({ status: -6 });
      await becomes(outbox, id, 'delivered,abandoned');
      expect(await stage.events(id)).toEqual([...begun, 'abandoned LAAFFIC_NOT_A_TEMPLATE', CONTRADICTED]);
    });

    it.each([
      ['released', { status: -15 }, 'late release LAAFFIC_TOO_FREQUENT'],
      ['split', { status: -9 }, 'late split LAAFFIC_ABNORMAL_NUMBER'],
    ])('keeps it from being %s and sent a third time', async (_, answer, noted) => {
      const { outbox, id, begun } = await contradicted(answer);
      await becomes(outbox, id, 'delivered,unknown');
      await endGrace();
      await becomes(outbox, id, 'delivered,held');
      expect(await stage.events(id)).toEqual([...begun, noted, 'unknown OUTBOX_CONTRADICTED', CONTRADICTED, 'held']);
      expect(stage.sandbox.requests).toHaveLength(2);
    });
  });
});
