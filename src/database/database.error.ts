import { ESCAPES } from './database-url.js';

/** The service cannot have its database; the message says what to do, and never holds a part of its URL. */
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
   * The database of `DATABASE_URL` let nobody in. In words of our own: those of the driver and the server repeat
   * the host, the user and the database, and a password that is not escaped ends up as any of them.
   */
  static notReached(cause: unknown): DatabaseError {
    const { problem, advice } = refusalOf(cause);
    return new DatabaseError(
      `The service cannot start: the database of DATABASE_URL cannot be used: ${problem}. ${advice}.`,
      { cause },
    );
  }

  /**
   * The server let the service in, and did not do what it has to.
   * @param dataDir where the data of a server of this machine's own are.
   */
  static notUsable(error: unknown, dataDir?: string): DatabaseError {
    // What the outbox says of the database that it was given begins with the same words.
    const cause = codeOf(error) === 'OUTBOX_DATABASE' && error instanceof Error ? (error.cause ?? error) : error;
    const which = dataDir === undefined ? 'the database of DATABASE_URL' : `its own database in ${dataDir}`;
    return new DatabaseError(
      `The service cannot start: ${which} cannot be used: ${sentence(wordsOf(cause))}${rightsAdvice(cause)}`,
      { cause },
    );
  }
}

interface Refusal {
  readonly problem: string;
  readonly advice: string;
}

const REFUSALS: readonly (Refusal & { readonly codes: RegExp })[] = [
  {
    codes: /^(ENOTFOUND|EAI_\w+)$/,
    problem: 'there is no server with the name of its host',
    advice: `Check the host. ${ESCAPES}`,
  },
  {
    codes: /^ECONNREFUSED$/,
    problem: 'nothing listens at its host and port',
    advice: `Check both, and that the server runs. ${ESCAPES}`,
  },
  {
    codes: /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    problem: 'its host does not answer',
    advice: `Check host and port. ${ESCAPES}`,
  },
  {
    codes: /^(EADDRNOTAVAIL|ERR_SOCKET_BAD_PORT)$/,
    problem: 'its host or port can be nobody’s',
    advice: `Check both. ${ESCAPES}`,
  },
  {
    codes: /^(ECONNRESET|EPIPE)$/,
    problem: 'its server closed the connection',
    advice: 'Check that it is a PostgreSQL, and look at its log',
  },
  { codes: /^28/, problem: 'its server refuses the user or the password', advice: `Check both. ${ESCAPES}` },
  {
    codes: /^3D000$/,
    problem: 'its server has no database of that name',
    advice: `Create it, or check the name. ${ESCAPES}`,
  },
  { codes: /^42501$/, problem: 'its user may not connect to that database', advice: 'Grant it CONNECT' },
  {
    codes: /^53300$/,
    problem: 'its server has no connection left',
    advice: 'Close some, or raise its max_connections',
  },
  {
    codes: /^57P0/,
    problem: 'its server starts or stops at this moment',
    advice: 'Start the service again in a minute',
  },
  {
    codes: /CERT|SIGNATURE|^ERR_(TLS|SSL)/,
    problem: 'the certificate of its server cannot be trusted',
    advice: 'Give sslrootcert the file of its authority',
  },
  {
    codes: /^(ENOENT|EACCES|EISDIR)$/,
    problem: 'a file or socket that it names cannot be opened',
    advice: 'Check its host, sslrootcert, sslcert and sslkey',
  },
];

/** The driver has no codes for these; they are sentences that never hold a part of the URL. */
const SENTENCES: readonly (Refusal & { readonly words: RegExp })[] = [
  {
    words: /does not support SSL/,
    problem: 'its server does not offer TLS',
    advice: 'Turn TLS on there, or leave sslmode out',
  },
  { words: /timeout/i, problem: 'its host does not answer', advice: `Check host and port. ${ESCAPES}` },
  {
    words: /password must be a/,
    problem: 'its server asks for a password, and it holds none',
    advice: 'Write it as user:password@host',
  },
  {
    words: /terminated unexpectedly/,
    problem: 'its server closed the connection',
    advice: 'Check that it is a PostgreSQL, and look at its log',
  },
  { words: /URI malformed|Invalid URL/, problem: 'it cannot be read', advice: ESCAPES },
];

function refusalOf(cause: unknown): Refusal {
  const code = codeOf(cause);
  const words = cause instanceof Error ? cause.message : String(cause);
  const known =
    REFUSALS.find(({ codes }) => code !== undefined && codes.test(code)) ??
    SENTENCES.find((one) => one.words.test(words));
  const { problem, advice } = known ?? { problem: 'the connection fails', advice: `Look at its log. ${ESCAPES}` };
  return { problem: code === undefined ? problem : `${problem} (${code})`, advice };
}

/** Of several addresses that were tried, Node's error has the code and an empty message. */
function codeOf(cause: unknown): string | undefined {
  const isCoded = typeof cause === 'object' && cause !== null && 'code' in cause;
  return isCoded && typeof cause.code === 'string' ? cause.code : undefined;
}

function sentence(words: string): string {
  return words.endsWith('.') ? words : `${words}.`;
}

function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' ? (codeOf(cause) ?? cause.name) : cause.message;
}

function rightsAdvice(cause: unknown): string {
  if (codeOf(cause) !== '42501') return '';
  return (
    ' Grant the user of DATABASE_URL the right CREATE on the database and on the schema laaffic_outbox, or make it ' +
    'their owner.'
  );
}
