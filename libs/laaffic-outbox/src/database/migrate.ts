import type { Pool, PoolClient } from 'pg';
import { OutboxError } from '../errors/outbox.error.js';
import { FUNCTIONS, MIGRATIONS } from '../sql/generated.js';
import type { FunctionSet, Migration } from '../sql/statement.js';
import { inSchema, takeClient } from './database.js';
import { namingMissingRights } from './rights.js';
import { clientBeside, setUp } from './session.js';

/** The SQL of a release. */
export interface Release {
  /** What stands for the schema in the SQL. */
  readonly marker: string;
  /** How to migrate by hand, for messages: `run … before the app starts`. */
  readonly command: string;
  /** In the order of application. Released migrations never change. */
  readonly migrations: readonly Migration[];
  readonly functions: FunctionSet;
}

/** What the schema of an outbox is like, and what a release would change. */
export interface SchemaStatus {
  /** The version of the schema; 0 if there is none. */
  readonly version: number;
  /** The versions that this release would add. */
  readonly pending: readonly PendingMigration[];
  /** Versions that a newer release has added. */
  readonly newer: readonly number[];
  /** Whether this release can work with the schema. */
  readonly isUsable: boolean;
}

/** A version of the schema that is not applied yet. */
export interface PendingMigration {
  readonly version: number;
  readonly name: string;
  /** Whether older releases cannot work with the schema any more. */
  readonly isBreaking: boolean;
  /** The statements, for people who apply them by hand. */
  readonly sql: string;
}

interface AppliedMigration {
  readonly version: number;
  readonly is_breaking: boolean;
}

const THIS_RELEASE: Release = {
  marker: 'outbox',
  command: '`laaffic outbox migrate` or migrateOutbox(pool)',
  migrations: MIGRATIONS,
  functions: FUNCTIONS,
};
export const DEFAULT_SCHEMA = 'laaffic_outbox';
/** As `server_version_num`. */
const OLDEST_SERVER = 140_000;

/** How long a change of a table waits for transactions that use it. Everything else queues behind it meanwhile. */
const LOCK_TIMEOUT = 3_000;
/** How often a change is tried, and the pauses in between. */
const MOST_TRIES = 20;
const PAUSE = 500;
/** Functions of a release that no process has used for this long are removed. */
const UNUSED_FUNCTIONS = '30 days';

/**
 * Brings the schema of the outbox to the version of this release. Instances that start at the same time wait for each
 * other. Nothing outside the schema changes. Older releases go on working until a breaking version.
 *
 * Each version is one transaction, and a change waits only for a short time for the tables, again and again, so it does
 * not block an app with a long transaction. Versions that only build indexes do it while the tables are in use; if that
 * is interrupted, the next call begins it anew.
 * @param schema the name of the schema. @default 'laaffic_outbox'
 * @throws {OutboxError} `OUTBOX_SCHEMA_TOO_NEW` if a newer release made a breaking change, `OUTBOX_DATABASE_ENCODING` if
 * the database is not UTF8, `OUTBOX_DATABASE_VERSION` if the server is too old, `OUTBOX_DATABASE_DENIED` with the command that grants the missing rights.
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * await migrateOutbox(pool);
 * await pool.end();
 */
export function migrateOutbox(pool: Pool, schema = DEFAULT_SCHEMA): Promise<void> {
  return migrateTo(THIS_RELEASE, pool, schema);
}

/**
 * Takes back the newest versions of the schema, so that an older release finds what it knows. Only versions that are not
 * breaking can be taken back.
 * @param version the version to return to.
 * @param schema the name of the schema. @default 'laaffic_outbox'
 * @returns the versions that were taken back, newest first.
 * @throws {OutboxError} `OUTBOX_SCHEMA_TOO_NEW` if a version in between is breaking, or is not known to this release.
 */
export function rollBackOutbox(pool: Pool, version: number, schema = DEFAULT_SCHEMA): Promise<number[]> {
  return rollBackTo(version, THIS_RELEASE, pool, schema);
}

/**
 * Tells what {@link migrateOutbox} would do. Changes nothing.
 * @param schema the name of the schema. @default 'laaffic_outbox'
 */
export function getOutboxSchemaStatus(pool: Pool, schema = DEFAULT_SCHEMA): Promise<SchemaStatus> {
  return readStatus(THIS_RELEASE, pool, schema);
}

/** @throws {OutboxError} if this release cannot work with the schema as it is, and as {@link migrateOutbox}. */
export async function checkSchema(pool: Pool, schema: string, release = THIS_RELEASE): Promise<void> {
  await requireServer(pool);
  const applied = await appliedTo(pool, schema);
  refuseBreaking(release, applied, schema);
  const status = statusOf(release, applied, schema);
  const hasFunctions = await hasInstalled(release, pool, schema);
  if (status.pending.length === 0 && hasFunctions) return;
  const what =
    status.pending.length === 0
      ? `lacks the functions of this release`
      : `is at version ${status.version}, and this release needs ${release.migrations.length}`;
  throw new OutboxError(
    'OUTBOX_SCHEMA_MISSING',
    `The schema ${schema} ${what}: run ${release.command} before the app starts, or set the option \`migrate\` to true`,
  );
}

