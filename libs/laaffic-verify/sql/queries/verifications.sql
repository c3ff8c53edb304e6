-- These may run in the transaction of the app, whose driver passes every parameter as text. `request` is a JSON object.

-- prepared: startVerification (request)
select o.result as "result!", o.rule, o.retry_after, o.would as "would!", o.id, o.key_id, o.generation, o.is_new as "is_new!",
  o.sends, o.attempts_left, o.expires_in, o.resend_in, o.is_known as "is_known!"
from json_to_record($1::text::json) as r (
  id uuid, tenant text, purpose text, "numberKeys" bytea[], number text, country text, session bytea, binding bytea, "keyId" text,
  digest bytea, "lifetimeMs" float8, "maxAttempts" int, "cooldownsMs" float8[], "perHour" int, "perDay" int, source bytea,
  "perSource" int, "knownMs" float8, ranges text[], trips float8[], gain float8, "halfLifeMs" float8, "blockMs" float8,
  "longestBlockMs" float8, rejection text, suspicion text, shadow text[], now timestamptz
) cross join lateral verify.start_verification(
  r.id, r.tenant, r.purpose, r."numberKeys", r.number, r.country, r.session, r.binding, r."keyId", r.digest, r."lifetimeMs",
  r."maxAttempts", r."cooldownsMs", r."perHour", r."perDay", r.source, r."perSource", r."knownMs", r.ranges, r.trips, r.gain,
  r."halfLifeMs", r."blockMs", r."longestBlockMs", r.rejection, r.suspicion, r.shadow, r.now
) o;

-- prepared: resendCode (request)
select o.result as "result!", o.rule, o.retry_after, o.id, o.key_id, o.generation, o.sends, o.attempts_left, o.expires_in, o.resend_in
from json_to_record($1::text::json) as r (
  id uuid, tenant text, "cooldownsMs" float8[], "perHour" int, "perDay" int, source bytea, "perSource" int, now timestamptz
) cross join lateral verify.resend_code(
  r.id, r.tenant, r."cooldownsMs", r."perHour", r."perDay", r.source, r."perSource", r.now
) o;

-- prepared: readOpenVerification (id, tenant, now?)
-- What the text of a message and its code depend on.
select v.number, v.country as "country!", v.purpose as "purpose!", v.binding as "binding!", v.key_id as "key_id!", v.generation as "generation!",
  v.sends as "sends!"
from verify.verification v
where v.id = $1::text::uuid and v.tenant = $2::text and verify.is_open(v, coalesce($3::text::timestamptz, clock_timestamp()));

-- prepared: renewCode (id, generation, keyId, digest, lifetimeMs, now?)
select verify.renew_code($1::text::uuid, $2::text::int, $3::text, $4::text::bytea, $5::text::float8, $6::text::timestamptz) as "renewed!";

-- prepared: setMessage (id, messageId)
update verify.verification set message_id = $2::text::bigint where id = $1::text::uuid;

-- prepared: checkCode (request)
select o.result as "result!", o.attempts_left, o.retry_after, o.number, o.country, o.approved_at
from json_to_record($1::text::json) as r (
  id uuid, tenant text, purpose text, binding bytea, digests bytea[], approves boolean, "lockAfter" int, "lockMs" float8,
  "longestLockMs" float8, "suspendAfter" int, source bytea, "perSource" int, relief float8, "halfLifeMs" float8, converts boolean,
  now timestamptz
) cross join lateral verify.check_code(
  r.id, r.tenant, r.purpose, r.binding, r.digests, r.approves, r."lockAfter", r."lockMs", r."longestLockMs", r."suspendAfter",
  r.source, r."perSource", r.relief, r."halfLifeMs", r.converts, r.now
) o;

-- prepared: approveVerification (id, relief, halfLifeMs, converts, now?)
select verify.approve_verification($1::text::uuid, $2::text::float8, $3::text::float8, $4::text::boolean, $5::text::timestamptz) as approved_at;

-- prepared: cancelVerification (id, tenant, halfLifeMs, now?)
select verify.cancel_verification($1::text::uuid, $2::text, $3::text::float8, $4::text::timestamptz) as "cancelled!";

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
