import { Logger } from '@nestjs/common';
import { isLaafficException } from 'nestjs-laaffic';
import type { Pool } from 'pg';
import type { OutboxArguments } from '../arguments/arguments.js';
import { InterruptedError, UsageError } from '../command.error.js';
import type { CommandIo } from '../command-io.js';
import { EXIT_CODES } from '../exit-codes.js';
import type { StderrLog } from '../output/stderr-log.js';
import { loadOutboxPackages, type OpenedOutbox, type OutboxPackages } from './outbox-packages.js';

/** A connection to the database of an outbox. */
export interface OutboxConnection {
  readonly pool: Pool;
  readonly schema: string;
  readonly functions: OutboxPackages['outbox'];
  /** Whether the schema has accounts. A new one has none until an app starts. */
  readonly hasAccounts: () => Promise<boolean>;
  /**
   * Opens the outbox of the account that was given, or of the only one.
   * @throws {UsageError} if there is not exactly one.
   */
  readonly openAccount: () => Promise<OpenedOutbox & { readonly account: string }>;
}

const CONNECT_TIMEOUT_MS = 30_000;
/** A retry may succeed. */
const TEMPORARY = new Set(['OUTBOX_DATABASE_UNAVAILABLE', 'OUTBOX_DATABASE_READ_ONLY', 'OUTBOX_DATABASE_FULL']);
/** SQLSTATE of a login that fails, of a missing database, and of a missing right. */
const WRONG_SETTING = /^(?:28|3D)|^42501$/;

/**
 * Connects to the database of `DATABASE_URL` for one command.
 * @returns the exit code of the command, or `stopped` if the database failed in a way that may pass.
 * @throws {UsageError} if a setting is wrong, and if the outbox cannot do what the command wants.
 */
export async function withOutbox(
  given: OutboxArguments,
  io: CommandIo,
  log: StderrLog,
  command: (connection: OutboxConnection) => Promise<number>,
): Promise<number> {
  const url = io.env['DATABASE_URL']?.trim() ?? '';
  if (url === '') throw new UsageError('set DATABASE_URL to the PostgreSQL URL of the outbox');
  if (!/^postgres(ql)?:\/\//.test(url)) throw new UsageError('DATABASE_URL must begin with postgres://');
  const { pg, outbox: functions } = await loadOutboxPackages();
  // The command prints its failure itself, and stdout is for results.
  Logger.overrideLogger(false);
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'laaffic-cli',
  });
  // The statement that needs a broken connection fails too.
  pool.on('error', () => undefined);
  const { schema } = given;
  const hasAccounts = async () => (await functions.listOutboxAccounts(pool, schema)).length > 0;
  const openAccount = async () => {
    const account = choose(await functions.listOutboxAccounts(pool, schema), given);
    return { account, ...(await functions.openOutbox(pool, account, schema)) };
  };
  try {
    return await command({ pool, schema, functions, hasAccounts, openAccount });
  } catch (error) {
    if (error instanceof UsageError || error instanceof InterruptedError) throw error;
    if (isLaafficException(error)) throw new UsageError(error.message);
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    if (error instanceof functions.OutboxError && !TEMPORARY.has(error.code)) throw new UsageError(message);
    if (typeof code !== 'string') throw error;
    if (code === 'ERR_INVALID_URL') throw new UsageError('DATABASE_URL is not a valid URL');
    if (WRONG_SETTING.test(code)) throw new UsageError(`the database of DATABASE_URL: ${message}`);
    log.print(
      error instanceof functions.OutboxError ? message : `the database of DATABASE_URL: ${wordsOf(code, message)}`,
    );
    return EXIT_CODES.stopped;
  } finally {
    await pool.end();
  }
}

function choose(accounts: readonly string[], { account, schema }: OutboxArguments): string {
  const [first, ...others] = accounts;
  if (first === undefined) throw new UsageError(`the schema ${schema} has no account yet: start the app that sends`);
  const list = accounts.join(', ');
  if (account === undefined && others.length === 0) return first;
  if (account === undefined) {
    throw new UsageError(`the schema ${schema} has several accounts: choose one with --account: ${list}`);
  }
  if (accounts.includes(account)) return account;
  throw new UsageError(`the schema ${schema} has no account ${JSON.stringify(account)}, but ${list}`);
}

/** The unknown host of a wrong URL may be a part of the password. With several addresses there is no message. */
function wordsOf(code: string, message: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host is unknown (${code})`;
  return message === '' ? code : message;
}
