import { givenUp } from './given-up.js';
import type { UnconfirmedAction, Lane } from '../options/outbox.options.js';
import type { ActivityRecipients, ActivityState } from './activity.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 200;

/**
 * Maintenance: handles attempts whose worker is gone, unknown chunks after the grace period, expired messages, and
 * campaigns that start or end. Any number of processes may run it at once.
 */
export class Upkeep {
  constructor(private readonly ledger: OutboxLedger) {}

  /** Marks attempts unknown that have had no response for longer than the lease, whatever happened to their worker. */
  async doubtOverdue(lease: number): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#move(
      { state: 'unknown', as: 'unknown' },
      `with overdue as (
        select id from ${s}.chunk where account = $1 and state = 'sending'
          and changed_at < clock_timestamp() - $2 * interval '1 millisecond'
        order by changed_at limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set state = 'unknown', changed_at = clock_timestamp(), code = 'OUTBOX_WORKER_LOST',
          reason = 'no response was stored in time'
        from overdue o where c.id = o.id returning c.*
      ), told as (
        select ${s}.tell_outcome(m.*::${s}.chunk), ${s}.record_chunk(m.*::${s}.chunk) from moved m
      ), noted as (
        insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by, detail)
        select m.account, m.campaign_id, m.id, m.attempt, 'unknown', $3, 'OUTBOX_WORKER_LOST'
        from moved m, (select count(*) from told) t
      )
      select lane, n - accepted as open from moved`,
      [this.ledger.account, lease, this.ledger.by],
    );
  }

  /**
   * Decides unknown chunks of the lane for which there was no evidence.
   * @returns the number of decided chunks.
   */
  async endGrace(lane: Lane, grace: number, policy: UnconfirmedAction): Promise<number> {
    const s = this.ledger.database.schema;
    const cancelled = `campaign_id in (select id from ${s}.campaign where state = 'cancelled')`;
    // Neither `exists` nor a join: both may read all messages of the table.
    const hasUnknown = `(select true from ${s}.message m where m.chunk_id = c.id and m.state = 'unknown' limit 1)`;
    let due = `account = $1 and lane = $2 and changed_at < clock_timestamp() - $3 * interval '1 millisecond'`;
    const params = [this.ledger.account, lane, grace];
    let resent = 0;
    if (policy === 'resend') {
      resent = await this.#count(
        `select 1 from (
          select id from ${s}.chunk c where ${due} and (state = 'unknown' or state = 'settled' and unknown > 0
            and ${hasUnknown})
            and (${cancelled}) is not true
          limit ${STEP} for update skip locked
        ) c where ${s}.resend(c.id, 'unknown,settled', 'open', $4, 'policy') > 0`,
        [...params, this.ledger.by],
      );
      // Recipients of a cancelled campaign are not sent to again.
      due = `${due} and ${cancelled}`;
    }
    const state = policy === 'abandon' ? 'abandoned' : 'held';
    const whole = await this.#move(
      { state, as: state },
      `with due as (
        select id from ${s}.chunk where ${due} and state = 'unknown' limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set state = '${state}', changed_at = clock_timestamp(), unknown = c.n - c.accepted
        from due d where c.id = d.id returning c.*
      ), recorded as (
        select ${s}.record_chunk(m.*::${s}.chunk) from moved m
      ), noted as (
        insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by)
        select account, campaign_id, id, attempt, '${state}', $4 from moved, (select count(*) from recorded) r
      )
      select lane, unknown as open from moved`,
      [...params, this.ledger.by],
    );
    // Lock the chunk first and then its recipients, as all other code does.
    const single = await this.#move(
      { state, as: state },
      `with due as (
        select id from ${s}.chunk c where ${due} and state = 'settled' and unknown > 0
          and ${hasUnknown}
        limit ${STEP} for no key update skip locked
      ), moved as (
        update ${s}.message m set state = '${state}' where m.chunk_id = any (array(select id from due)) and m.state = 'unknown'
        returning m.chunk_id as id, m.idx, m.code, m.reason
      ), recorded as (
        select ${s}.record_event(c, '${state}', g.slots, g.code, g.reason)
        from (select id, code, reason, array_agg(idx order by idx) as slots from moved group by id, code, reason) g
        join ${s}.chunk c on c.id = g.id
      )
      select $2::${s}.lane as lane, count(*)::int as open from moved, (select count(*) from recorded) r group by id`,
      params,
    );
    return resent + whole + single;
  }

  /** Rejects messages whose `sendBefore` has passed. */
  async expire(): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#move(
      { state: 'refused', as: 'rejected' },
      `with late as (
        select id from ${s}.chunk where account = $1 and state = 'pending' and expires_at <= clock_timestamp()
        limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set state = case when c.doubtful then 'abandoned' else 'refused' end::${s}.chunk_state,
          changed_at = clock_timestamp(), rejected = case when c.doubtful then 0 else c.n end,
          unknown = case when c.doubtful then c.n else 0 end, code = 'OUTBOX_EXPIRED',
          reason = 'not sent before sendBefore'
        from late l where c.id = l.id returning c.*
      ), told as (
        select ${s}.tell_outcome(m.*::${s}.chunk), ${s}.record_chunk(m.*::${s}.chunk) from moved m
      ), noted as (
        insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by, detail)
        select m.account, m.campaign_id, m.id, m.attempt, m.state::text, $2, 'OUTBOX_EXPIRED'
        from moved m, (select count(*) from told) t
      )
      select lane, n as open from moved where state = 'refused'`,
      [this.ledger.account, this.ledger.by],
    );
  }

  /**
   * Cancels chunks that a cancelled campaign still has, because they were released or the cancellation did not finish.
   */
  async cancelLeft(): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#count(
      `with left_over as (
        select c.id from ${s}.campaign k join ${s}.chunk c on c.campaign_id = k.id and c.state = 'pending'
        where k.account = $1 and k.state = 'cancelled' and k.done_at is null
        limit ${STEP} for update of c skip locked
      ), moved as (
        update ${s}.chunk c set ${givenUp(s)}
        from left_over l where c.id = l.id returning c.*
      ), recorded as (
        select ${s}.record_chunk(m.*::${s}.chunk) from moved m
      )
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by)
        select account, campaign_id, id, attempt, state::text, $2 from moved, (select count(*) from recorded) r returning 1`,
      [this.ledger.account, this.ledger.by],
    );
  }

  /** Starts campaigns whose time has come, and ends those with nothing left to do. */
  async turnCampaigns(): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#count(
      `with begun as (
        update ${s}.campaign set state = 'running', changed_at = clock_timestamp()
        where account = $1 and state = 'scheduled' and starts_at <= clock_timestamp() returning id
      ), ended as (
        select id from ${s}.end_campaigns($1) id
      )
      insert into ${s}.journal (account, campaign_id, event, by)
        select $1, id, 'running', $2 from begun union all select $1, id, 'done', $2 from ended returning 1`,
      [this.ledger.account, this.ledger.by],
    );
  }

  /** @param sql returns a row for each chunk: its lane, and the number of its recipients. */
  async #move(
    { state, as }: { state: ActivityState; as: ActivityRecipients },
    sql: string,
    params: unknown[],
  ): Promise<number> {
    const { database, activity } = this.ledger;
    const { rows } = await database.query<{ lane: Lane; open: number }>(sql, params);
    if (activity.observed)
      for (const { lane, open } of rows) activity.next({ state, lane, recipients: { [as]: open } });
    return rows.length;
  }

  async #count(sql: string, params: unknown[]): Promise<number> {
    return (await this.ledger.database.query(sql, params)).rows.length;
  }
}
