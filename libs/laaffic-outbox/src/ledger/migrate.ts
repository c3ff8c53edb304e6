import type { Pool, PoolClient } from 'pg';
import { OutboxError } from '../outbox.error.js';
import { lendClient } from './lend-client.js';
import { LEDGER } from './migrations/0001-ledger.js';
import { namingMissingRights } from './rights.js';

/** In the order of application. Released migrations never change. */
const MIGRATIONS: readonly string[] = [LEDGER];

/**
 * Migrates the schema of the outbox to the version of this release. Instances that start at the same time wait for each
 * other. Nothing outside the schema changes.
 * @param schema the name of the schema. @default 'laaffic_outbox'
 * @throws {OutboxError} `OUTBOX_SCHEMA_TOO_NEW` if a newer release has migrated it, `OUTBOX_DATABASE_ENCODING` if the
 * database is not UTF8, `OUTBOX_DATABASE_DENIED` with the command that grants the missing rights.
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * await migrateOutbox(pool);
 * await pool.end();
 */
export async function migrateOutbox(pool: Pool, schema = 'laaffic_outbox'): Promise<void> {
  const { client, giveBack } = await lendClient(pool);
  let failure: Error | undefined;
  try {
    await requireUtf8(client);
    await client.query('begin');
    // Lock before anything else: even `create schema if not exists` fails if two processes run it at once.
    await client.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`laaffic outbox ${schema}`]);
    const version = await versionOf(client, schema);
    refuseNewer(version, schema);
    if (version < MIGRATIONS.length) await apply(client, schema, version);
    await client.query('commit');
  } catch (error) {
    failure = error as Error;
    await client.query('rollback').catch(() => undefined);
    throw await namingMissingRights(error, client, schema, 'migrate');
  } finally {
    giveBack(failure instanceof OutboxError ? undefined : failure);
  }
}

/** @throws {OutboxError} if the schema does not have the version of this release, and as {@link migrateOutbox}. */
export async function checkSchema(pool: Pool, schema: string): Promise<void> {
  await requireUtf8(pool);
  const version = await versionOf(pool, schema);
  refuseNewer(version, schema);
  if (version === MIGRATIONS.length) return;
  throw new OutboxError(
    'OUTBOX_SCHEMA_MISSING',
    `The schema ${schema} is at version ${version}, and this release needs ${MIGRATIONS.length}: ` +
      'run migrateOutbox(pool) before the app starts, or set the option `migrate` to true',
  );
}

/** With another encoding, some texts are rejected when they are sent, or come back as different text. */
async function requireUtf8(client: Pool | PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string; encoding: string }>(
    `select current_database() as name, current_setting('server_encoding') as encoding`,
  );
  const { name = '', encoding = '' } = rows[0] ?? {};
  if (encoding === 'UTF8') return;
  throw new OutboxError(
    'OUTBOX_DATABASE_ENCODING',
    `The database ${name} is in ${encoding}, but message texts need UTF8: ` +
      `create another with \`create database … encoding 'UTF8' template template0\``,
  );
}

async function versionOf(client: Pool | PoolClient, schema: string): Promise<number> {
  const { rows } = await client.query<{ exists: boolean }>(`select to_regclass($1) is not null as exists`, [
    `"${schema}".migration`,
  ]);
  if (rows[0]?.exists !== true) return 0;
  const found = await client.query<{ version: number }>(
    `select coalesce(max(version), 0)::int as version from "${schema}".migration`,
  );
  return found.rows[0]?.version ?? 0;
}

async function apply(client: PoolClient, schema: string, version: number): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(`select to_regnamespace($1) is not null as exists`, [
    `"${schema}"`,
  ]);
  // Even `if not exists` needs the right to create a schema.
  if (rows[0]?.exists !== true) await client.query(`create schema "${schema}"`);
  await client.query(`set local search_path to "${schema}", pg_catalog, pg_temp`);
  await client.query(
    `create table if not exists migration (version int primary key, applied_at timestamptz not null default now())`,
  );
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    await client.query(sql);
    await client.query(`insert into migration (version) values ($1)`, [index + 1]);
  }
}

function refuseNewer(version: number, schema: string): void {
  if (version <= MIGRATIONS.length) return;
  throw new OutboxError(
    'OUTBOX_SCHEMA_TOO_NEW',
    `The schema ${schema} is at version ${version}, migrated by a newer release; this release supports version ${MIGRATIONS.length}`,
  );
}
