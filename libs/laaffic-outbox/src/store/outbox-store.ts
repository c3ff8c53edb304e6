import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import { CallersDatabase } from '../database/callers-database.js';
import { ConcurrencyLimit } from '../database/concurrency-limit.js';
import { readDatabaseFailure } from '../errors/database-failure.js';
import { Database } from '../database/database.js';
import { Listener } from '../database/listener.js';
import { checkSchema, migrateOutbox, migrateTo, type Release } from '../database/migrate.js';
import { namingMissingRights } from '../database/rights.js';
import { requireUsableSession } from '../database/session.js';
import { OptOutList } from './opt-out-list.js';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { OutboxError } from '../errors/outbox.error.js';
import { ErrorLog } from '../errors/error-log.js';
import { addAccount, readInstallation } from '../sql/generated.js';
import type { OutboxActivity } from './activity.js';
import { DueNotifier } from './due-notifier.js';
import { SealKeyring } from './seal-keyring.js';

/** Milliseconds; more than any statement takes. Migrations have no limit. */
const LONGEST_STATEMENT = 60_000;
const CONNECTION_FAILURE = 'A connection was lost';
/** How long callers wait for a connection, in milliseconds. */
const LONGEST_WAIT = 30_000;
/** Milliseconds for storing outcomes after the last request has ended. */
const DRAIN_MARGIN = 5_000;
const DRAIN_FAILURE = 'The shutdown did not wait any longer';
/** Statements that create campaigns, at once. Each may store 32,000 recipients. */
const CREATIONS_AT_ONCE = 2;
/** Connections that callers leave to the worker: to claim for either lane, to store outcomes, and for maintenance. */
const KEPT_BY_A_WORKER = 4;
/** Leaves one connection for the statement that reads outcomes for all waiting callers. */
const KEPT_WITHOUT = 1;
/** The default `max` of a node-postgres pool. */
const DEFAULT_CONNECTIONS = 10;

/** Number of outboxes of each account in this process. */
const openAccounts = new Map<string, number>();

