-- name: lockChunks ()
-- The insert takes this lock anyway. Outside a transaction it is an error, before anything is stored.
lock table outbox.chunk in row exclusive mode;

-- prepared: addMessage (account, lane, size, numbers, orderIds?, content, senderId?, dueAt?, expiresAt?, idempotencyKey?, fingerprint?, hasWaiter, reference?, actor, notifies, onUnconfirmed?, sealKeyId?, purpose?, parts)
-- Runs in the transaction of the app, whose driver passes every parameter as text. notifies: whether workers are notified
-- when it commits; never if it is rolled back.
with message as materialized (
  select outbox.next_chunk_id() as id
), with_key as (
  insert into outbox.idempotency_key (account, kind, key, id)
    select $1::text, 'message', $10::text, id from message where $10::text is not null
    on conflict (account, kind, key) do nothing
    returning id
), added as (
  insert into outbox.chunk (id, account, lane, size, numbers, order_ids, content, sender_id, due_at, expires_at,
      fingerprint, has_waiter, reference, created_by, on_unconfirmed, seal_key_id, purpose, parts) overriding system value
    select m.id, $1::text, $2::text::outbox.lane, $3::text::int, $4::text, $5::text, $6::text, $7::text,
      coalesce($8::text::timestamptz, clock_timestamp()), $9::text::timestamptz, $11::text, $12::text::boolean,
      $13::text, $14::text, $16::text::outbox.unconfirmed_action, $17::text, $18::text::outbox.purpose, $19::text::smallint
    from message m where $10::text is null or exists (select from with_key)
    returning id, due_at
), with_ids as (
  insert into outbox.caller_order_id select id, string_to_array($5::text, ',') from added where $5::text is not null
)
select added.id::text as "id!",
  case when $15::text::boolean and added.due_at <= clock_timestamp() then outbox.notify_due($1::text, $2::text)::text end as called
from added;

-- prepared: addMessages (account, lane, actor, count, lanes?, sizes?, numbers, orderIds?, contents, senderIds?, dueAts?, expiresAts?, idempotencyKeys?, fingerprints?, references?, actors?, notified?, onUnconfirmed?, sealKeyIds?, purposes?, parts?)
-- The same for many messages, each without a waiter. Each list is a JSON array with one text or null for each message, or
-- null if there is nothing in it. notified: the lanes whose workers are notified when it commits, joined by commas.
-- Returns the ids in the same order; empty for messages whose key was used before.
with message as materialized (
  select m.* from rows from (
    outbox.next_chunk_ids($4::text::int),
    json_array_elements_text($5::text::json), json_array_elements_text($6::text::json),
    json_array_elements_text($7::text::json), json_array_elements_text($8::text::json),
    json_array_elements_text($9::text::json), json_array_elements_text($10::text::json),
    json_array_elements_text($11::text::json), json_array_elements_text($12::text::json),
    json_array_elements_text($13::text::json), json_array_elements_text($14::text::json),
    json_array_elements_text($15::text::json), json_array_elements_text($16::text::json),
    json_array_elements_text($18::text::json), json_array_elements_text($19::text::json),
    json_array_elements_text($20::text::json), json_array_elements_text($21::text::json)
  ) m (id, lane, size, numbers, order_ids, content, sender_id, due_at, expires_at, idempotency_key, fingerprint, reference,
    actor, on_unconfirmed, seal_key_id, purpose, parts)
), with_key as (
  insert into outbox.idempotency_key (account, kind, key, id)
    select $1::text, 'message', m.idempotency_key, m.id from message m
    where $13::text is not null and m.idempotency_key is not null
    on conflict (account, kind, key) do nothing
    returning id
), added as (
  insert into outbox.chunk (id, account, lane, size, numbers, order_ids, content, sender_id, due_at, expires_at,
      fingerprint, reference, created_by, on_unconfirmed, seal_key_id, purpose, parts) overriding system value
    select m.id, $1::text, coalesce(m.lane, $2::text)::outbox.lane, coalesce(m.size::int, 1), m.numbers, m.order_ids,
      m.content, m.sender_id, coalesce(m.due_at::timestamptz, clock_timestamp()), m.expires_at::timestamptz,
      m.fingerprint, m.reference, coalesce(m.actor, $3::text), m.on_unconfirmed::outbox.unconfirmed_action, m.seal_key_id,
      m.purpose::outbox.purpose, coalesce(m.parts::smallint, 1)
    from message m where m.idempotency_key is null or m.id in (select id from with_key)
    returning id, order_ids
), with_ids as (
  insert into outbox.caller_order_id select id, string_to_array(order_ids, ',') from added
    where $8::text is not null and order_ids is not null
)
select
  string_agg(case when m.idempotency_key is null or k.id is not null then m.id::text else '' end, ',' order by m.id) as "ids!",
  (select string_agg(outbox.notify_due($1::text, n.lane)::text, '') from unnest(string_to_array($17::text, ',')) n (lane)) as called
from message m left join with_key k on k.id = m.id;

