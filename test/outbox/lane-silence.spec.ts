import { SmsCampaigns, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { campaignOf } from './campaigns.js';
import { Gate } from './gate.js';
import { inTransaction } from './in-transaction.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(120_000);

/** Nothing in these tests may time out, and unknown messages stay unknown. */
const PATIENT = { ...SHORT, startWithinMs: 10_000, timeoutMs: 20_000, leaseMs: 40_000, gracePeriodMs: 600_000 };
/**
 * Slots of the bulk lane, plus silent requests before the fifth: one worker can lose this many requests before the
 * pause.
 */
const MOST_LOST = 6 + 4;
const BULK = { lane: 'bulk' } as const;

describe('a lane without responses', () => {
  let stage: Stage;
  let gate: Gate;
  let outbox: SmsOutbox;
  let campaigns: SmsCampaigns;

  beforeAll(async () => {
    stage = await Stage.set();
    gate = await Gate.before(stage.sandbox.url);
    const { app, outbox: first } = await stage.app({ timing: PATIENT }, { url: gate.url });
    outbox = first;
    campaigns = app.get(SmsCampaigns);
  }, 60_000);
  beforeEach(async () => {
    await stage.clear();
    gate.largest = Infinity;
    gate.lost.length = 0;
  });
  afterAll(async () => {
    await stage.close();
    await gate.close();
  });

  const limits = async () => (await outbox.getStats()).limitedLanes;
  const limitOf = async (lane: string) => (await limits()).find((limit) => limit.lane === lane)?.largestRequest;
  /** The lane is paused, its requests have ended, and no probe is sent before a test wants it. */
  const paused = async (lane: string) => {
    await until(
      () =>
        stage.query(
          `update lane_limit set probe_at = clock_timestamp() + interval '1 hour' where lane = $1::lane and max_size = 0 returning 1`,
          [lane],
        ),
      (rows) => rows.length === 1,
      60_000,
    );
    await until(
      () => stage.query(`select from chunk where state = 'sending' and lane = $1::lane`, [lane]),
      (sending) => sending.length === 0,
      60_000,
    );
  };
  /**
   * Makes the larger request due at once.
   * @returns the minimum and maximum number of seconds until the next one after a failure. On a busy machine the exact
   * moment is not visible.
   */
  const tryOnce = async (lane: string, lost: number) => {
    const [due] = await stage.query<{ failures: number; since: string }>(
      `update lane_limit set probe_at = clock_timestamp() where lane = $1::lane
        returning pauses + failed_probes as failures, probe_at::text as since`,
      [lane],
    );
    await until(
      () => gate.lost.length,
      (count) => count === lost,
      60_000,
    );
    // Put off for long by the query that finds it, because the next one might be sent meanwhile.
    const [row] = await until(
      () =>
        stage.query<{ fewest: number; most: number }>(
          `with failed as (
            select * from lane_limit where lane = $1::lane and pauses + failed_probes > $2
          ), held as (
            update lane_limit l set probe_at = clock_timestamp() + interval '1 hour' from failed f
            where l.account = f.account and l.lane = f.lane
          )
          select extract(epoch from probe_at - clock_timestamp())::float8 as fewest,
            extract(epoch from probe_at - $3::timestamptz)::float8 as most from failed`,
          [lane, due!.failures, due!.since],
        ),
      (rows) => rows.length > 0,
      60_000,
    );
    return row!;
  };
  const laneEvents = () =>
    stage.query<{ event: string }>(
      `select concat_ws(' ', event, 'by', actor) as event, detail from history where event like 'lane %' order by id`,
    );
  const send = async (to: string) => {
    const { receipt } = await outbox.send({ to, content: 'a code' }, { timeoutMs: 30_000 });
    expect(receipt?.accepted).toHaveLength(1);
  };

  it.each([
    ['twice as long as the last one, shortly after it', 2, 9, 2],
    ['short, when the lane has worked five times as long as the last one took', 2, 11, 1],
    ['twice as long as the last one, minutes after a long one', 300, 9 * 60, 2],
    ['short, more than ten minutes after the longest', 3600, 11 * 60, 1],
  ])('makes a pause that is %s', async (_, took, ago, pauses) => {
    const { id } = await outbox.enqueue({ to: '918563900001', content: 'x' }, BULK);
    await until(
      () => stage.query(`select from chunk where id = $1 and state = 'completed'`, [id]),
      (rows) => rows.length === 1,
    );
    await stage.query(
      `insert into lane_limit (account, lane, max_size, target_size, reason, paused_at, resumed_at, probe_at, pauses)
        select id, 'bulk', 8, 1000, 'silence', clock_timestamp() - ($1::int + $2::int) * interval '1 second',
          clock_timestamp() - $2::int * interval '1 second', clock_timestamp(), 1 from account`,
      [took, ago],
    );
    await stage.query(`select pause_lane(id, 'bulk', $1, 1, 'silence', 2000) from account`, [id]);
    const [limit] = await stage.query(
      `select pauses, round(extract(epoch from probe_at - paused_at))::int as seconds from lane_limit`,
    );
    expect(limit).toEqual({ pauses, seconds: 2 * pauses });
  });

  it('sends small requests while large ones get no response, and codes meanwhile, and loses few recipients', async () => {
    gate.largest = 100;
    const start = (count: number, first: number) =>
      campaigns.create(campaignOf({ recipients: numbers(count, first), sendAt: 'now' }));
    const { id } = await start(MOST_LOST * 1_000 + 3_000, 0);
    await paused('bulk');
    await send('918563900001');
    expect(await limits()).toEqual([
      {
        ...{ lane: 'bulk', largestRequest: 0, code: 'OUTBOX_GATEWAY_UNRESPONSIVE' },
        ...{
          reason: 'no readable response (LAAFFIC_CONNECTION_LOST)',
          since: expect.any(Date),
          probesAt: expect.any(Date),
        },
      },
    ]);
    expect((await outbox.getStats()).paused).toBeUndefined();
    const before = gate.lost.length;
    expect(gate.lost).toEqual(Array.from({ length: before }, () => 1_000));
    expect(before).toBeLessThanOrEqual(MOST_LOST);

    // One recipient, then two, four, … until a request gets no response. That may be chance, so the next one is due
    // soon.
    const wait = await tryOnce('bulk', before + 1);
    expect(gate.lost.at(-1)).toBe(128);
    expect(wait.fewest).toBeLessThanOrEqual(2);
    expect(wait.most).toBeGreaterThanOrEqual(2);
    await send('918563900002');
    const progress = await until(
      () => campaigns.getProgress(id),
      ({ pending, sending }) => pending + sending === 0,
      60_000,
    );
    expect(progress).toMatchObject({ accepted: progress.total - before * 1_000 - 128, unknown: before * 1_000 + 128 });
    expect(await limitOf('bulk')).toBe(64);

    // Each further attempt costs as much, and the time until the next one doubles.
    await start(1_000, 20_000);
    const next = await tryOnce('bulk', before + 2);
    expect(gate.lost.at(-1)).toBe(128);
    expect(next.fewest).toBeLessThanOrEqual(4);
    expect(next.most).toBeGreaterThanOrEqual(4);

    // The fault is over.
    gate.largest = Infinity;
    await stage.query('update lane_limit set probe_at = clock_timestamp()');
    let first = 30_000;
    await until(
      async () => {
        const { backlog } = await outbox.getStats();
        if (backlog < 1_000) await start(2_000, (first += 2_000));
        return limitOf('bulk');
      },
      (size) => size === undefined,
      60_000,
    );
    expect(await laneEvents()).toEqual([
      { event: 'lane paused by gateway', detail: 'bulk: no readable response (LAAFFIC_CONNECTION_LOST)' },
      ...[1, 2].map(() => ({
        event: 'lane limited by gateway',
        detail: 'bulk: 64 recipients a request, 128 got no response',
      })),
      { event: 'lane resumed by probe', detail: 'bulk' },
    ]);
    expect((await stage.sums())?.['unknown']).toBe(before * 1_000 + 2 * 128);
    const taken = stage.sandbox.messages.map(({ number }) => number);
    expect(new Set(taken).size).toBe(taken.length);
  });

  it('is paused with one probe of one recipient at a time, with back-off up to a minute', async () => {
    gate.largest = 0;
    await Promise.all(numbers(40).map((to) => outbox.enqueue({ to, content: 'x' }, BULK)));
    await outbox.enqueue({ to: numbers(500, 1_000), content: 'x' }, BULK);
    await paused('bulk');
    const before = gate.lost.length;
    expect(before).toBeLessThanOrEqual(MOST_LOST);
    const waits = [4, 8, 16, 32, 60, 60, 60];
    for (const [index, wait] of waits.entries()) {
      const { fewest, most } = await tryOnce('bulk', before + index + 1);
      expect(fewest).toBeLessThanOrEqual(wait);
      expect(most).toBeGreaterThanOrEqual(wait);
    }
    expect(gate.lost.slice(before)).toEqual(waits.map(() => 1));
  });

  it('loses no further request while its pause is being stored', async () => {
    gate.largest = 0;
    await inTransaction(stage.pool, async (client) => {
      await client.query('lock table laaffic_outbox.lane_limit in share mode');
      await Promise.all(numbers(40).map((to) => outbox.enqueue({ to, content: 'x' }, BULK)));
      // All slots have lost a request and wait for the pause, which waits for the lock.
      await until(
        () =>
          stage.query<{ started: number; sending: number; waiting: number }>(
            `select count(*)::int as started, count(*) filter (where state = 'sending')::int as sending,
              (select count(*)::int from pg_locks where relation = 'lane_limit'::regclass and not granted) as waiting
              from chunk where attempt > 0`,
          ),
        ([counts]) => counts!.waiting > 0 && counts!.sending === 6 && gate.lost.length === counts!.started,
        60_000,
      );
    });
    await paused('bulk');
    expect(gate.lost.length).toBeLessThanOrEqual(MOST_LOST);
  });

  it('pauses the account if both lanes are silent, for all workers, until a person resumes it', async () => {
    const { app } = await stage.app({ timing: PATIENT }, { url: gate.url });
    gate.largest = 0;
    await Promise.all(numbers(300).map((to, i) => outbox.enqueue({ to, content: 'x' }, i % 2 === 0 ? {} : BULK)));
    await Promise.all([paused('priority'), paused('bulk')]);
    // From two workers and both lanes. A slow machine may have sent a probe or two.
    expect(gate.lost.length).toBeLessThanOrEqual(2 * (MOST_LOST + 20 + 4) + 4);
    expect((await outbox.getStats()).paused).toBeUndefined();
    gate.largest = Infinity;
    expect(await outbox.resumeAccount('a person')).toBe(true);
    await until(
      () => stage.sums(),
      (sums) => sums?.['accepted'] === 300 - gate.lost.length,
      60_000,
    );
    expect(await limits()).toEqual([]);
    expect(await outbox.resumeAccount('a person')).toBe(false);
    expect((await laneEvents()).slice(-2).map(({ event }) => event)).toEqual([
      'lane resumed by a person',
      'lane resumed by a person',
    ]);
    await stage.stop(app);
  });

  it('works again at once if no lost request was larger than the probe', async () => {
    gate.largest = 0;
    await Promise.all(numbers(60).map((to) => outbox.enqueue({ to, content: 'x' })));
    await paused('priority');
    gate.largest = Infinity;
    await stage.query('update lane_limit set probe_at = clock_timestamp()');
    await until(
      () => stage.sums(),
      (sums) => sums?.['accepted'] === 60 - gate.lost.length,
      60_000,
    );
    expect(await limits()).toEqual([]);
  });

  it('is not paused again by requests that started before the pause', async () => {
    await outbox.send({ to: numbers(1), content: 'x' });
    const [chunk] = await stage.query<{ id: string }>('select id from chunk');
    const pause = async () =>
      (
        await stage.query<{ is: boolean }>(`select pause_lane('4luaKsL2', 'bulk', $1, 1000, 'x', 2000) as is`, [
          chunk?.id,
        ])
      )[0]?.is;
    const first = await pause();
    const again = await pause();
    await stage.query('update lane_limit set max_size = 64');
    const late = await pause();
    await stage.query('update chunk set sent_at = clock_timestamp()');
    expect(first).toBe(true);
    expect(again).toBe(false);
    expect(late).toBe(false);
    expect(await pause()).toBe(true);
  });
});
