-- name: findCampaign (account, id)
select k.id, k.name, k.content, k.sender_id, k.state, k.priority, k.stored_entries, k.idempotency_key,
  k.created_at, k.starts_at, k.done_at, k.paused_code, k.paused_reason, k.on_unconfirmed
from outbox.campaign k where k.account = $1 and k.id = $2;

-- name: listCampaigns (account, state?, name?, before?, limit)
-- The newest of each state, and of these the newest. So a state or a name with few campaigns is found without the others.
-- The comparisons of whole rows let no other index than the one for this seem as good.
select k.id, k.name, k.content, k.sender_id, k.state, k.priority, k.stored_entries, k.idempotency_key,
  k.created_at, k.starts_at, k.done_at, k.paused_code, k.paused_reason, k.on_unconfirmed
from unnest(case when $2::text is null then enum_range(null::outbox.campaign_state)
    else array[$2::text::outbox.campaign_state] end) s (state)
  cross join lateral (
    (select c.id from outbox.campaign c where $3::text is null and c.account = $1 and c.state >= s.state
        and (c.state, c.id) < (s.state, coalesce($4::bigint, 9223372036854775807))
      order by c.state desc, c.id desc limit $5)
    union all
    (select c.id from outbox.campaign c where c.account = $1 and c.name = $3::text and c.state >= s.state
        and (c.state, c.id) < (s.state, coalesce($4::bigint, 9223372036854775807))
      order by c.state desc, c.id desc limit $5)
  ) f cross join lateral (select * from outbox.campaign where id = f.id limit 1) k
order by k.id desc limit $5;

-- name: readProgress (account, id)
-- Reads counts only. One statement sees one moment, so they add up.
select k.state, k.starts_at, k.done_at, k.stored_entries, k.invalid_entries,
  coalesce(k.starts_at <= clock_timestamp() and k.state not in ('creating', 'draft'), false) as "has_started!",
  (coalesce(n.sending, 0) + d.sending)::bigint as "sending!", (coalesce(n.accepted, 0) + d.accepted)::bigint as "accepted!",
  (coalesce(n.delivered, 0) + d.delivered)::bigint as "delivered!", (coalesce(n.failed, 0) + d.failed)::bigint as "failed!",
  (coalesce(n.rejected, 0) + d.rejected)::bigint as "rejected!", (coalesce(n.cancelled, 0) + d.cancelled)::bigint as "cancelled!",
  (coalesce(n.unknown, 0) + d.unknown)::bigint as "unknown!", (coalesce(n.held, 0) + d.held)::bigint as "held!",
  (coalesce(n.abandoned, 0) + d.abandoned)::bigint as "abandoned!"
from outbox.campaign k left join outbox.campaign_count n on n.campaign_id = k.id cross join (
  select coalesce(sum(sending), 0) as sending, coalesce(sum(accepted), 0) as accepted, coalesce(sum(delivered), 0) as delivered,
    coalesce(sum(failed), 0) as failed, coalesce(sum(rejected), 0) as rejected, coalesce(sum(cancelled), 0) as cancelled,
    coalesce(sum(unknown), 0) as unknown, coalesce(sum(held), 0) as held, coalesce(sum(abandoned), 0) as abandoned
  from outbox.count_delta where campaign_id = $2
) d
where k.account = $1 and k.id = $2;

-- name: findCampaignByKey (account, idempotencyKey)
-- Only the id if the campaign was deleted.
select k.id, c.state as "state?", c.fingerprint as "fingerprint?", c.digest as "digest?", c.stored_entries as "stored_entries?",
  c.chunk_size as "chunk_size?"
from outbox.idempotency_key k left join outbox.campaign c on c.id = k.id
where k.account = $1 and k.kind = 'campaign' and k.key = $2;

