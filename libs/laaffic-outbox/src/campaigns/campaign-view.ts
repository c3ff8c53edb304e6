import type { Ledger } from '../ledger/outbox-ledger.js';
import { isRowId } from '../ledger/row-id.js';
import { notFound } from './campaign-control.js';
import type { Campaign, CampaignProgress, CampaignState } from './campaign.js';

/** Filters the list of campaigns. */
export interface CampaignFilter {
  /** @default any state */
  readonly state?: CampaignState | undefined;
  /**
   * The maximum number of campaigns, at most 1000.
   * @default 50
   */
  readonly limit?: number | undefined;
  /** Lists only campaigns older than the one with this id, such as the last one of the previous page. */
  readonly before?: string | undefined;
}

interface CampaignRow extends Record<string, unknown> {
  id: string;
  name: string;
  content: string | null;
  sender_id: string | null;
  state: CampaignState;
  priority: number;
  stored: string;
  idempotency_key: string | null;
  created_at: Date;
  starts_at: Date | null;
  done_at: Date | null;
  paused_code: string | null;
  paused_reason: string | null;
}

type Count = Exclude<keyof CampaignProgress, 'id' | 'state' | 'startedAt' | 'doneAt'>;

interface ProgressRow extends Record<Exclude<Count, 'total'>, string> {
  state: CampaignState;
  starts_at: Date | null;
  done_at: Date | null;
  stored: string;
  began: boolean;
}

const COLUMNS = `k.id::text as id, name, content, sender_id, state, priority, stored::text as stored, idempotency_key,
  created_at, starts_at, done_at, paused_code, paused_reason`;

/** Reads campaigns. */
export class CampaignView {
  constructor(private readonly ledger: Ledger) {}

  async find(id: string): Promise<Campaign | undefined> {
    if (!isRowId(id)) return undefined;
    const [campaign] = await this.#select('k.id = $2', '', [id]);
    return campaign;
  }

  async list({ state, limit = 50, before }: CampaignFilter): Promise<Campaign[]> {
    if (before !== undefined && !isRowId(before)) return [];
    return this.#select(
      '($2::text is null or k.state::text = $2) and ($3::bigint is null or k.id < $3)',
      'order by k.id desc limit $4',
      [state ?? null, before ?? null, Math.max(1, Math.min(limit, 1_000))],
    );
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async progress(id: string): Promise<CampaignProgress> {
    const { database, account } = this.ledger;
    const s = database.schema;
    if (!isRowId(id)) throw notFound(id);
    // In a chunk without a response, all recipients without evidence of their own share the chunk's state. In a chunk
    // with a response, single rows tell which recipients were delivered, failed, held or abandoned. One statement sees
    // one moment. Chunks are passed as an array: the server then reads the index of the messages once, however large
    // their table is.
    const { rows } = await database.query<ProgressRow & Record<string, unknown>>(
      `with chunks as (
        select coalesce(sum(n) filter (where state = 'pending'), 0) as pending,
          coalesce(sum(n - accepted - rejected) filter (where state = 'sending'), 0) as sending,
          coalesce(sum(accepted), 0) as accepted,
          coalesce(sum(rejected), 0) as rejected,
          coalesce(sum(invalid), 0) as invalid,
          coalesce(sum(n) filter (where state = 'cancelled'), 0) as cancelled,
          coalesce(sum(case state when 'unknown' then n - accepted - rejected when 'settled' then unknown end), 0) as unknown,
          coalesce(sum(n - accepted - rejected) filter (where state = 'held'), 0) as held,
          coalesce(sum(n - accepted - rejected) filter (where state = 'abandoned'), 0) as abandoned
        from ${s}.chunk where campaign_id = $1
      ), ended as (
        select count(*) filter (where m.state = 'delivered') as delivered, count(*) filter (where m.state = 'failed') as failed
        from ${s}.message m where m.state in ('delivered', 'failed')
          and m.chunk_id = any (array(select id from ${s}.chunk where campaign_id = $1 and accepted > 0))
      ), open as (
        select count(*) filter (where m.state = 'held') as held, count(*) filter (where m.state = 'abandoned') as abandoned
        from ${s}.message m where m.state in ('held', 'abandoned')
          and m.chunk_id = any (array(select id from ${s}.chunk where campaign_id = $1 and state = 'settled' and unknown > 0))
      )
      select k.state, k.starts_at, k.done_at, k.stored::text as stored,
        k.starts_at <= clock_timestamp() and k.state not in ('creating', 'draft') as began,
        case when k.state = 'cancelled' then 0 else c.pending end::text as pending,
        case when k.state = 'cancelled' then c.cancelled + c.pending else c.cancelled end::text as cancelled,
        c.sending::text as sending, (c.accepted - e.delivered - e.failed)::text as accepted, e.delivered::text as delivered,
        e.failed::text as failed, c.rejected::text as rejected, c.invalid::text as invalid,
        (c.unknown - o.held - o.abandoned)::text as unknown, (c.held + o.held)::text as held,
        (c.abandoned + o.abandoned)::text as abandoned
      from ${s}.campaign k, chunks c, ended e, open o where k.id = $1 and k.account = $2`,
      [id, account],
    );
    const [row] = rows;
    if (row === undefined) throw notFound(id);
    return {
      id,
      state: row.state,
      startedAt: row.began ? (row.starts_at ?? undefined) : undefined,
      doneAt: row.done_at ?? undefined,
      total: Number(row.stored),
      pending: Number(row.pending),
      sending: Number(row.sending),
      accepted: Number(row.accepted),
      delivered: Number(row.delivered),
      failed: Number(row.failed),
      rejected: Number(row.rejected),
      invalid: Number(row.invalid),
      cancelled: Number(row.cancelled),
      unknown: Number(row.unknown),
      held: Number(row.held),
      abandoned: Number(row.abandoned),
    };
  }

  async #select(condition: string, rest: string, params: readonly unknown[]): Promise<Campaign[]> {
    const { database, account } = this.ledger;
    const { rows } = await database.query<CampaignRow>(
      `select ${COLUMNS} from ${database.schema}.campaign k where k.account = $1 and ${condition} ${rest}`,
      [account, ...params],
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      content: row.content ?? undefined,
      senderId: row.sender_id ?? undefined,
      state: row.state,
      priority: row.priority,
      total: Number(row.stored),
      idempotencyKey: row.idempotency_key ?? undefined,
      createdAt: row.created_at,
      startsAt: row.starts_at ?? undefined,
      doneAt: row.done_at ?? undefined,
      pausedCode: row.paused_code ?? undefined,
      pausedReason: row.paused_reason ?? undefined,
    }));
  }
}
