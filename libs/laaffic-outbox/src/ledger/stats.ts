import type { Lane } from '../options/outbox.options.js';
import type { Database } from './database.js';
import type { Ledger } from './outbox-ledger.js';

/** How much waits in an account's outbox, in recipients. Drafts and paused campaigns are not counted. */
export interface OutboxStats {
  /** Recipients that could be sent to now. */
  readonly backlog: number;
  /** Recipients of messages and of running or scheduled campaigns that are due later. */
  readonly scheduled: number;
  /** How long the oldest of the backlog has been due, in seconds; 0 if there is no backlog. */
  readonly oldestPendingSeconds: number;
  /** The same for the priority lane only, in seconds. */
  readonly oldestPrioritySeconds: number;
  readonly unknown: number;
  readonly held: number;
  /** `undefined` while the account works. */
  readonly paused: AccountPause | undefined;
  /** Lanes in which requests get no readable responses; empty while both work. */
  readonly limitedLanes: readonly LaneLimit[];
}

/** Why nothing is sent for an account. */
export interface AccountPause {
  readonly code: string;
  /** The gateway's reason. */
  readonly reason: string;
  readonly since: Date;
  /** When the next probe is sent, if a message is due. */
  readonly probesAt: Date;
  /** The message whose rejection paused the account. For a message of a campaign there is a `campaignId` instead. */
  readonly messageId: string | undefined;
  readonly campaignId: string | undefined;
}

/** Why less is sent in a lane. */
export interface LaneLimit {
  readonly lane: Lane;
  /** The maximum number of recipients in one request. 0: the lane is paused. */
  readonly largestRequest: number;
  /** Always `OUTBOX_GATEWAY_UNRESPONSIVE`. */
  readonly code: string;
  readonly reason: string;
  readonly since: Date;
  /** When a larger request is tried, if one is due. */
  readonly probesAt: Date;
}

interface LaneRow {
  lane: Lane;
  size: number;
  reason: string;
  since: string;
  try_at: string;
}

interface Row extends Record<string, unknown> {
  backlog: string;
  scheduled: string;
  oldest: number;
  oldest_priority: number;
  unknown: string;
  held: string;
  paused_at: Date | null;
  paused_code: string | null;
  paused_reason: string | null;
  probe_at: Date | null;
  message: string | null;
  campaign: string | null;
  lanes: LaneRow[];
}

/** Counts what waits, by reading open rows only. */
export class StatsReader {
  readonly #sql: string;

  constructor(private readonly ledger: Ledger) {
    const s = ledger.database.schema;
    // Each part is written so that a partial index covers it and nothing else.
    this.#sql = `with moment as materialized (
        select clock_timestamp() as now
      ), waiting as (
        -- A chunk that was delayed by a rejection of the account still counts as waiting.
        select lane, n, least(due_at, refused_at) as due_at from ${s}.chunk
        where account = $1 and state = 'pending' and campaign_id is null
        union all
        select c.lane, c.n, greatest(c.due_at, k.starts_at)
        from ${s}.campaign k join ${s}.chunk c on c.campaign_id = k.id and c.state = 'pending'
        where k.account = $1 and k.state in ('scheduled', 'running')
      ), pending as (
        select coalesce(sum(n) filter (where due_at <= now), 0) as backlog,
          coalesce(sum(n) filter (where due_at > now), 0) as scheduled,
          greatest(0, extract(epoch from max(now) - min(due_at)))::float8 as oldest,
          greatest(0, extract(epoch from max(now) - min(due_at) filter (where lane = 'priority')))::float8 as oldest_priority
        from waiting, moment
      ), whole as (
        select coalesce(sum(n - accepted - rejected) filter (where state = 'unknown'), 0) as unknown,
          coalesce(sum(n - accepted - rejected) filter (where state = 'held'), 0) as held
        from (
          select state, n, accepted, rejected from ${s}.chunk where account = $1 and state = 'unknown'
          union all select state, n, accepted, rejected from ${s}.chunk where account = $1 and state = 'held'
        ) c
      ), single as (
        select count(*) filter (where m.state = 'unknown') as unknown, count(*) filter (where m.state = 'held') as held
        from ${s}.chunk c cross join lateral (select state from ${s}.message where chunk_id = c.id offset 0) m
        where c.account = $1 and c.unknown > 0 and c.state = 'settled'
      )
      select p.backlog::text as backlog, p.scheduled::text as scheduled, p.oldest, p.oldest_priority,
        (w.unknown + o.unknown)::text as unknown, (w.held + o.held)::text as held, a.paused_at, a.paused_code,
        a.paused_reason, a.probe_at, 
        (select coalesce(b.root, b.id)::text from ${s}.chunk b where b.id = a.paused_chunk and b.campaign_id is null) as message,
        (select b.campaign_id::text from ${s}.chunk b where b.id = a.paused_chunk) as campaign,
        (select coalesce(json_agg(l order by l.lane), '[]') from (
          select lane, size, reason, since, try_at from ${s}.lane_limit where account = $1
        ) l) as lanes
      from ${s}.account a, pending p, whole w, single o where a.id = $1`;
  }

  /** Counts single messages of the priority lane that could be sent now, up to `max`. */
  async countDue(max: number): Promise<number> {
    const { database, account } = this.ledger;
    const { rows } = await database.query<{ count: number }>(
      `select count(*)::int as count from (
        select from ${database.schema}.chunk where account = $1 and lane = 'priority' and state = 'pending'
          and campaign_id is null and due_at <= statement_timestamp() limit $2
      ) due`,
      [account, max],
    );
    return rows[0]?.count ?? 0;
  }

  /** @param database the connection to read with, for example a separate one. */
  async read(database: Pick<Database, 'query'> = this.ledger.database): Promise<OutboxStats> {
    const { rows } = await database.query<Row>(this.#sql, [this.ledger.account]);
    const [row] = rows;
    if (row === undefined) throw new Error('The account has no row');
    return {
      backlog: Number(row.backlog),
      scheduled: Number(row.scheduled),
      oldestPendingSeconds: Math.round(row.oldest),
      oldestPrioritySeconds: Math.round(row.oldest_priority),
      unknown: Number(row.unknown),
      held: Number(row.held),
      paused: pauseIn(row),
      limitedLanes: row.lanes.map(limitIn),
    };
  }
}

function pauseIn(row: Row): AccountPause | undefined {
  const { paused_at: since, paused_code: code, paused_reason: reason, probe_at: probesAt, message, campaign } = row;
  if (since === null) return undefined;
  const blamed = { messageId: message ?? undefined, campaignId: campaign ?? undefined };
  return { code: code ?? '', reason: reason ?? '', since, probesAt: probesAt ?? since, ...blamed };
}

function limitIn({ lane, size, reason, since, try_at: probesAt }: LaneRow): LaneLimit {
  const code = 'OUTBOX_GATEWAY_UNRESPONSIVE';
  return { lane, largestRequest: size, code, reason, since: new Date(since), probesAt: new Date(probesAt) };
}