/** Access of one process to the outbox of one account. */
export class OutboxStore implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly listener: Listener;
  /** The database for calls of the app. They never use all connections of the pool, so the worker always has some. */
  readonly callers: CallersDatabase;
  /** For calls that only read, perhaps a lot. Only a few run at once, so calls that store something get through. */
  readonly readers: Database;
  /** For the creation of campaigns. Their sources are slow, so many of them share few connections. */
  readonly creators: Database;
  /** Notifies workers. */
  readonly due: DueNotifier;
  /** For the one statement that reads on behalf of all waiting callers. It does not queue. */
  readonly waiters: Database;
  /** The changes that this process makes; only created while it is `observed`. */
  readonly activity = new Subject<OutboxActivity>();
  /** The keys of sealed messages. */
  readonly seals: SealKeyring;
  /** Who wants no messages, as far as this process has read it. */
  readonly optOuts: OptOutList;
  /** The actor of this process in the history. */
  readonly actor = `${hostname()}.${process.pid}.${randomBytes(3).toString('hex')}`;

  /**
   * Whether this process does its recurring work only when a test tells it to. The entry for tests sets it before the
   * app has started.
   */
  isManual = false;

  #drainLimit: Promise<unknown> | undefined;

  private constructor(
    readonly settings: OutboxSettings,
    readonly database: Database,
    readonly errors: ErrorLog,
    /** The account's application id at the gateway. */
    readonly account: string,
    /** The prefix of the order ids that are made here. */
    readonly prefix: string,
  ) {
    this.seals = new SealKeyring(settings.sealKeys, account);
    this.optOuts = new OptOutList(account, database);
    this.listener = new Listener(database, errors, settings);
    this.due = new DueNotifier(account, database, this.listener, settings.notify);
    // The app's pool may be any object that works like one.
    const { max = DEFAULT_CONNECTIONS } = (database.pool.options as { readonly max?: number } | undefined) ?? {};
    const atOnce = Math.max(1, max - (settings.worker === undefined ? KEPT_WITHOUT : KEPT_BY_A_WORKER));
    const calls = new ConcurrencyLimit(atOnce, LONGEST_WAIT);
    const readings = new ConcurrencyLimit(Math.max(1, Math.floor(atOnce / 2)), LONGEST_WAIT);
    this.callers = new CallersDatabase(database, errors, this.listener, [calls]);
    this.readers = new CallersDatabase(database, errors, this.listener, [readings, calls]);
    const creations = new ConcurrencyLimit(Math.min(CREATIONS_AT_ONCE, atOnce), LONGEST_WAIT);
    this.creators = new CallersDatabase(database, errors, this.listener, [creations, calls]);
    this.waiters = new CallersDatabase(database, errors, this.listener, []);
  }

  /**
   * Migrates the schema, or checks that it is up to date. Leaves no connection open, because nothing closes it if the
   * app does not start.
   * @throws {OutboxError} if the schema does not have the version of this release; `OUTBOX_DATABASE_UNAVAILABLE` if the
   * database cannot be reached or used.
   */
  static async open(settings: OutboxSettings, account: string): Promise<OutboxStore> {
    const errors = new ErrorLog();
    const onError = (error: Error): void => {
      errors.report(CONNECTION_FAILURE, error);
    };
    const installation = await preparing(settings, settings.schema, onError, async (first) => {
      if (settings.migrate) await migrateOutbox(first.pool, settings.schema);
      else await checkSchema(first.pool, settings.schema);
      const [found] = await first.run(readInstallation, { account });
      if (found?.is_known !== true) await first.run(addAccount, { account });
      return found;
    });
    const database = Database.open(settings, onError, LONGEST_STATEMENT);
    if (database.pool !== settings.database) {
      database.pool.on('connect', () => {
        errors.resolve(CONNECTION_FAILURE);
      });
    }
    return new OutboxStore(settings, database, errors, account, installation?.order_id_prefix ?? '');
  }

  /**
   * Migrates or checks a schema of another package in the same database.
   * @throws {OutboxError} as at the boot of the outbox.
   */
  async prepareSchema(release: Release, schema: string, migrate: boolean): Promise<void> {
    const onError = (error: Error): void => {
      this.errors.report(CONNECTION_FAILURE, error);
    };
    await preparing(this.settings, schema, onError, ({ pool }) =>
      migrate ? migrateTo(release, pool, schema) : checkSchema(pool, schema, release),
    );
  }

  /** Whether another outbox in this process belongs to the account, and not this one. */
  isElsewhere(account: string): boolean {
    return account !== this.account && (openAccounts.get(account) ?? 0) > 0;
  }

  onApplicationBootstrap(): void {
    openAccounts.set(this.account, (openAccounts.get(this.account) ?? 0) + 1);
    this.listener.start();
  }

  /**
   * Waits for work of this process that is about to end, but not longer than the drain limit of the whole shutdown. A
   * statement may hang, and the app's pool may have no time-outs.
   */
  async drain(work: Promise<unknown>): Promise<void> {
    const isOver = await Promise.race([work.then(() => false), this.#drainIsOver().then(() => true)]);
    if (isOver) this.errors.report(DRAIN_FAILURE, new Error('the database or a handler does not respond'));
  }

  /** Resolves when the drain limit is over, which begins with the first call. */
  #drainIsOver(): Promise<unknown> {
    const limit = this.settings.timing.timeoutMs + DRAIN_MARGIN;
    this.#drainLimit ??= new Promise((resolve) => {
      setTimeout(resolve, limit).unref();
    });
    return this.#drainLimit;
  }

  async onApplicationShutdown(): Promise<void> {
    openAccounts.set(this.account, Math.max(0, (openAccounts.get(this.account) ?? 0) - 1));
    this.due.stop();
    await this.listener.stop();
    await this.database.close(this.#drainIsOver());
  }
}

/**
 * Works with a database at boot, over connections without time limits that are closed afterwards: nothing closes them if
 * the app does not start.
 */
async function preparing<T>(
  settings: OutboxSettings,
  schema: string,
  onError: (error: Error) => void,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = Database.open(settings, onError);
  const isOwn = typeof settings.database === 'string' && settings.listenUrl === undefined;
  try {
    if (!isOwn) await requireUsableSession(database.pool);
    return await work(database);
  } catch (failure) {
    const cause = await namingMissingRights(failure, database.pool, schema, 'use').catch(() => failure);
    if (cause instanceof OutboxError) throw cause;
    if (isOwn && isOfPooler(cause)) throw new OutboxError('OUTBOX_DATABASE_SETTINGS', POOLER, { cause });
    const { code } = readDatabaseFailure(cause, true);
    throw new OutboxError(code, `The outbox cannot use its database: ${wordsOf(cause)}`, { cause });
  } finally {
    await database.close();
  }
}

const POOLER =
  'The pooler in front of the database does not pass the settings of a session on. Set `listenUrl` to a URL that leads ' +
  'to the server directly: then the outbox uses `database` as a pooler in transaction mode needs it';

/** Whether PgBouncer has rejected a parameter at the start of a connection. */
function isOfPooler(cause: unknown): boolean {
  const { message, code } = cause as NodeJS.ErrnoException;
  return code === '08P01' && message.startsWith('unsupported startup parameter');
}

/**
 * Repeats the server's own error text, because the person who starts the app owns `database`. If a host has several
 * addresses, the error has a code and no message. An unknown host may be a part of the password, so it is not shown.
 */
function wordsOf(cause: unknown): string {
  const { message, code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host is unknown (${code})`;
  return message === '' ? String(code) : message;
}
