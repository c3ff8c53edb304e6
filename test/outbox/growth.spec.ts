import { migrateOutbox } from 'nestjs-laaffic-outbox';
import { Pool, type PoolClient } from 'pg';
import * as generated from '../../libs/laaffic-outbox/src/sql/generated.js';
import type { Statement } from '../../libs/laaffic-outbox/src/sql/statement.js';
import { ACCOUNT, fillOpen, fillFinished, GROWING, RARE, RECURRING, type Params } from '../../scripts/outbox-growth.js';
import { startDatabase, type TestDatabase } from './database.js';

/** Enough for the planner to prefer an index wherever there is one. */
const FINISHED = 100_000;
/** The open rows are fewer, even if a statement reads some of them twice. */
const MOST_READ = 1_000;

const statements = new Map(
  Object.entries<object>(generated).filter(
    (entry): entry is [string, Statement<Params, object>] => 'params' in entry[1],
  ),
);

describe('recurring statements', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url, max: 1 });
    await migrateOutbox(pool, 'outbox');
    for (const sql of [...fillFinished(FINISHED), ...fillOpen()]) await pool.query(sql);
    await pool.query('vacuum analyze');
  }, 120_000);
  afterAll(async () => {
    await pool.end();
    await database.close();
  });

  it('are all listed', () => {
    const listed = [...RECURRING.map(({ name }) => name), ...RARE];
    expect([...new Set(listed)].sort()).toEqual([...statements.keys()].sort());
  });

  // What a statement reads, its functions included, is counted by the server. That says more than the plan of the
  // statement: not whether an index is used, but how much is read with it.
  it.each(
    RECURRING.map((recurring) => [[recurring.name, recurring.variant].filter(Boolean).join(' '), recurring] as const),
  )('%s reads nothing of what has ended', async (_, { name, params, mostRead = MOST_READ }) => {
    const { name: preparedName, text, params: names } = statements.get(name)!;
    const client = await pool.connect();
    try {
      // From the sixth execution on, functions and prepared statements may use plans that fit any parameters.
      for (let execution = 1; execution <= 7; execution++) {
        await client.query('begin');
        const before = await readsOf(client);
        await client.query({ name: preparedName, text, values: names.map((each) => params[each]) });
        const after = await readsOf(client);
        await client.query('rollback');
        const reads = after.map(({ table, scans, rows }, index) => ({
          table,
          scans: scans - before[index]!.scans,
          rows: rows - before[index]!.rows,
        }));
        expect(reads.filter(({ scans, rows }) => scans > 0 || rows > mostRead)).toEqual([]);
      }
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  // The server counts no reads of an index by itself, but the pages that a statement touches.
  it.each(['listMessages', 'listHistory'])('a late page of %s touches hardly more than the first one', async (name) => {
    const { text, params: names } = statements.get(name)!;
    const { params } = RECURRING.find((recurring) => recurring.name === name)!;
    const pages = async (more: Params) => {
      const values = names.map((each) => ({ ...params, ...more })[each]);
      await pool.query(text, values);
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
        `explain (analyze, buffers, costs off) ${text}`,
        values,
      );
      const [, hit = '', read = '0'] =
        /Buffers: shared hit=(\d+)(?: read=(\d+))?/.exec(rows.map((row) => row['QUERY PLAN']).join()) ?? [];
      return Number(hit) + Number(read);
    };
    const [first, last] = [await pages({ before: null }), await pages({ before: 200 })];
    expect(first).toBeGreaterThan(0);
    expect(last).toBeLessThan(1.2 * first);
  });

  it('claims what is due without reading the messages that expired before it', async () => {
    const { name, params } = RECURRING[0]!;
    const { text, params: names } = statements.get(name)!;
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(
        `insert into outbox.chunk (account, lane, size, numbers, content, due_at, expires_at)
          select $1, 'priority', 1, '918563000001', 'x', clock_timestamp() - interval '2 hours', clock_timestamp() - interval '1 hour'
          from generate_series(1, 50000)`,
        [ACCOUNT],
      );
      const before = await readsOf(client);
      const { rows } = await client.query<{ chunk_id: string | null }>(
        text,
        names.map((each) => params[each]),
      );
      const after = await readsOf(client);
      expect(rows.filter(({ chunk_id: id }) => id !== null)).toHaveLength(20);
      const read = after.reduce((sum, { rows: all }, index) => sum + all - before[index]!.rows, 0);
      expect(read).toBeLessThan(MOST_READ);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

interface Reads {
  readonly table: string;
  readonly scans: number;
  readonly rows: number;
}

async function readsOf(client: PoolClient): Promise<Reads[]> {
  const { rows } = await client.query<Reads>(
    `select relname as table, seq_scan::int as scans, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows
      from pg_stat_xact_user_tables where schemaname = 'outbox' and relname = any ($1) order by relname`,
    [GROWING],
  );
  return rows;
}
