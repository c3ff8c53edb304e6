import { Database } from './database.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** Tells all processes which events to record. */
export class Subscriptions {
  constructor(private readonly ledger: OutboxLedger) {}

  /**
   * Runs at boot, before anything is sent. Leaves no connection open, because nobody closes it if the app does not
   * start.
   */
  async begin(topics: readonly string[]): Promise<void> {
    const own = Database.open(this.ledger.settings, () => undefined);
    try {
      await this.#write(own, topics);
    } finally {
      await own.close();
    }
  }

  /** Renews the subscription while there are handlers. */
  async renew(topics: readonly string[]): Promise<void> {
    await this.#write(this.ledger.database, topics);
  }

  async #write(database: Database, topics: readonly string[]): Promise<void> {
    await database.query(
      `insert into ${database.schema}.subscription (account, topic)
        select $1, topic from unnest($2::text[]) topic order by topic
        on conflict (account, topic) do update set seen_at = excluded.seen_at`,
      [this.ledger.account, topics],
    );
  }
}
