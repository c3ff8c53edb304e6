-- name: listHeld (account, from, limit)
-- The chunks of messages and campaigns with recipients on hold, oldest first. from: the id of the first chunk.
select c.id, c.attempt, c.state as "state!", c.first_position, c.size, c.numbers, c.order_ids, c.code, c.reason,
  c.sent_at, c.campaign_id, coalesce(c.root_id, c.id) as "message_id!", c.reference, c.seal_key_id,
  outbox.recipient_columns(c.id) as "recipients: RecipientColumns", null::json as "invalid: InvalidColumns"
from outbox.chunk c
where c.account = $1 and c.id >= $2::bigint and c.held > 0
order by c.id limit $3;

-- name: findHeldOfMessage (account, messageId)
select c.id, c.first_position from outbox.chunk c
where c.account = $1 and (c.id = $2::bigint or c.root_id = $2::bigint) and c.campaign_id is null and c.held > 0
order by c.id;

-- name: findHeldOfCampaign (account, campaignId)
select c.id, c.first_position from outbox.chunk c where c.account = $1 and c.campaign_id = $2 and c.held > 0 order by c.id;

-- name: findRejectedOfCampaign (account, campaignId)
select c.id from outbox.chunk c where c.account = $1 and c.campaign_id = $2 and c.rejected > 0 order by c.id;

-- name: resolveHeld (ids, decision, positions?, actor)
select coalesce(sum(outbox.resolve_held(t.id, $2, $3::bigint[], $4)), 0)::int as "count!"
from (select id from unnest($1::bigint[]) c (id) order by id) t;

-- name: resendRejected (ids, actor)
select coalesce(sum(outbox.resend(t.id, 'rejected', $2, 'rejected')), 0)::int as "count!"
from (select id from unnest($1::bigint[]) c (id) order by id) t;
