import { Client, type QueryResultRow } from 'pg';
import type { Database } from '../ledger/database.js';
import { OutboxError } from '../outbox.error.js';

/**
 * A connection of its own for the time of one creation. All that the creator writes goes over it, and so does
 * the lock on the campaign's key: who has lost the one cannot write any more.
 */
export class CreationSession {
  private constructor(private readonly client: Client) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE` */
  static async open(database: Database): Promise<CreationSession> {
    const client = new Client(database.pool.options);
    // Whatever broke, the next statement says so.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (cause) {
      throw databaseFailed(cause);
    }
    return new CreationSession(client);
  }

  /** @returns whether it was free; held until the session is closed, or its process dies. */
  async lock(name: string): Promise<boolean> {
    const [row] = await this.query<{ is: boolean }>(`select pg_try_advisory_lock(hashtextextended($1, 0)) as is`, [
      name,
    ]);
    return row?.is === true;
  }

  /** @throws {OutboxError} `OUTBOX_DATABASE` */
  async query<R extends QueryResultRow>(text: string, params: unknown[]): Promise<R[]> {
    try {
      return (await this.client.query<R>(text, params)).rows;
    } catch (cause) {
      throw databaseFailed(cause);
    }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

function databaseFailed(cause: unknown): OutboxError {
  return new OutboxError(
    'OUTBOX_DATABASE',
    'The database failed while the campaign was created, and nobody knows how much of it is stored: ' +
      'the same call with the same idempotency key goes on with it',
    { cause },
  );
}
