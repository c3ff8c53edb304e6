/**
 * A PostgreSQL server on this machine, with binaries from npm.
 * @module nestjs-embedded-postgres
 */
export { EmbeddedPostgres } from './embedded-postgres.js';
export { EmbeddedPostgresModule } from './embedded-postgres.module.js';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres.error.js';
export type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
export type { EmbeddedPostgresState } from './supervisor.js';
