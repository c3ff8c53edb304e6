-- Erases numbers, texts, references and the gateway's reasons. Counters, states, ids and the history stay. Unknown and
-- held messages do not count as ended.

-- name: redactMessages (account, retentionMs, limit)
-- Messages that belong to no campaign.
with ended as (
  select c.id from outbox.chunk c where c.account = $1 and c.campaign_id is null and c.redacted_at is null
    and c.changed_at < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') and c.unknown = 0 and c.held = 0
  order by c.changed_at limit $3 for no key update skip locked
)
select outbox.redact_chunks(array(select id from ended)) as "count!";

-- name: redactCampaignChunks (account, retentionMs, limit)
-- Chunks of campaigns that were done or cancelled before.
with ended as (
  select c.id from outbox.campaign k join outbox.chunk c on c.campaign_id = k.id
  where k.account = $1 and k.state in ('done', 'cancelled') and k.redacted_at is null
    and coalesce(k.done_at, k.changed_at) < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and c.redacted_at is null and c.unknown + c.held = 0
    and (c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') or c.state = 'pending' and k.state = 'cancelled')
  limit $3 for no key update of c skip locked
)
select outbox.redact_chunks(array(select id from ended)) as "count!";

-- name: redactCampaigns (account, retentionMs, limit)
-- The texts of campaigns without any remaining chunk that might be sent. Each is looked up by itself: a join would read
-- the chunks of all campaigns.
with ended as (
  select k.id from outbox.campaign k where k.account = $1 and k.state in ('done', 'cancelled') and k.redacted_at is null
    and coalesce(k.done_at, k.changed_at) < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and (select c.id from outbox.chunk c where c.campaign_id = k.id and c.redacted_at is null limit 1) is null
  limit $3 for no key update skip locked
)
update outbox.campaign k set content = null, fingerprint = null, digest = null, redacted_at = clock_timestamp()
where k.id = any (array(select id from ended)) returning k.id;

-- name: removeUnreadablePushes (account, retentionMs)
delete from outbox.unreadable_push
where account = $1 and received_at < statement_timestamp() - $2::float8 * interval '1 millisecond';

-- name: deleteMessages (account, deleteAfterMs, limit, recipients)
select outbox.delete_messages($1, $2, $3, $4) as "count!";

-- name: deleteCampaigns (account, deleteAfterMs, limit, recipients)
select outbox.delete_campaigns($1, $2, $3, $4) as "count!";

-- name: deleteAccountHistory (account, deleteAfterMs, limit)
select outbox.delete_account_history($1, $2, $3) as "count!";

-- name: deleteIdempotencyKeys (account, keptMs, limit)
select outbox.delete_idempotency_keys($1, $2, $3) as "count!";
