import type { QueryResultRow } from 'pg';
import { databaseError, findDatabaseFailure, readDatabaseFailure } from '../database-failure.js';
import { OutboxError } from '../outbox.error.js';
import { Database } from './database.js';
import { lendClient, type LentClient } from './lend-client.js';
import type { Ledger } from './outbox-ledger.js';

const OUTAGE = 'Calls are rejected';

/**
 * The database for calls of the app. Its failures are `OutboxError`s that say whether anything may have been stored.
 * Their messages omit the server's text, which may repeat values.
 */
export class CallersDatabase extends Database {
  constructor(
    { pool, channel }: Database,
    private readonly ledger: Pick<Ledger, 'outages' | 'notifications'>,
  ) {
    super(pool, channel, false);
  }

  /** @throws {OutboxError} with a code of `database-failure.ts` */
  protected override async run(text: string, params?: unknown[]): Promise<{ rows: QueryResultRow[] }> {
    const { client, giveBack } = await this.#lend();
    let broken: Error | undefined;
    try {
      const result = await client.query(text, params);
      this.ledger.outages.over(OUTAGE);
      return result;
    } catch (cause) {
      const failure = readDatabaseFailure(cause);
      if (failure.isBroken) broken = cause as Error;
      throw this.#failed(cause, failure);
    } finally {
      giveBack(broken);
    }
  }

  async #lend(): Promise<LentClient> {
    try {
      return await lendClient(this.pool);
    } catch (cause) {
      throw this.#failed(cause, readDatabaseFailure(cause, true));
    }
  }

  #failed(cause: unknown, failure: ReturnType<typeof readDatabaseFailure>): OutboxError {
    const { outages, notifications } = this.ledger;
    // Do not report a pool that its owner has ended.
    if (findDatabaseFailure(cause) !== undefined) outages.report(OUTAGE, cause);
    if (failure.code === 'OUTBOX_DATABASE_READ_ONLY') {
      // The existing connections lead to a server that is no longer the primary.
      notifications.reconnect();
      void this.#dropIdle();
    }
    return databaseError(failure, cause);
  }

  async #dropIdle(): Promise<void> {
    for (let left = this.pool.idleCount; left > 0 && this.pool.idleCount > 0; left--) {
      const lent = await lendClient(this.pool).catch(() => undefined);
      lent?.giveBack(new Error('The server accepts no writes'));
    }
  }
}

/**
 * Continues a call that is partly done. If it fails now, a part stays done.
 * @throws {OutboxError} with the outcome `unknown`.
 */
export async function goOn<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    const message = `${error.message}. A part of the call was done before: retry the same call to continue`;
    throw new OutboxError(error.code, message, { cause: error.cause, outcome: 'unknown' });
  }
}
