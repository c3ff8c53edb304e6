import type { OutboxLedger } from './outbox-ledger.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 200;

/**
 * Erases numbers, texts, references and the gateway's reasons after the retention period. Counters, states, ids and the
 * history stay. Unknown and held messages do not count as ended. Any number of processes may run it at once.
 */
export class Retention {
  constructor(private readonly ledger: OutboxLedger) {}

  /**
   * Erases messages that belong to no campaign.
   * @param kept milliseconds since the last change.
   * @returns the number of chunks.
   */
  eraseMessages(kept: number): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#erase(
      `select c.id from ${s}.chunk c where c.account = $1 and c.campaign_id is null and c.erased_at is null
        and c.changed_at < clock_timestamp() - $2::float8 * interval '1 millisecond' and ${this.#isOver}
      order by c.changed_at limit ${STEP} for no key update skip locked`,
      kept,
    );
  }

  /**
   * Erases chunks of campaigns.
   * @param kept milliseconds since the campaign was done or cancelled.
   * @returns the number of chunks.
   */
  eraseCampaignChunks(kept: number): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#erase(
      `select c.id from ${s}.chunk c join ${s}.campaign k on k.id = c.campaign_id
      where k.account = $1 and ${this.#isOldCampaign} and c.erased_at is null and (${this.#isOver}
        or c.state = 'pending' and k.state = 'cancelled')
      limit ${STEP} for no key update of c skip locked`,
      kept,
    );
  }

  /**
   * Erases the texts of campaigns without any remaining chunk that might be sent.
   * @param kept milliseconds since the campaign was done or cancelled.
   */
  async eraseCampaigns(kept: number): Promise<number> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query(
      `with old as (
        select k.id from ${s}.campaign k where k.account = $1 and ${this.#isOldCampaign}
          and not exists (select from ${s}.chunk c where c.campaign_id = k.id and c.erased_at is null)
        limit ${STEP} for no key update skip locked
      )
      update ${s}.campaign k set content = null, fingerprint = null, digest = null, erased_at = clock_timestamp() from old o where k.id = o.id returning 1`,
      [this.ledger.account, kept],
    );
    return rows.length;
  }

  /**
   * Removes events that no handler has handled for 7 days.
   * @returns the number of events by topic.
   */
  async removeEvents(): Promise<{ topic: string; events: number }[]> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query<{ topic: string; events: number }>(
      `with removed as (
        delete from ${s}.event where account = $1 and recorded_at < clock_timestamp() - interval '7 days' returning topic
      )
      select topic, count(*)::int as events from removed group by topic order by topic`,
      [this.ledger.account],
    );
    return rows;
  }

  /**
   * Removes unreadable pushes.
   * @param kept milliseconds since they arrived.
   */
  async removeUnreadablePushes(kept: number): Promise<void> {
    await this.ledger.database.query(
      `delete from ${this.ledger.database.schema}.unreadable_push
      where account = $1 and received_at < clock_timestamp() - $2::float8 * interval '1 millisecond'`,
      [this.ledger.account, kept],
    );
  }

  get #isOver(): string {
    return `c.state in ('settled', 'refused', 'cancelled', 'abandoned', 'divided')
      and (select true from ${this.ledger.database.schema}.message m
        where m.chunk_id = c.id and m.state in ('unknown', 'held') limit 1) is null`;
  }

  get #isOldCampaign(): string {
    return `k.state in ('done', 'cancelled') and k.erased_at is null
      and coalesce(k.done_at, k.changed_at) < clock_timestamp() - $2::float8 * interval '1 millisecond'`;
  }

  async #erase(old: string, kept: number): Promise<number> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query(
      `with old as (${old}), quiet as (
        update ${s}.message m set reason = null where m.chunk_id = any (array(select id from old)) and m.reason is not null
      ), emitted as (
        update ${s}.event e set reason = null from old o where e.chunk_id = o.id and e.reason is not null
      ), masked as (
        update ${s}.invalid_entry e set reason = null, input = null from old o
        where e.chunk_id = o.id and (e.reason is not null or e.input is not null)
      )
      update ${s}.chunk c set numbers = null, content = null, reference = null, reason = null, fingerprint = null, erased_at = clock_timestamp()
      from old o where c.id = o.id returning 1`,
      [this.ledger.account, kept],
    );
    return rows.length;
  }
}
