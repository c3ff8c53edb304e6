import type { Database } from './database.js';
import type { Ledger } from './outbox-ledger.js';

/** How an account's outbox stands, in recipients. What waits for a person to start or resume it is not counted. */
export interface OutboxStanding {
  /** Could be sent now. */
  readonly backlog: number;
  /** Of running or scheduled campaigns and messages: to be sent later. */
  readonly scheduled: number;
  /** For how long the oldest of the backlog could have been sent, 0 without any. */
  readonly oldestPendingSeconds: number;
  /** The same of the priority lane alone. */
  readonly oldestPrioritySeconds: number;
  readonly unknown: number;
  readonly held: number;
  /** `undefined` while the account works. */
  readonly paused: AccountPause | undefined;
}

/** Why nothing is sent for an account. */
export interface AccountPause {
  readonly code: string;
  /** The same in the gateway's words. */
  readonly reason: string;
  readonly since: Date;
  /** When it is tried again by itself, if a message is due. */
  readonly probesAt: Date;
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
}

/** Reads how the outbox stands, from what is open alone. */
export class Standings {
  readonly #sql: string;

  constructor(private readonly ledger: Ledger) {
    const s = ledger.database.schema;
    // Each part is asked so that a partial index holds nothing else.
    this.#sql = `with moment as materialized (
        select clock_timestamp() as now
      ), waiting as (
        select lane, n, due_at from ${s}.chunk where account = $1 and state = 'pending' and campaign_id is null
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
        from ${s}.chunk c join ${s}.message m on m.chunk_id = c.id
        where c.account = $1 and c.unknown > 0 and c.state = 'settled'
      )
      select p.backlog::text as backlog, p.scheduled::text as scheduled, p.oldest, p.oldest_priority,
        (w.unknown + o.unknown)::text as unknown, (w.held + o.held)::text as held, a.paused_at, a.paused_code,
        a.paused_reason, a.probe_at
      from ${s}.account a, pending p, whole w, single o where a.id = $1`;
  }

  /** @param database where it is read, such as a connection of its own. */
  async read(database: Pick<Database, 'query'> = this.ledger.database): Promise<OutboxStanding> {
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
    };
  }
}

function pauseIn({ paused_at: since, paused_code: code, paused_reason: reason, probe_at: probesAt }: Row) {
  if (since === null) return undefined;
  return { code: code ?? '', reason: reason ?? '', since, probesAt: probesAt ?? since };
}
