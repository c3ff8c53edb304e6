import { getOutboxSchemaStatus, migrateOutbox } from 'nestjs-laaffic-outbox';
import type { SchemaStatus } from 'nestjs-laaffic-outbox/extension';
import { Pool } from 'pg';
import { ConfigurationError, type Configuration } from '../configuration.js';
import { DatabaseError } from './database.error.js';
import { ServiceDatabase } from './service-database.js';
import { getServiceSchemaStatus, migrateService } from './service-schema.js';

/** The functions of a package that has a schema. */
interface Schema {
  readonly name: string;
  readonly status: (pool: Pool, schema: string) => Promise<SchemaStatus>;
  readonly migrate: (pool: Pool, schema: string) => Promise<void>;
}

/**
 * Brings the schemas of the service to the version of this release: that of the outbox, its own, and with phone verification
 * that of verifications. It is for the owner of the schemas, if the service itself has fewer rights.
 * @param print gets a line for each schema.
 * @throws {ConfigurationError} without `DATABASE_URL`: the service migrates a server of its own when it starts.
 * @throws {DatabaseError} if the database cannot be reached or changed.
 */
export async function migrateSchemas(
  { databaseUrl, databaseSchema, serviceSchema, dataDir, verification }: Configuration,
  print: (line: string) => void,
): Promise<void> {
  if (databaseUrl === undefined) throw new ConfigurationError(['DATABASE_URL must be set for migrate']);
  const database = await ServiceDatabase.open({ databaseUrl, dataDir });
  const pool = new Pool({ connectionString: database.url, max: 1 });
  // The statement that needs a broken connection fails too.
  pool.on('error', () => undefined);
  try {
    await migrate(pool, { name: databaseSchema, status: getOutboxSchemaStatus, migrate: migrateOutbox }, print);
    await migrate(pool, { name: serviceSchema, status: getServiceSchemaStatus, migrate: migrateService }, print);
    if (verification === undefined) return;
    const { getVerificationSchemaStatus: status, migrateVerification } = await import('nestjs-laaffic-verify');
    await migrate(pool, { name: verification.schema, status, migrate: migrateVerification }, print);
  } catch (error) {
    throw DatabaseError.notUsable(error);
  } finally {
    await pool.end();
    await database.close();
  }
}

async function migrate(pool: Pool, schema: Schema, print: (line: string) => void): Promise<void> {
  const { name } = schema;
  const { pending } = await schema.status(pool, name);
  await schema.migrate(pool, name);
  const { version } = await schema.status(pool, name);
  const applied = pending.map((each) => each.version).join(', ');
  print(
    applied === ''
      ? `${name} is up to date at version ${version}`
      : `${name} is at version ${version}; applied ${applied}`,
  );
}