-- prepared: findMessageByKey (account, idempotencyKey?)
-- Runs in the transaction of the app.
-- Without a fingerprint if the message has been redacted or deleted.
select k.id::text as "id!", c.fingerprint as "fingerprint?" from outbox.idempotency_key k left join outbox.chunk c on c.id = k.id
where k.account = $1::text and k.kind = 'message' and k.key = $2::text;

-- name: findMessagesByKeys (account, idempotencyKeys)
-- Runs in the transaction of the app. The lateral joins look each key up by index, even if the statistics of the tables
-- are outdated. Without a fingerprint as above.
select k.id::text as "id!", k.key as "idempotency_key!", c.fingerprint as "fingerprint?"
from json_array_elements_text($2::text::json) w (key) cross join lateral (
  select * from outbox.idempotency_key where account = $1::text and kind = 'message' and key = w.key limit 1
) k left join lateral (select * from outbox.chunk where id = k.id limit 1) c on true;

-- name: findMessage (account, id)
-- A message with the chunks that it was split into. The id of a part finds that part.
select c.id, c.attempt, c.state as "state!", c.first_position, c.size, c.numbers, c.order_ids, c.code, c.reason,
  c.sent_at, c.campaign_id, c.reference, c.lane as "lane!", c.created_at, c.due_at, c.on_unconfirmed, c.seal_key_id,
  outbox.recipient_columns(c.id) as "recipients: RecipientColumns",
  case when c.invalid > 0 then outbox.invalid_columns(c.id) end as "invalid: InvalidColumns"
from outbox.chunk c
where c.account = $1 and (c.id = $2::bigint or c.root_id = $2::bigint)
order by c.id;

-- name: findDecidedMessages (account, ids)
-- Those messages with nothing pending or being sent. A lateral join looks each one up by index, even if the table's
-- statistics are outdated.
with decided as (
  select w.id from unnest($2::bigint[]) w (id)
  where not exists (select from outbox.chunk c where c.id = w.id and c.state in ('pending', 'sending'))
    and not exists (select from outbox.chunk c where c.root_id = w.id and c.state in ('pending', 'sending'))
)
select d.id as "message_id!", c.id as "id!", c.attempt as "attempt!", c.state as "state!", c.first_position as "first_position!",
  c.size as "size!", c.numbers, c.order_ids, c.code, c.reason, c.sent_at, c.campaign_id, c.reference, c.lane as "lane!",
  c.created_at as "created_at!", c.due_at as "due_at!", c.on_unconfirmed, c.seal_key_id,
  outbox.recipient_columns(c.id) as "recipients: RecipientColumns",
  case when c.invalid > 0 then outbox.invalid_columns(c.id) end as "invalid: InvalidColumns"
from decided d cross join lateral (
  select * from outbox.chunk where id = d.id union all select * from outbox.chunk where root_id = d.id
) c
where c.account = $1 order by d.id, c.id;

-- name: readAcceptances (account, ids)
-- The parts of messages to one recipient: whether their outcome is open, and the message id once the gateway accepted them.
select coalesce(c.root_id, c.id) as "id!", trim(both ',' from c.numbers) as number,
  c.state in ('pending', 'sending') or c.unknown > 0 or c.held > 0 as "is_open!", m.msg_id
from (select id from outbox.chunk where id = any ($2::bigint[]) union all select id from outbox.chunk where root_id = any ($2::bigint[])) f
  join outbox.chunk c on c.id = f.id
  -- A rejected message may have a message id too.
  left join lateral (
    select msg_id from outbox.recipient where chunk_id = c.id and state in ('accepted', 'delivered', 'failed')
    union all select msg_ids from outbox.pending_result where chunk_id = c.id limit 1
  ) m on true
where c.account = $1 and c.campaign_id is null;

-- name: findMessageOfChunk (account, chunkId)
-- The message that a chunk belongs to.
select coalesce(c.root_id, c.id) as "message_id!" from outbox.chunk c where c.account = $1 and c.id = $2::bigint;

-- name: findMessageByOrderId (account, orderId)
-- offset 0: the server cannot tell how few chunks have this id, and would read all of them in their order.
select coalesce(c.root_id, c.id) as "message_id!"
from (select o.chunk_id from outbox.caller_order_id o where o.ids @> array[$2::text] offset 0) f
  cross join lateral (select * from outbox.chunk where id = f.chunk_id offset 0) c
where c.account = $1 order by c.id limit 1;

-- name: cancelMessage (account, id, actor)
select outbox.cancel_message($1, $2, $3) as "cancelled!";

-- name: countDue (account, max, sealKeyIds?)
-- sealKeyIds: leaves out messages that are sealed with another key.
select count(*)::int as "count!" from (
  select from outbox.chunk where account = $1 and lane = 'priority' and state = 'pending'
    and campaign_id is null and is_list in (false, true) and due_at <= statement_timestamp()
    and ($3::text[] is null or seal_key_id is null or seal_key_id = any ($3::text[])) limit $2
) due;

-- prepared: notifyDue (account, lane)
select outbox.notify_due($1, $2)::text as done;
