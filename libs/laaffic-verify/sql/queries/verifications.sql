-- These may run in the transaction of the app, whose driver passes every parameter as text. `request` is a JSON object.

-- prepared: startVerification (request, messageId?)
select o.result as "result!", o.rule, o.retry_after, o.would as "would!", o.id, o.key_id, o.generation, o.is_new as "is_new!",
  o.sends, o.attempts_left, o.expires_in, o.resend_in, coalesce(o.is_known, false) as "is_known!", o.kind,
  o.result = 'sent' and o.kind = 'sms' as "enqueues!"
from verify.start_verification(json_populate_record(null::verify.start_request, $1::text::json), $2::text::bigint) o;

-- prepared: resendCode (request, messageId?)
select o.result as "result!", o.rule, o.retry_after, o.would as "would!", o.id, o.key_id, o.generation, o.is_new as "is_new!",
  o.sends, o.attempts_left, o.expires_in, o.resend_in, coalesce(o.is_known, false) as "is_known!", o.kind,
  o.result = 'sent' and o.kind = 'sms' as "enqueues!"
from json_to_record($1::text::json) as r (
  id uuid, tenant text, generation int, sends int, key_id text, digest bytea, lifetime_ms float8, cooldowns_ms float8[], per_hour int, per_day int, quota_rules text[], quota_keys bytea[],
  quota_limits int[], rejection text, account text, cost float8, now timestamptz
) cross join lateral verify.resend_code(
  r.id, r.tenant, r.generation, r.sends, r.key_id, r.digest, r.lifetime_ms, r.cooldowns_ms, r.per_hour, r.per_day, r.quota_rules,
  r.quota_keys, r.quota_limits, r.rejection, $2::text::bigint, r.account, r.cost, r.now
) o;

-- prepared: readOpenVerification (id, tenant, now?)
-- What the text of a message and its code depend on.
select v.number, v.country as "country!", v.purpose as "purpose!", v.binding as "binding!", v.key_id as "key_id!", v.generation as "generation!",
  v.sends as "sends!", v.kind as "kind!",
  verify.ms_between(coalesce($3::text::timestamptz, clock_timestamp()), v.expires_at) as "expires_in!"
from verify.verification v
where v.id = $1::text::uuid and v.tenant = $2::text and verify.is_open(v, coalesce($3::text::timestamptz, clock_timestamp()));

-- prepared: checkCode (request)
select o.result as "result!", o.attempts_left, o.retry_after, o.number, o.country, o.approved_at
from json_to_record($1::text::json) as r (
  id uuid, tenant text, purpose text, binding bytea, digests bytea[], approves boolean, lock_after int, lock_ms float8,
  longest_lock_ms float8, suspend_after int, quota_key bytea, quota_limit int, relief float8, half_life_ms float8,
  converts boolean, now timestamptz
) cross join lateral verify.check_code(
  r.id, r.tenant, r.purpose, r.binding, r.digests, r.approves, r.lock_after, r.lock_ms, r.longest_lock_ms, r.suspend_after,
  r.quota_key, r.quota_limit, r.relief, r.half_life_ms, r.converts, r.now
) o;

-- prepared: approveVerification (id, relief, halfLifeMs, converts, now?)
select verify.approve_verification($1::text::uuid, $2::text::float8, $3::text::float8, $4::text::boolean, $5::text::timestamptz) as approved_at;

-- prepared: cancelVerification (id, tenant, halfLifeMs, clears, now?)
select verify.cancel_verification($1::text::uuid, $2::text, $3::text::float8, $4::text::boolean, $5::text::timestamptz) as "cancelled!";

-- prepared: redeemProof (id, now?)
-- Whether this is the first use of the approval's proof.
update verify.verification set redeemed_at = coalesce($2::text::timestamptz, clock_timestamp())
  where id = $1::text::uuid and state = 'approved' and redeemed_at is null
  returning purpose, binding, number_key, approved_at;

-- name: findVerification (id, tenant)
select v.purpose as "purpose!", v.country as "country!", v.state as "state!", v.number, v.sends as "sends!", v.attempts as "attempts!",
  v.max_attempts as "max_attempts!", v.expires_at as "expires_at!", v.created_at as "created_at!", v.approved_at, v.message_id
from verify.verification v where v.id = $1::uuid and v.tenant = $2;

-- name: releaseNumber (tenant, numberKeys)
-- Lifts the lock and the suspension of a number.
update verify.phone set failures = 0, locks = 0, locked_until = '-infinity', suspended_at = null, next_send_at = '-infinity'
  where tenant = $1 and number_key = any ($2) returning true as "released!";
