import { OutboxError, type OutboxErrorCode } from './outbox.error.js';

/** What a failure of the outbox' database means. */
export interface DatabaseFailure {
  readonly code: OutboxErrorCode;
  /** `unknown` only where a commit may have been made. */
  readonly outcome: 'rejected' | 'unknown';
  /** The end of the sentence "The database of the outbox …"; `%` is where the server's code stands. */
  readonly words: string;
  /** Whether another connection may do better: this one is broken, or leads to the wrong server. */
  readonly isBroken: boolean;
}

const NOTHING = 'and the statement stored nothing';
const AGAIN = 'the same call may be repeated';

const LOST: DatabaseFailure = {
  code: 'OUTBOX_DATABASE',
  outcome: 'unknown',
  words:
    'did not answer a statement%, and nobody knows whether it has stored anything: ' +
    'the same call with the same idempotency key settles that',
  isBroken: true,
};

const UNREACHED: DatabaseFailure = {
  code: 'OUTBOX_DATABASE',
  outcome: 'rejected',
  words: `cannot be reached%, so a statement was not made and has stored nothing: ${AGAIN}`,
  isBroken: true,
};

const BUSY: DatabaseFailure = {
  code: 'OUTBOX_DATABASE',
  outcome: 'rejected',
  words: `refused a statement for now%, which stored nothing: ${AGAIN}`,
  isBroken: false,
};

const READ_ONLY: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_READ_ONLY',
  outcome: 'rejected',
  words: `takes no writes%, ${NOTHING}: ${AGAIN} when the connection leads to the primary server`,
  isBroken: true,
};

const FULL: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_FULL',
  outcome: 'rejected',
  words: `has no room left, on its disk or in its notification queue%, ${NOTHING}: ${AGAIN} when there is room`,
  isBroken: false,
};

const DENIED: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_DENIED',
  outcome: 'rejected',
  words: `denies this role what the outbox needs%, ${NOTHING}: the same call fails until the role has its rights`,
  isBroken: false,
};

const UNSTORABLE: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_ENCODING',
  outcome: 'rejected',
  words: `has no place for a character of this text%, ${NOTHING}: the same call always fails; the encoding must be UTF8`,
  isBroken: false,
};

const NO_SCHEMA: DatabaseFailure = {
  code: 'OUTBOX_SCHEMA_MISSING',
  outcome: 'rejected',
  words: `lacks a table or function of this release%, ${NOTHING}: the same call fails until migrateOutbox has run`,
  isBroken: false,
};

const REFUSED: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_REFUSED',
  outcome: 'rejected',
  words: `refused a statement%, which stored nothing: the same call may be refused again, and the code says why`,
  isBroken: false,
};

/**
 * What each SQLSTATE means, by what it begins with; the first that fits counts.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const BY_SQLSTATE: readonly (readonly [begins: string, failure: DatabaseFailure])[] = [
  // The session ended, or the server says itself that it does not know.
  ['08', LOST],
  ['40003', LOST],
  ['57P01', LOST],
  ['57P02', LOST],
  ['57P05', LOST],
  ['25006', READ_ONLY],
  ['53100', FULL],
  // The notification queue; the outbox asks for nothing else that is limited so.
  ['54000', FULL],
  ['28', DENIED],
  ['42501', DENIED],
  ['22021', UNSTORABLE],
  ['22P05', UNSTORABLE],
  ['3F000', NO_SCHEMA],
  ['42703', NO_SCHEMA],
  ['42704', NO_SCHEMA],
  ['42883', NO_SCHEMA],
  ['42P01', NO_SCHEMA],
  // Serialization and deadlocks, memory and connections, locks, cancelled statements, trouble with files.
  ['40', BUSY],
  ['53', BUSY],
  ['55', BUSY],
  ['57', BUSY],
  ['58', BUSY],
];

/** What Node and `pg` say of a connection, which has no SQLSTATE. */
const OF_CONNECTION =
  /^(E[A-Z_]+|SELF_SIGNED\w*|UNABLE_TO_\w+|CERT_\w+)$|^Connection terminated|^timeout exceeded when trying to connect|^Query read timeout|^Client has encountered a connection error/;

/**
 * Reads what became of a statement that failed.
 * @param isConnecting whether no connection was there yet, so that no statement can have been made.
 */
export function readDatabaseFailure(cause: unknown, isConnecting = false): DatabaseFailure {
  const { severity, code } = marksOf(cause);
  if (severity === undefined || code === undefined) return isConnecting ? UNREACHED : LOST;
  const listed = BY_SQLSTATE.find(([begins]) => code.startsWith(begins))?.[1] ?? REFUSED;
  if (isConnecting) return listed === DENIED ? DENIED : UNREACHED;
  // A session that the server ended may have committed just before.
  return severity === 'FATAL' || severity === 'PANIC' ? LOST : listed;
}

/** The same of a failure that may be another's: `undefined` if it is none of a database. */
export function findDatabaseFailure(error: unknown): DatabaseFailure | undefined {
  const { severity, code } = marksOf(error);
  if (severity !== undefined && code !== undefined) return readDatabaseFailure(error);
  const isOfConnection =
    error instanceof Error && (OF_CONNECTION.test(code ?? '') || OF_CONNECTION.test(error.message));
  return isOfConnection ? LOST : undefined;
}

/** The failure as callers get it. Its message holds nothing that the server said, for that may repeat values. */
export function databaseError({ code, outcome, words }: DatabaseFailure, cause: unknown): OutboxError {
  const { code: given } = marksOf(cause);
  const message = `The database of the outbox ${words.replace('%', given === undefined ? '' : ` (${given})`)}`;
  return new OutboxError(code, message, { cause, outcome });
}

/**
 * The failure in words for the log. The server's may repeat the values of a statement; those of a broken connection do
 * not, but a host that is not known may be a part of the password.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = marksOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${code}: the host is not known`;
  const isOfStatement = code !== undefined && /^(22|23|42)/.test(code);
  return isOfStatement ? `${error.name} ${code}` : [error.message, code].filter(Boolean).join(' ');
}

function marksOf(error: unknown): { readonly severity: string | undefined; readonly code: string | undefined } {
  const { severity, code } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  return {
    severity: typeof severity === 'string' ? severity : undefined,
    code: typeof code === 'string' ? code : undefined,
  };
}