-- name: addCampaign (account, name, content, senderId?, priority, idempotencyKey?, fingerprint, actor, creator, onUnconfirmed?, recipientsPerSecond?, requestsPerSecond?, burst, priorityShare, largest, parts)
-- No row if another call has used the key in the meantime. Its chunks have the size of the requests that the rate allows now.
with campaign as materialized (
  select outbox.next_campaign_id() as id
), with_key as (
  insert into outbox.idempotency_key (account, kind, key, id)
    select $1, 'campaign', $6, id from campaign where $6::text is not null
    on conflict (account, kind, key) do nothing
    returning id
), added as (
  insert into outbox.campaign (id, account, name, content, sender_id, priority, chunk_size, idempotency_key, fingerprint,
      creator, creator_seen_at, on_unconfirmed, parts) overriding system value
    select c.id, $1, $2, $3, $4, $5, outbox.largest_request('bulk', $11, $12, $13, $14, $15), $6, $7, $9, clock_timestamp(), $10,
      $16
    from campaign c where $6::text is null or exists (select from with_key)
    returning id, account, chunk_size
)
select id as "id!", chunk_size as "chunk_size!", outbox.record_history(account, id, null, null, 'creating', $8)::text as done
from added;

-- name: takeOverCreation (id, creator, leaseMs)
-- Continues the creation of a campaign whose creator has ended, or has given no sign of life for longer than its lease.
update outbox.campaign set creator = $2, creator_seen_at = clock_timestamp()
where id = $1 and state = 'creating'
  and (creator is null or creator_seen_at < clock_timestamp() - $3::float8 * interval '1 millisecond')
returning stored_entries;

-- name: renewCreations (ids, creators)
update outbox.campaign k set creator_seen_at = clock_timestamp()
from unnest($1::bigint[], $2::text[]) held (id, creator)
where k.id = held.id and k.creator = held.creator and k.state = 'creating';

-- name: releaseCreation (id, creator)
update outbox.campaign set creator = null where id = $1 and creator = $2 and state = 'creating';

