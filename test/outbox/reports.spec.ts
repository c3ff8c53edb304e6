import fc from 'fast-check';
import { LaafficSandbox, type SandboxOptions } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions, type OutboxMessage, type OutboxRecipient } from 'nestjs-laaffic-outbox';
import type { DeliveryReport } from 'nestjs-laaffic';
import { Pool } from 'pg';
import { withFunctions } from './functions.js';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { flushOldestResults } from '../../libs/laaffic-outbox/src/sql/generated.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { SOON, startApp } from './app.js';
import { startDatabase, type TestDatabase } from './database.js';
import { until } from '../until.js';

const NUMBERS = ['918563210001', '918563210002', '918563210003'];
const AT = new Date('2026-11-22T15:02:17Z');

describe('delivery reports', () => {
  let database: TestDatabase;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>>;
  let outbox: SmsOutbox;
  let intake: ReportIntake;
  let pool: Pool;

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start({ deliveredAfterMs: null } satisfies SandboxOptions);
    const options: LaafficOutboxOptions = {
      database: database.url,
      timing: { ...SOON, lookupIntervalMs: false, gracePeriodMs: 60_000 },
    };
    app = await startApp(sandbox, options);
    outbox = app.get(SmsOutbox);
    intake = app.get(ReportIntake, { strict: false });
    pool = new Pool({ connectionString: database.url, options: '-c search_path=laaffic_outbox' });
  });

  afterAll(async () => {
    await pool.end();
    await app.close();
    await sandbox.close();
    await database.close();
  });

  const states = (message: OutboxMessage | undefined) => message?.recipients.map(({ state }) => state);
  const found = async (id: string) => (await outbox.find(id))!;
  const take = async (reports: readonly Partial<DeliveryReport>[]) => {
    for (const report of reports) {
      await intake.take({ msgId: '1', number: undefined, state: 'delivered', at: AT, ...report });
    }
  };
  const historyOf = async (id: string): Promise<object[]> => {
    const { rows } = await pool.query<{ event: string; detail: string }>(
      `select event, detail from history where chunk_id = $1 and event in ('confirmed', 'contradicted') order by id`,
      [id],
    );
    return rows;
  };

  /** A message whose response was lost after the gateway had accepted it. */
  const lose = async (to: SmsRecipients) => {
    sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to, content: 'lost' });
    const message = await until(async () => {
      const lost = await found(id);
      return lost.recipients.every(({ state }) => state === 'unknown') ? lost : undefined;
    });
    // Several of them pause the lane, and then the next message is sent to its first recipient only.
    await pool.query('delete from lane_limit');
    return message;
  };
  type SmsRecipients = Parameters<SmsOutbox['enqueue']>[0]['to'];

  it('are looked up by their ids, however many messages there are', async () => {
    const sendAt = new Date(Date.now() + 86_400_000);
    for (let i = 0; i < 200; i++) await outbox.enqueue({ to: NUMBERS[0]!, content: 'x' }, { sendAt });
    const ids = Array.from({ length: 20 }, (_, i) => `unheard of ${i}`);
    const none = ids.map(() => null);
    const client = await pool.connect();
    const { rows } = await client
      .query('begin')
      .then(() =>
        client.query(`insert into recipient (chunk_id, slot, state, msg_id)
          select c.id, i, 'accepted', c.id || ' ' || i from chunk c cross join generate_series(1, 150) i`),
      )
      .then(() =>
        client.query(
          withFunctions(`select store_reports('4luaKsL2', 'test', null, false, $1, $2, $2, $3, $2, $4, $5, $6, $7)`),
          [ids, none, ids.map(() => 'delivered'), ids.map(() => AT.toISOString()), none, none, none],
        ),
      )
      .then(() =>
        client.query<{ scans: number }>(`select pg_stat_get_xact_numscans('recipient_msg_id'::regclass)::int as scans`),
      )
      .finally(() => {
        client.release(true);
      });
    expect(rows[0]!.scans).toBeGreaterThanOrEqual(ids.length);
    expect(rows[0]!.scans).toBeLessThanOrEqual(3 * ids.length);
  });

  it('that are repeated are recognized at first sight if their places match', async () => {
    const { id } = await outbox.send({ to: NUMBERS, content: 'x' });
    const [first, ...others] = (await found(id)).recipients.map(({ msgId }) => ({ msgId: msgId! }));
    await take([{ ...first!, state: 'failed' }, ...others]);
    const before = await found(id);
    const { rows: places } = await pool.query<{ msg_id: string; chunk_id: string; slot: string }>(
      'select msg_id, chunk_id, slot::text from recipient where msg_id = any ($1) order by slot',
      [before.recipients.map(({ msgId }) => msgId)],
    );
    const look = async (reports: typeof places) => {
      const [none, ...columns] = [
        reports.map(() => ''),
        reports.map((report) => report.msg_id),
        reports.map(() => 'delivered'),
        reports.map((report) => report.chunk_id),
        reports.map((report) => report.slot),
      ];
      const { rows } = await pool.query<{ found: number[] | null }>(
        withFunctions(`select apply_final_reports('4luaKsL2', $2, $3, $1, $1, $4, $5) as found`),
        [none, ...columns],
      );
      return rows[0]!.found;
    };
    expect(await look(places)).toBeNull();
    expect(await look([...places.slice(1), { ...places[0]!, slot: places[1]!.slot }])).toEqual([1, 2]);
    expect(await look(places.map((report) => ({ ...report, msg_id: `unheard of ${report.slot}` })))).toEqual([]);
    // Each gateway issues its own ids: without a place, the same id may belong to another gateway.
    expect(await look(places.map((report) => ({ ...report, chunk_id: '', slot: '' })))).toEqual([]);
    expect(await found(id)).toEqual(before);
  });

  it('bring a recipient to its final state, and the first one stays', async () => {
    const { id } = await outbox.send({ to: NUMBERS, content: 'x' });
    const [first, second, third] = (await found(id)).recipients.map(({ msgId }) => msgId!);
    await take([
      { msgId: first!, state: 'delivered' },
      { msgId: first!, state: 'failed', reason: 'EXPIRED' },
      { msgId: first!, state: 'sending' },
      { msgId: second!, state: 'failed', reason: 'UNDELIV' },
      { msgId: second!, state: 'failed', reason: 'EXPIRED' },
      { msgId: second!, state: 'delivered' },
      { msgId: third!, state: 'sending' },
      { msgId: third!, state: 'not-found' },
    ]);
    const { recipients } = await found(id);
    const prefix = recipients[0]!.orderId.slice(0, -1);
    const times = { reportedAt: expect.any(Date), gatewayTime: AT };
    expect(recipients).toEqual([
      { position: 0, number: NUMBERS[0], orderId: `${prefix}0`, state: 'delivered', msgId: first, ...times },
      {
        position: 1,
        number: NUMBERS[1],
        orderId: `${prefix}1`,
        state: 'failed',
        msgId: second,
        reason: 'UNDELIV',
        ...times,
      },
      { position: 2, number: NUMBERS[2], orderId: `${prefix}2`, state: 'accepted', msgId: third },
    ]);
  });

  it('for a message id that two gateways issued belong to the message that their order id names', async () => {
    const { id: one } = await outbox.send({ to: NUMBERS[0]!, content: 'x' });
    const { id: other } = await outbox.send({ to: NUMBERS[1]!, content: 'y' });
    await pool.query(`update recipient set msg_id = 'same' where chunk_id in ($1, $2)`, [one, other]);
    const orderIds = [one, other].map(async (id) => (await found(id)).recipients[0]!.orderId);
    const [ofOne, ofOther] = await Promise.all(orderIds);
    await take([{ msgId: 'same', orderId: ofOther!, number: NUMBERS[1] }]);
    expect(states(await found(one))).toEqual(['accepted']);
    expect(states(await found(other))).toEqual(['delivered']);
    await take([{ msgId: 'same', orderId: ofOne!, number: NUMBERS[0], state: 'failed' }]);
    expect(states(await found(one))).toEqual(['failed']);
    expect(states(await found(other))).toEqual(['delivered']);
  });

  it('belong to the message that their message id names, whatever their order id says', async () => {
    sandbox.script({ endpoint: 'sendSms', status: -3 });
    const { id: rejected } = await outbox.send({ to: NUMBERS[0]!, content: 'x' });
    const { id: taken, receipt } = await outbox.send({ to: NUMBERS[1]!, content: 'y' });
    const { orderId } = (await found(rejected)).recipients[0]!;
    const { msgId } = receipt!.accepted[0]!;
    // As if a caller had reused the order id of the one for the other.
    await take([{ msgId, orderId, number: NUMBERS[1] }]);
    expect(states(await found(rejected))).toEqual(['rejected']);
    expect(states(await found(taken))).toEqual(['delivered']);
    const other = await outbox.send({ to: NUMBERS[1]!, content: 'z' });
    await take([{ msgId: other.receipt!.accepted[0]!.msgId, orderId, number: NUMBERS[0] }]);
    expect(states(await found(rejected))).toEqual(['rejected']);
    expect(states(await found(other.id))).toEqual(['delivered']);
  });

  it('that are kept belong to one account only', async () => {
    await pool.query(
      `insert into unmatched_report (account, msg_id, state) values ('another', '55', 'delivered'), ('4luaKsL2', '56', 'delivered')`,
    );
    const tried = async () =>
      (await pool.query<{ account: string; tries: number }>('select account, tries from unmatched_report order by 1'))
        .rows;
    await until(async () => (await tried())[0]!.tries > 0);
    expect((await tried()).map(({ account, tries }) => [account, tries > 0])).toEqual([
      ['4luaKsL2', true],
      ['another', false],
    ]);
    await pool.query('delete from unmatched_report');
  });

  it('of all kinds in one group each find their recipient', async () => {
    const lost = await lose(NUMBERS[0]!);
    const { id } = await outbox.send({ to: NUMBERS, content: 'x' });
    const [first, second, third] = (await found(id)).recipients.map(({ msgId }) => msgId!);
    await pool.query(`update recipient set msg_id = $2 where msg_id = $1`, [third, 'a\u001eb']);
    const common = { number: undefined, state: 'delivered', at: AT } as const;
    await Promise.all(
      [
        { ...common, msgId: first! },
        { ...common, msgId: 'of no message' },
        { ...common, msgId: first!, state: 'failed' as const },
        { ...common, msgId: '81', orderId: lost.recipients[0]!.orderId, number: NUMBERS[0] },
        { ...common, msgId: second!, state: 'failed' as const, reason: 'UN\u001eDELIV' },
        { ...common, msgId: 'a\u001eb' },
      ].map((report) => intake.take(report)),
    );
    expect(states(await found(id))).toEqual(['delivered', 'failed', 'delivered']);
    expect(states(await found(lost.id))).toEqual(['delivered']);
    expect((await found(id)).recipients[1]?.reason).toBe('UN DELIV');
    expect((await pool.query('delete from unmatched_report returning msg_id')).rows).toEqual([
      { msg_id: 'of no message' },
    ]);
  });

  it('that arrive before the response are kept until it is there', async () => {
    sandbox.script({ endpoint: 'sendSms', responseDelayMs: 150 });
    const before = sandbox.messages.length;
    const { id } = await outbox.enqueue({ to: NUMBERS[0]!, content: 'x' });
    const message = await until(() => sandbox.messages[before]);
    await take([{ msgId: message.msgId, orderId: message.orderId!, number: message.number }]);
    await until(async () => states(await found(id))?.[0] === 'delivered');
    expect((await pool.query('select 1 from unmatched_report')).rows).toEqual([]);
  });

  it('have the time of their arrival, and that of the gateway if the report has one', async () => {
    const clock = async () => (await pool.query<{ at: Date }>('select clock_timestamp() as at')).rows[0]!.at;
    const { id } = await outbox.send({ to: NUMBERS, content: 'x' });
    const [one, other] = (await found(id)).recipients.map(({ msgId }) => msgId!);
    const before = await clock();
    await take([
      { msgId: one!, at: AT },
      { msgId: other!, at: undefined },
    ]);
    const after = await clock();
    const { recipients } = await found(id);
    expect(recipients.map(({ gatewayTime }) => gatewayTime)).toEqual([AT, undefined, undefined]);
    for (const { reportedAt } of recipients.slice(0, 2)) {
      expect(reportedAt!.getTime()).toBeGreaterThanOrEqual(before.getTime());
      expect(reportedAt!.getTime()).toBeLessThanOrEqual(after.getTime());
    }
    expect(recipients[2]!.reportedAt).toBeUndefined();
  });

  it.each(['msgId', 'orderId'] as const)(
    'that arrive early have the time of their arrival, found by %s',
    async (key) => {
      sandbox.script({ endpoint: 'sendSms', responseDelayMs: 150 });
      const before = sandbox.messages.length;
      const { id } = await outbox.enqueue({ to: NUMBERS[0]!, content: 'x' });
      const { msgId, orderId, number } = await until(() => sandbox.messages[before]);
      await take([{ msgId: key === 'msgId' ? msgId : 'another', orderId: orderId!, number }]);
      const { rows } = await pool.query<{ at: Date }>('select received_at as at from unmatched_report');
      await until(async () => states(await found(id))?.[0] === 'delivered');
      expect((await found(id)).recipients).toMatchObject([{ reportedAt: rows[0]!.at, gatewayTime: AT }]);
    },
  );

  it('prove that an unknown message was accepted, recipient by recipient', async () => {
    const { id, recipients } = await lose(NUMBERS);
    const [first, second, third] = recipients;
    await take([{ msgId: '71', orderId: first!.orderId, number: first!.number }]);
    expect(states(await found(id))).toEqual(['delivered', 'unknown', 'unknown']);
    await take([
      { msgId: '72', orderId: second!.orderId, number: second!.number, state: 'failed', reason: 'UNDELIV' },
      { msgId: '71', orderId: first!.orderId, number: first!.number },
      { msgId: '73', orderId: third!.orderId, number: third!.number, state: 'sending' },
    ]);
    const chunk = await pool.query(
      `select state, accepted, rejected, unknown, code, reason, poll_at > clock_timestamp() as polled from chunk where id = $1`,
      [id],
    );
    expect(states(await found(id))).toEqual(['delivered', 'failed', 'accepted']);
    expect(await historyOf(id)).toEqual([
      { event: 'confirmed', detail: '1 of 3' },
      { event: 'confirmed', detail: '2 of 3' },
      { event: 'confirmed', detail: '3 of 3' },
    ]);
    expect(chunk.rows).toEqual([
      { state: 'completed', accepted: 3, rejected: 0, unknown: 0, code: null, reason: null, polled: true },
    ]);
  });

  it('prove a held and an abandoned message too, and a later response changes nothing', async () => {
    for (const state of ['held', 'abandoned']) {
      const { id, recipients } = await lose(NUMBERS.slice(0, 2));
      await pool.query(
        `update chunk set state = $2::text::chunk_state, unknown = 0, held = case $2::text when 'held' then size else 0 end, abandoned = case $2::text when 'abandoned' then size else 0 end where id = $1`,
        [id, state],
      );
      await take([{ msgId: `8${id}`, orderId: recipients[0]!.orderId, number: NUMBERS[0] }]);
      const counts = `select state::text, accepted, rejected, held + abandoned as open from chunk where id = $1`;
      expect((await pool.query(counts, [id])).rows).toEqual([{ state, accepted: 1, rejected: 0, open: 1 }]);
      const late = `'{0,1}', '{unknown,rejected}', '{X,Y}', '{x,y}', '{null,null}'`;
      await pool.query(withFunctions(`select complete_chunk($1, 1, 'late', null, '', ${late}, null)`), [id]);
      expect((await pool.query(counts, [id])).rows).toEqual([
        { state: 'completed', accepted: 1, rejected: 1, open: 0 },
      ]);
      expect(states(await found(id))).toEqual(['delivered', 'rejected']);
    }
  });

  it("find a caller's own order id if the number matches and no other message has it", async () => {
    const [number = '', other = ''] = NUMBERS;
    const { id } = await lose([
      { number, orderId: 'mine' },
      { number: other, orderId: 'twice' },
    ]);
    await lose([{ number: other, orderId: 'twice' }]);
    await take([
      { msgId: '91', orderId: 'mine', number: other },
      { msgId: '92', orderId: 'twice', number: other },
      { msgId: '93', orderId: 'mine', number },
    ]);
    expect(states(await found(id))).toEqual(['delivered', 'unknown']);
    expect((await pool.query('select msg_id from unmatched_report order by 1')).rows).toEqual([
      { msg_id: '91' },
      { msg_id: '92' },
    ]);
    await pool.query('delete from unmatched_report');
  });

  it('of other systems are dropped after a day, and counted', async () => {
    await take([{ msgId: '61' }, { msgId: '62', orderId: 'theirs', number: NUMBERS[0] }]);
    await pool.query(
      `update unmatched_report set received_at = received_at - interval '25 hours', try_at = clock_timestamp()`,
    );
    await until(async () => (await pool.query('select 1 from unmatched_report')).rows.length === 0);
    expect((await pool.query(`select event, detail from history where event = 'reports given up'`)).rows).toEqual([
      { event: 'reports given up', detail: '2 of messages that are not known here' },
    ]);
  });

  it('of another outbox are dropped at once, and do not make recipients get their rows', async () => {
    const flushed = jest.spyOn(app.get(OutboxStore).database, 'run');
    await take([{ msgId: '907100', orderId: '0badcafe.1.1.0', number: NUMBERS[0] }]);
    expect(flushed.mock.calls.filter(([statement]) => statement === flushOldestResults)).toEqual([]);
    await take([{ msgId: '907200', orderId: 'theirs', number: NUMBERS[0] }]);
    expect(flushed.mock.calls.filter(([statement]) => statement === flushOldestResults)).toHaveLength(1);
    flushed.mockRestore();
    expect((await pool.query(`select msg_id from unmatched_report`)).rows).toEqual([{ msg_id: '907200' }]);
    await pool.query('delete from unmatched_report');
  });

  it('prove that a rejected message was delivered, but do not prove that it failed', async () => {
    sandbox.script({ endpoint: 'sendSms', status: -3 });
    const { id } = await outbox.send({ to: NUMBERS.slice(0, 2), content: 'x' });
    const { recipients } = await found(id);
    await take([
      { msgId: '41', orderId: recipients[0]!.orderId, number: NUMBERS[0] },
      { msgId: '42', orderId: recipients[1]!.orderId, number: NUMBERS[1], state: 'failed' },
    ]);
    expect(states(await found(id))).toEqual(['delivered', 'rejected']);
  });

  describe('for a large message whose answer is not expanded yet', () => {
    let id: string;
    let before: OutboxMessage;

    beforeAll(async () => {
      const numbers = Array.from({ length: 150 }, (_, index) => `9185800${String(index).padStart(5, '0')}`);
      ({ id } = await outbox.send({ to: numbers, content: 'x' }));
      before = await found(id);
    });
    /** The answer as it was stored. A worker may expand it at any moment, which must make no difference. */
    const fold = async () => {
      await pool.query(withFunctions('select flush_result($1)'), [id]);
      await pool.query(
        `with gone as (delete from recipient where chunk_id = $1 returning *)
        insert into pending_result (chunk_id, msg_ids) select $1, string_agg(msg_id, ',' order by slot) from gone`,
        [id],
      );
    };

    it('find every recipient as before', async () => {
      await fold();
      expect(await found(id)).toEqual(before);
    });

    it.each([
      ['by the message id only', ({ msgId = '' }: OutboxRecipient) => ({ msgId })],
      ['by the order id', ({ orderId, number = '' }: OutboxRecipient) => ({ msgId: '77', orderId, number })],
    ])('find their recipient %s', async (_, report) => {
      const { position } = before.recipients[57]!;
      await fold();
      await take([report(before.recipients[57]!)]);
      const states = (await found(id)).recipients.map(({ state }) => state);
      expect(states.flatMap((state, index) => (state === 'accepted' ? [] : [[index, state]]))).toEqual([
        [position, 'delivered'],
      ]);
      await pool.query(
        `update recipient set state = 'accepted', reported_at = null, msg_id = $2 where chunk_id = $1 and slot = 57`,
        [id, before.recipients[57]!.msgId],
      );
    });
  });

  it('are all stored, even a thousand at once', async () => {
    const numbers = Array.from({ length: 1_000 }, (_, index) => `9185700${String(index).padStart(5, '0')}`);
    const { id } = await outbox.send({ to: numbers, content: 'x' });
    const { recipients } = await found(id);
    const reports = recipients.flatMap(({ msgId = '', number }): DeliveryReport[] => [
      { msgId, number, state: 'delivered', at: AT },
      { msgId, number, state: 'failed', at: AT },
    ]);
    await Promise.all(reports.map((report) => intake.take(report)));
    expect(new Set(states(await found(id)))).toEqual(new Set(['delivered']));
  });

  it('never move a recipient back, in whatever order and however often they arrive', async () => {
    const rank = { unknown: 0, accepted: 1, delivered: 2, failed: 2 } as Record<string, number>;
    const kinds = fc.constantFrom<DeliveryReport['state']>('sending', 'not-found', 'delivered', 'failed');
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { minLength: 1, maxLength: 8 }), fc.boolean(), async (given, isOneGroup) => {
        const { rows } = await pool.query<{ id: string }>(
          `insert into chunk (account, lane, state, attempt, size, numbers, content)
          values ('4luaKsL2', 'bulk', 'unknown', 1, 1, '918563210009', 'x') returning id::text`,
        );
        const id = rows[0]!.id;
        const { orderId, number } = (await found(id)).recipients[0]!;
        const report = (state: DeliveryReport['state']) => ({ msgId: `31${id}`, orderId, number, state, at: AT });
        const seen = ['unknown'];
        if (isOneGroup) await Promise.all(given.map((state) => intake.take(report(state))));
        else {
          for (const state of given) {
            await intake.take(report(state));
            seen.push((await found(id)).recipients[0]!.state);
          }
        }
        seen.push((await found(id)).recipients[0]!.state);
        const final = given.find((state) => state === 'delivered' || state === 'failed');
        expect(seen.at(-1)).toBe(final ?? (given.includes('sending') ? 'accepted' : 'unknown'));
        const ranks = seen.map((state) => rank[state]!);
        expect(ranks).toEqual([...ranks].sort());
      }),
      { numRuns: 60 },
    );
  });
});

