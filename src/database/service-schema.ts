import { migrateTo, readStatus, type Release, type SchemaStatus } from 'nestjs-laaffic-outbox/extension';
import type { Pool } from 'pg';
import { FUNCTIONS, MIGRATIONS } from '../sql/generated.js';

/** The schema of the service itself, beside that of the outbox. */
export const SERVICE_RELEASE: Release = {
  marker: 'service',
  command: '`node dist/main.js migrate`',
  migrations: MIGRATIONS,
  functions: FUNCTIONS,
};

/**
 * Brings the schema of the service to the version of this release, as `migrateOutbox` does with the schema of the outbox.
 * @throws {OutboxError} as `migrateOutbox`.
 */
export function migrateService(pool: Pool, schema: string): Promise<void> {
  return migrateTo(SERVICE_RELEASE, pool, schema);
}

/** Tells what {@link migrateService} would do. Changes nothing. */
export function getServiceSchemaStatus(pool: Pool, schema: string): Promise<SchemaStatus> {
  return readStatus(SERVICE_RELEASE, pool, schema);
}
