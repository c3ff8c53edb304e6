import type { QueryResultRow } from 'pg';
import { OutboxError } from '../outbox.error.js';
import { Database } from './database.js';
import { lendClient, type LentClient } from './lend-client.js';

/**
 * The ledger's database for what callers ask: its failures are `OutboxError`s that say whether anything may have been
 * stored. Their messages hold nothing that the server said, for it may repeat values.
 */
export class CallersDatabase extends Database {
  constructor({ pool, channel }: Database) {
    super(pool, channel, false);
  }

  /** @throws {OutboxError} `OUTBOX_DATABASE` */
  protected override async run(text: string, params?: unknown[]): Promise<{ rows: QueryResultRow[] }> {
    const { client, giveBack } = await this.#lend();
    let broken: Error | undefined;
    try {
      return await client.query(text, params);
    } catch (cause) {
      if (isRefusal(cause)) throw failed(`refused a statement${codeOf(cause)}, which stored nothing`, cause);
      broken = cause as Error;
      throw failed(
        `did not answer a statement${codeOf(cause)}, and nobody knows whether it has stored anything: ` +
          'the same call with the same idempotency key settles that',
        cause,
      );
    } finally {
      giveBack(broken);
    }
  }

  async #lend(): Promise<LentClient> {
    try {
      return await lendClient(this.pool);
    } catch (cause) {
      throw failed(`cannot be reached${codeOf(cause)}, so a statement was not made and has stored nothing`, cause);
    }
  }
}

function failed(what: string, cause: unknown): OutboxError {
  return new OutboxError('OUTBOX_DATABASE', `The database of the outbox ${what}`, { cause });
}

/** Whether the server said that it did not do it. A session that it ended may have committed just before. */
function isRefusal(error: unknown): boolean {
  const { severity, code } = marksOf(error);
  return typeof severity === 'string' && typeof code === 'string' && !/^(08|57P|40003)/.test(code);
}

function codeOf(error: unknown): string {
  const { code } = marksOf(error);
  return typeof code === 'string' ? ` (${code})` : '';
}

function marksOf(error: unknown): { readonly severity?: unknown; readonly code?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}
