import type { AfterGrace, Lane } from '../options/outbox.options.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** As many chunks as one step takes, so that none holds its locks for long. */
const STEP = 200;

/**
 * Moves on what nobody else does: attempts whose worker is gone, unknown chunks whose time of grace is
 * over, messages that came too late, campaigns that began or ended. Any number may run at once.
 */
export class Upkeep {
  constructor(private readonly ledger: OutboxLedger) {}

  /** Attempts without an answer for longer than the lease, whatever became of their worker. */
  async doubtOverdue(lease: number): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#count(
      `with overdue as (
        select id from ${s}.chunk where account = $1 and state = 'sending'
          and changed_at < clock_timestamp() - $2 * interval '1 millisecond'
        order by changed_at limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set state = 'unknown', changed_at = clock_timestamp(), code = 'OUTBOX_WORKER_LOST',
          reason = 'no answer was written down in time'
        from overdue o where c.id = o.id returning c.*
      ), told as (
        select ${s}.tell_outcome(m.*::${s}.chunk) from moved m
      )
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by, detail)
        select m.account, m.campaign_id, m.id, m.attempt, 'unknown', $3, 'OUTBOX_WORKER_LOST'
        from moved m, (select count(*) from told) t returning 1`,
      [this.ledger.account, lease, this.ledger.by],
    );
  }

  /** Unknown chunks of the lane that no proof came for. @returns those decided. */
  async endGrace(lane: Lane, grace: number, policy: AfterGrace, announce: boolean): Promise<number> {
    const s = this.ledger.database.schema;
    const due = `account = $1 and lane = $2 and changed_at < clock_timestamp() - $3 * interval '1 millisecond'`;
    const params = [this.ledger.account, lane, grace];
    if (policy === 'resend') {
      return this.#count(
        `select ${s}.resend(c.id, 'unknown,settled', 'open', $4, 'policy') from (
          select id from ${s}.chunk where ${due} and (state = 'unknown' or state = 'settled' and unknown > 0)
          limit ${STEP} for update skip locked
        ) c`,
        [...params, this.ledger.by],
      );
    }
    const state = policy === 'hold' ? 'held' : 'abandoned';
    const whole = await this.#count(
      `with due as (
        select id from ${s}.chunk where ${due} and state = 'unknown' limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set state = '${state}', changed_at = clock_timestamp(), unknown = c.n - c.accepted,
          announce_at = case when $5 then clock_timestamp() end
        from due d where c.id = d.id returning c.*
      )
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by)
        select account, campaign_id, id, attempt, '${state}', $4 from moved returning 1`,
      [...params, this.ledger.by, announce],
    );
    const single = await this.#count(
      `update ${s}.message m set state = '${state}' from ${s}.chunk c
        where c.${due.replaceAll(' and ', ' and c.')} and c.state = 'settled' and c.unknown > 0
          and m.chunk_id = c.id and m.state = 'unknown' returning 1`,
      params,
    );
    return whole + single;
  }

  /** Messages whose `sendBefore` has passed. */
  async expire(announce: boolean): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#count(
      `with late as (
        select id from ${s}.chunk where account = $1 and state = 'pending' and expires_at <= clock_timestamp()
        limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set state = 'refused', changed_at = clock_timestamp(), rejected = c.n, code = 'OUTBOX_EXPIRED',
          reason = 'not sent before its time was over', announce_at = case when $3 then clock_timestamp() end
        from late l where c.id = l.id returning c.*
      ), told as (
        select ${s}.tell_outcome(m.*::${s}.chunk) from moved m
      )
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by, detail)
        select m.account, m.campaign_id, m.id, m.attempt, 'refused', $2, 'OUTBOX_EXPIRED'
        from moved m, (select count(*) from told) t returning 1`,
      [this.ledger.account, this.ledger.by, announce],
    );
  }

  /** Campaigns whose time has come, and those of which nothing moves any more. */
  async turnCampaigns(announce: boolean): Promise<number> {
    const s = this.ledger.database.schema;
    return this.#count(
      `with begun as (
        update ${s}.campaign set state = 'running', changed_at = clock_timestamp()
        where account = $1 and state = 'scheduled' and starts_at <= clock_timestamp() returning id
      ), ended as (
        update ${s}.campaign k set state = 'done', changed_at = clock_timestamp(), done_at = clock_timestamp(),
          announce_at = case when $3 then clock_timestamp() end
        where k.account = $1 and k.state = 'running'
          and not exists (select from ${s}.chunk c where c.campaign_id = k.id and c.state = 'pending')
          and not exists (select from ${s}.chunk c where c.campaign_id = k.id and c.state in ('sending', 'unknown'))
        returning k.id
      )
      insert into ${s}.journal (account, campaign_id, event, by)
        select $1, id, 'running', $2 from begun union all select $1, id, 'done', $2 from ended returning 1`,
      [this.ledger.account, this.ledger.by, announce],
    );
  }

  async #count(sql: string, params: unknown[]): Promise<number> {
    return (await this.ledger.database.query(sql, params)).rows.length;
  }
}
