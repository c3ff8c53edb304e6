import { Client, DatabaseError, type QueryResultRow } from 'pg';
import { databaseError, readDatabaseFailure } from '../errors/database-failure.js';
import { valuesOf, type Database } from '../database/database.js';
import type { OutboxError } from '../errors/outbox.error.js';
import type { ErrorLog } from '../errors/error-log.js';
import type { Statement } from '../sql/statement.js';
import type { OutboxStore } from '../store/outbox-store.js';

const FAILURE = 'Campaigns cannot be created';

/**
 * With these settings the server keeps the locks of a machine that lost power for half a minute. Its own default is two
 * hours.
 */
const NOTICE_LOST_CLIENT = `select set_config('tcp_keepalives_idle', '15', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false),
  set_config('tcp_user_timeout', '30000', false)`;

/** A connection and its users. */
interface Shared {
  readonly client: Client;
  readonly ready: Promise<void>;
  /** The locks that this process holds. PostgreSQL would grant a session the same lock again. */
  readonly locks: Set<string>;
  sessions: number;
  /** Settles with the previous statement: a connection runs one statement at a time. */
  last: Promise<unknown>;
}

/**
 * The one connection with which a process creates all its campaigns. It exists only while there are any to create. It
 * also holds the locks on their keys, so a creator that lost its lock cannot write any more.
 */
export class CreationConnection {
  #shared: Shared | undefined;

  constructor(private readonly store: Pick<OutboxStore, 'database' | 'errors'>) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE`, or another database code. */
  async open(): Promise<CreationSession> {
    const shared = (this.#shared ??= this.#connect());
    shared.sessions++;
    const close = (): Promise<void> => this.#leave(shared);
    try {
      await shared.ready;
    } catch (cause) {
      await close();
      throw failed(cause, true, this.store.errors);
    }
    return new CreationSession(shared, this.store.database, this.store.errors, close);
  }

  #connect(): Shared {
    const client = new Client(this.store.database.pool.options);
    const ready = prepare(client);
    const shared: Shared = { client, ready, locks: new Set(), sessions: 0, last: Promise.resolve() };
    const forget = (): void => {
      if (this.#shared === shared) this.#shared = undefined;
    };
    // Current users get the error from their next statement. Later users connect again.
    client.on('error', forget);
    client.on('end', forget);
    return shared;
  }

  async #leave(shared: Shared): Promise<void> {
    shared.sessions--;
    if (shared.sessions > 0) return;
    if (this.#shared === shared) this.#shared = undefined;
    await shared.client.end().catch(() => undefined);
  }
}

/** What one creator does over the connection. */
export class CreationSession {
  #lock: string | undefined;

  constructor(
    private readonly shared: Shared,
    private readonly database: Database,
    private readonly errors: ErrorLog,
    private readonly leave: () => Promise<void>,
  ) {}

  /** @returns whether the lock was free. It is held until the session is closed, or its process or machine dies. */
  async lock(name: string): Promise<boolean> {
    const { locks } = this.shared;
    if (locks.has(name)) return false;
    locks.add(name);
    this.#lock = name;
    const [row] = await this.#query<{ is: boolean }>(`select pg_try_advisory_lock(hashtextextended($1, 0)) as is`, [
      name,
    ]);
    if (row?.is === true) return true;
    locks.delete(name);
    this.#lock = undefined;
    return false;
  }

  /**
   * Runs one statement and returns its rows.
   * @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE`, or another database code.
   */
  async run<P extends object, R extends object>(statement: Statement<P, R>, params: P): Promise<R[]> {
    const rows = await this.#query(this.database.textOf(statement), valuesOf(statement, params));
    return rows as R[];
  }

  async #query<R extends QueryResultRow>(text: string, params: unknown[]): Promise<R[]> {
    const { client, last } = this.shared;
    const answer = last.then(() => client.query<R>(text, params));
    this.shared.last = answer.catch(() => undefined);
    try {
      const { rows } = await answer;
      this.errors.resolve(FAILURE);
      return rows;
    } catch (cause) {
      // Without a response it is unknown what the session still does or holds.
      if (!(cause instanceof DatabaseError)) client.end().catch(() => undefined);
      throw failed(cause, false, this.errors);
    }
  }

  async close(): Promise<void> {
    if (this.#lock !== undefined) {
      await this.#query(`select pg_advisory_unlock(hashtextextended($1, 0))`, [this.#lock]).catch(() => undefined);
      this.shared.locks.delete(this.#lock);
    }
    await this.leave();
  }
}

async function prepare(client: Client): Promise<void> {
  await client.connect();
  await client.query(NOTICE_LOST_CLIENT);
}

function failed(cause: unknown, isConnecting: boolean, errors: ErrorLog): OutboxError {
  errors.report(FAILURE, cause);
  return databaseError(readDatabaseFailure(cause, isConnecting), cause);
}
