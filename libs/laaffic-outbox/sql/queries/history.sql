-- name: historyOfMessage (account, id, after, limit)
-- The entries of a message and of the chunks that it was split into.
select h.id, h.at, h.event, h.actor, h.chunk_id, h.attempt, h.detail from outbox.history h
where h.chunk_id in (select c.id from outbox.chunk c
    where c.account = $1 and c.campaign_id is null and (c.id = $2::bigint or c.root_id = $2::bigint))
  and h.id > $3::bigint
order by h.id limit $4;

-- name: beginningOfMessage (account, id)
-- The first entry of a message. It has no row of its own in the history.
select c.created_at, c.created_by as "created_by!", c.id, c.seal_key_id from outbox.chunk c
where c.account = $1 and c.id = $2::bigint and c.campaign_id is null and c.created_by is not null;

-- name: historyOfCampaign (account, id, after, limit)
select h.id, h.at, h.event, h.actor, h.chunk_id, h.attempt, h.detail from outbox.history h
where h.account = $1 and h.campaign_id = $2::bigint and h.id > $3::bigint
order by h.id limit $4;
