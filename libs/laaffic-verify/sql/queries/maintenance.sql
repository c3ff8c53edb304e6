-- What follows the end of a verification. Every statement is one step of any worker, and none waits for a lock: rows that
-- another process is working on are left for later. The last parameter is the time, as in approvals.sql.

-- name: claimConversions (account, leaseMs, limit, now?)
-- Approvals that the platform has not been told about. A verification without an account has sent no message.
with moment as materialized (
  select coalesce($4::timestamptz, statement_timestamp()) as now
), due as (
  select id from verify.verification
  where convert_at <= (select now from moment) and (account = $1 or account is null)
  order by convert_at limit $3 for no key update skip locked
)
update verify.verification w set convert_at = (select now from moment) + $2::float8 * interval '1 millisecond'
  from due d where w.id = d.id
  returning w.id, w.message_ids, w.approved_at as "approved_at!";

-- name: finishConversions (ids)
update verify.verification set convert_at = null where id = any ($1::uuid[]) and convert_at is not null;

-- name: postponeConversions (ids, firstPauseMs, longestPauseMs, keptMs, now?)
-- With back-off, as long as they are not given up.
with later as (
  select w.id, coalesce($5::timestamptz, statement_timestamp())
      + least($3::float8, $2::float8 * power(2, least(w.conversion_tries, 30))) * interval '1 millisecond' as at
  from verify.verification w where w.id = any ($1::uuid[]) and w.convert_at is not null
)
update verify.verification w set conversion_tries = w.conversion_tries + 1,
    convert_at = case when l.at < w.approved_at + $4::float8 * interval '1 millisecond' then l.at end
  from later l where w.id = l.id
  returning w.id, w.convert_at is null as "is_given_up!";

-- name: dropOverdueConversions (overdueMs, limit, now?)
-- Those that no worker looks at, such as those of an account that is not used any more.
with due as (
  select id from verify.verification
  where convert_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by convert_at limit $2 for no key update skip locked
)
update verify.verification w set convert_at = null from due o where w.id = o.id returning true as "changed!";

-- name: expireVerifications (limit, now?)
with due as (
  select id from verify.verification
  where state in ('pending', 'matched') and greatest(expires_at, old_expires_at) <= coalesce($2::timestamptz, statement_timestamp())
  order by greatest(expires_at, old_expires_at) limit $1 for no key update skip locked
)
update verify.verification w set state = 'expired', changed_at = coalesce($2::timestamptz, statement_timestamp()), number = null
  from due o where w.id = o.id returning true as "changed!";

-- name: claimRedactions (account, leaseMs, limit, now?)
-- Verifications that are over, whose messages may still contain the number.
with moment as materialized (
  select coalesce($4::timestamptz, statement_timestamp()) as now
), due as (
  select id from verify.verification
  where redact_at <= (select now from moment) and convert_at is null and state not in ('pending', 'matched')
    and (account = $1 or account is null)
  order by redact_at limit $3 for no key update skip locked
)
update verify.verification w set redact_at = (select now from moment) + $2::float8 * interval '1 millisecond'
  from due d where w.id = d.id
  returning w.id, w.message_ids;

-- name: finishRedactions (ids, waiting, firstPauseMs, longestPauseMs, now?)
-- waiting: the messages that still contain the number. They are looked at again after pauses that grow with the time since
-- the end of the verification.
with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), remaining as (
  select w.id, array(select m from unnest(w.message_ids) m where m = any ($2::bigint[])) as message_ids
  from verify.verification w where w.id = any ($1::uuid[])
)
update verify.verification w set message_ids = r.message_ids,
    redact_at = case when r.message_ids <> '{}' then (select now from moment)
      + least($4::float8 * interval '1 millisecond', greatest($3::float8 * interval '1 millisecond', (select now from moment) - w.changed_at)) end
  from remaining r where w.id = r.id;

-- name: deleteVerifications (keptMs, limit, now?)
with due as (
  select id from verify.verification
  where redact_at is null and changed_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by changed_at limit $2 for update skip locked
)
delete from verify.verification w using due o where w.id = o.id returning true as "changed!";

-- name: deletePhones (keptMs, limit, now?)
-- Numbers without failures and suspension that were not seen for so long.
with due as (
  select tenant, number_key from verify.phone
  where failures = 0 and suspended_at is null
    and seen_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by seen_at limit $2 for update skip locked
)
delete from verify.phone p using due o where p.tenant = o.tenant and p.number_key = o.number_key returning true as "changed!";

-- name: deleteQuotas (limit, now?)
-- Quotas that have all of their turns again.
with due as (
  select key from verify.quota where tat <= coalesce($2::timestamptz, statement_timestamp())
  order by tat limit $1 for update skip locked
)
delete from verify.quota q using due o where q.key = o.key returning true as "changed!";

-- name: deleteRanges (halfLifeMs, lowestScore, blockedMs, limit, now?)
-- Ranges with a low score, whose last block ended longer ago than blockedMs.
with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), due as (
  select key from verify.number_range
  where verify.current_score(score, at, (select now from moment), $1) < $2
    and blocked_until <= (select now from moment) - $3::float8 * interval '1 millisecond'
  order by at limit $4 for update skip locked
)
delete from verify.number_range r using due o where r.key = o.key returning true as "changed!";

-- name: deleteTraffic (minutesKeptMs, hoursKeptMs, limit, now?)
with moment as materialized (
  select coalesce($4::timestamptz, statement_timestamp()) as now
), due as (
  select span, at, country, is_known from verify.traffic
  where span = 'minute' and at <= (select now from moment) - $1::float8 * interval '1 millisecond'
    or span = 'hour' and at <= (select now from moment) - $2::float8 * interval '1 millisecond'
  limit $3 for update skip locked
)
delete from verify.traffic t using due o
  where t.span = o.span and t.at = o.at and t.country = o.country and t.is_known = o.is_known returning true as "changed!";

-- name: deleteDecoyMessages (keptMs, limit, now?)
with due as (
  select id from verify.decoy_message where at < coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by at limit $2 for update skip locked
)
delete from verify.decoy_message d using due o where d.id = o.id returning true as "changed!";

-- name: deleteDecisions (keptMs, limit, now?)
with due as (
  select id from verify.decision where at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by at limit $2 for update skip locked
)
delete from verify.decision d using due o where d.id = o.id returning true as "changed!";

-- name: deleteAlarms (keptMs, limit, now?)
with due as (
  select id from verify.alarm where last_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  limit $2 for update skip locked
)
delete from verify.alarm a using due o where a.id = o.id returning true as "changed!";

-- name: deleteListedEnded (limit, now?)
with due as (
  select kind, key from verify.listed where until <= coalesce($2::timestamptz, statement_timestamp())
  limit $1 for update skip locked
)
delete from verify.listed l using due o where l.kind = o.kind and l.key = o.key returning true as "changed!";

-- name: deleteOperatorChanges (keptMs, limit, now?)
with due as (
  select id from verify.operator_change where at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by at limit $2 for update skip locked
)
delete from verify.operator_change c using due o where c.id = o.id returning true as "changed!";
