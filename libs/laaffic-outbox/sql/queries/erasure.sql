-- Removes one person.

-- name: findNumber (account, number, after, limit)
-- Looks at the next chunks after an id, of all accounts. No lastId: there are no more.
with looked as (
  select c.id, c.account = $1 and position($2 in c.numbers) > 0 as has_number from outbox.chunk c
  where c.id > $3::bigint order by c.id limit $4
)
select max(id) as last_id, array_agg(id order by id) filter (where has_number) as chunk_ids from looked;

-- name: eraseNumber (chunkId, number, actor)
select message_id, campaign_id, place as "position!", is_erased as "is_erased!"
from outbox.erase_number($1::bigint, $2, $3);

-- name: eraseInvalidEntries (account, number, after, last)
-- A number that occurred twice, or was not written as one.
update outbox.invalid_entry e set input = null, reason = null, order_id = null
from outbox.chunk c
where e.chunk_id > $3::bigint and e.chunk_id <= $4::bigint and c.id = e.chunk_id and c.account = $1
  and position($2 in regexp_replace(e.input, '\D', '', 'g')) > 0;

-- name: eraseUnassigned (account, number)
-- Reports without a message, and pushes that could not be read.
with reports as (
  delete from outbox.unmatched_report where account = $1 and number = $2
)
delete from outbox.unreadable_push where account = $1 and position(convert_to($2, 'UTF8') in body) > 0;

-- name: redactFinishedMessages (account, ids, evidenceMs)
select outbox.redact_messages($1, $2::bigint[], $3) as "waiting!";