/** {@link migrateOutbox} for any release. */
export async function migrateTo(release: Release, pool: Pool, schema: string): Promise<void> {
  await requireServer(pool);
  await alone(release, pool, schema, async (client) => {
    const applied = await appliedTo(client, schema);
    refuseBreaking(release, applied, schema);
    await createBookkeeping(client, schema);
    const known = new Set(applied.map(({ version }) => version));
    for (const migration of release.migrations) {
      if (!known.has(migration.version)) await apply(release, client, migration, schema);
    }
    await installFunctions(release, client, schema);
  });
}

/** {@link rollBackOutbox} for any release. */
export async function rollBackTo(version: number, release: Release, pool: Pool, schema: string): Promise<number[]> {
  const takenBack: number[] = [];
  await alone(release, pool, schema, async (client) => {
    const newest = (await appliedTo(client, schema)).filter((applied) => applied.version > version).reverse();
    for (const applied of newest) {
      const rollback = release.migrations[applied.version - 1]?.rollback;
      if (rollback === undefined) {
        const why = applied.is_breaking ? 'it is breaking' : 'this release does not know it';
        const advice = 'restore a backup, or use the release that made it';
        const message = `Version ${applied.version} of the schema ${schema} cannot be taken back, because ${why}: ${advice}`;
        throw new OutboxError('OUTBOX_SCHEMA_TOO_NEW', message);
      }
      await inTransaction(client, async () => {
        await client.query(inSchema(rollback, schema, release.marker));
        await client.query(`delete from "${schema}".migration where version = $1`, [applied.version]);
      });
      takenBack.push(applied.version);
    }
  });
  return takenBack;
}

/** {@link getOutboxSchemaStatus} for any release. */
export async function readStatus(release: Release, pool: Pool, schema: string): Promise<SchemaStatus> {
  return statusOf(release, await appliedTo(pool, schema), schema);
}

function statusOf({ marker, migrations }: Release, applied: readonly AppliedMigration[], schema: string): SchemaStatus {
  const known = new Set(applied.map(({ version }) => version));
  const pending = migrations.filter(({ version }) => !known.has(version));
  const newer = applied.filter(({ version }) => version > migrations.length);
  return {
    version: Math.max(0, ...known),
    pending: pending.map(({ version, name, isBreaking, up }) => ({
      version,
      name,
      isBreaking,
      sql: inSchema(up, schema, marker),
    })),
    newer: newer.map(({ version }) => version),
    isUsable: pending.length === 0 && !newer.some(({ is_breaking }) => is_breaking),
  };
}

/**
 * Checks the server's version and the database's encoding. With another encoding, some texts are rejected when they are
 * sent, or come back as different text.
 */
async function requireServer(client: Pool | PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string; encoding: string; version: string; number: number }>(
    `select current_database() as name, current_setting('server_encoding') as encoding,
      current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  );
  const { name = '', encoding = '', version = '', number = 0 } = rows[0] ?? {};
  if (number < OLDEST_SERVER) {
    const message = `The server is PostgreSQL ${version}, but the outbox needs ${OLDEST_SERVER / 10_000} or newer`;
    throw new OutboxError('OUTBOX_DATABASE_VERSION', message);
  }
  if (encoding === 'UTF8') return;
  throw new OutboxError(
    'OUTBOX_DATABASE_ENCODING',
    `The database ${name} is in ${encoding}, but message texts need UTF8: ` +
      `create another with \`create database … encoding 'UTF8' template template0\``,
  );
}

/** The applied versions, oldest first. */
async function appliedTo(client: Pool | PoolClient, schema: string): Promise<AppliedMigration[]> {
  if (!(await hasTable(client, schema, 'migration'))) return [];
  const found = await client.query<AppliedMigration>(
    `select version, is_breaking from "${schema}".migration order by version`,
  );
  return found.rows;
}

/** Whether the schema has one of the tables in which versions are recorded. */
async function hasTable(
  client: Pool | PoolClient,
  schema: string,
  name: 'migration' | 'function_set',
): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(`select to_regclass($1) is not null as exists`, [
    `"${schema}".${name}`,
  ]);
  return rows[0]?.exists === true;
}

function refuseBreaking({ migrations }: Release, applied: readonly AppliedMigration[], schema: string): void {
  const breaking = applied.find(({ version, is_breaking }) => version > migrations.length && is_breaking);
  if (breaking === undefined) return;
  throw new OutboxError(
    'OUTBOX_SCHEMA_TOO_NEW',
    `The schema ${schema} is at version ${breaking.version}, which a newer release made and this one cannot work with; ` +
      `this release supports version ${migrations.length}`,
  );
}

/**
 * Runs work while no other process migrates the schema. A connection of its own holds the lock in a transaction, so it
 * also works through a pooler. The other one does the work: indexes cannot be built in a transaction while tables are in
 * use.
 */
