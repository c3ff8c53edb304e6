-- name: addOptOuts (account, numbers, sender, reason, actor, revives)
select outbox.add_opt_outs($1, $2, $3, $4, $5, $6) as "added!";

-- name: endOptOut (account, number, sender?, actor, consent?)
select outbox.end_opt_out($1, $2, $3, $4, $5) as "changed!";

-- name: readOptOutVersion (account)
select version as "version!" from outbox.opt_out_state where account = $1;

-- name: readOptOutChanges (account, after, afterNumber, afterSender, limit)
-- Changes after one of them, in the order of versions. One version may have many numbers.
select o.number as "number!", o.sender as "sender!", o.ended_at is null as "is_active!", o.version as "version!"
from outbox.opt_out o
where o.account = $1 and o.version >= $2 and (o.version, o.number, o.sender) > ($2::bigint, $3::text, $4::text)
order by o.version, o.number, o.sender limit $5;

-- name: findOptOuts (account, numbers)
-- Those that are active.
select o.number, o.sender, o.reason, o.actor, o.since from outbox.opt_out o
where o.account = $1 and o.number = any ($2::text[]) and o.ended_at is null order by o.number, o.sender;

-- name: listOptOuts (account, number?, afterNumber, afterSender, limit)
select o.number, o.sender, o.reason, o.actor, o.since, o.ended_at, o.ended_by, o.consent from outbox.opt_out o
where o.account = $1 and (o.number, o.sender) > ($3, $4) and ($2::text is null or o.number = $2)
order by o.number, o.sender limit $5;

-- name: addInbound (account, key, number, receiver?, content, type, gatewayTime?)
-- A message that is listed has no id of the platform. It is the one that was pushed with the same text at the same time.
insert into outbox.inbound (account, key, number, receiver, content, type, gateway_time)
  values ($1, $2, $3, $4, $5, $6::text::outbox.reply_type, $7)
  on conflict (account, key) do nothing
  returning id as "id!";

-- name: listInbound (account, type?, number?, before?, limit)
select i.id as "id!", i.number, i.receiver, i.content, i.type as "type!", i.gateway_time, i.received_at as "received_at!", i.reviewed_by
from outbox.inbound i
where i.account = $1 and ($2::text is null or i.type = $2::text::outbox.reply_type) and ($3::text is null or i.number = $3)
  and ($4::bigint is null or i.id < $4)
order by i.id desc limit $5;

-- name: findInbound (account, id)
select i.id as "id!", i.number, i.receiver, i.content, i.type as "type!", i.gateway_time, i.received_at as "received_at!", i.reviewed_by
from outbox.inbound i where i.account = $1 and i.id = $2;

-- name: reviewInbound (account, id, type, actor)
update outbox.inbound set type = $3::text::outbox.reply_type, reviewed_by = $4
  where account = $1 and id = $2 and type = 'unclear' and number is not null
  returning number as "number!", receiver;

-- name: takeInboundTurn (account, intervalMs)
-- The period to list, if that is due and no other worker has the turn.
update outbox.account a set inbound_turn_at = clock_timestamp()
  where a.id = $1 and a.inbound_turn_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
  returning a.inbound_listed_at as "from!", clock_timestamp() as "to!";

-- name: finishInboundTurn (account, to)
update outbox.account set inbound_listed_at = $2 where id = $1;

-- name: redactInbound (account, retentionMs, limit)
with due as (
  select id from outbox.inbound
  where account = $1 and number is not null and received_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  order by received_at limit $3 for update skip locked
), redacted as (
  update outbox.inbound set number = null, content = null where id = any (array(select id from due)) returning 1
)
select count(*)::int as "count!" from redacted;

-- name: deleteInbound (account, deleteAfterMs, limit)
with due as (
  select id from outbox.inbound
  where account = $1 and number is null and received_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  order by received_at limit $3 for update skip locked
), deleted as (
  delete from outbox.inbound where id = any (array(select id from due)) returning 1
)
select count(*)::int as "count!" from deleted;

-- name: eraseInbound (account, number)
-- The opt-out of the number stays: without it, the person would get messages again.
update outbox.inbound set number = null, content = null where account = $1 and number = $2 returning true as "changed!";
