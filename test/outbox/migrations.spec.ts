import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { inSchema } from '../../libs/laaffic-outbox/src/database/database.js';
import { migrateTo, readStatus, rollBackTo, type Release } from '../../libs/laaffic-outbox/src/database/migrate.js';
import { FUNCTIONS, MIGRATIONS } from '../../libs/laaffic-outbox/src/sql/generated.js';
import { until } from '../until.js';
import { inTransaction } from './in-transaction.js';
import { numbers, Stage } from './stage.js';

jest.setTimeout(60_000);

type Migration = Release['migrations'][number];

const THIS: Release = { marker: 'outbox', command: 'nothing', migrations: MIGRATIONS, functions: FUNCTIONS };
const SCHEMA = 'laaffic_outbox';

/** A later release: another column, and functions with other names. */
function laterRelease(...migrations: Partial<Migration>[]): Release {
  const added = migrations.map((migration, index): Migration => ({
    version: MIGRATIONS.length + index + 1,
    name: 'later',
    isBreaking: false,
    isConcurrent: false,
    up: `alter table outbox.chunk add column later_${index} text`,
    rollback: `alter table outbox.chunk drop column later_${index}`,
    ...migration,
  }));
  const digest = `aaaaaaa${migrations.length}`;
  const text = FUNCTIONS.text.replaceAll(FUNCTIONS.digest, digest);
  return { ...THIS, migrations: [...MIGRATIONS, ...added], functions: { digest, text } };
}

