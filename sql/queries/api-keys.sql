-- Keys of callers.

-- name: insertApiKey (account, name, digest, start, scopes, requestsPerSecond?, burst?, expiresAt?, actor)
-- Returns no row if another key has the name.
insert into service.api_key as k
    (account, name, digest, start, scopes, requests_per_second, burst, expires_at, created_at, actor)
  values ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9)
  on conflict (account, name) where revoked_at is null do nothing
  returning k.id, k.name, k.start, k.scopes, k.requests_per_second, k.burst, k.expires_at, k.created_at, k.actor, k.used_at,
    k.revoked_at, k.revoked_actor;

-- name: listApiKeys (account, before?, most)
select k.id, k.name, k.start, k.scopes, k.requests_per_second, k.burst, k.expires_at, k.created_at, k.actor, k.used_at,
  k.revoked_at, k.revoked_actor
from service.api_key k where k.account = $1 and k.id < coalesce($2::bigint, 9223372036854775807)
order by k.id desc limit $3::int;

-- name: revokeApiKey (account, id, actor)
-- A second time changes nothing.
update service.api_key as k set revoked_at = coalesce(k.revoked_at, now()),
    revoked_actor = case when k.revoked_at is null then $3 else k.revoked_actor end
  where k.account = $1 and k.id = $2
  returning k.id, k.name, k.start, k.scopes, k.requests_per_second, k.burst, k.expires_at, k.created_at, k.actor, k.used_at,
    k.revoked_at, k.revoked_actor;

-- name: findValidApiKeys (account, digests)
select k.id, k.name, k.digest, k.scopes, k.requests_per_second, k.burst,
  coalesce(k.used_at < now() - interval '1 minute', true) as "is_use_due!"
from service.api_key k
where k.account = $1 and k.digest = any ($2::bytea[]) and k.revoked_at is null
  and (k.expires_at is null or k.expires_at > now());

-- name: recordApiKeyUse (account, id)
-- Instances that come at the same time write once.
update service.api_key set used_at = now()
  where account = $1 and id = $2 and (used_at is null or used_at < now() - interval '1 minute');
