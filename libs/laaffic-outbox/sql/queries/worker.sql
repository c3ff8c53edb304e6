-- prepared: claimChunks (account, worker, lane, limit, recipientsPerSecond?, requestsPerSecond?, burst, priorityShare, largest, startWithinMs, lastCampaignId, floors, campaignIds, inFlight, sealKeyIds)
select chunk_id, chunk_attempt as "attempt!", chunk_campaign as campaign_id, chunk_size as "size!", chunk_due_at as due_at,
  chunk_numbers as "numbers!",
  chunk_order_ids as order_ids, chunk_content as "content!", chunk_seal_key as seal_key_id,
  chunk_sender as sender_id,
  chunk_number_retries as "number_retries!", splits_left as "splits_left!", is_probe as "is_probe!", wait_ms,
  waited_ms as "waited_ms!", expires_in_ms, maybe_accepted as "maybe_accepted!", is_lane_probe as "is_lane_probe!",
  lane_slots, chunk_purpose as purpose, opt_outs
from outbox.claim_chunks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- prepared: storeResults (actor, results, pollAfterMs?)
select outbox.store_results($1, $2, $3) as "stored!";

-- name: recordAccountRejection (account, chunkId, actor, isProbe, code, reason, firstProbeMs, maxStrikes)
select verdict as "verdict!", delay as "delay!" from outbox.record_account_rejection($1, $2, $3, $4, $5, $6, $7, $8);

-- name: pauseAccount (account, code, reason, firstProbeMs)
select outbox.pause_account($1, $2, $3, $4) as "changed!";

-- name: resumeAccount (account, actor)
select outbox.resume_account($1, $2) as "changed!";

-- name: pauseLane (account, lane, chunkId, targetSize, reason, firstProbeMs)
select outbox.pause_lane($1, $2, $3, $4, $5, $6) as "changed!";

-- name: endLaneProbe (account, lane, size, isAnswered?, reason, firstProbeMs)
select outbox.end_lane_probe($1, $2, $3, $4, $5, $6) as "changed!";

-- name: resumeLanes (account, actor)
select outbox.resume_lanes($1, $2) as "changed!";

-- name: backOff (account, delayMs)
select outbox.back_off($1, $2)::text as done;

-- name: pauseLaneManually (account, lane, actor, reason?)
select outbox.pause_lane_manually($1, $2, $3, $4) as "changed!";

-- name: resumeLaneManually (account, lane, actor)
select outbox.resume_lane_manually($1, $2, $3) as "changed!";

-- name: setLaneSlots (account, lane, slots?, actor)
select outbox.set_lane_slots($1, $2, $3, $4) as "changed!";
