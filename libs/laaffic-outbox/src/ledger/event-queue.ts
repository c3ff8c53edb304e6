import { randomUUID } from 'node:crypto';
import type { OutboxLedger } from './outbox-ledger.js';

/** The topic of a finished campaign. All other topics are states of recipients. */
export const CAMPAIGN_DONE = 'campaign done';

/** An event that this process handles. */
export interface ClaimedEvent {
  readonly id: string;
  readonly topic: string;
  readonly campaignId: string | undefined;
  /** How often its handlers have failed. */
  readonly failures: number;
}

/** The events of one message or campaign, oldest first. No other process handles them until the lease ends. */
export interface EventClaim {
  readonly token: string;
  readonly events: readonly ClaimedEvent[];
}

interface Row extends Record<string, unknown> {
  id: string;
  topic: string;
  root: string | null;
  campaign_id: string | null;
  failures: number;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10 * 60_000;
/** Maximum number of events of one message in one claim. */
const STEP = 200;

/** The committed events that no handler has handled yet. */
export class EventQueue {
  readonly #claim: string;

  constructor(
    private readonly ledger: OutboxLedger,
    /** How long a claim holds without renewal, in milliseconds. */
    private readonly lease: number,
  ) {
    const s = ledger.database.schema;
    // The first event of a message stays until it is handled, so a process that finds a later event leaves it alone.
    this.#claim = `with moment as materialized (
        select clock_timestamp() as now
      ), head as (
        select e.id, e.root from ${s}.event e, moment
        where e.account = $1 and e.topic = any ($2::text[]) and e.due_at <= now
          and not exists (select from ${s}.event p where p.root = e.root and p.id < e.id and p.topic = any ($2::text[]))
        order by e.due_at, e.id limit $3 for no key update of e skip locked
      ), mine as (
        select id from head
        union all
        select n.id from head h cross join lateral (
          select e.id from ${s}.event e, moment
          where e.root = h.root and e.id > h.id and e.topic = any ($2::text[]) and e.due_at <= now
            and not exists (select from ${s}.event p where p.root = e.root and p.id < e.id and p.due_at > now
              and p.topic = any ($2::text[]))
          order by e.id limit ${STEP}
        ) n
      )
      update ${s}.event e set claim = $4, due_at = now + $5::float8 * interval '1 millisecond'
      from mine m, moment where e.id = m.id and e.due_at <= now
      returning e.id::text as id, e.topic, e.root::text as root, e.campaign_id::text as campaign_id, e.failures`;
  }

  /**
   * Claims the events of messages and campaigns.
   * @param topics topics with handlers in this process. Other topics are left to other processes.
   * @param limit the maximum number of messages and campaigns.
   */
  async claim(topics: readonly string[], limit: number): Promise<EventClaim[]> {
    const token = randomUUID();
    const { database, account } = this.ledger;
    const { rows } = await database.query<Row>(this.#claim, [account, topics, limit, token, this.lease]);
    const groups = new Map<string, ClaimedEvent[]>();
    for (const { id, topic, root, campaign_id, failures } of rows.sort((a, b) => Number(a.id) - Number(b.id))) {
      const event = { id, topic, campaignId: campaign_id ?? undefined, failures };
      const key = root ?? `campaign ${id}`;
      groups.set(key, [...(groups.get(key) ?? []), event]);
    }
    return [...groups.values()].map((events) => ({ token, events }));
  }

  /** Extends the lease of a claim, unless it belongs to another process by now. */
  async renew(claim: EventClaim): Promise<void> {
    await this.#update(
      'update',
      `set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'`,
      claim,
      claim.events,
      [this.lease],
    );
  }

  /** Removes events that were handled. */
  async finish(claim: EventClaim, events: readonly ClaimedEvent[]): Promise<void> {
    await this.#update('delete from', '', claim, events);
  }

  /** Postpones events whose handlers failed, with back-off. Later events wait behind them. */
  async postpone(claim: EventClaim, failed: readonly ClaimedEvent[], later: readonly ClaimedEvent[]): Promise<void> {
    const failures = Math.max(...failed.map((event) => event.failures));
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 20));
    await this.#update(
      'update',
      `set claim = null, failures = failures + (id = any ($4::bigint[]))::int,
        due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'`,
      claim,
      [...failed, ...later],
      [pause, failed.map(({ id }) => id)],
    );
  }

  /** Releases events, so other processes can handle them at once. */
  async release(claim: EventClaim, events: readonly ClaimedEvent[]): Promise<void> {
    await this.#update('update', 'set claim = null, due_at = clock_timestamp()', claim, events);
  }

  async #update(
    verb: 'update' | 'delete from',
    change: string,
    { token }: EventClaim,
    events: readonly ClaimedEvent[],
    params: readonly unknown[] = [],
  ): Promise<void> {
    const { database } = this.ledger;
    await database.query(`${verb} ${database.schema}.event ${change} where id = any ($1::bigint[]) and claim = $2`, [
      events.map(({ id }) => id),
      token,
      ...params,
    ]);
  }
}
