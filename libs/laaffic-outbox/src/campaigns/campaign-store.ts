import type { Ledger } from '../ledger/outbox-ledger.js';
import { OutboxError } from '../outbox.error.js';
import type { CreationSession } from './creation-session.js';
import type { CheckedCampaign } from './read-campaign.js';
import type { SourceChunk } from './recipient-chunks.js';

/** A campaign that has a row. */
export interface StoredCampaign {
  readonly id: string;
  readonly isCreating: boolean;
  readonly fingerprint: string | null;
  /** The digest of its source. `null` until the source is stored, and after the retention period. */
  readonly digest: string | null;
  /** Number of stored source entries. */
  readonly stored: number;
}

/** Stores one campaign step by step. Each step is one statement. */
export class CampaignStore {
  readonly #schema: string;

  constructor(
    private readonly ledger: Ledger,
    private readonly session: CreationSession,
  ) {
    this.#schema = ledger.database.schema;
  }

  async insert(campaign: CheckedCampaign, chunkSize: number): Promise<StoredCampaign> {
    const s = this.#schema;
    const [row] = await this.session.query<{ id: string }>(
      `with added as (
        insert into ${s}.campaign (account, name, content, sender_id, priority, chunk_size, idempotency_key, fingerprint)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning id, account
      ), noted as (
        insert into ${s}.journal (account, campaign_id, event, by) select account, id, 'creating', $9 from added
      )
      select id::text as id from added`,
      [
        this.ledger.account,
        campaign.name,
        campaign.content,
        campaign.senderId ?? null,
        campaign.priority,
        chunkSize,
        campaign.idempotencyKey ?? null,
        campaign.fingerprint,
        campaign.actor,
      ],
    );
    return { id: row?.id ?? '', isCreating: true, fingerprint: campaign.fingerprint, digest: null, stored: 0 };
  }

  /**
   * Stores consecutive chunks of the source, all or none.
   * @throws {OutboxError} `OUTBOX_WRONG_STATE` if the campaign was cancelled in the meantime.
   */
  async append(id: string, chunks: readonly SourceChunk[]): Promise<void> {
    const s = this.#schema;
    const [head] = chunks;
    if (head === undefined) return;
    const invalid = chunks.flatMap(({ first, invalid }) => invalid.map((entry) => ({ first, ...entry })));
    const rows = await this.session.query(
      `with place as (
        update ${s}.campaign set stored = stored + $3::bigint, changed_at = clock_timestamp()
        where id = $1 and state = 'creating' and stored = $2::bigint returning id, account
      ), added as (
        insert into ${s}.chunk (account, campaign_id, lane, state, first, n, numbers, order_ids, invalid)
          select p.account, p.id, 'bulk', case when c.n > 0 then 'pending' else 'settled' end::${s}.chunk_state,
            c.first, c.n, c.numbers, c.order_ids, c.invalid
          from place p, unnest($4::bigint[], $5::int[], $6::text[], $7::text[], $8::int[]) c (first, n, numbers, order_ids, invalid)
          order by c.first
          returning id, first
      ), invalid as (
        insert into ${s}.invalid_entry (chunk_id, idx, code, reason, line, order_id, input)
          select a.id, e.idx, e.code, e.reason, e.line, e.order_id, e.input
          from unnest($9::bigint[], $10::smallint[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[])
            e (first, idx, code, reason, line, order_id, input)
          join added a on a.first = e.first
      )
      select 1 from place`,
      [
        id,
        head.first,
        chunks.reduce((sum, { size }) => sum + size, 0),
        chunks.map(({ first }) => first),
        chunks.map(({ n }) => n),
        chunks.map(({ numbers }) => numbers),
        chunks.map(({ orderIds }) => orderIds),
        chunks.map((chunk) => chunk.invalid.length),
        invalid.map(({ first }) => first),
        invalid.map(({ slot }) => slot),
        invalid.map(({ code }) => code),
        invalid.map(({ reason }) => reason),
        invalid.map(({ line }) => line ?? null),
        invalid.map(({ orderId }) => orderId ?? null),
        invalid.map(({ input }) => input ?? null),
      ],
    );
    if (rows.length === 0) throw notCreatingAnyMore();
  }

  /** Whether exactly these chunks are stored. */
  async has(id: string, chunks: readonly SourceChunk[]): Promise<boolean> {
    const rows = await this.session.query<{ first: string; numbers: string | null; order_ids: string | null }>(
      `select c.first::text as first, c.numbers, c.order_ids from ${this.#schema}.chunk c
        where c.campaign_id = $1 and c.first >= $2::bigint and c.first <= $3::bigint order by c.first`,
      [id, chunks[0]?.first ?? 0, chunks.at(-1)?.first ?? 0],
    );
    if (rows.length !== chunks.length) return false;
    return chunks.every(({ first, numbers, orderIds }, index) => {
      const row = rows[index];
      return Number(row?.first) === first && row?.numbers === numbers && row.order_ids === orderIds;
    });
  }

  /**
   * Completes the creation when all recipients are stored.
   * @param digest the digest of the source.
   * @throws {OutboxError} `OUTBOX_WRONG_STATE` if the campaign was cancelled in the meantime.
   */
  async complete(id: string, digest: string, { sendAt, actor }: CheckedCampaign): Promise<void> {
    const s = this.#schema;
    const rows = await this.session.query(
      `with moved as (
        update ${s}.campaign set changed_at = clock_timestamp(), digest = $5,
          state = case when not $2::boolean then 'draft' when coalesce($3::timestamptz <= clock_timestamp(), true)
            then 'running' else 'scheduled' end::${s}.campaign_state,
          starts_at = case when $2::boolean then coalesce($3::timestamptz, clock_timestamp()) end
        where id = $1 and state = 'creating' returning id, account, state
      ), noted as (
        insert into ${s}.journal (account, campaign_id, event, by) select account, id, state::text, $6 from moved
      )
      select pg_notify($4, '')::text from moved`,
      [
        id,
        sendAt !== undefined,
        sendAt instanceof Date ? sendAt.toISOString() : null,
        `${this.ledger.database.channel}_due`,
        digest,
        actor,
      ],
    );
    if (rows.length === 0) throw notCreatingAnyMore();
    this.ledger.notifications.call('due');
  }
}

function notCreatingAnyMore(): OutboxError {
  return new OutboxError('OUTBOX_WRONG_STATE', 'The campaign was cancelled while it was being created');
}
