-- prepared: applyFinalReports (account, msgIds, states, reasons, gatewayTimes, chunkIds, slots, charges?)
-- Each list is one text, whose values are separated by the character 30. Splitting it here is cheaper than an array, on
-- both sides.
select outbox.apply_final_reports($1, string_to_array($2, chr(30)), string_to_array($3, chr(30)),
  string_to_array($4, chr(30)), string_to_array($5, chr(30)), string_to_array($6, chr(30)),
  string_to_array($7, chr(30)), string_to_array($8, chr(30))) as found;

-- name: storeReports (account, actor, pollAfterMs?, keepsUnmatched, msgIds, orderIds, numbers, states, reasons, gatewayTimes, chunkIds, attempts, slots, charges?)
select outbox.store_reports($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)::text as done;

-- name: retryReports (account, actor, pollAfterMs?, limit)
select outbox.retry_reports($1, $2, $3, $4) as "tried!";

-- name: claimReportPolls (account, reportsAfterMs, pauses, limit, recipients)
-- Chunks whose reports were not pushed, with the ids of their recipients without a final state. pauses: the pauses
-- between fetches, as multiples of the first one.
select chunk_id as "id!", msg_ids as "msg_ids!" from outbox.claim_report_polls($1, $2, $3, $4, $5);

-- name: releaseReportPolls (chunkIds, delayMs)
update outbox.chunk set polls = greatest(0, polls - 1), poll_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
where id = any ($1::bigint[]);

-- name: takeLookupTurn (account, intervalMs, gracePeriodMs)
-- The period to look up, if a lookup is due and no other worker has the turn. A message is looked up as soon as it is
-- unknown, each time its age has doubled, and shortly before the grace period ends.
with candidates as (
  select c.sent_at, c.changed_at, a.looked_up_at, clock_timestamp() as now,
    extract(epoch from clock_timestamp() - c.sent_at) * 1000 / $2::float8 as intervals,
    $2::float8 * interval '1 millisecond' as one, $3::float8 * interval '1 millisecond' as grace
  from outbox.chunk c join outbox.account a on a.id = c.account
  where c.account = $1 and c.unknown > 0
), due as (
  select min(sent_at) as since from candidates where looked_up_at is null or looked_up_at < changed_at
    or looked_up_at < sent_at + one * power(2, floor(ln(greatest(1, intervals)) / ln(2))) and intervals >= 1
    or looked_up_at < changed_at + grace - 1.5 * one and now >= changed_at + grace - 1.5 * one
)
update outbox.account a set lookup_alive_at = clock_timestamp() from due d
where a.id = $1 and d.since is not null
  and (a.lookup_alive_at is null or a.lookup_alive_at <= clock_timestamp() - $2::float8 * interval '1 millisecond')
returning d.since as "from!", a.lookup_alive_at as "to!";

-- name: keepLookupTurn (account)
update outbox.account set lookup_alive_at = clock_timestamp() where id = $1;

-- name: finishLookup (account, to)
update outbox.account set looked_up_at = $2 where id = $1;

-- name: findForeignIds (msgIds)
-- Those message ids that belong to no message here.
select a.msg_id as "msg_id!" from unnest($1::text[]) a (msg_id)
where not exists (select from outbox.recipient m where m.msg_id = a.msg_id);

-- name: findOpenChunks (account, longestDeliveryMs)
-- Chunks with recipients that the gateway may have accepted without telling their ids.
with lately as (
  select statement_timestamp() - $2::float8 * interval '1 millisecond' as since
)
select c.id as "id!" from outbox.chunk c, lately where c.account = $1 and c.sent_at >= since and c.state = 'sending'
union select c.id from outbox.chunk c, lately where c.account = $1 and c.sent_at >= since and c.unknown > 0
union select c.id from outbox.chunk c, lately where c.account = $1 and c.sent_at >= since and c.held > 0;

-- name: readOpenChunks (ids)
select c.id, c.attempt, c.state = 'sending' as "is_sending!", c.numbers as "numbers!", c.sent_at as "sent_at!",
  array(select m.slot from outbox.recipient m where m.chunk_id = c.id
    and m.state not in ('unknown', 'held', 'abandoned')) as "decided_slots!"
from outbox.chunk c where c.id = any ($1::bigint[]) and c.numbers is not null
  and c.state in ('sending', 'completed', 'unknown', 'held', 'abandoned');

-- name: keepUnreadablePush (account, route, reason, body, digest, maxKept)
with kept as (
  insert into outbox.unreadable_push (account, route, reason, body, digest) values ($1, $2, $3, $4, $5)
  on conflict (account, route, digest) do nothing
)
delete from outbox.unreadable_push where account = $1 and id <= (
  select id from outbox.unreadable_push where account = $1 order by id desc offset $6::int - 1 limit 1
);

-- name: listUnreadablePushes (account, before?, limit)
select id, received_at, route, reason, body from outbox.unreadable_push
where account = $1 and ($2::bigint is null or id < $2::bigint) order by id desc limit $3;
