import { errorCodeOf } from '../common/errors/error-code.js';
import { ESCAPES } from './database-url.js';

/** The database cannot be used. The message says what to do, and never contains a part of the URL. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code = 'NO_DATABASE';

  /** The embedded server cannot start. */
  static noServer(dataDir: string, cause: unknown): DatabaseError {
    const advice = 'Set DATABASE_URL to a PostgreSQL (postgres://user:password@host:5432/database)';
    return new DatabaseError(
      `The service cannot start: no PostgreSQL of its own can run here, with its data in ${dataDir}: ` +
        `${sentence(messageOf(cause))} ${advice}, or DATA_DIR to another folder.`,
      { cause },
    );
  }

  /**
   * The database of `DATABASE_URL` rejects the connection. The message is our own, because those of the driver and the
   * server repeat the host, the user and the database, and a part of an unescaped password may be read as any of them.
   */
  static notReached(cause: unknown): DatabaseError {
    const { problem, advice } = rejectionOf(cause);
    return new DatabaseError(
      `The service cannot start: the database of DATABASE_URL cannot be used: ${problem}. ${advice}.`,
      { cause },
    );
  }

  /**
   * The server accepts the connection, but cannot be used.
   * @param dataDir the data directory of the embedded server.
   */
  static notUsable(error: unknown, dataDir?: string): DatabaseError {
    // The message of the outbox starts with the same words.
    const cause =
      errorCodeOf(error) === 'OUTBOX_DATABASE_UNAVAILABLE' && error instanceof Error ? (error.cause ?? error) : error;
    const which = dataDir === undefined ? 'the database of DATABASE_URL' : `its own database in ${dataDir}`;
    return new DatabaseError(
      `The service cannot start: ${which} cannot be used: ${inOurSettings(sentence(messageOf(cause)))}${rightsAdvice(cause)}`,
      { cause },
    );
  }
}

interface Rejection {
  readonly problem: string;
  readonly advice: string;
}

const BY_CODE: readonly (Rejection & { readonly codes: RegExp })[] = [
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
    problem: 'its host does not respond',
    advice: `Check host and port. ${ESCAPES}`,
  },
  {
    codes: /^(EADDRNOTAVAIL|ERR_SOCKET_BAD_PORT)$/,
    problem: 'its host or port is not possible',
    advice: `Check both. ${ESCAPES}`,
  },
  {
    codes: /^(ECONNRESET|EPIPE)$/,
    problem: 'its server closed the connection',
    advice: 'Check that it is a PostgreSQL, and look at its log',
  },
  { codes: /^28/, problem: 'its server rejects the user or the password', advice: `Check both. ${ESCAPES}` },
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

/** Messages of the driver without codes. They never contain a part of the URL. */
const BY_MESSAGE: readonly (Rejection & { readonly message: RegExp })[] = [
  {
    message: /does not support SSL/,
    problem: 'its server does not offer TLS',
    advice: 'Turn TLS on there, or leave sslmode out',
  },
  { message: /timeout/i, problem: 'its host does not respond', advice: `Check host and port. ${ESCAPES}` },
  {
    message: /password must be a/,
    problem: 'its server asks for a password, and it holds none',
    advice: 'Write it as user:password@host',
  },
  {
    message: /terminated unexpectedly/,
    problem: 'its server closed the connection',
    advice: 'Check that it is a PostgreSQL, and look at its log',
  },
  { message: /URI malformed|Invalid URL/, problem: 'it cannot be read', advice: ESCAPES },
];

function rejectionOf(cause: unknown): Rejection {
  const code = errorCodeOf(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  const known =
    BY_CODE.find(({ codes }) => code !== undefined && codes.test(code)) ??
    BY_MESSAGE.find((one) => one.message.test(text));
  const { problem, advice } = known ?? { problem: 'the connection fails', advice: `Look at its log. ${ESCAPES}` };
  return { problem: code === undefined ? problem : `${problem} (${code})`, advice };
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

/** If several addresses failed, Node's error has a code and an empty message. */
function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' ? (errorCodeOf(cause) ?? cause.name) : cause.message;
}

/** The packages name their own functions and options. */
function inOurSettings(text: string): string {
  const withCommand = text.replace(
    /`laaffic outbox migrate` or migrateOutbox\(pool\)|migrateVerification\(pool\)/,
    '`node dist/main.js migrate`',
  );
  return withCommand.replace(/the option `migrate` to (true|false)/, (_, value) =>
    value === 'true' ? 'DATABASE_MIGRATE to on' : 'DATABASE_MIGRATE to off',
  );
}

function rightsAdvice(cause: unknown): string {
  if (errorCodeOf(cause) !== '42501') return '';
  return (
    ' Grant the user of DATABASE_URL the right CREATE on the database and on the schema of the outbox, or make it ' +
    'their owner.'
  );
}
