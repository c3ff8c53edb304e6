import { OutboxError, type OutboxErrorCode } from './outbox.error.js';

/** What a failure of the outbox database means. */
export interface DatabaseFailure {
  readonly code: OutboxErrorCode;
  /** `unknown` only if something may have been committed. */
  readonly outcome: 'rejected' | 'unknown';
  /** The end of the sentence "The database of the outbox …". `%` stands for the server's code. */
  readonly words: string;
  /** Whether another connection may work: this one is broken, or leads to the wrong server. */
  readonly isBroken: boolean;
}

const NOTHING = 'and the statement stored nothing';
const RETRY = 'the call may be retried';

const LOST: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_UNAVAILABLE',
  outcome: 'unknown',
  words:
    'did not respond to a statement%, and it is unknown whether anything was stored: ' +
    'retry the call with the same idempotency key',
  isBroken: true,
};

const UNREACHED: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_UNAVAILABLE',
  outcome: 'rejected',
  words: `cannot be reached%, so the statement did not run: ${RETRY}`,
  isBroken: true,
};

const BUSY: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_UNAVAILABLE',
  outcome: 'rejected',
  words: `rejected a statement for now%, which stored nothing: ${RETRY}`,
  isBroken: false,
};

const READ_ONLY: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_READ_ONLY',
  outcome: 'rejected',
  words: `accepts no writes%, ${NOTHING}: ${RETRY} when the connection leads to the primary server`,
  isBroken: true,
};

const FULL: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_FULL',
  outcome: 'rejected',
  words: `has no space left, on its disk or in its notification queue%, ${NOTHING}: ${RETRY} when there is space`,
  isBroken: false,
};

const DENIED: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_DENIED',
  outcome: 'rejected',
  words: `denies this role a right that the outbox needs%, ${NOTHING}: the call fails until the role has its rights`,
  isBroken: false,
};

const UNSTORABLE: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_ENCODING',
  outcome: 'rejected',
  words: `cannot store a character of this text%, ${NOTHING}: the call always fails; the encoding must be UTF8`,
  isBroken: false,
};

const NO_SCHEMA: DatabaseFailure = {
  code: 'OUTBOX_SCHEMA_MISSING',
  outcome: 'rejected',
  words: `lacks a table or function of this release%, ${NOTHING}: the call fails until migrateOutbox has run`,
  isBroken: false,
};

const REJECTED: DatabaseFailure = {
  code: 'OUTBOX_DATABASE_REJECTED',
  outcome: 'rejected',
  words: `rejected a statement%, which stored nothing: the call may be rejected again, and the code says why`,
  isBroken: false,
};

/**
 * The meaning of each SQLSTATE, by prefix. The first match wins.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const BY_SQLSTATE: readonly (readonly [begins: string, failure: DatabaseFailure])[] = [
  // The session ended, or the server itself reports that the outcome is unknown.
  ['08', LOST],
  ['40003', LOST],
  ['57P01', LOST],
  ['57P02', LOST],
  ['57P05', LOST],
  ['25006', READ_ONLY],
  ['53100', FULL],
  // The notification queue is full. The outbox uses nothing else with such a limit.
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
  // Serialization failures and deadlocks, memory and connections, locks, cancelled statements, file errors.
  ['40', BUSY],
  ['53', BUSY],
  ['55', BUSY],
  ['57', BUSY],
  ['58', BUSY],
];

/** Errors of Node.js and `pg` about a connection. They have no SQLSTATE. */
const OF_CONNECTION =
  /^(E[A-Z_]+|SELF_SIGNED\w*|UNABLE_TO_\w+|CERT_\w+)$|^Connection terminated|^timeout exceeded when trying to connect|^Query read timeout|^Client has encountered a connection error/;

/**
 * Reads what a failed statement means.
 * @param isConnecting whether there was no connection yet, so no statement can have run.
 */
export function readDatabaseFailure(cause: unknown, isConnecting = false): DatabaseFailure {
  const { severity, code } = marksOf(cause);
  if (severity === undefined || code === undefined) return isConnecting ? UNREACHED : LOST;
  const listed = BY_SQLSTATE.find(([begins]) => code.startsWith(begins))?.[1] ?? REJECTED;
  if (isConnecting) return listed === DENIED ? DENIED : UNREACHED;
  // A session that the server ended may have committed just before.
  return severity === 'FATAL' || severity === 'PANIC' ? LOST : listed;
}

/**
 * Like {@link readDatabaseFailure}, for an error that may come from elsewhere: `undefined` if no database caused it.
 */
export function findDatabaseFailure(error: unknown): DatabaseFailure | undefined {
  const { severity, code } = marksOf(error);
  if (severity !== undefined && code !== undefined) return readDatabaseFailure(error);
  const isOfConnection =
    error instanceof Error && (OF_CONNECTION.test(code ?? '') || OF_CONNECTION.test(error.message));
  return isOfConnection ? LOST : undefined;
}

/** The error that callers get. Its message omits the server's text, which may repeat values. */
export function databaseError({ code, outcome, words }: DatabaseFailure, cause: unknown): OutboxError {
  const { code: given } = marksOf(cause);
  const message = `The database of the outbox ${words.replace('%', given === undefined ? '' : ` (${given})`)}`;
  return new OutboxError(code, message, { cause, outcome });
}

/**
 * Describes the failure for the log. Error texts about statements may repeat values, so only their code is logged.
 * Texts about connections do not repeat values, except that an unknown host may be a part of the password.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = marksOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${code}: the host is unknown`;
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