describe('a report that the database rejects', () => {
  it('is rejected, and stored when it arrives again', async () => {
    const database = await startDatabase();
    const sandbox = await LaafficSandbox.start({ deliveredAfterMs: null });
    const app = await startApp(sandbox, { database: database.url, timing: { ...SOON, lookupIntervalMs: false } });
    const pool = new Pool({ connectionString: database.url, options: '-c search_path=laaffic_outbox' });
    const { id, receipt } = await app.get(SmsOutbox).send({ to: NUMBERS[0]!, content: 'x' });
    const report = { msgId: receipt!.accepted[0]!.msgId, number: NUMBERS[0], state: 'delivered', at: AT } as const;
    const intake = app.get(ReportIntake, { strict: false });
    await pool.query(`alter function ${withFunctions('apply_final_reports(').slice(0, -1)} rename to gone`);
    await expect(Promise.all([intake.take(report), intake.take(report)])).rejects.toMatchObject({
      code: 'OUTBOX_DATABASE_UNAVAILABLE',
      message: 'The report could not be stored',
    });
    await pool.query(`alter function gone rename to ${withFunctions('apply_final_reports(').slice(0, -1)}`);
    await intake.take(report);
    expect((await app.get(SmsOutbox).find(id))?.recipients[0]?.state).toBe('delivered');
    await pool.end();
    await app.close();
    await sandbox.close();
    await database.close();
  });
});
