/** The service cannot have its database; the message says what to do, and never holds a password. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code = 'NO_DATABASE';

  /** No server could be had on this machine. */
  static noServer(dataDir: string, cause: unknown): DatabaseError {
    const advice = 'Set DATABASE_URL to a PostgreSQL (postgres://user:password@host:5432/database)';
    return new DatabaseError(
      `The service cannot start: no PostgreSQL of its own can run here, with its data in ${dataDir}: ` +
        `${sentence(wordsOf(cause))} ${advice}, or DATA_DIR to another folder.`,
      { cause },
    );
  }

  /**
   * The server did not let the service in, or not do what it has to.
   * @param dataDir where the data of a server of this machine's own are.
   */
  static notUsable(cause: unknown, dataDir?: string): DatabaseError {
    const which = dataDir === undefined ? 'the database of DATABASE_URL' : `its own database in ${dataDir}`;
    return new DatabaseError(`The service cannot start: ${which} cannot be used: ${sentence(wordsOf(cause))}`, {
      cause,
    });
  }
}

function sentence(words: string): string {
  return words.endsWith('.') ? words : `${words}.`;
}

/** Of several addresses that were tried, Node's error has an empty message. */
function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