-- prepared: appendToCampaign (id, creator, stored, entries, positions, sizes, numbers, orderIds, invalid, invalidPositions, invalidSlots, invalidCodes, invalidReasons, invalidLines, invalidOrderIds, invalidInputs)
-- Stores consecutive chunks of the source, all or none. stored: the position of the first. No row if the call is no
-- longer the creator.
with place as (
  update outbox.campaign set stored_entries = stored_entries + $4::bigint, changed_at = clock_timestamp(), creator_seen_at = clock_timestamp(),
    invalid_entries = invalid_entries + cardinality($10::bigint[])
  where id = $1 and creator = $2 and state = 'creating' and stored_entries = $3::bigint returning id, account
), added as (
  insert into outbox.chunk (account, campaign_id, lane, state, first_position, size, numbers, order_ids, invalid)
    select p.account, p.id, 'bulk', case when c.size > 0 then 'pending' else 'completed' end::outbox.chunk_state,
      c.first_position, c.size, c.numbers, c.order_ids, c.invalid
    from place p, unnest($5::bigint[], $6::int[], $7::text[], $8::text[], $9::int[]) c (first_position, size, numbers, order_ids, invalid)
    order by c.first_position
    returning id, first_position, order_ids
), with_ids as (
  insert into outbox.caller_order_id select id, string_to_array(order_ids, ',') from added where order_ids is not null
), invalid as (
  insert into outbox.invalid_entry (chunk_id, slot, code, reason, line, order_id, input)
    select a.id, e.slot, e.code, e.reason, e.line, e.order_id, e.input
    from unnest($10::bigint[], $11::smallint[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::text[])
      e (first_position, slot, code, reason, line, order_id, input)
    join added a on a.first_position = e.first_position
)
select id as "id!" from place;

-- name: readStoredChunks (id, first, last)
select c.first_position, c.numbers, c.order_ids from outbox.chunk c
where c.campaign_id = $1 and c.first_position >= $2::bigint and c.first_position <= $3::bigint order by c.first_position;

-- name: completeCampaign (id, isStarted, startsAt?, digest, actor, creator)
-- Ends the creation when all recipients are stored. No row if the call is no longer the creator.
with moved as (
  update outbox.campaign set changed_at = clock_timestamp(), digest = $4, creator = null,
    state = case when not $2::boolean then 'draft' when coalesce($3::timestamptz <= clock_timestamp(), true)
      then 'running' else 'scheduled' end::outbox.campaign_state,
    starts_at = case when $2::boolean then coalesce($3::timestamptz, clock_timestamp()) end
  where id = $1 and creator = $6 and state = 'creating' returning id, account, state
)
select id as "id!", outbox.record_history(account, id, null, null, state::text, $5)::text as recorded from moved;

-- name: startCampaign (account, id, actor)
with moved as (
  update outbox.campaign set state = 'running', starts_at = clock_timestamp(), changed_at = clock_timestamp()
  where account = $1 and id = $2 and state in ('draft', 'scheduled') returning id, account, state
)
select id as "id!", outbox.record_history(account, id, null, null, state::text, $3)::text as recorded from moved;

-- name: pauseCampaign (account, id, actor)
with moved as (
  update outbox.campaign set state = 'paused', changed_at = clock_timestamp()
  where account = $1 and id = $2 and state in ('scheduled', 'running') returning id, account, state
)
select id as "id!", outbox.record_history(account, id, null, null, state::text, $3)::text as recorded from moved;

-- name: resumeCampaign (account, id, actor)
with moved as (
  update outbox.campaign set state = case when starts_at <= clock_timestamp() then 'running' else 'scheduled' end::outbox.campaign_state,
    paused_code = null, paused_reason = null, changed_at = clock_timestamp()
  where account = $1 and id = $2 and state = 'paused' returning id, account, state
)
select id as "id!", outbox.record_history(account, id, null, null, state::text, $3)::text as recorded from moved;

-- name: cancelCampaign (account, id, actor)
with moved as (
  update outbox.campaign set state = 'cancelled', paused_code = null, paused_reason = null, changed_at = clock_timestamp()
  where account = $1 and id = $2 and state in ('creating', 'draft', 'scheduled', 'running', 'paused')
  returning id, account, state
)
select id as "id!", outbox.record_history(account, id, null, null, state::text, $3)::text as recorded from moved;

-- name: cancelCampaignChunks (id, actor, limit)
select outbox.cancel_campaign_chunks($1, $2, $3) as "count!";

-- name: findCampaignState (account, id)
select state, stored_entries, chunk_size from outbox.campaign where account = $1 and id = $2;

-- name: readResults (id, first, span, state?)
-- The chunks of the next range of the source that may contain recipients in this state, however they were split.
-- span: the number of entries in the range.
with matching as not materialized (
  select c.id, c.first_position from outbox.chunk c join outbox.campaign k on k.id = c.campaign_id
  where c.campaign_id = $1 and c.first_position >= $2::bigint and case $4::text
    when 'pending' then c.state = 'pending' and k.state <> 'cancelled'
    when 'sending' then c.state = 'sending'
    when 'accepted' then c.accepted > 0
    when 'delivered' then c.accepted > 0
    when 'failed' then c.accepted > 0
    when 'rejected' then c.rejected > 0
    when 'invalid' then c.invalid > 0
    when 'cancelled' then c.state = 'cancelled' or c.state = 'pending' and k.state = 'cancelled'
    when 'unknown' then c.unknown > 0
    when 'held' then c.held > 0
    when 'abandoned' then c.abandoned > 0
    else true end
), next_range as (
  select m.first_position from matching m order by m.first_position limit 1
)
select c.id, c.attempt, case when c.state = 'pending' and k.state = 'cancelled' then 'cancelled' else c.state end as "state!",
  c.first_position, c.size, c.numbers, c.order_ids, c.code, c.reason, c.sent_at,
  outbox.recipient_columns(c.id) as "recipients: RecipientColumns",
  case when c.invalid > 0 then outbox.invalid_columns(c.id) end as "invalid: InvalidColumns"
from matching m join outbox.chunk c on c.id = m.id join outbox.campaign k on k.id = c.campaign_id
where m.first_position >= (select first_position from next_range)
  and m.first_position < (select first_position from next_range) + $3::int
order by c.id;
