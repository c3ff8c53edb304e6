-- Erases numbers, texts, references and the gateway's reasons. Counters, states, ids and the history stay. Unknown and
-- held messages do not count as ended.

-- name: redactMessages (account, retentionMs, limit)
-- Messages that belong to no campaign.
with ended as (
  select c.id from outbox.chunk c where c.account = $1 and c.campaign_id is null and c.redacted_at is null
    and c.changed_at < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') and c.unknown = 0 and c.held = 0
  order by c.changed_at limit $3 for no key update skip locked
), recipients as (
  update outbox.recipient m set reason = null where m.chunk_id = any (array(select id from ended)) and m.reason is not null
), events as (
  update outbox.event e set reason = null from ended o where e.chunk_id = o.id and e.reason is not null
), deliveries as (
  update outbox.event_delivery d set reason = null from ended o where d.chunk_id = o.id and d.reason is not null
)
update outbox.chunk c set numbers = null, content = null, reference = null, reason = null, fingerprint = null,
  redacted_at = clock_timestamp(), ended_at = case when c.root_id is null then c.changed_at end
from ended o where c.id = o.id returning c.id;

-- name: redactCampaignChunks (account, retentionMs, limit)
-- Chunks of campaigns that were done or cancelled before.
with ended as (
  select c.id from outbox.campaign k join outbox.chunk c on c.campaign_id = k.id
  where k.account = $1 and k.state in ('done', 'cancelled') and k.redacted_at is null
    and coalesce(k.done_at, k.changed_at) < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and c.redacted_at is null and c.unknown + c.held = 0
    and (c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') or c.state = 'pending' and k.state = 'cancelled')
  limit $3 for no key update of c skip locked
), recipients as (
  update outbox.recipient m set reason = null where m.chunk_id = any (array(select id from ended)) and m.reason is not null
), events as (
  update outbox.event e set reason = null from ended o where e.chunk_id = o.id and e.reason is not null
), deliveries as (
  update outbox.event_delivery d set reason = null from ended o where d.chunk_id = o.id and d.reason is not null
), invalid as (
  update outbox.invalid_entry e set reason = null, input = null from ended o
  where e.chunk_id = o.id and (e.reason is not null or e.input is not null)
)
update outbox.chunk c set numbers = null, content = null, reference = null, reason = null, fingerprint = null,
  redacted_at = clock_timestamp()
from ended o where c.id = o.id returning c.id;

-- name: redactCampaigns (account, retentionMs, limit)
-- The texts of campaigns without any remaining chunk that might be sent.
with ended as (
  select k.id from outbox.campaign k where k.account = $1 and k.state in ('done', 'cancelled') and k.redacted_at is null
    and coalesce(k.done_at, k.changed_at) < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and not exists (select from outbox.chunk c where c.campaign_id = k.id and c.redacted_at is null)
  limit $3 for no key update skip locked
)
update outbox.campaign k set content = null, fingerprint = null, digest = null, redacted_at = clock_timestamp()
from ended o where k.id = o.id returning k.id;

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
