import type { INestApplicationContext } from '@nestjs/common';
import { LaafficInputException } from 'nestjs-laaffic';
import type { Lane, SmsOutbox } from 'nestjs-laaffic-outbox';
import { failureOf } from '../module/account.js';
import { withFunctions } from './functions.js';
import { inTransaction } from './in-transaction.js';
import type { Line } from './line.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

/** Nothing in these tests may time out. */
const PATIENT = { ...SHORT, startWithinMs: 10_000, timeoutMs: 30_000, leaseMs: 60_000, gracePeriodMs: 600_000 };
/** Only a notification wakes an idle lane within a test. */
const WORKER = { pollIntervalMs: 600_000, prioritySlots: 3, bulkSlots: 3 };
const BULK = { lane: 'bulk' } as const;
const ALICE = { actor: 'alice' };

describe('a person', () => {
  let stage: Stage;
  let line: Line;
  let outbox: SmsOutbox;
  let second: INestApplicationContext;

  const worker = () => stage.app({ timing: PATIENT, worker: WORKER }, { url: line.url });

  // Two workers, and a process that sends nothing.
  beforeAll(async () => {
    stage = await Stage.set();
    line = await stage.lineToGateway();
    await worker();
    ({ app: second } = await worker());
    ({ outbox } = await stage.app({ worker: false }));
  });
  beforeEach(async () => {
    line.release();
    await stage.clear();
  });
  afterAll(() => stage.close());

  const enqueue = (lane: Lane, count: number) =>
    Promise.all(numbers(count).map((to) => outbox.enqueue({ to, content: lane }, { lane })));
  const count = async (lane: Lane, state: string) => {
    const [row] = await stage.query<{ count: number }>(
      'select count(*)::int from chunk where lane = $1::lane and state = $2::chunk_state',
      [lane, state],
    );
    return row!.count;
  };
  const reaches = (lane: Lane, state: string, expected: number) =>
    until(
      () => count(lane, state),
      (seen) => seen === expected,
    );
  const sending = async () => {
    const rows = await stage.query<{ count: number }>(
      `select count(*)::int from chunk where state = 'sending' group by worker order by 1`,
    );
    return rows.map((row) => row.count);
  };
  const sendingIs = (expected: number[]) => until(sending, (seen) => JSON.stringify(seen) === JSON.stringify(expected));
  const laneEvents = () =>
    stage.query(`select event, actor, detail from history where event like 'lane %' order by id`);
  const claim = (lane: Lane, limit = 6, running = 0, schema?: string) =>
    stage.query(
      `select chunk_id, lane_slots, wait_ms from claim_chunks('4luaKsL2', 'test', $1::lane, $2, null, null, 0.06, 0.2,
        1000, 10000, p_in_flight => $3)`,
      [lane, limit, running],
      schema,
    );

  it('pauses one lane for all workers while the other goes on, and resumes it for all at once', async () => {
    line.hold();
    await enqueue('bulk', 10);
    await sendingIs([3, 3]);
    expect(await outbox.pauseLane('bulk', { actor: 'alice', reason: 'wrong text' })).toBe(true);
    expect(await outbox.pauseLane('bulk', { actor: 'bob' })).toBe(false);
    line.release();
    await reaches('bulk', 'completed', 6);
    await enqueue('priority', 10);
    await reaches('priority', 'completed', 10);
    expect(await claim('bulk')).toEqual([]);
    const { pausedLanes, paused, limitedLanes, backlog } = await outbox.getStats();
    expect({ pausedLanes, paused, limitedLanes, backlog }).toEqual({
      pausedLanes: [{ lane: 'bulk', since: expect.any(Date), actor: 'alice', reason: 'wrong text' }],
      paused: undefined,
      limitedLanes: [],
      backlog: 4,
    });
    line.hold();
    expect(await outbox.resumeLane('bulk', { actor: 'bob' })).toBe(true);
    await until(sending, (seen) => seen.length > 0);
    line.release();
    await reaches('bulk', 'completed', 10);
    expect(await outbox.resumeLane('bulk', { actor: 'bob' })).toBe(false);
    expect((await outbox.getStats()).pausedLanes).toEqual([]);
    expect(await laneEvents()).toEqual([
      { event: 'lane paused', actor: 'alice', detail: 'bulk: wrong text' },
      { event: 'lane resumed', actor: 'bob', detail: 'bulk' },
    ]);
  });

  it('resumes a lane in each of the workers, not only in one', async () => {
    await outbox.pauseLane('bulk', ALICE);
    await enqueue('bulk', 6);
    line.hold();
    await outbox.resumeLane('bulk', ALICE);
    await sendingIs([3, 3]);
    line.release();
    await reaches('bulk', 'completed', 6);
  });

  it('keeps a lane paused when a worker starts again', async () => {
    await outbox.pauseLane('bulk', ALICE);
    await enqueue('bulk', 4);
    await stage.stop(second);
    ({ app: second } = await worker());
    await enqueue('priority', 4);
    await reaches('priority', 'completed', 4);
    expect(await count('bulk', 'pending')).toBe(4);
    expect((await outbox.getStats()).pausedLanes).toEqual([
      { lane: 'bulk', since: expect.any(Date), actor: 'alice', reason: undefined },
    ]);
    await outbox.resumeLane('bulk', ALICE);
    await reaches('bulk', 'completed', 4);
  });

  it('keeps a lane paused when a probe or resumeAccount ends its automatic limit', async () => {
    await outbox.pauseLane('bulk', ALICE);
    const limit = () =>
      stage.query(
        `insert into lane_limit (account, lane, max_size, target_size, reason, probe_at)
          select id, 'bulk', 0, 1, 'silence', clock_timestamp() from account`,
      );
    await limit();
    await enqueue('bulk', 1);
    expect(await claim('bulk')).toEqual([]);
    await stage.query(`select end_lane_probe(id, 'bulk', 1, true, '', 2000) from account`);
    await limit();
    expect(await outbox.resumeAccount('bob')).toBe(true);
    const { limitedLanes, pausedLanes } = await outbox.getStats();
    expect({ limitedLanes, paused: pausedLanes.map(({ lane }) => lane) }).toEqual({
      limitedLanes: [],
      paused: ['bulk'],
    });
    expect(await claim('bulk')).toEqual([]);
    expect(await outbox.resumeAccount('bob')).toBe(false);
    await outbox.resumeLane('bulk', ALICE);
    await reaches('bulk', 'completed', 1);
  });

  it('does not stop the bulk lane with a paused priority lane that waits for the rate', async () => {
    const { outbox: idle } = await stage.app({ schema: 'rated', worker: false });
    await idle.pauseLane('priority', ALICE);
    await idle.enqueue({ to: '918563900001', content: 'x' });
    await idle.enqueue({ to: '918563900002', content: 'x' }, BULK);
    const rows = await stage.query<{ chunk_size: number; wait_ms: number | null }>(
      `select chunk_size, wait_ms from claim_chunks('4luaKsL2', 'test', 'bulk', 6, 1000, null, 0.06, 0.2, 1000, 10000)`,
      [],
      'rated',
    );
    expect(rows).toEqual([{ chunk_size: 1, wait_ms: null }]);
  });

  it('raises and lowers the concurrency of each worker under load', async () => {
    line.hold();
    await enqueue('bulk', 40);
    await sendingIs([3, 3]);
    // Workers without a free slot get more at once.
    expect(await outbox.setLaneConcurrency('bulk', 5, ALICE)).toBe(true);
    await sendingIs([5, 5]);
    expect((await outbox.getStats()).laneConcurrency).toEqual([
      { lane: 'bulk', slots: 5, since: expect.any(Date), actor: 'alice' },
    ]);
    // With fewer slots, workers finish what is in flight and start nothing.
    // A response that comes later would be held again.
    await until(
      () => line.held,
      (held) => held >= 10,
    );
    expect(await outbox.setLaneConcurrency('bulk', 1, { actor: 'bob' })).toBe(true);
    line.release();
    line.hold();
    await sendingIs([1, 1]);
    expect(await outbox.setLaneConcurrency('bulk', undefined, ALICE)).toBe(true);
    expect(await outbox.setLaneConcurrency('bulk', undefined, ALICE)).toBe(false);
    await sendingIs([3, 3]);
    line.release();
    await reaches('bulk', 'completed', 40);
    expect((await outbox.getStats()).laneConcurrency).toEqual([]);
    expect(await laneEvents()).toEqual([
      { event: 'lane concurrency', actor: 'alice', detail: 'bulk: 5' },
      { event: 'lane concurrency', actor: 'bob', detail: 'bulk: 1' },
      { event: 'lane concurrency', actor: 'alice', detail: 'bulk: as configured' },
    ]);
  });

  it('sets a concurrency that a claim keeps exactly and returns, also when it finds nothing', async () => {
    const { outbox: idle } = await stage.app({ schema: 'exact', worker: false });
    await idle.pauseLane('bulk', ALICE);
    await Promise.all(numbers(5).map((to) => idle.enqueue({ to, content: 'x' }, BULK)));
    await idle.setLaneConcurrency('bulk', 4, ALICE);
    const nothing = [{ chunk_id: null, lane_slots: 4, wait_ms: null }];
    expect(await claim('bulk', 6, 0, 'exact')).toEqual(nothing);
    await idle.resumeLane('bulk', ALICE);
    expect(await claim('bulk', 6, 4, 'exact')).toEqual(nothing);
    const claimed = { chunk_id: expect.any(String), lane_slots: 4, wait_ms: null };
    expect(await claim('bulk', 0, 1, 'exact')).toEqual([claimed, claimed, claimed, ...nothing]);
    expect(await claim('priority', 6, 0, 'exact')).toEqual([]);
  });

  it('learns that a paused lane is drained, and misses no claim that is under way', async () => {
    const { outbox: idle } = await stage.app({ schema: 'draining', worker: false });
    await idle.enqueue({ to: numbers(3), content: 'x' }, BULK);
    const pausing = await inTransaction(stage.pool, async (client) => {
      await client.query('set local search_path to draining');
      await client.query(
        withFunctions(`select * from claim_chunks('4luaKsL2', 'slow', 'bulk', 6, null, null, 0.06, 0.2, 1000, 10000)`),
      );
      const call = idle.pauseLane('bulk', ALICE);
      await until(
        () => stage.query(`select from pg_locks where locktype = 'advisory' and not granted`),
        (waiting) => waiting.length === 1,
      );
      return { call };
    });
    expect(await pausing.call).toBe(true);
    expect((await idle.getStats()).sending).toBe(3);
    await stage.query(
      `select mark_unknown(id, attempt, 'test', 'X', 'x') from chunk where state = 'sending'`,
      [],
      'draining',
    );
    const { sending: left, pausedLanes } = await idle.getStats();
    expect({ left, paused: pausedLanes.map(({ lane }) => lane) }).toEqual({ left: 0, paused: ['bulk'] });
  });

  it.each<[string, () => Promise<unknown>, string[]]>([
    ['pauseLane', () => outbox.pauseLane('fast' as Lane, { actor: '', reason: ' ' }), ['lane', 'actor', 'reason']],
    ['pauseLane', () => outbox.pauseLane('bulk', undefined as never), ['actor']],
    ['pauseLane', () => outbox.pauseLane('bulk', { actor: 'x'.repeat(256), reason: '\ud800' }), ['actor', 'reason']],
    ['resumeLane', () => outbox.resumeLane(undefined as never, ALICE), ['lane']],
    ['setLaneConcurrency', () => outbox.setLaneConcurrency('bulk', 0, ALICE), ['slots']],
    ['setLaneConcurrency', () => outbox.setLaneConcurrency('bulk', 1.5, ALICE), ['slots']],
    ['setLaneConcurrency', () => outbox.setLaneConcurrency('bulk', 2 ** 31, ALICE), ['slots']],
    ['setLaneConcurrency', () => outbox.setLaneConcurrency('bulk', '2' as never, ALICE), ['slots']],
    [
      'setLaneConcurrency',
      () => outbox.setLaneConcurrency('both' as Lane, NaN, { actor: '\0' }),
      ['lane', 'actor', 'slots'],
    ],
  ])('learns each wrong field of %s (%#)', async (_, call, fields) => {
    const failure = (await failureOf(call())) as LaafficInputException;
    expect(failure).toBeInstanceOf(LaafficInputException);
    expect([...failure.issues.map(({ field }) => field)].sort()).toEqual([...fields].sort());
    expect(await laneEvents()).toEqual([]);
  });
});
