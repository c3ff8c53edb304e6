import { Database } from './database.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** Says to all processes which events are to be recorded. */
export class Subscriptions {
  constructor(private readonly ledger: OutboxLedger) {}

  /** At the boot, before anything is sent. Leaves no connection open: if the app does not start, nobody closes it. */
  async begin(topics: readonly string[]): Promise<void> {
    const own = Database.open(this.ledger.settings, () => undefined);
    try {
      await this.#write(own, topics);
    } finally {
      await own.close();
    }
  }

  /** Now and then, as long as there are handlers. */
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
