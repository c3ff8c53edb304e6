import type { QueryConfig, QueryResultRow } from 'pg';
import { OutboxError } from '../errors/outbox.error.js';
import type { ErrorLog } from '../errors/error-log.js';
import type { ConcurrencyLimit } from './concurrency-limit.js';
import {
  databaseError,
  findDatabaseFailure,
  readDatabaseFailure,
  type DatabaseFailure,
} from '../errors/database-failure.js';
import { Database, send, takeClient, type TakenClient } from './database.js';
import type { Listener } from './listener.js';

const FAILURE = 'Calls are rejected';

/**
 * The database for calls of the app. Its failures are `OutboxError`s that say whether anything may have been stored.
 * Their messages omit the server's text, which may repeat values.
 */
export class CallersDatabase extends Database {
  /** @param limits a statement queues in each of them, one after the other. */
  constructor(
    database: Database,
    private readonly errors: ErrorLog,
    private readonly listener: Pick<Listener, 'reconnect'>,
    private readonly limits: readonly ConcurrencyLimit[],
  ) {
    super(database.pool, database.schema, false, database.hasSessions);
  }

  /** @throws {OutboxError} with a code of `database-failure.ts` */
  protected override query(query: QueryConfig): Promise<{ rows: QueryResultRow[] }> {
    const statement = () => this.#query(query);
    return this.limits.reduceRight((run, limit) => () => limit.run(run), statement)();
  }

  async #query(query: QueryConfig): Promise<{ rows: QueryResultRow[] }> {
    const { client, release } = await this.#take();
    let broken: Error | undefined;
    try {
      const result = await send(client, query);
      this.errors.resolve(FAILURE);
      return result;
    } catch (cause) {
      const failure = readDatabaseFailure(cause);
      if (failure.isBroken) broken = cause as Error;
      throw this.#failed(cause, failure);
    } finally {
      release(broken);
    }
  }

  async #take(): Promise<TakenClient> {
    try {
      return await takeClient(this.pool);
    } catch (cause) {
      throw this.#failed(cause, readDatabaseFailure(cause, true));
    }
  }

  #failed(cause: unknown, failure: DatabaseFailure): OutboxError {
    // Do not report a pool that its owner has ended.
    if (findDatabaseFailure(cause) !== undefined) this.errors.report(FAILURE, cause);
    if (failure.code === 'OUTBOX_DATABASE_READ_ONLY') {
      // The existing connections lead to a server that is no longer the primary.
      this.listener.reconnect();
      void this.#dropIdle();
    }
    return databaseError(failure, cause);
  }

  async #dropIdle(): Promise<void> {
    for (let left = this.pool.idleCount; left > 0 && this.pool.idleCount > 0; left--) {
      const taken = await takeClient(this.pool).catch(() => undefined);
      taken?.release(new Error('The server accepts no writes'));
    }
  }
}

/**
 * Continues a call that is partly done. If it fails now, a part stays done.
 * @throws {OutboxError} with the outcome `unknown`.
 */
export async function continueCall<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    const message = `${error.message}. A part of the call was done before: retry the same call to continue`;
    throw new OutboxError(error.code, message, { cause: error.cause, outcome: 'unknown' });
  }
}
