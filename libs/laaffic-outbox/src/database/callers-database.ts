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
import { rowsOf, type SqlTransaction } from '../sql-transaction.js';
import type { Statement } from '../sql/statement.js';
import { Database, send, takeClient, valuesOf, type TakenClient } from './database.js';
import type { Listener } from './listener.js';

const FAILURE = 'Calls are rejected';

type RunQuery = (query: QueryConfig) => Promise<{ rows: QueryResultRow[] }>;

/** The error for a transaction of the app that does not have the required form. */
export const unfit = (problem: string): OutboxError =>
  new OutboxError(
    'OUTBOX_INVALID_TRANSACTION',
    `transaction.query(text, params) must resolve to an array of rows or to an object with \`rows\`; ${problem}`,
  );

/** A transaction in a session of the outbox, where statements may be prepared. */
export class OwnTransaction implements SqlTransaction {
  constructor(private readonly send: RunQuery) {}

  query(text: string, values: unknown[]): Promise<{ rows: QueryResultRow[] }> {
    return this.send({ text, values });
  }

  /** @param database whose schema the statement is for. Several schemas share a connection. */
  async run<P extends object, R extends object>(
    statement: Statement<P, R>,
    params: P,
    database: Database,
  ): Promise<R[]> {
    const { rows } = await this.send(database.queryOf(statement, params));
    return rows as R[];
  }
}

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
    marker?: string,
  ) {
    super(database.pool, database.schema, false, database.hasSessions, marker);
  }

  override beside(schema: string, marker: string): CallersDatabase {
    return new CallersDatabase(super.beside(schema, marker), this.errors, this.listener, this.limits, marker);
  }

  /** @throws {OutboxError} with a code of `database-failure.ts` */
  protected override query(query: QueryConfig): Promise<{ rows: QueryResultRow[] }> {
    return this.#limited(() => this.#withClient((run) => run(query)));
  }

  /**
   * Runs `work` in a transaction, which commits when its promise resolves and is rolled back when it rejects.
   * @throws {OutboxError} as a statement does; what `work` throws, unchanged.
   */
  transaction<T>(work: (transaction: OwnTransaction) => Promise<T>): Promise<T> {
    return this.#limited(() =>
      this.#withClient(async (query) => {
        await query({ text: 'begin isolation level read committed' });
        try {
          const result = await work(new OwnTransaction(query));
          await query({ text: 'commit' });
          return result;
        } catch (error) {
          // If this fails, the connection is broken, and the server has rolled back.
          await query({ text: 'rollback' }).catch(() => undefined);
          throw error;
        }
      }),
    );
  }

  /**
   * Runs a statement where the caller says.
   * @param transaction the app's, or one of {@link transaction}. @default a transaction of its own
   * @throws {OutboxError} `OUTBOX_INVALID_TRANSACTION` if the app's does not have the required form.
   * @throws the transaction's own error, unchanged.
   */
  async runIn<P extends object, R extends object>(
    transaction: SqlTransaction | undefined,
    statement: Statement<P, R>,
    params: P,
  ): Promise<R[]> {
    if (transaction === undefined) return this.run(statement, params);
    if (transaction instanceof OwnTransaction) return transaction.run(statement, params, this);
    if (typeof transaction.query !== 'function') throw unfit('it has no such method');
    const rows = rowsOf(await transaction.query(this.textOf(statement), valuesOf(statement, params)));
    if (rows === undefined) throw unfit('it returned neither');
    return rows as R[];
  }

  #limited<T>(run: () => Promise<T>): Promise<T> {
    return this.limits.reduceRight((inner, limit) => () => limit.run(inner), run)();
  }

  async #withClient<T>(work: (query: RunQuery) => Promise<T>): Promise<T> {
    const { client, release } = await this.#take();
    let broken: Error | undefined;
    const query: RunQuery = async (config) => {
      try {
        const result = await send(client, config);
        this.errors.resolve(FAILURE);
        return result;
      } catch (cause) {
        const failure = readDatabaseFailure(cause);
        if (failure.isBroken) broken = cause as Error;
        throw this.#failed(cause, failure);
      }
    };
    try {
      return await work(query);
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