async function alone(
  release: Release,
  pool: Pool,
  schema: string,
  work: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const guard = clientBeside(pool);
  guard.on('error', () => undefined);
  await guard.connect();
  try {
    await setUp(pool, guard);
    await guard.query('begin isolation level read committed');
    await guard.query(`set local statement_timeout = 0; set local lock_timeout = 0`);
    await guard.query(`set local idle_in_transaction_session_timeout = 0`);
    // Without parameters: with them it would keep a snapshot, for which a build of an index would wait.
    const name = guard.escapeLiteral(`laaffic outbox ${schema}`);
    await guard.query(`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
    const { client, release: giveBack } = await takeClient(pool);
    let failure: unknown;
    try {
      await work(client);
    } catch (error) {
      failure = error;
      throw await namingMissingRights(error, client, schema, { toRun: release.command });
    } finally {
      giveBack(failure instanceof OutboxError ? undefined : (failure as Error | undefined));
    }
  } finally {
    await guard.end();
  }
}

async function createBookkeeping(client: PoolClient, schema: string): Promise<void> {
  if (await hasTable(client, schema, 'function_set')) return;
  await inTransaction(client, async () => {
    const found = await client.query<{ exists: boolean }>(`select to_regnamespace($1) is not null as exists`, [
      `"${schema}"`,
    ]);
    // Even `if not exists` needs the right to create a schema.
    if (found.rows[0]?.exists !== true) await client.query(`create schema "${schema}"`);
    await client.query(
      `create table if not exists "${schema}".migration (version int primary key, name text not null,
        is_breaking boolean not null, applied_at timestamptz not null default now())`,
    );
    await client.query(
      `create table if not exists "${schema}".function_set (digest text primary key,
        installed_at timestamptz not null default now(), used_at timestamptz not null default now())`,
    );
  });
}

async function apply(release: Release, client: PoolClient, migration: Migration, schema: string): Promise<void> {
  const { version, name, isBreaking, isConcurrent, up } = migration;
  const sql = inSchema(up, schema, release.marker);
  const record = () =>
    client.query(`insert into "${schema}".migration (version, name, is_breaking) values ($1, $2, $3)`, [
      version,
      name,
      isBreaking,
    ]);
  if (!isConcurrent) {
    await inTransaction(client, async () => {
      await client.query(sql);
      await record();
    });
    return;
  }
  await dropUnfinishedIndexes(client, schema);
  for (const statement of sql.split(';').filter((each) => each.trim() !== '')) await client.query(statement);
  await record();
}

/** Indexes that an interrupted build has left. They are not used, but slow down every write. */
async function dropUnfinishedIndexes(client: PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = to_regnamespace($1) and not i.indisvalid`,
    [`"${schema}"`],
  );
  for (const { name } of rows) await client.query(`drop index concurrently "${schema}"."${name}"`);
}

async function hasInstalled({ functions }: Release, client: Pool | PoolClient, schema: string): Promise<boolean> {
  if (!(await hasTable(client, schema, 'function_set'))) return false;
  const installed = await client.query(`select from "${schema}".function_set where digest = $1`, [functions.digest]);
  return installed.rows.length > 0;
}

/** Adds the functions of the release beside those of others. Removes those that no process has used for long. */
async function installFunctions(release: Release, client: PoolClient, schema: string): Promise<void> {
  const { digest, text } = release.functions;
  if (await hasInstalled(release, client, schema)) {
    await client.query(`update "${schema}".function_set set used_at = now() where digest = $1`, [digest]);
    return;
  }
  await inTransaction(client, async () => {
    // They call each other, in any order.
    await client.query('set local check_function_bodies = off');
    await client.query(inSchema(text, schema, release.marker));
    await client.query(`insert into "${schema}".function_set (digest) values ($1)`, [digest]);
    const { rows: unused } = await client.query<{ digest: string }>(
      `delete from "${schema}".function_set where used_at < now() - interval '${UNUSED_FUNCTIONS}' returning digest`,
    );
    for (const old of unused) await dropFunctions(client, schema, old.digest);
  });
}

async function dropFunctions(client: PoolClient, schema: string, digest: string): Promise<void> {
  const { rows } = await client.query<{ signature: string }>(
    `select p.oid::regprocedure::text as signature from pg_proc p
      where p.pronamespace = to_regnamespace($1) and right(p.proname, $2::int) = $3`,
    [`"${schema}"`, digest.length + 1, `_${digest}`],
  );
  for (const { signature } of rows) await client.query(`drop function ${signature}`);
}

/** Runs changes of tables in a transaction that does not wait for long, and is retried. */
async function inTransaction(client: PoolClient, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('begin isolation level read committed');
      await client.query(`set local lock_timeout = ${LOCK_TIMEOUT}`);
      await client.query(`set local statement_timeout = 0`);
      await work();
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      if (attempt === MOST_TRIES || !isOfLock(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** Whether a lock was not free in time, or two transactions waited for each other. */
function isOfLock(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === '55P03' || code === '40P01';
}
