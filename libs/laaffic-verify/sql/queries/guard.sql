-- What the guard reads and writes beside verifications.

-- name: foldTraffic ()
select verify.fold_traffic() as "folded!";

-- name: readTraffic (now?)
select t.country as "country!", t.hour_starts as "hour_starts!", t.hour_approvals as "hour_approvals!",
  t.hour_excused as "hour_excused!", t.day_starts as "day_starts!", t.day_approvals as "day_approvals!", t.hour_messages as "hour_messages!",
  t.day_messages as "day_messages!", t.day_spent as "day_spent!", t.known_minutes as "known_minutes!"
from verify.read_traffic($1) t;

-- name: readLearned (now?)
select t.country as "country!", t.days as "days!", t.peak_hour as "peak_hour!", t.peak_day as "peak_day!"
from verify.read_learned($1) t;

-- name: readListedRanges (now?)
select l.kind as "kind!", l.key as "key!", l.verdict as "verdict!"
from verify.listed l where l.kind in ('prefix', 'country') and l.until > coalesce($1, clock_timestamp());

-- name: setListed (kind, key, oldKeys, label, verdict, until?, actor, now?)
-- oldKeys: the keys that the same entry may have had before.
with replaced as (
  delete from verify.listed where kind = $1 and key = any ($3::text[]) and key <> $2
), noted as (
  insert into verify.operator_change (at, actor, kind, label, verdict, until)
    values (coalesce($8, clock_timestamp()), $7, $1, $4, $5::text::verify.verdict, coalesce($6, 'infinity'::timestamptz))
)
insert into verify.listed as l (kind, key, label, verdict, until, actor, listed_at)
  values ($1, $2, $4, $5::text::verify.verdict, coalesce($6, 'infinity'::timestamptz), $7, coalesce($8, clock_timestamp()))
  on conflict (kind, key) do update set label = excluded.label, verdict = excluded.verdict, until = excluded.until,
    actor = excluded.actor, listed_at = excluded.listed_at;

-- name: deleteListed (kind, keys, label, actor, now?)
with noted as (
  insert into verify.operator_change (at, actor, kind, label) values (coalesce($5, clock_timestamp()), $4, $1, $3)
)
delete from verify.listed where kind = $1 and key = any ($2::text[])
  returning until > coalesce($5, clock_timestamp()) as "was_listed!";

-- name: findListed (now?)
select l.kind as "kind!", l.label as "label!", l.verdict as "verdict!", nullif(l.until, 'infinity') as until, l.actor as "actor!",
  l.listed_at as "listed_at!"
from verify.listed l where l.until > coalesce($1, clock_timestamp()) order by l.listed_at desc, l.key limit 1000;

-- name: findOperatorChanges (since?)
select c.at as "at!", c.actor as "actor!", c.kind as "kind!", c.label as "label!", c.verdict, nullif(c.until, 'infinity') as until
from verify.operator_change c where c.at > coalesce($1, '-infinity'::timestamptz) order by c.id desc limit 1000;

-- name: releaseRanges (pattern, now?)
-- Ends the blocks of ranges.
update verify.number_range set blocked_until = coalesce($2, clock_timestamp()), score = 0, blocks = 0
  where key like $1::text and blocked_until > coalesce($2, clock_timestamp()) returning key as "key!";

-- name: findBlockedRanges (now?)
select n.key as "key!", n.blocked_until as "blocked_until!", n.blocks as "blocks!"
from verify.number_range n
where n.blocked_until > coalesce($1, clock_timestamp()) order by n.blocked_until desc, n.key limit 1000;

-- name: insertDecisions (decisions, now?)
insert into verify.decision (at, tenant, purpose, country, rule, is_shadow, number_key, count)
  select coalesce($2, clock_timestamp()), d.tenant, d.purpose, d.country, d.rule, d.is_shadow, d.number_key, d.count
  from json_to_recordset($1::text::json) as d (
    tenant text, purpose text, country text, rule text, is_shadow boolean, number_key bytea, count int
  );

-- name: raiseAlarms (alarms, now?)
select a.id as "id!", a.type as "type!", a.scope as "scope!", a.raised_at as "raised_at!", a.last_at as "last_at!",
  a.count as "count!"
from verify.raise_alarms($1::text::json, $2) a;

-- name: findAlarms (since?, now?)
select a.id as "id!", a.type as "type!", a.scope as "scope!", a.raised_at as "raised_at!", a.last_at as "last_at!",
  a.count as "count!"
from verify.alarm a where a.last_at > coalesce($1, coalesce($2, clock_timestamp()) - interval '1 hour')
order by a.id desc limit 1000;

-- name: findDecisions (since, rule?, country?, numberKeys?, limit)
select d.at as "at!", d.tenant as "tenant!", d.purpose as "purpose!", d.country as "country!", d.rule as "rule!",
  d.is_shadow as "is_shadow!", d.count as "count!"
from verify.decision d
where d.at > $1 and ($2::text is null or d.rule = $2) and ($3::text is null or d.country = $3)
  and ($4::bytea[] is null or d.number_key = any ($4))
order by d.id desc limit $5;

-- name: claimAlarms (types?, limit, leaseMs, keptMs, now?)
-- Alarms that the app has to be told, raised since keptMs. types: null for all.
with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), due as (
  select id from verify.alarm
  where tell_at <= (select now from moment) and raised_at > (select now from moment) - $4::float8 * interval '1 millisecond'
    and ($1::text[] is null or type = any ($1::text[]))
  order by tell_at limit $2 for no key update skip locked
)
update verify.alarm a set tell_tries = a.tell_tries + 1,
    tell_at = (select now from moment) + $3::float8 * interval '1 millisecond'
  from due d where a.id = d.id
  returning a.id, a.type, a.scope, a.raised_at, a.last_at, a.count, a.tell_tries as tries;

-- name: finishAlarm (id, tries)
update verify.alarm set tell_at = null where id = $1 and tell_tries = $2;

-- name: postponeAlarm (id, tries, delayMs, now?)
update verify.alarm set tell_at = coalesce($4::timestamptz, statement_timestamp()) + $3::float8 * interval '1 millisecond'
  where id = $1 and tell_tries = $2 and tell_at is not null;

-- name: giveUpAlarms (types?, keptMs, now?)
-- Alarms that the app could not be told in time.
with due as (
  select id from verify.alarm
  where tell_at <= coalesce($3::timestamptz, statement_timestamp())
    and raised_at <= coalesce($3::timestamptz, statement_timestamp()) - $2::float8 * interval '1 millisecond'
    and ($1::text[] is null or type = any ($1::text[]))
  for no key update skip locked
)
update verify.alarm a set tell_at = null from due d where a.id = d.id returning a.type, a.scope, a.tell_tries as tries;
