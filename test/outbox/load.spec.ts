import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { endGracePeriod, takeLookupTurn } from '../../libs/laaffic-outbox/src/sql/generated.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { campaignOf } from './campaigns.js';
import { withFunctions } from './functions.js';
import { numbers, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(60_000);

const WAITING = 500;

describe('the outbox under load', () => {
  let stage: Stage;
  let pool: Pool;

  beforeAll(async () => {
    stage = await Stage.set();
  }, 60_000);
  beforeEach(() => {
    pool = new Pool({ connectionString: stage.database.url, max: 10 });
    pool.on('error', () => undefined);
  });
  afterEach(async () => {
    await stage.stop();
    await pool.end();
  });
  afterAll(() => stage.close());

  const pending = () => stage.query<{ count: number }>(`select count(*)::int from chunk where state = 'pending'`);

  it('reads for 500 waiting callers as often as for one, and gives each its own outcome', async () => {
    const { outbox } = await stage.app({ database: pool, worker: false });
    const sending = numbers(WAITING).map((to) => outbox.send({ to, content: 'a code' }, { timeoutMs: 50_000 }));
    await until(pending, ([row]) => row?.count === WAITING, 30_000);

    let statements = 0;
    pool.on('acquire', () => statements++);
    const began = performance.now();
    await until(
      () => statements,
      (count) => count >= 4,
    );
    // Two polls per second, even on a slow machine. Separate polls would have made a thousand.
    expect(statements).toBeLessThanOrEqual(5);
    expect(performance.now() - began).toBeGreaterThan(1_000);

    await stage.app({ timing: { lookupIntervalMs: false, reportsAfterMs: false } });
    const receipts = await Promise.all(sending);
    expect(receipts.map(({ receipt }) => receipt?.accepted.map(({ number }) => number))).toEqual(
      numbers(WAITING).map((number) => [number]),
    );
    expect(stage.sandbox.messages.map(({ number }) => number).sort()).toEqual(numbers(WAITING));
  });

  /** Holds some of the statements until it is released. */
  async function lock(table: string, mode: string) {
    const client = await stage.pool.connect();
    await client.query(`begin; lock table laaffic_outbox.${table} in ${mode} mode`);
    return async () => {
      await client.query('rollback');
      client.release();
    };
  }
  const stuck = () =>
    stage.query<{ count: number }>(
      `select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
  const arrived = (content: string) =>
    until(
      () => stage.sandbox.messages.filter((message) => message.content === content).length,
      (count) => count === 1,
      20_000,
    );

  it('enqueues and sends while many callers read and no reading ends', async () => {
    const { app, outbox } = await stage.app({ database: pool });
    const campaigns = app.get(SmsCampaigns);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1) }));
    const release = await lock('recipient', 'access exclusive');
    const readings = numbers(50).map(() => campaigns.listResults(id).next());
    try {
      await until(stuck, ([row]) => (row?.count ?? 0) >= 3);
      await outbox.enqueue({ to: numbers(1), content: 'while all read' });
      await arrived('while all read');
    } finally {
      await release();
    }
    expect((await Promise.all(readings)).map(({ value }) => value?.state)).toEqual(numbers(50).map(() => 'pending'));
  });

  it('sends while callers use all connections that they may use', async () => {
    const { app } = await stage.app({ database: pool });
    const campaigns = app.get(SmsCampaigns);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1) }));
    const { outbox } = await stage.app({ worker: false });
    const release = await lock('campaign', 'share row exclusive');
    const starts = numbers(50).map(() =>
      campaigns.start(id).then(
        () => 'started',
        () => 'rejected',
      ),
    );
    try {
      await until(stuck, ([row]) => (row?.count ?? 0) >= 6);
      await outbox.enqueue({ to: numbers(1), content: 'while all call' });
      await arrived('while all call');
    } finally {
      await release();
    }
    expect((await Promise.all(starts)).sort()).toEqual([...numbers(49).map(() => 'rejected'), 'started']);
  });

  it.each([
    ['flushed', `select flush_oldest_results(20)`],
    [
      'read',
      `select count(*) from (select recipient_columns(id) as recipients from chunk c where size = 1000 offset 0) seen where recipients is not null`,
    ],
  ])('stores a response %s as fast if some of its recipients were rejected', async (_, statement) => {
    await stage.app({ worker: false });
    const took = async (slots: string | null): Promise<number> => {
      const client = await stage.pool.connect();
      try {
        await client.query('begin; set local search_path to laaffic_outbox');
        await client.query(`insert into account (id) values ('none')`);
        await client.query(
          `with added as (
            insert into chunk (account, lane, size, numbers, state) select 'none', 'bulk', 1000, '', 'completed' from generate_series(1, 20) returning id
          ) insert into pending_result (chunk_id, slots, msg_ids) select id, $1, $2 from added`,
          [slots, Array.from({ length: 1_000 }, (_value, i) => i).join()],
        );
        const began = performance.now();
        await client.query(withFunctions(statement));
        return performance.now() - began;
      } finally {
        await client.query('rollback');
        client.release();
      }
    };
    const slots = Array.from({ length: 1_000 }, (_value, i) => i + 1).join();
    const [whole, apart]: [number[], number[]] = [[], []];
    for (let round = 0; round < 4; round++) {
      whole.push(await took(null));
      apart.push(await took(slots));
    }
    expect(Math.min(...apart)).toBeLessThan(4 * Math.min(...whole));
  });

  it('reads no messages of others when it looks for unknown ones', async () => {
    const { app, outbox } = await stage.app({ database: pool, worker: false });
    const { account, actor, database } = app.get(OutboxStore);
    await outbox.enqueue({ to: numbers(1), content: 'x' });
    await stage.query(
      `with added as (
        insert into chunk (account, lane, size, numbers, state, unknown, changed_at)
          select '4luaKsL2', 'bulk', 500, '', 'completed', c % 2, clock_timestamp() - interval '1 hour' from generate_series(1, 400) c returning id
      ) insert into recipient (chunk_id, slot, state, msg_id) select id, i, 'accepted', id || ' ' || i from added, generate_series(0, 499) i`,
    );
    await stage.query('analyze recipient');
    await stage.query('analyze chunk');
    /** What the statements of the pool read without an index, when each of its connections has reported it. */
    const read = async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
      for (const client of clients) {
        await client.query('select pg_stat_force_next_flush()');
        client.release();
      }
      const [row] = await stage.query<{ rows: number }>(
        `select seq_tup_read::int as rows from pg_stat_user_tables where schemaname = 'laaffic_outbox' and relname = 'recipient'`,
      );
      return row!.rows;
    };
    const before = await read();
    await database.run(takeLookupTurn, { account, intervalMs: 60_000, gracePeriodMs: 900_000 });
    for (const action of ['hold', 'abandon', 'resend'] as const) {
      await database.run(endGracePeriod, { account, lane: 'bulk', gracePeriodMs: 1, action, actor, limit: 200 });
    }
    await outbox.getStats();
    expect((await read()) - before).toBe(0);
  });
});
