-- name: subscribe (account, topics, isNotified)
insert into outbox.subscription (account, topic, is_notified)
  select $1, topic, $3 from unnest($2::text[]) topic order by topic
  on conflict (account, topic) do update set seen_at = excluded.seen_at, is_notified = excluded.is_notified;

-- name: claimEvents (account, topics, limit, claim, leaseMs, perMessage)
-- The events of messages and campaigns. The first event of a message stays until it is handled, so a process that finds
-- a later event leaves it alone.
with moment as materialized (
  select clock_timestamp() as now
), head as (
  select e.id, e.root_id from outbox.event e, moment
  where e.account = $1 and e.topic = any ($2::text[]) and e.due_at <= now
    and not exists (select from outbox.event p where p.root_id = e.root_id and p.id < e.id and p.topic = any ($2::text[]))
  order by e.due_at, e.id limit $3 for no key update of e skip locked
), mine as (
  select id from head
  union all
  select n.id from head h cross join lateral (
    select e.id from outbox.event e, moment
    where e.root_id = h.root_id and e.id > h.id and e.topic = any ($2::text[]) and e.due_at <= now
      and not exists (select from outbox.event p where p.root_id = e.root_id and p.id < e.id and p.due_at > now
        and p.topic = any ($2::text[]))
    order by e.id limit $6
  ) n
)
update outbox.event e set claim = $4::uuid, due_at = now + $5::float8 * interval '1 millisecond'
from mine m, moment where e.id = m.id and e.due_at <= now
returning e.id, e.topic, e.root_id, e.campaign_id, e.failures;

-- name: renewEvents (ids, claim, leaseMs)
update outbox.event set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: finishEvents (ids, claim)
delete from outbox.event where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: postponeEvents (ids, claim, delayMs, failedIds)
update outbox.event set claim = null, failures = failures + (id = any ($4::bigint[]))::int,
  due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: releaseEvents (ids, claim)
update outbox.event set claim = null, due_at = clock_timestamp() where id = any ($1::bigint[]) and claim = $2::uuid;

-- name: readEvents (ids)
-- A deleted chunk has no events.
select e.id, e.topic, e.root_id as "root_id!", e.chunk_id as "chunk_id!", e.campaign_id, e.slots as "slots!", e.attempt as "attempt!",
  e.sent_at, e.code, e.reason, c.lane as "lane!", c.reference, c.first_position, c.numbers, c.order_ids,
  outbox.recipient_columns(e.chunk_id) as "recipients: RecipientColumns"
from outbox.event e join outbox.chunk c on c.id = e.chunk_id
where e.id = any ($1::bigint[]);

-- name: readMovedNumbers (messageIds)
select coalesce(root_id, id) as "root_id!", numbers as "numbers!" from outbox.chunk
where (id = any ($1::bigint[]) or root_id = any ($1::bigint[])) and numbers is not null;

-- name: removeOldEvents (account)
-- Events that no handler has handled for 7 days.
with removed as (
  delete from outbox.event where account = $1 and recorded_at < clock_timestamp() - interval '7 days' returning topic
)
select topic as "topic!", count(*)::int as "events!" from removed group by topic order by topic;