describe('the schema', () => {
  let stage: Stage;
  let pool: Pool;

  beforeEach(async () => {
    stage = await Stage.set();
    pool = new Pool({ connectionString: stage.database.url, max: 3 });
    pool.on('error', () => undefined);
  });
  afterEach(async () => {
    await pool.end();
    await stage.close();
  });

  const send = async (outbox: SmsOutbox) =>
    (await outbox.send({ to: numbers(1), content: 'x' })).receipt?.accepted.length;
  const versions = async () =>
    (await stage.query<{ version: number }>('select version from migration order by 1')).map(({ version }) => version);
  const hasColumn = async (name: string) =>
    (
      await stage.query(
        `select from information_schema.columns where table_schema = $1 and table_name = 'chunk' and column_name = $2`,
        [SCHEMA, name],
      )
    ).length === 1;
  /** What waits for a lock in this database. */
  const waiting = () =>
    stage.query<{ query: string }>(
      `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );

  it('changes under a worker that runs, and that restarts, until a breaking version', async () => {
    const { app, outbox } = await stage.app();
    const later = laterRelease({});
    await migrateTo(later, pool, SCHEMA);
    expect(await send(outbox)).toBe(1);
    await stage.stop(app);
    const { outbox: restarted } = await stage.app();
    expect(await send(restarted)).toBe(1);
    const { outbox: checked } = await stage.app({ migrate: false, worker: false });
    expect(await send(checked)).toBe(1);

    await migrateTo(laterRelease({}, { isBreaking: true, rollback: undefined }), pool, SCHEMA);
    // What runs goes on, as far as the breaking change allows.
    expect(await send(restarted)).toBe(1);
    for (const migrate of [true, false]) {
      await expect(stage.app({ migrate })).rejects.toMatchObject({
        code: 'OUTBOX_SCHEMA_TOO_NEW',
        message: expect.stringContaining('is at version 3, which a newer release made'),
      });
    }
  });

  it('is taken back version by version, but not behind a breaking one', async () => {
    const later = laterRelease({}, {});
    await migrateTo(later, pool, SCHEMA);
    expect(await rollBackTo(1, later, pool, SCHEMA)).toEqual([3, 2]);
    expect([await versions(), await hasColumn('later_0'), await hasColumn('later_1')]).toEqual([[1], false, false]);
    await migrateTo(later, pool, SCHEMA);
    // An older release does not know the way back.
    await expect(rollBackTo(1, THIS, pool, SCHEMA)).rejects.toMatchObject({
      code: 'OUTBOX_SCHEMA_TOO_NEW',
      message: expect.stringContaining('because this release does not know it'),
    });
    await expect(rollBackTo(0, later, pool, SCHEMA)).rejects.toMatchObject({
      code: 'OUTBOX_SCHEMA_TOO_NEW',
      message: expect.stringContaining(
        'Version 1 of the schema laaffic_outbox cannot be taken back, because it is breaking',
      ),
    });
    expect(await versions()).toEqual([1]);
    const { outbox } = await stage.app();
    expect(await send(outbox)).toBe(1);
  });

  it('tells what a release would change, and changes nothing', async () => {
    const later = laterRelease({ name: 'notes' });
    expect(await readStatus(later, pool, SCHEMA)).toMatchObject({ version: 0, isUsable: false, newer: [] });
    await migrateTo(THIS, pool, SCHEMA);
    expect(await readStatus(later, pool, SCHEMA)).toEqual({
      version: 1,
      pending: [
        {
          version: 2,
          name: 'notes',
          isBreaking: false,
          sql: 'alter table "laaffic_outbox".chunk add column later_0 text',
        },
      ],
      newer: [],
      isUsable: false,
    });
    await migrateTo(later, pool, SCHEMA);
    expect(await readStatus(THIS, pool, SCHEMA)).toEqual({ version: 2, pending: [], newer: [2], isUsable: true });
  });

  it('is migrated once by several processes at once', async () => {
    const later = laterRelease({}, {});
    await Promise.all(Array.from({ length: 4 }, () => migrateTo(later, pool, SCHEMA)));
    expect(await versions()).toEqual([1, 2, 3]);
    expect(await stage.query('select digest from function_set')).toEqual([{ digest: 'aaaaaaa2' }]);
  });

  it('is as before if a migration is killed half-way, and the next one completes it', async () => {
    const { outbox } = await stage.app();
    const slow = laterRelease({}, { up: 'alter table outbox.chunk add column later_1 text; select pg_sleep(60)' });
    const broken = migrateTo(slow, pool, SCHEMA).then(
      () => 'done',
      () => 'broken',
    );
    const [sleeping] = await until(
      () =>
        stage.query<{ pid: number }>(
          `select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
        ),
      (rows) => rows.length === 1,
    );
    await stage.query('select pg_terminate_backend($1)', [sleeping!.pid]);
    expect(await broken).toBe('broken');
    expect([await versions(), await hasColumn('later_1')]).toEqual([[1, 2], false]);
    expect(await send(outbox)).toBe(1);
    await migrateTo(laterRelease({}, {}), pool, SCHEMA);
    expect([await versions(), await hasColumn('later_1')]).toEqual([[1, 2, 3], true]);
  });

  it('builds an index while the tables are in use, and begins anew if that was interrupted', async () => {
    const { outbox } = await stage.app();
    const indexed = laterRelease({
      isConcurrent: true,
      up: `create index concurrently chunk_later on outbox.chunk (created_at)`,
      rollback: 'drop index outbox.chunk_later',
    });
    // The build waits for this transaction, which has changed the table.
    const valid = `select indisvalid as valid from pg_index where indexrelid = 'chunk_later'::regclass`;
    await inTransaction(pool, async (open) => {
      await open.query(
        `insert into ${SCHEMA}.chunk (account, lane, size, due_at) values ('another', 'bulk', 1, 'infinity')`,
      );
      const interrupted = migrateTo(indexed, pool, SCHEMA).then(
        () => 'done',
        () => 'interrupted',
      );
      const building = `select pid from pg_stat_activity where datname = current_database() and query like 'create index conc%' and wait_event_type = 'Lock'`;
      const [builder] = await until(
        () => stage.query<{ pid: number }>(building),
        (rows) => rows.length === 1,
      );
      // Neither blocks the other.
      expect(await send(outbox)).toBe(1);
      await stage.query('select pg_terminate_backend($1)', [builder!.pid]);
      expect(await interrupted).toBe('interrupted');
      expect([await versions(), await stage.query(valid)]).toEqual([[1], [{ valid: false }]]);
    });
    await migrateTo(indexed, pool, SCHEMA);
    expect([await versions(), await stage.query(valid)]).toEqual([[1, 2], [{ valid: true }]]);
  });

  it('waits only for a short time for a table in use, so nothing queues behind it, and is retried', async () => {
    const { outbox } = await stage.app();
    const migrating = await inTransaction(pool, async (open) => {
      await open.query(`lock table ${SCHEMA}.chunk in row exclusive mode`);
      const call = migrateTo(laterRelease({}), pool, SCHEMA);
      // It gives the table free between its tries.
      await until(waiting, (rows) => rows.some(({ query }) => query.startsWith('alter table')));
      expect(await send(outbox)).toBe(1);
      return { call };
    });
    await migrating.call;
    expect(await versions()).toEqual([1, 2]);
  });

  it('keeps the functions of a release until no process has used them for a month', async () => {
    await migrateTo(laterRelease({}), pool, SCHEMA);
    const { app } = await stage.app();
    const sets = async () =>
      (await stage.query<{ digest: string }>('select digest from function_set order by 1')).map(({ digest }) => digest);
    const functions = async (digest: string) =>
      (
        await stage.query(`select from pg_proc where pronamespace = $1::regnamespace and proname like '%' || $2`, [
          SCHEMA,
          digest,
        ])
      ).length;
    expect(await sets()).toEqual([FUNCTIONS.digest, 'aaaaaaa1'].sort());
    await stage.query(`update function_set set used_at = used_at - interval '31 days' where digest <> $1`, [
      FUNCTIONS.digest,
    ]);
    await migrateTo(laterRelease({}, {}), pool, SCHEMA);
    expect(await sets()).toEqual([FUNCTIONS.digest, 'aaaaaaa2'].sort());
    expect(await functions('aaaaaaa1')).toBe(0);
    expect(await functions(FUNCTIONS.digest)).toBeGreaterThan(40);
    await stage.stop(app);
  });
});

describe('inSchema', () => {
  it('replaces the marker of the schema, and nothing else', () => {
    expect(inSchema(`select outbox.f('outbox:due', 'my outbox') from outbox.t`, 's1')).toBe(
      `select "s1".f('s1:due', 'my outbox') from "s1".t`,
    );
  });
});
