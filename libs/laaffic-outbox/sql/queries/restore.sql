-- Prepares an outbox that was restored from a backup.

-- name: hasRecentWorker ()
select exists (select from outbox.turn where taken_at > clock_timestamp() - interval '30 seconds') as "is_running!";

-- name: skipRestoredIds ()
-- The server gave these ids to messages that are lost, and order ids contain them. As its owner.
select setval('outbox.chunk_id_seq'::regclass, greatest((select last_value from outbox.chunk_id_seq),
    (select coalesce(max(id), 0) from outbox.chunk) + 1000000000))::text as chunk,
  setval('outbox.campaign_id_seq'::regclass, greatest((select last_value from outbox.campaign_id_seq),
    (select coalesce(max(id), 0) from outbox.campaign) + 1000000000))::text as campaign;

-- name: holdUnknown ()
-- Whatever its own choice, its campaign's or the lane's is: that was made for a request that got no response.
update outbox.chunk set on_unconfirmed = 'hold' where state = 'sending' or unknown > 0;

-- name: markRestored (backupAt, except, limit)
select outbox.mark_restored($1, $2::bigint[], $3) as "recipients!";
