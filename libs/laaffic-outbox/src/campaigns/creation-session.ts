import { Client, type QueryResultRow } from 'pg';
import { databaseError, readDatabaseFailure } from '../database-failure.js';
import type { Ledger } from '../ledger/outbox-ledger.js';
import type { OutboxError } from '../outbox.error.js';

const OUTAGE = 'Campaigns cannot be created';

/**
 * A connection of its own for the time of one creation. All that the creator writes goes over it, and so does
 * the lock on the campaign's key: who has lost the one cannot write any more.
 */
export class CreationSession {
  private constructor(
    private readonly client: Client,
    private readonly outages: Ledger['outages'],
  ) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE`, or another code for the database. */
  static async open({ database, outages }: Pick<Ledger, 'database' | 'outages'>): Promise<CreationSession> {
    const client = new Client(database.pool.options);
    // Whatever broke, the next statement says so.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (cause) {
      throw failed(cause, true, outages);
    }
    return new CreationSession(client, outages);
  }

  /** @returns whether it was free; held until the session is closed, or its process dies. */
  async lock(name: string): Promise<boolean> {
    const [row] = await this.query<{ is: boolean }>(`select pg_try_advisory_lock(hashtextextended($1, 0)) as is`, [
      name,
    ]);
    return row?.is === true;
  }

  /** @throws {OutboxError} `OUTBOX_DATABASE`, or another code for the database. */
  async query<R extends QueryResultRow>(text: string, params: unknown[]): Promise<R[]> {
    try {
      const { rows } = await this.client.query<R>(text, params);
      this.outages.over(OUTAGE);
      return rows;
    } catch (cause) {
      throw failed(cause, false, this.outages);
    }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

function failed(cause: unknown, isConnecting: boolean, outages: Ledger['outages']): OutboxError {
  outages.report(OUTAGE, cause);
  return databaseError(readDatabaseFailure(cause, isConnecting), cause);
}
