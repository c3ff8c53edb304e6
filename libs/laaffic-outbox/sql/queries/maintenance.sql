-- name: markOverdue (account, leaseMs, actor, limit)
select changed_lane as "lane!", recipients as "recipients!" from outbox.mark_overdue($1, $2, $3, $4);

-- name: endGracePeriod (account, lane, gracePeriodMs, action, actor, limit)
select changed_lane as "lane!", recipients as "recipients!", decided as "decided?"
from outbox.end_grace_period($1, $2, $3, $4, $5, $6);

-- name: expireMessages (account, actor, limit)
select changed_lane as "lane!", recipients as "recipients!", is_rejected as "is_rejected!"
from outbox.expire_messages($1, $2, $3);

-- name: cancelLeftovers (account, actor, limit)
select outbox.cancel_leftovers($1, $2, $3) as "count!";

-- name: cancelLostCreations (account, actor, lostAfterMs, keyedAfterMs?)
-- Cancels campaigns whose creator is gone: without a key no other call can continue them. Those with a key wait longer,
-- or for ever.
with moved as (
  update outbox.campaign set state = 'cancelled', changed_at = clock_timestamp(), creator = null
  where account = $1 and state = 'creating' and creator_seen_at < clock_timestamp() - interval '1 millisecond'
    * case when idempotency_key is null then $3::float8 else $4::float8 end
  returning id, account
)
select id as "id!", outbox.record_history(account, id, null, null, 'cancelled', $2)::text as recorded from moved;

-- name: advanceCampaigns (account, actor)
select outbox.advance_campaigns($1, $2)::text as done;

-- name: foldCounts (limit)
select greatest(outbox.fold_counts($1), outbox.fold_costs($1)) as "count!";

-- name: removeOldGrants (account)
-- All but the newest, which counts.
delete from outbox.rate_grant where account = $1 and id < (select max(id) from outbox.rate_grant where account = $1);

-- name: flushSomeResults (isBusy, longestWaitMs, limit)
-- Unless sending has priority. Then results are flushed only if some have waited for too long.
select case when not $1::boolean
    or exists (select from outbox.pending_result where at < statement_timestamp() - $2::float8 * interval '1 millisecond')
  then outbox.flush_oldest_results($3) end as flushed;

-- name: flushOldestResults (limit)
select outbox.flush_oldest_results($1) as "flushed!";

-- name: takeTurn (account, task, intervalMs)
-- Returns a row if no process has done this for an interval. Then this process does it on behalf of all.
with taken as (
  update outbox.turn set taken_at = clock_timestamp()
  where account = $1 and task = $2 and taken_at <= clock_timestamp() - $3::float8 * interval '1 millisecond' returning task
), added as (
  insert into outbox.turn select $1, $2, clock_timestamp()
  where not exists (select from outbox.turn where account = $1 and task = $2)
  on conflict do nothing returning task
)
select task as "task!" from taken union all select task from added;
