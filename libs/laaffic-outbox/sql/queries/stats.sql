-- name: readStats (account)
-- Reads open rows only. Each part is written so that a partial index covers it and nothing else.
with moment as materialized (
  select clock_timestamp() as now
), waiting as (
  -- A chunk that was delayed by a rejection of the account still counts as waiting.
  select lane, size, least(due_at, account_rejected_at) as due_at from outbox.chunk
  where account = $1 and state = 'pending' and campaign_id is null
  union all
  select c.lane, c.size, greatest(c.due_at, k.starts_at)
  from outbox.campaign k join outbox.chunk c on c.campaign_id = k.id and c.state = 'pending'
  where k.account = $1 and k.state in ('scheduled', 'running')
), pending as (
  select coalesce(sum(size) filter (where due_at <= now), 0) as backlog,
    coalesce(sum(size) filter (where due_at > now), 0) as scheduled,
    greatest(0, extract(epoch from max(now) - min(due_at)))::float8 as oldest,
    greatest(0, extract(epoch from max(now) - min(due_at) filter (where lane = 'priority')))::float8 as oldest_priority
  from waiting, moment
)
select p.backlog as "backlog!", p.scheduled as "scheduled!", p.oldest as "oldest!", p.oldest_priority as "oldest_priority!",
  (select coalesce(sum(c.size), 0) from outbox.chunk c where c.account = $1 and c.state = 'sending') as "sending!",
  (select coalesce(sum(c.unknown), 0) from outbox.chunk c where c.account = $1 and c.unknown > 0) as "unknown!",
  (select coalesce(sum(c.held), 0) from outbox.chunk c where c.account = $1 and c.held > 0) as "held!",
  (select count(*) from outbox.event_delivery d where d.account = $1 and d.dead_at is not null) as "failed_events!",
  a.paused_at, a.paused_code, a.paused_reason, a.probe_at,
  (select coalesce(b.root_id, b.id) from outbox.chunk b where b.id = a.paused_chunk_id and b.campaign_id is null) as message_id,
  (select b.campaign_id from outbox.chunk b where b.id = a.paused_chunk_id) as campaign_id
from outbox.account a, pending p where a.id = $1;

-- name: readLaneLimits (account)
select lane, max_size, reason, since, probe_at from outbox.lane_limit where account = $1 order by lane;

-- name: readLaneControls (account)
select lane, paused_at, paused_by, paused_reason, slots, slots_set_at, slots_set_by from outbox.lane_control
where account = $1 and (paused_at is not null or slots is not null) order by lane;

-- name: readSealedContents (account)
-- The keys of sealed contents that are still stored, and of how many recipients.
select seal_key_id as "key_id!", sum(size) as "recipients!" from outbox.chunk
where account = $1 and seal_key_id is not null and content is not null group by seal_key_id order by seal_key_id;

-- name: findMissingSealKeys (account, sealKeyIds)
-- The keys of sealed contents that are not among these. Reads one index entry for each key, however many contents there
-- are.
with recursive used as (
  (select c.seal_key_id as id from outbox.chunk c where c.account = $1 and c.seal_key_id is not null and c.content is not null
    order by c.seal_key_id limit 1)
  union all
  select (select c.seal_key_id from outbox.chunk c where c.account = $1 and c.seal_key_id is not null
      and c.content is not null and c.seal_key_id > u.id order by c.seal_key_id limit 1)
  from used u where u.id is not null
)
select u.id as "key_id!" from used u where u.id is not null and u.id <> all ($2::text[]) order by u.id;

-- name: notificationQueueUsage ()
select pg_notification_queue_usage() as "usage!";

-- name: probeEnqueuing ()
-- Writes that affect no rows. The server still checks that it is not a replica, accepts writes, and allows them to this
-- role.
with w1 as (insert into outbox.chunk (account, lane, size) select '', 'bulk', 0 where false),
  w2 as (insert into outbox.caller_order_id (chunk_id, ids) select 0, '{}' where false),
  w3 as (insert into outbox.idempotency_key (account, kind, key, id) select '', '', '', 0 where false)
select 1 as "one!";

-- name: probeSending ()
-- A process that sends needs more rights than one that only enqueues.
with w1 as (update outbox.account set id = id where false),
  w2 as (update outbox.chunk set size = size where false),
  w3 as (insert into outbox.recipient (chunk_id, slot, state) select 0, 0, 'unknown' where false),
  w4 as (insert into outbox.pending_result (chunk_id, msg_ids) select 0, '' where false),
  w5 as (delete from outbox.pending_result where false),
  w6 as (insert into outbox.count_delta (campaign_id) select 0 where false),
  w7 as (insert into outbox.history (event, actor) select '', '' where false)
select 1 as "one!";
