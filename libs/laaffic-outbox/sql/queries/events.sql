-- name: registerHandlers (account, handlers, topics, isNotified)
-- Pairs of a handler and one of its topics. Tells whether one of these topics was not recorded before.
with recorded as (
  select topic from outbox.live_subscription where account = $1
), registered as (
  insert into outbox.event_handler (account, topic, handler, is_notified)
    select distinct $1, h.topic, h.handler, $4::boolean from unnest($2::text[], $3::text[]) h (handler, topic)
    order by h.topic, h.handler
    on conflict (account, topic, handler) do update
      set seen_at = excluded.seen_at, is_notified = excluded.is_notified
    returning topic
)
select count(*) filter (where topic not in (select topic from recorded)) > 0 as "has_new_topics!" from registered;

-- name: awaitRecorders (longestMs)
select outbox.await_recorders($1)::text as done;

-- name: routeEvents (account, limit)
select outbox.route_events($1, $2) as "routed!";

-- name: claimEvents (account, handlers, topics, limits, claim, leaseMs, perMessage)
-- The deliveries of messages and campaigns to handlers. handlers, topics, limits: one row for each topic of a handler.
-- The first delivery of a message to a handler stays until it is handled, so a process that finds a later one leaves it
-- alone. lost: how often its process died before there was a result.
with moment as materialized (
  select clock_timestamp() as now
), wanted as (
  select w.handler, array_agg(w.topic) as topics, max(w.most) as most
  from unnest($2::text[], $3::text[], $4::int[]) w (handler, topic, most) group by w.handler
), head as (
  select h.id, h.root_id, h.event_id, w.handler, w.topics from wanted w cross join lateral (
    select d.id, d.root_id, d.event_id from outbox.event_delivery d
    where d.account = $1 and d.handler = w.handler and d.dead_at is null and d.due_at <= (select now from moment)
      and d.topic = any (w.topics)
      and not exists (select from outbox.event_delivery p where p.root_id = d.root_id and p.handler = d.handler
        and p.event_id < d.event_id and p.dead_at is null and p.topic = any (w.topics))
    order by d.due_at, d.id limit w.most for no key update of d skip locked
  ) h
), later as (
  -- The next ones of the message, up to the first that is not due.
  select n.id from head h cross join lateral (
    select f.id, bool_and(f.due_at <= (select now from moment)) over (order by f.event_id) as is_due from (
      select d.id, d.event_id, d.due_at from outbox.event_delivery d
      where d.root_id = h.root_id and d.handler = h.handler and d.event_id > h.event_id and d.dead_at is null
        and d.topic = any (h.topics)
      order by d.event_id limit $7
    ) f
  ) n where n.is_due
)
update outbox.event_delivery d set claim = $5::uuid, due_at = (select now from moment) + $6::float8 * interval '1 millisecond',
  lost = d.lost + (d.id = any (array(select id from head)))::int
where d.id = any (array(select id from head union all select id from later)) and d.due_at <= (select now from moment)
  and d.dead_at is null
returning d.id, d.handler, d.event_id, d.topic, d.root_id, d.campaign_id, d.failures,
  d.lost - (d.id = any (array(select id from head)))::int as "lost!";

-- name: renewEvents (ids, claim, leaseMs)
update outbox.event_delivery set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: finishEvents (ids, claim)
delete from outbox.event_delivery where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: postponeEvents (ids, claim, delayMs, failedIds, error)
-- All later ones of the message wait as long, so they are not looked at before.
with postponed as (
  update outbox.event_delivery d set claim = null, lost = 0, failures = d.failures + f.failed::int,
    error = case when f.failed then $5 else d.error end,
    first_failed_at = case when f.failed then coalesce(d.first_failed_at, f.now) else d.first_failed_at end,
    last_failed_at = case when f.failed then f.now else d.last_failed_at end,
    due_at = f.now + $3::float8 * interval '1 millisecond'
  from (select id, id = any ($4::bigint[]) as failed, clock_timestamp() as now from unnest($1::bigint[]) id) f
  where d.id = f.id and d.claim = $2::uuid
  returning d.root_id, d.handler, d.event_id, d.due_at
), newest as (
  select root_id, handler, max(event_id) as event_id, min(due_at) as due_at from postponed group by root_id, handler
)
update outbox.event_delivery d set due_at = n.due_at from newest n
where d.root_id = n.root_id and d.handler = n.handler and d.event_id > n.event_id and d.dead_at is null and d.claim is null
  and d.due_at < n.due_at;

-- name: giveUpEvents (ids, claim, error, wasCalled)
-- wasCalled: whether the handler failed once more just now.
update outbox.event_delivery set claim = null, failures = failures + $4::boolean::int,
  lost = case when $4 then 0 else greatest(0, lost - 1) end, error = $3, dead_at = clock_timestamp(),
  first_failed_at = coalesce(first_failed_at, clock_timestamp()), last_failed_at = clock_timestamp()
where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: releaseEvents (ids, claim)
update outbox.event_delivery set claim = null, lost = 0, due_at = clock_timestamp()
where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: readEvents (ids)
-- A deleted chunk has no events.
select d.id, d.topic, d.root_id as "root_id!", d.chunk_id as "chunk_id!", d.campaign_id, d.slots as "slots!", d.attempt as "attempt!",
  d.sent_at, d.code, d.reason, c.lane as "lane!", c.reference, c.first_position, c.numbers, c.order_ids,
  outbox.recipient_columns(d.chunk_id) as "recipients: RecipientColumns"
from outbox.event_delivery d join outbox.chunk c on c.id = d.chunk_id
where d.id = any ($1::bigint[]);

-- name: readMovedNumbers (messageIds)
select coalesce(root_id, id) as "root_id!", numbers as "numbers!" from outbox.chunk
where (id = any ($1::bigint[]) or root_id = any ($1::bigint[])) and numbers is not null;

-- name: listFailedEvents (account, handler?, before?, limit)
-- Dead letters, newest first.
select id, handler, topic, root_id, campaign_id, coalesce(cardinality(slots), 0) as "recipients!", error as "error!",
  failures + lost as "tries!", recorded_at, first_failed_at as "first_failed_at!", last_failed_at as "last_failed_at!"
from outbox.event_delivery
where account = $1 and dead_at is not null and ($2::text is null or handler = $2) and ($3::bigint is null or id < $3::bigint)
order by id desc limit $4;

-- name: retryFailedEvents (account, ids?, handler?, actor)
select outbox.retry_events($1, $2::bigint[], $3, $4) as "count!";

-- name: removeUnroutedEvents (account)
-- No process with handlers has been running for 7 days.
with removed as (
  delete from outbox.event where account = $1 and recorded_at < statement_timestamp() - interval '7 days' returning topic
)
select topic as "topic!", count(*)::int as "events!" from removed group by topic order by topic;

-- name: removeGoneHandlers (account)
-- Handlers that no process has had for 7 days. Their deliveries end with the next statement.
delete from outbox.event_handler where account = $1 and seen_at < clock_timestamp() - interval '7 days';

-- name: removeHandlerlessEvents (account)
with removed as (
  delete from outbox.event_delivery d where d.account = $1 and not exists (
    select from outbox.event_handler h where h.account = d.account and h.topic = d.topic and h.handler = d.handler)
  returning d.handler
)
select handler as "handler!", count(*)::int as "events!" from removed group by handler order by handler;

-- name: removeOldFailedEvents (account, keptMs)
with removed as (
  delete from outbox.event_delivery
  where account = $1 and dead_at is not null and dead_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  returning handler
)
select handler as "handler!", count(*)::int as "events!" from removed group by handler order by handler;
