import { migrateTo, readStatus, rollBackTo, type Release, type SchemaStatus } from 'nestjs-laaffic-outbox/extension';
import type { Pool } from 'pg';
import { FUNCTIONS, MIGRATIONS } from '../sql/generated.js';

export const DEFAULT_SCHEMA = 'laaffic_verify';
export const THIS_RELEASE: Release = {
  marker: 'verify',
  command: 'migrateVerification(pool)',
  migrations: MIGRATIONS,
  functions: FUNCTIONS,
};

/**
 * Brings the schema of verifications to the version of this release, as `migrateOutbox` does with the schema of the outbox.
 * @param schema the name of the schema. @default 'laaffic_verify'
 * @throws {OutboxError} as `migrateOutbox`.
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * await migrateVerification(pool);
 * await pool.end();
 */
export function migrateVerification(pool: Pool, schema = DEFAULT_SCHEMA): Promise<void> {
  return migrateTo(THIS_RELEASE, pool, schema);
}

/**
 * Takes back the newest versions of the schema, as `rollBackOutbox` does.
 * @param version the version to return to.
 * @param schema the name of the schema. @default 'laaffic_verify'
 * @returns the versions that were taken back, newest first.
 * @throws {OutboxError} as `rollBackOutbox`.
 */
export function rollBackVerification(pool: Pool, version: number, schema = DEFAULT_SCHEMA): Promise<number[]> {
  return rollBackTo(version, THIS_RELEASE, pool, schema);
}

/**
 * Tells what {@link migrateVerification} would do. Changes nothing.
 * @param schema the name of the schema. @default 'laaffic_verify'
 */
export function getVerificationSchemaStatus(pool: Pool, schema = DEFAULT_SCHEMA): Promise<SchemaStatus> {
  return readStatus(THIS_RELEASE, pool, schema);
}
