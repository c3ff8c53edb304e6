// Generated from the files in sql/ by `npm run sql`. Do not edit.
import type { Exact, FunctionSet, Migration, Nothing, Statement } from 'nestjs-laaffic-outbox/extension';

export type TrafficSpan = 'minute' | 'hour';
export type Verdict = 'allow' | 'deny';
export type VerificationKind = 'sms' | 'decoy' | 'pretended' | 'test';
export type VerificationState = 'pending' | 'matched' | 'approved' | 'failed' | 'expired' | 'cancelled';

/** In the order of application. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'schema',
    isBreaking: true,
    isConcurrent: false,
    up: `create table verify.phone (
  tenant text not null,
  number_key bytea not null,
  hour_tat timestamptz not null default '-infinity',
  day_tat timestamptz not null default '-infinity',
  streak int not null default 0,
  sent_at timestamptz,
  next_send_at timestamptz not null default '-infinity',
  failures int not null default 0,
  locks int not null default 0,
  locked_until timestamptz not null default '-infinity',
  suspended_at timestamptz,
  approved_at timestamptz,
  counted_at timestamptz,
  seen_at timestamptz not null,
  primary key (tenant, number_key)
) with (fillfactor = 70);
create index phone_seen on verify.phone (seen_at) where failures = 0 and suspended_at is null;
create type verify.verification_state as enum ('pending', 'matched', 'approved', 'failed', 'expired', 'cancelled');
create type verify.verification_kind as enum ('sms', 'decoy', 'pretended', 'test');
create table verify.verification (
  id uuid primary key,
  kind verify.verification_kind not null,
  tenant text not null,
  purpose text not null,
  number_key bytea not null,
  session_key bytea not null,
  binding bytea not null,
  number text,
  country text not null,
  is_known boolean not null,
  is_excused boolean not null,
  key_id text not null,
  generation int not null default 1,
  digest bytea not null,
  expires_at timestamptz not null,
  old_digest bytea,
  old_expires_at timestamptz,
  attempts int not null default 0,
  max_attempts int not null,
  sends int not null default 0,
  state verify.verification_state not null default 'pending',
  would text[] not null default '{}',
  ranges text[] not null default '{}',
  gain double precision not null default 0,
  message_id bigint,
  message_ids bigint[] not null default '{}',
  account text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  approved_at timestamptz,
  redeemed_at timestamptz,
  convert_at timestamptz,
  conversion_tries int not null default 0,
  redact_at timestamptz default '-infinity'
) with (fillfactor = 70);
create unique index verification_open on verify.verification (tenant, number_key, purpose, session_key, binding)
  where state in ('pending', 'matched');
create index verification_expiring on verify.verification (greatest(expires_at, old_expires_at))
  where state in ('pending', 'matched');
create index verification_convert on verify.verification (convert_at) where convert_at is not null;
create index verification_redact on verify.verification (redact_at)
  where redact_at is not null and convert_at is null and state not in ('pending', 'matched');
create index verification_changed on verify.verification (changed_at) where redact_at is null;
create table verify.decoy_message (
  id bigint primary key,
  key text not null unique,
  content text not null,
  at timestamptz not null
);
create index decoy_message_at on verify.decoy_message (at);
create table verify.approval_handler (
  handler text primary key,
  seen_at timestamptz not null
);
create table verify.approval_delivery (
  id bigint generated always as identity primary key,
  handler text not null,
  verification_id uuid not null,
  purpose text not null,
  tenant text not null,
  country text not null,
  number text,
  approved_at timestamptz not null,
  due_at timestamptz not null,
  claim uuid,
  tries int not null default 0
);
create index approval_delivery_due on verify.approval_delivery (handler, due_at);
create index approval_delivery_number on verify.approval_delivery (approved_at) where number is not null;
create table verify.quota (
  key bytea primary key,
  tat timestamptz not null
);
create index quota_tat on verify.quota (tat);
create table verify.number_range (
  key text primary key,
  score double precision not null,
  approvals double precision not null default 0,
  at timestamptz not null,
  blocked_until timestamptz not null default '-infinity',
  blocks int not null default 0,
  countries text[] not null default '{}'
);
create index number_range_at on verify.number_range (at);
create index number_range_blocked on verify.number_range (blocked_until) where blocked_until > '-infinity';
create table verify.traffic_delta (
  country text not null,
  is_known boolean not null,
  at timestamptz not null,
  starts int not null default 0,
  approvals int not null default 0,
  excused int not null default 0,
  messages int not null default 0,
  spent double precision not null default 0
);
create type verify.traffic_span as enum ('minute', 'hour');
create table verify.traffic (
  span verify.traffic_span not null,
  at timestamptz not null,
  country text not null,
  is_known boolean not null,
  starts int not null,
  approvals int not null,
  excused int not null,
  messages int not null,
  spent double precision not null,
  primary key (span, at, country, is_known)
) with (fillfactor = 50);
create type verify.verdict as enum ('allow', 'deny');
create table verify.listed (
  kind text not null,
  key text not null,
  label text not null,
  verdict verify.verdict not null,
  until timestamptz not null default 'infinity',
  actor text not null,
  listed_at timestamptz not null,
  primary key (kind, key)
);
create table verify.operator_change (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  kind text not null,
  label text not null,
  verdict verify.verdict,
  until timestamptz not null default 'infinity'
);
create index operator_change_at on verify.operator_change (at);
create table verify.decision (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  tenant text not null,
  purpose text not null,
  country text not null,
  rule text not null,
  is_shadow boolean not null,
  number_key bytea,
  count int not null
);
create index decision_at on verify.decision (at);
create table verify.alarm (
  id bigint generated always as identity primary key,
  type text not null,
  scope text not null,
  raised_at timestamptz not null,
  last_at timestamptz not null,
  count int not null,
  tell_at timestamptz,
  tell_tries int not null default 0
);
create index alarm_last on verify.alarm (type, scope, last_at);
create index alarm_tell on verify.alarm (tell_at) where tell_at is not null;
create type verify.start_request as (
  id uuid,
  is_idempotent boolean,
  kind verify.verification_kind,
  tenant text,
  purpose text,
  number_keys bytea[],
  listed_keys text[],
  number text,
  country text,
  session bytea,
  binding bytea,
  key_id text,
  digest bytea,
  lifetime_ms double precision,
  max_attempts int,
  cost double precision,
  account text,
  cooldowns_ms double precision[],
  per_hour int,
  per_day int,
  quota_rules text[],
  quota_keys bytea[],
  quota_limits int[],
  known_ms double precision,
  ranges text[],
  trips double precision[],
  gain double precision,
  half_life_ms double precision,
  approvals_scale double precision,
  block_ms double precision,
  longest_block_ms double precision,
  source_range text,
  max_countries int,
  rejection text,
  suspicion text,
  is_trusted boolean,
  is_excused boolean,
  pretends boolean,
  shadow text[],
  now timestamptz
);
create type verify.start_outcome as (
  result text,
  rule text,
  retry_after double precision,
  would text[],
  id uuid,
  key_id text,
  generation int,
  is_new boolean,
  sends int,
  attempts_left int,
  expires_in double precision,
  resend_in double precision,
  is_known boolean,
  kind verify.verification_kind
);
create type verify.check_outcome as (
  result text,
  attempts_left int,
  retry_after double precision,
  number text,
  country text,
  approved_at timestamptz
);`,
    rollback: undefined,
  },
];

/** Each release has its own functions, so releases with different ones work side by side. */
export const FUNCTIONS: FunctionSet = {
  digest: '742fd535',
  text: `create function verify.raise_alarms_742fd535(p_alarms json, p_now timestamptz) returns setof verify.alarm language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
begin
  perform pg_advisory_xact_lock(hashtextextended('verify alarm', 0));
  update verify.alarm a set last_at = greatest(a.last_at, now_), count = a.count + g.count
    from json_to_recordset(p_alarms) as g (type text, scope text, count int)
    where a.type = g.type and a.scope = g.scope and a.last_at > now_ - interval '1 hour';
  return query insert into verify.alarm (type, scope, raised_at, last_at, count, tell_at)
    select g.type, g.scope, now_, now_, g.count, now_
    from json_to_recordset(p_alarms) as g (type text, scope text, count int)
    where not exists (
      select from verify.alarm a where a.type = g.type and a.scope = g.scope and a.last_at > now_ - interval '1 hour'
    ) returning *;
end $$;


create function verify.lock_phone_of_742fd535(p_id uuid) returns verify.phone language plpgsql as $$
declare
  v verify.verification%rowtype;
  f verify.phone%rowtype;
begin
  select * into v from verify.verification where id = p_id;
  if v.state in ('pending', 'matched') then
    select * into f from verify.phone where tenant = v.tenant and number_key = v.number_key for no key update;
  end if;
  return f;
end $$;
create function verify.check_code_742fd535(
  p_id uuid, p_tenant text, p_purpose text, p_binding bytea, p_digests bytea[], p_approves boolean, p_lock_after int,
  p_lock double precision, p_longest_lock double precision, p_suspend_after int, p_quota_key bytea, p_quota_limit int,
  p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns verify.check_outcome language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
  o verify.check_outcome;
begin
  o.result := 'over';
  f := verify.lock_phone_of_742fd535(p_id);
  now_ := coalesce(p_now, clock_timestamp());
  if f.number_key is null or f.suspended_at is not null or f.locked_until > now_ then return o; end if;
  select * into v from verify.verification where id = p_id for no key update;
  if v.tenant <> p_tenant or v.purpose <> p_purpose or not verify.is_open_742fd535(v, now_) then return o; end if;
  if p_quota_key is not null then
    select q.retry_after into o.retry_after from verify.used_up_quota_742fd535('{wrong}', array[p_quota_key], array[p_quota_limit], now_) q;
    if o.retry_after is not null then
      o.result := 'limited';
      return o;
    end if;
  end if;
  v.attempts := v.attempts + 1;
  o.attempts_left := v.max_attempts - v.attempts;
  if v.kind in ('sms', 'test') and v.binding = p_binding and (v.digest = any (p_digests) and v.expires_at > now_
    or coalesce(v.old_digest = any (p_digests) and v.old_expires_at > now_, false))
  then
    o.number := v.number;
    o.country := v.country;
    if p_approves then
      perform verify.approve_locked_742fd535(f, v, p_relief, p_half_life, p_converts, now_);
      o.approved_at := now_;
      o.result := 'approved';
    else
      update verify.verification set attempts = v.attempts, changed_at = now_, state = 'matched' where id = v.id;
      o.result := 'matched';
    end if;
    return o;
  end if;
  o.result := 'wrong';
  if o.attempts_left = 0 and v.state = 'pending' then
    update verify.verification set attempts = v.attempts, changed_at = now_, state = 'failed', number = null where id = v.id;
  else
    update verify.verification set attempts = v.attempts, changed_at = now_ where id = v.id;
  end if;
  f.failures := f.failures + 1;
  if f.failures % p_lock_after = 0 then
    f.locked_until := now_ + least(p_longest_lock, p_lock * power(2, f.locks)) * interval '1 millisecond';
    f.locks := f.locks + 1;
  end if;
  update verify.phone p set failures = f.failures, locks = f.locks, locked_until = f.locked_until, seen_at = verify.last_seen_742fd535(p.seen_at, now_),
      suspended_at = case when f.failures >= p_suspend_after then now_ end
    where p.tenant = f.tenant and p.number_key = f.number_key;
  if p_quota_key is not null then perform verify.take_turns_742fd535(array[p_quota_key], array[p_quota_limit], now_); end if;
  return o;
end $$;
create function verify.approve_verification_742fd535(
  p_id uuid, p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns timestamptz language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
begin
  f := verify.lock_phone_of_742fd535(p_id);
  now_ := coalesce(p_now, clock_timestamp());
  select * into v from verify.verification where id = p_id for no key update;
  if v.state is distinct from 'matched' or greatest(v.expires_at, v.old_expires_at) <= now_ then return null; end if;
  perform verify.approve_locked_742fd535(f, v, p_relief, p_half_life, p_converts, now_);
  return now_;
end $$;
create function verify.approve_locked_742fd535(
  f verify.phone, v verify.verification, p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns void language plpgsql as $$
begin
  update verify.verification set state = 'approved', attempts = v.attempts, approved_at = p_now, changed_at = p_now, number = null,
      convert_at = case when p_converts and v.kind = 'sms' then p_now end
    where id = v.id;
  insert into verify.approval_delivery (handler, verification_id, purpose, tenant, country, number, approved_at, due_at)
    select h.handler, v.id, v.purpose, v.tenant, v.country, v.number, p_now, p_now
    from verify.approval_handler h where h.seen_at > p_now - interval '7 days';
  update verify.phone p set failures = 0, locks = 0, streak = 0, approved_at = p_now, seen_at = verify.last_seen_742fd535(p.seen_at, p_now),
      counted_at = null
    where p.tenant = f.tenant and p.number_key = f.number_key;
  if not v.is_excused then
    insert into verify.traffic_delta (country, is_known, at, approvals) values (v.country, v.is_known, v.created_at, 1);
  end if;
  if not v.is_known then
    perform verify.relieve_ranges_742fd535(v.ranges, p_relief + case when f.counted_at is null then 0 else v.gain end, 1, p_half_life, p_now);
  elsif exists (select from verify.number_range n where n.key = any (v.ranges) and n.blocked_until > p_now) then
    perform from verify.number_range n where n.key = any (v.ranges) order by n.key for no key update;
    update verify.number_range n set blocked_until = p_now, countries = '{}' where n.key = any (v.ranges) and n.blocked_until > p_now;
  end if;
end $$;
create function verify.relieve_ranges_742fd535(
  p_ranges text[], p_by double precision, p_approvals int, p_half_life double precision, p_now timestamptz
) returns void language plpgsql as $$
begin
  perform from verify.number_range n where n.key = any (p_ranges) order by n.key for no key update;
  update verify.number_range n
    set score = greatest(0, verify.current_score_742fd535(n.score, n.at, p_now, p_half_life) - p_by),
      approvals = verify.current_score_742fd535(n.approvals, n.at, p_now, p_half_life) + p_approvals,
      countries = case when p_approvals > 0 then '{}' else n.countries end, at = p_now
    where n.key = any (p_ranges);
end $$;
create function verify.cancel_verification_742fd535(
  p_id uuid, p_tenant text, p_half_life double precision, p_clears boolean, p_now timestamptz
)
returns boolean language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
begin
  f := verify.lock_phone_of_742fd535(p_id);
  now_ := coalesce(p_now, clock_timestamp());
  select * into v from verify.verification where id = p_id for no key update;
  if f.number_key is null or v.tenant <> p_tenant or v.state not in ('pending', 'matched')
    or greatest(v.expires_at, v.old_expires_at) <= now_
  then
    return false;
  end if;
  update verify.verification set state = 'cancelled', changed_at = now_, number = null where id = p_id;
  if p_clears and not v.is_excused then
    insert into verify.traffic_delta (country, is_known, at, starts) values (v.country, v.is_known, v.created_at, -1);
  end if;
  if p_clears and f.counted_at is not null then
    update verify.phone p set counted_at = null where p.tenant = f.tenant and p.number_key = f.number_key;
    perform verify.relieve_ranges_742fd535(v.ranges, v.gain, 0, p_half_life, now_);
  end if;
  return true;
end $$;
create function verify.resend_code_742fd535(
  p_id uuid, p_tenant text, p_generation int, p_sends int, p_key_id text, p_digest bytea, p_lifetime double precision,
  p_cooldowns double precision[], p_per_hour int, p_per_day int, p_quota_rules text[], p_quota_keys bytea[],
  p_quota_limits int[], p_rejection text, p_message_id bigint, p_account text, p_cost double precision, p_now timestamptz
) returns verify.start_outcome language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
  o verify.start_outcome;
  m record;
  enqueues boolean;
begin
  o.would := '{}';
  o.is_new := false;
  f := verify.lock_phone_of_742fd535(p_id);
  now_ := coalesce(p_now, clock_timestamp());
  select * into v from verify.verification where id = p_id for no key update;
  if f.number_key is null or v.tenant <> p_tenant or not verify.is_open_742fd535(v, now_) then
    return verify.rejected_742fd535(o, 'over', null);
  end if;
  o.kind := v.kind;
  if v.generation <> p_generation or v.sends <> p_sends then
    o.result := 'changed';
    return o;
  end if;
  m := verify.used_up_quota_742fd535(p_quota_rules, p_quota_keys, p_quota_limits, now_);
  if m.rule is not null then return verify.rejected_742fd535(o, m.rule, m.retry_after); end if;
  if p_rejection is not null then return verify.rejected_742fd535(o, p_rejection, null); end if;
  if exists (select from verify.listed l
    where l.kind = 'number' and l.key = encode(f.number_key, 'hex') and l.verdict = 'deny' and l.until > now_)
  then
    return verify.rejected_742fd535(o, 'denied', null);
  end if;
  m := verify.count_message_742fd535(f, true, false, p_cooldowns, p_per_hour, p_per_day, now_);
  if m.rule is not null then return verify.rejected_742fd535(o, m.rule, m.retry_after); end if;
  perform verify.take_turns_742fd535(p_quota_keys, p_quota_limits, now_);
  enqueues := v.kind = 'sms' and p_message_id is not null;
  if p_key_id is not null then
    v.old_digest := v.digest;
    v.old_expires_at := v.expires_at;
    v.key_id := p_key_id;
    v.digest := p_digest;
    v.generation := v.generation + 1;
    v.expires_at := now_ + p_lifetime * interval '1 millisecond';
  end if;
  update verify.verification w set sends = w.sends + 1, changed_at = now_, old_digest = v.old_digest,
      old_expires_at = v.old_expires_at, key_id = v.key_id, digest = v.digest, generation = v.generation, expires_at = v.expires_at,
      message_id = case when enqueues then p_message_id else w.message_id end,
      message_ids = case when enqueues then w.message_ids || p_message_id else w.message_ids end,
      account = case when enqueues then p_account else w.account end
    where w.id = p_id returning * into v;
  if enqueues then
    insert into verify.traffic_delta (country, is_known, at, messages, spent) values (v.country, v.is_known, now_, 1, p_cost);
  elsif v.kind in ('decoy', 'pretended') and p_message_id is not null then
    perform verify.pretend_message_742fd535(v.id, v.sends, p_message_id, now_);
  end if;
  o.result := 'sent';
  o.resend_in := verify.ms_between_742fd535(now_, (m.f).next_send_at);
  return verify.described_742fd535(o, v, now_);
end $$;


create function verify.lock_phone_742fd535(p_tenant text, p_number_keys bytea[], p_now timestamptz) returns verify.phone
language plpgsql as $$
declare
  f verify.phone%rowtype;
  old_key bytea;
begin
  select * into f from verify.phone where tenant = p_tenant and number_key = p_number_keys[1] for no key update;
  if found then return f; end if;
  if cardinality(p_number_keys) > 1 then
    select number_key into old_key from verify.phone where tenant = p_tenant and number_key = any (p_number_keys[2:])
      order by sent_at desc nulls last, number_key limit 1 for update;
    update verify.phone set number_key = p_number_keys[1]
      where tenant = p_tenant and number_key = old_key
        and not exists (select from verify.phone where tenant = p_tenant and number_key = p_number_keys[1])
      returning * into f;
    if found then
      update verify.verification set number_key = p_number_keys[1]
        where tenant = p_tenant and number_key = old_key and state in ('pending', 'matched');
      return f;
    end if;
  end if;
  insert into verify.phone (tenant, number_key, seen_at) values (p_tenant, p_number_keys[1], p_now)
    on conflict (tenant, number_key) do update set seen_at = p_now returning * into f;
  return f;
end $$;
create function verify.last_seen_742fd535(p_seen_at timestamptz, p_now timestamptz) returns timestamptz language sql immutable as $$
  select case when p_seen_at < p_now - interval '1 hour' then p_now else p_seen_at end
$$;
create function verify.pace_742fd535(p_window interval, p_limit int) returns interval language sql immutable as $$
  select floor(extract(epoch from p_window) * 1000000 / p_limit) * interval '1 microsecond'
$$;
create function verify.used_up_quota_742fd535(
  p_rules text[], p_keys bytea[], p_limits int[], p_now timestamptz, out rule text, out retry_after double precision
) language plpgsql as $$
declare
  q verify.quota%rowtype;
begin
  for i in 1 .. coalesce(cardinality(p_keys), 0) loop
    select * into q from verify.quota where key = p_keys[i] for no key update;
    if not found then
      insert into verify.quota (key, tat) values (p_keys[i], '-infinity')
        on conflict (key) do update set tat = verify.quota.tat returning * into q;
    end if;
    retry_after := verify.ms_between_742fd535(p_now + interval '1 hour', greatest(q.tat, p_now) + verify.pace_742fd535('1 hour', p_limits[i]));
    if retry_after > 0 then
      rule := p_rules[i];
      return;
    end if;
  end loop;
  retry_after := null;
end $$;
create function verify.take_turns_742fd535(p_keys bytea[], p_limits int[], p_now timestamptz) returns void language plpgsql as $$
begin
  for i in 1 .. coalesce(cardinality(p_keys), 0) loop
    update verify.quota set tat = greatest(tat, p_now) + verify.pace_742fd535('1 hour', p_limits[i]) where key = p_keys[i];
  end loop;
end $$;
create function verify.current_score_742fd535(p_score double precision, p_at timestamptz, p_now timestamptz, p_half_life double precision)
returns double precision language sql immutable as $$
  select p_score * power(2, -greatest(0, extract(epoch from p_now - p_at) * 1000) / p_half_life)
$$;
create function verify.blocks_in_a_row_742fd535(p_blocks int, p_blocked_until timestamptz, p_now timestamptz, p_longest_block double precision)
returns int language sql immutable as $$
  select case when p_blocked_until > p_now - p_longest_block * interval '1 millisecond' then p_blocks else 0 end
$$;
create function verify.is_open_742fd535(v verify.verification, p_now timestamptz) returns boolean language sql immutable as $$
  select v.state in ('pending', 'matched') and v.attempts < v.max_attempts and greatest(v.expires_at, v.old_expires_at) > p_now
$$;
create function verify.ms_between_742fd535(p_from timestamptz, p_to timestamptz) returns double precision language sql immutable as $$
  select (extract(epoch from p_to - p_from) * 1000)::double precision
$$;
create function verify.rejected_742fd535(o verify.start_outcome, p_rule text, p_retry_after double precision) returns verify.start_outcome
language plpgsql immutable as $$
begin
  o.result := 'rejected'; o.rule := p_rule; o.retry_after := p_retry_after;
  return o;
end $$;
create function verify.described_742fd535(o verify.start_outcome, v verify.verification, p_now timestamptz) returns verify.start_outcome
language plpgsql immutable as $$
begin
  o.id := v.id;
  o.key_id := v.key_id;
  o.generation := v.generation;
  o.sends := v.sends;
  o.attempts_left := v.max_attempts - v.attempts;
  o.expires_in := verify.ms_between_742fd535(p_now, v.expires_at);
  return o;
end $$;
create function verify.count_message_742fd535(
  inout f verify.phone, p_sends boolean, p_counts boolean, p_cooldowns double precision[], p_per_hour int, p_per_day int, p_now timestamptz,
  out rule text, out retry_after double precision
) language plpgsql as $$
declare
  hour_tat timestamptz := greatest(f.hour_tat, p_now) + verify.pace_742fd535('1 hour', p_per_hour);
  day_tat timestamptz := greatest(f.day_tat, p_now) + verify.pace_742fd535('24 hours', p_per_day);
begin
  if f.suspended_at is not null then
    rule := 'locked'; return;
  end if;
  if f.locked_until > p_now then
    rule := 'locked'; retry_after := verify.ms_between_742fd535(p_now, f.locked_until); return;
  end if;
  if f.next_send_at > p_now then
    rule := 'cooldown'; retry_after := verify.ms_between_742fd535(p_now, f.next_send_at); return;
  end if;
  if hour_tat > p_now + interval '1 hour' or day_tat > p_now + interval '24 hours' then
    rule := 'number';
    retry_after := greatest(verify.ms_between_742fd535(p_now + interval '1 hour', hour_tat), verify.ms_between_742fd535(p_now + interval '24 hours', day_tat));
    return;
  end if;
  if not p_sends then return; end if;
  f.hour_tat := hour_tat;
  f.day_tat := day_tat;
  f.streak := case when f.sent_at > p_now - interval '1 hour' then f.streak + 1 else 1 end;
  f.sent_at := p_now;
  f.next_send_at := p_now + p_cooldowns[least(f.streak, cardinality(p_cooldowns))] * interval '1 millisecond';
  f.seen_at := verify.last_seen_742fd535(f.seen_at, p_now);
  update verify.phone p set hour_tat = f.hour_tat, day_tat = f.day_tat, streak = f.streak, sent_at = f.sent_at,
      next_send_at = f.next_send_at, seen_at = f.seen_at, counted_at = case when p_counts then p_now else p.counted_at end
    where p.tenant = f.tenant and p.number_key = f.number_key;
end $$;
create function verify.judge_suspect_742fd535(
  r verify.start_request, p_counts boolean, p_now timestamptz, out rule text, out retry_after double precision, out would text[]
) language plpgsql as $$
declare
  own verify.number_range%rowtype;
  trip double precision;
  block_for double precision;
  blocked_for double precision;
begin
  would := '{}';
  if r.suspicion is not null then
    if r.suspicion <> all (r.shadow) then
      rule := r.suspicion; return;
    end if;
    would := would || r.suspicion;
  end if;
  for own in select * from verify.number_range n where n.key = any (r.ranges) order by n.key for no key update loop
    if own.blocked_until > p_now then
      blocked_for := greatest(blocked_for, verify.ms_between_742fd535(p_now, own.blocked_until));
      continue;
    end if;
    if not p_counts then continue; end if;
    trip := r.trips[array_position(r.ranges, own.key)];
    if own.key is not distinct from r.source_range then
      if cardinality(verify.countries_with_742fd535(own.countries, own.at, r.country, p_now)) > r.max_countries then trip := trip / 2; end if;
    end if;
    trip := trip + ln(1 + verify.current_score_742fd535(own.approvals, own.at, p_now, r.half_life_ms) / r.approvals_scale);
    if verify.current_score_742fd535(own.score, own.at, p_now, r.half_life_ms) + r.gain < trip then continue; end if;
    own.blocks := verify.blocks_in_a_row_742fd535(own.blocks, own.blocked_until, p_now, r.longest_block_ms) + 1;
    block_for := least(r.longest_block_ms, r.block_ms * power(2, own.blocks - 1));
    blocked_for := greatest(blocked_for, block_for);
    if 'range' <> all (r.shadow) then
      update verify.number_range n set score = 0, approvals = verify.current_score_742fd535(own.approvals, own.at, p_now, r.half_life_ms),
          at = p_now, blocks = own.blocks, blocked_until = p_now + block_for * interval '1 millisecond'
        where n.key = own.key;
    end if;
  end loop;
  if blocked_for is null then return; end if;
  if 'range' = any (r.shadow) then
    would := would || 'range'::text;
    return;
  end if;
  rule := 'range';
  retry_after := blocked_for;
end $$;
create function verify.countries_with_742fd535(p_countries text[], p_at timestamptz, p_country text, p_now timestamptz)
returns text[] language sql immutable as $$
  select case when p_at <= p_now - interval '24 hours' then array[p_country]
    when p_country = any (p_countries) then p_countries
    else p_countries || p_country end
$$;
create function verify.pretend_message_742fd535(p_id uuid, p_sends int, p_message_id bigint, p_now timestamptz) returns void
language plpgsql as $$
begin
  insert into verify.decoy_message (id, key, content, at)
    values (p_message_id, 'verification ' || p_id || ' ' || p_sends, repeat('x', 200), p_now);
end $$;
create function verify.start_verification_742fd535(r verify.start_request, p_message_id bigint) returns verify.start_outcome
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
  other verify.verification%rowtype;
  o verify.start_outcome;
  m record;
  listed verify.verdict;
  counts boolean;
  enqueues boolean;
begin
  o.would := '{}';
  o.kind := r.kind;
  if r.is_idempotent then
    perform pg_advisory_xact_lock(hashtextextended('verify ' || r.id, 0));
    select * into v from verify.verification where id = r.id;
    if found then return verify.repeated_742fd535(o, r, v, coalesce(r.now, clock_timestamp())); end if;
  end if;
  f := verify.lock_phone_742fd535(r.tenant, r.number_keys, coalesce(r.now, clock_timestamp()));
  now_ := coalesce(r.now, clock_timestamp());
  o.is_known := coalesce(f.approved_at > now_ - r.known_ms * interval '1 millisecond', false);
  if f.sent_at is not null then
    for other in select * from verify.verification
      where tenant = r.tenant and number_key = r.number_keys[1] and state in ('pending', 'matched') for no key update
    loop
      if greatest(other.expires_at, other.old_expires_at) <= now_ then
        update verify.verification set state = 'expired', changed_at = now_, number = null where id = other.id;
      elsif other.purpose = r.purpose and other.session_key = r.session and other.binding = r.binding then
        v := other;
      end if;
    end loop;
  end if;
  if v.attempts >= v.max_attempts then
    update verify.verification set state = 'failed', changed_at = now_, number = null where id = v.id;
    v := null;
  end if;
  if v.kind <> r.kind and not (v.kind = 'pretended' and r.kind = 'sms') then
    update verify.verification set state = 'cancelled', changed_at = now_, number = null where id = v.id;
    v := null;
  end if;
  o.is_new := v.id is null;
  o.kind := coalesce(v.kind, r.kind);
  m := verify.used_up_quota_742fd535(r.quota_rules, r.quota_keys, r.quota_limits, now_);
  if m.rule is not null then return verify.rejected_742fd535(o, m.rule, m.retry_after); end if;
  if r.rejection is not null then
    if r.rejection <> all (r.shadow) then return verify.rejected_742fd535(o, r.rejection, null); end if;
    o.would := o.would || r.rejection;
  end if;
  select max(l.verdict) into listed from verify.listed l where l.kind = 'number' and l.key = any (r.listed_keys) and l.until > now_;
  if listed = 'deny' then return verify.rejected_742fd535(o, 'denied', null); end if;
  counts := o.is_new and not o.is_known and cardinality(r.ranges) > 0
    and (f.counted_at is null or f.counted_at <= now_ - interval '1 hour');
  if o.is_new and not (o.is_known or r.is_trusted or coalesce(listed = 'allow', false)) then
    m := verify.judge_suspect_742fd535(r, counts, now_);
    o.would := o.would || m.would;
    if m.rule is not null then
      if not r.pretends or r.kind <> 'sms' then return verify.rejected_742fd535(o, m.rule, m.retry_after); end if;
      o.kind := 'pretended';
      o.rule := m.rule;
      counts := false;
    end if;
  end if;
  m := verify.count_message_742fd535(f, o.is_new, counts, r.cooldowns_ms, r.per_hour, r.per_day, now_);
  if m.rule is not null and (o.is_new or m.rule = 'locked') then return verify.rejected_742fd535(o, m.rule, m.retry_after); end if;
  if not o.is_new then
    o.result := case when m.rule is null then 'open' else 'waiting' end;
    o.resend_in := m.retry_after;
    return verify.described_742fd535(o, v, now_);
  end if;
  perform verify.take_turns_742fd535(r.quota_keys, r.quota_limits, now_);
  o.result := 'sent';
  o.resend_in := verify.ms_between_742fd535(now_, (m.f).next_send_at);
  enqueues := o.kind = 'sms' and p_message_id is not null;
  if counts then
    insert into verify.number_range as w (key, score, at, countries)
      select k.key, r.gain, now_, case when k.key = r.source_range then array[r.country] else '{}' end
      from unnest(r.ranges) k (key) order by k.key
      on conflict (key) do update set score = verify.current_score_742fd535(w.score, w.at, now_, r.half_life_ms) + r.gain,
        approvals = verify.current_score_742fd535(w.approvals, w.at, now_, r.half_life_ms), at = now_,
        countries = case when w.key = r.source_range then verify.countries_with_742fd535(w.countries, w.at, r.country, now_)
          else w.countries end;
  end if;
  insert into verify.verification (id, kind, tenant, purpose, number_key, session_key, binding, number, country, is_known,
      is_excused, key_id, digest, expires_at, max_attempts, sends, would, ranges, gain, message_id, message_ids, account,
      created_at, changed_at)
    values (r.id, o.kind, r.tenant, r.purpose, r.number_keys[1], r.session, r.binding, r.number, r.country, o.is_known,
      r.is_excused and not o.is_known or o.kind in ('pretended', 'test'), r.key_id, r.digest,
      now_ + r.lifetime_ms * interval '1 millisecond', r.max_attempts, 1, o.would, r.ranges, r.gain,
      case when enqueues then p_message_id end, case when enqueues then array[p_message_id] else '{}' end,
      case when enqueues then r.account end, now_, now_)
    returning * into v;
  if v.kind in ('sms', 'decoy') then
    insert into verify.traffic_delta (country, is_known, at, starts, excused, messages, spent)
      values (r.country, o.is_known, now_, (not v.is_excused)::int, v.is_excused::int, enqueues::int,
        case when enqueues then r.cost else 0 end);
  end if;
  if v.kind in ('decoy', 'pretended') and p_message_id is not null then
    perform verify.pretend_message_742fd535(v.id, 1, p_message_id, now_);
  end if;
  return verify.described_742fd535(o, v, now_);
end $$;
create function verify.repeated_742fd535(o verify.start_outcome, r verify.start_request, v verify.verification, p_now timestamptz)
returns verify.start_outcome language plpgsql as $$
declare
  f verify.phone%rowtype;
begin
  if v.tenant <> r.tenant or v.purpose <> r.purpose or v.binding <> r.binding or v.number_key <> all (r.number_keys) then
    return verify.rejected_742fd535(o, 'key', null);
  end if;
  select * into f from verify.phone p where p.tenant = v.tenant and p.number_key = v.number_key;
  o.result := 'waiting';
  o.is_new := false;
  o.kind := v.kind;
  o.resend_in := greatest(0, verify.ms_between_742fd535(p_now, f.next_send_at));
  return verify.described_742fd535(o, v, p_now);
end $$;


create function verify.fold_traffic_742fd535() returns boolean language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('verify traffic', 0)) then return false; end if;
  with gone as (
    delete from verify.traffic_delta returning *
  )
  insert into verify.traffic as t (span, at, country, is_known, starts, approvals, excused, messages, spent)
    select s.span, date_bin(('1 ' || s.span)::interval, g.at, '2000-01-01'), g.country, g.is_known, sum(g.starts),
      sum(g.approvals), sum(g.excused), sum(g.messages), sum(g.spent)
    from gone g cross join unnest('{minute,hour}'::verify.traffic_span[]) s (span)
    group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (span, at, country, is_known) do update set starts = t.starts + excluded.starts,
      approvals = t.approvals + excluded.approvals, excused = t.excused + excluded.excused,
      messages = t.messages + excluded.messages, spent = t.spent + excluded.spent;
  return true;
end $$;
create function verify.read_traffic_742fd535(p_now timestamptz)
returns table (
  country text, hour_starts int, hour_approvals int, hour_excused int, day_starts int, day_approvals int, hour_messages int, day_messages int,
  day_spent double precision, known_minutes json
) language sql as $$
  with recent as (
    select t.*, t.at > m.now - interval '1 hour' as is_last_hour, floor(extract(epoch from m.now - t.at) / 60)::int as ago
    from (select coalesce(p_now, clock_timestamp()) as now) m
      join verify.traffic t on t.span = 'minute' and t.at > m.now - interval '2 hours'
        or t.span = 'hour' and t.at > m.now - interval '24 hours'
  )
  select r.country,
    coalesce(sum(r.starts) filter (where r.span = 'minute' and r.is_last_hour and not r.is_known), 0)::int,
    coalesce(sum(r.approvals) filter (where r.span = 'minute' and r.is_last_hour and not r.is_known), 0)::int,
    coalesce(sum(r.excused) filter (where r.span = 'minute' and r.is_last_hour), 0)::int,
    coalesce(sum(r.starts) filter (where r.span = 'hour' and not r.is_known), 0)::int,
    coalesce(sum(r.approvals) filter (where r.span = 'hour' and not r.is_known), 0)::int,
    coalesce(sum(r.messages) filter (where r.span = 'minute' and r.is_last_hour), 0)::int,
    coalesce(sum(r.messages) filter (where r.span = 'hour'), 0)::int,
    coalesce(sum(r.spent) filter (where r.span = 'hour'), 0),
    coalesce(json_agg(json_build_array(r.ago, r.starts, r.approvals) order by r.at)
      filter (where r.span = 'minute' and r.is_known and (r.starts > 0 or r.approvals > 0)), '[]')
  from recent r group by r.country
$$;
create function verify.read_learned_742fd535(p_now timestamptz)
returns table (country text, days json, peak_hour int, peak_day int) language sql as $$
  with hours as (
    select t.country, t.is_known, t.starts, t.approvals, floor(extract(epoch from m.now - t.at) / 86400)::int as day
    from (select coalesce(p_now, clock_timestamp()) as now) m
      join verify.traffic t on t.span = 'hour' and t.at > m.now - interval '336 hours'
  ), days as (
    select h.country, h.day, coalesce(sum(h.starts) filter (where not h.is_known), 0)::int as starts,
      coalesce(sum(h.approvals) filter (where not h.is_known), 0)::int as approvals,
      coalesce(max(h.approvals) filter (where not h.is_known), 0) as peak_hour,
      coalesce(max(h.starts) filter (where h.is_known), 0) as known_peak
    from hours h group by 1, 2
  )
  select d.country, json_agg(json_build_array(d.starts, d.approvals, d.known_peak) order by d.day), max(d.peak_hour), max(d.approvals)
  from days d group by d.country
$$;`,
};

export const registerApprovalHandlers: Statement<{ handlers: readonly (string | null)[]; now: Date | string | null }, Nothing> = {
  params: ['handlers', 'now'],
  text: `insert into verify.approval_handler as w (handler, seen_at)
  select h, coalesce($2::timestamptz, statement_timestamp()) from unnest($1::text[]) h order by h
  on conflict (handler) do update set seen_at = greatest(w.seen_at, excluded.seen_at)`,
};
export const claimApprovals: Statement<{ handlers: readonly (string | null)[]; limits: readonly (number | null)[]; claim: string; leaseMs: number; now: Date | string | null }, { id: string; handler: string; verification_id: string; purpose: string; tenant: string; country: string; number: string | null; approved_at: Date; tries: number }> = {
  params: ['handlers', 'limits', 'claim', 'leaseMs', 'now'],
  text: `with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), due as (
  select d.id from unnest($1::text[], $2::int[]) w (handler, most) cross join lateral (
    select id from verify.approval_delivery where handler = w.handler and due_at <= (select now from moment)
    order by due_at limit w.most for no key update skip locked
  ) d
)
update verify.approval_delivery d set claim = $3::uuid, tries = d.tries + 1,
    due_at = (select now from moment) + $4::float8 * interval '1 millisecond'
  where d.id = any (array(select id from due))
  returning d.id, d.handler, d.verification_id, d.purpose, d.tenant, d.country, d.number, d.approved_at, d.tries`,
};
export const renewApproval: Statement<{ id: Exact; claim: string; leaseMs: number; now: Date | string | null }, Nothing> = {
  params: ['id', 'claim', 'leaseMs', 'now'],
  text: `update verify.approval_delivery set due_at = coalesce($4::timestamptz, statement_timestamp()) + $3::float8 * interval '1 millisecond'
  where id = $1 and claim = $2::uuid`,
};
export const finishApproval: Statement<{ id: Exact; claim: string }, Nothing> = {
  params: ['id', 'claim'],
  text: `delete from verify.approval_delivery where id = $1 and claim = $2::uuid`,
};
export const postponeApproval: Statement<{ id: Exact; claim: string; delayMs: number; now: Date | string | null }, Nothing> = {
  params: ['id', 'claim', 'delayMs', 'now'],
  text: `update verify.approval_delivery set claim = null, due_at = coalesce($4::timestamptz, statement_timestamp()) + $3::float8 * interval '1 millisecond'
  where id = $1 and claim = $2::uuid`,
};
/** Handlers that fail for so long get their approvals without a number. */
export const forgetApprovedNumbers: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.approval_delivery
  where number is not null and approved_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by approved_at limit $2 for no key update skip locked
)
update verify.approval_delivery d set number = null from due o where d.id = o.id returning true as changed`,
};
/** Handlers that no process has had for so long, and their approvals. */
export const removeGoneApprovalHandlers: Statement<{ keptMs: number; now: Date | string | null }, { handler: string }> = {
  params: ['keptMs', 'now'],
  text: `with gone as (
  delete from verify.approval_handler
  where seen_at <= coalesce($2::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond' returning handler
)
delete from verify.approval_delivery d using gone g where d.handler = g.handler returning d.handler`,
};
export const foldTraffic: Statement<Nothing, { folded: boolean }> = {
  params: [],
  text: `select verify.fold_traffic_742fd535() as folded`,
};
export const readTraffic: Statement<{ now: Date | string | null }, { country: string; hour_starts: number; hour_approvals: number; hour_excused: number; day_starts: number; day_approvals: number; hour_messages: number; day_messages: number; day_spent: number; known_minutes: unknown }> = {
  params: ['now'],
  text: `select t.country as country, t.hour_starts as hour_starts, t.hour_approvals as hour_approvals,
  t.hour_excused as hour_excused, t.day_starts as day_starts, t.day_approvals as day_approvals, t.hour_messages as hour_messages,
  t.day_messages as day_messages, t.day_spent as day_spent, t.known_minutes as known_minutes
from verify.read_traffic_742fd535($1) t`,
};
export const readLearned: Statement<{ now: Date | string | null }, { country: string; days: unknown; peak_hour: number; peak_day: number }> = {
  params: ['now'],
  text: `select t.country as country, t.days as days, t.peak_hour as peak_hour, t.peak_day as peak_day
from verify.read_learned_742fd535($1) t`,
};
export const readListedRanges: Statement<{ now: Date | string | null }, { kind: string; key: string; verdict: Verdict }> = {
  params: ['now'],
  text: `select l.kind as kind, l.key as key, l.verdict as verdict
from verify.listed l where l.kind in ('prefix', 'country') and l.until > coalesce($1, clock_timestamp())`,
};
/** oldKeys: the keys that the same entry may have had before. */
export const setListed: Statement<{ kind: string; key: string; oldKeys: readonly (string | null)[]; label: string; verdict: string; until: Date | string | null; actor: string; now: Date | string | null }, Nothing> = {
  params: ['kind', 'key', 'oldKeys', 'label', 'verdict', 'until', 'actor', 'now'],
  text: `with replaced as (
  delete from verify.listed where kind = $1 and key = any ($3::text[]) and key <> $2
), noted as (
  insert into verify.operator_change (at, actor, kind, label, verdict, until)
    values (coalesce($8, clock_timestamp()), $7, $1, $4, $5::text::verify.verdict, coalesce($6, 'infinity'::timestamptz))
)
insert into verify.listed as l (kind, key, label, verdict, until, actor, listed_at)
  values ($1, $2, $4, $5::text::verify.verdict, coalesce($6, 'infinity'::timestamptz), $7, coalesce($8, clock_timestamp()))
  on conflict (kind, key) do update set label = excluded.label, verdict = excluded.verdict, until = excluded.until,
    actor = excluded.actor, listed_at = excluded.listed_at`,
};
export const deleteListed: Statement<{ kind: string; keys: readonly (string | null)[]; label: string; actor: string; now: Date | string | null }, { was_listed: boolean }> = {
  params: ['kind', 'keys', 'label', 'actor', 'now'],
  text: `with noted as (
  insert into verify.operator_change (at, actor, kind, label) values (coalesce($5, clock_timestamp()), $4, $1, $3)
)
delete from verify.listed where kind = $1 and key = any ($2::text[])
  returning until > coalesce($5, clock_timestamp()) as was_listed`,
};
export const findListed: Statement<{ now: Date | string | null }, { kind: string; label: string; verdict: Verdict; until: Date | null; actor: string; listed_at: Date }> = {
  params: ['now'],
  text: `select l.kind as kind, l.label as label, l.verdict as verdict, nullif(l.until, 'infinity') as until, l.actor as actor,
  l.listed_at as listed_at
from verify.listed l where l.until > coalesce($1, clock_timestamp()) order by l.listed_at desc, l.key limit 1000`,
};
export const findOperatorChanges: Statement<{ since: Date | string | null }, { at: Date; actor: string; kind: string; label: string; verdict: Verdict | null; until: Date | null }> = {
  params: ['since'],
  text: `select c.at as at, c.actor as actor, c.kind as kind, c.label as label, c.verdict, nullif(c.until, 'infinity') as until
from verify.operator_change c where c.at > coalesce($1, '-infinity'::timestamptz) order by c.id desc limit 1000`,
};
/** Ends the blocks of ranges. */
export const releaseRanges: Statement<{ pattern: string; now: Date | string | null }, { key: string }> = {
  params: ['pattern', 'now'],
  text: `update verify.number_range set blocked_until = coalesce($2, clock_timestamp()), score = 0, blocks = 0
  where key like $1::text and blocked_until > coalesce($2, clock_timestamp()) returning key as key`,
};
export const findBlockedRanges: Statement<{ now: Date | string | null }, { key: string; blocked_until: Date; blocks: number }> = {
  params: ['now'],
  text: `select n.key as key, n.blocked_until as blocked_until, n.blocks as blocks
from verify.number_range n
where n.blocked_until > coalesce($1, clock_timestamp()) order by n.blocked_until desc, n.key limit 1000`,
};
export const insertDecisions: Statement<{ decisions: string; now: Date | string | null }, Nothing> = {
  params: ['decisions', 'now'],
  text: `insert into verify.decision (at, tenant, purpose, country, rule, is_shadow, number_key, count)
  select coalesce($2, clock_timestamp()), d.tenant, d.purpose, d.country, d.rule, d.is_shadow, d.number_key, d.count
  from json_to_recordset($1::text::json) as d (
    tenant text, purpose text, country text, rule text, is_shadow boolean, number_key bytea, count int
  )`,
};
export const raiseAlarms: Statement<{ alarms: string; now: Date | string | null }, { id: string; type: string; scope: string; raised_at: Date; last_at: Date; count: number }> = {
  params: ['alarms', 'now'],
  text: `select a.id as id, a.type as type, a.scope as scope, a.raised_at as raised_at, a.last_at as last_at,
  a.count as count
from verify.raise_alarms_742fd535($1::text::json, $2) a`,
};
export const findAlarms: Statement<{ since: Date | string | null; now: Date | string | null }, { id: string; type: string; scope: string; raised_at: Date; last_at: Date; count: number }> = {
  params: ['since', 'now'],
  text: `select a.id as id, a.type as type, a.scope as scope, a.raised_at as raised_at, a.last_at as last_at,
  a.count as count
from verify.alarm a where a.last_at > coalesce($1, coalesce($2, clock_timestamp()) - interval '1 hour')
order by a.id desc limit 1000`,
};
export const findDecisions: Statement<{ since: Date | string; rule: string | null; country: string | null; numberKeys: readonly (Buffer | null)[] | null; limit: Exact }, { at: Date; tenant: string; purpose: string; country: string; rule: string; is_shadow: boolean; count: number }> = {
  params: ['since', 'rule', 'country', 'numberKeys', 'limit'],
  text: `select d.at as at, d.tenant as tenant, d.purpose as purpose, d.country as country, d.rule as rule,
  d.is_shadow as is_shadow, d.count as count
from verify.decision d
where d.at > $1 and ($2::text is null or d.rule = $2) and ($3::text is null or d.country = $3)
  and ($4::bytea[] is null or d.number_key = any ($4))
order by d.id desc limit $5`,
};
/** Alarms that the app has to be told, raised since keptMs. types: null for all. */
export const claimAlarms: Statement<{ types: readonly (string | null)[] | null; limit: Exact; leaseMs: number; keptMs: number; now: Date | string | null }, { id: string; type: string; scope: string; raised_at: Date; last_at: Date; count: number; tries: number }> = {
  params: ['types', 'limit', 'leaseMs', 'keptMs', 'now'],
  text: `with moment as materialized (
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
  returning a.id, a.type, a.scope, a.raised_at, a.last_at, a.count, a.tell_tries as tries`,
};
export const finishAlarm: Statement<{ id: Exact; tries: number }, Nothing> = {
  params: ['id', 'tries'],
  text: `update verify.alarm set tell_at = null where id = $1 and tell_tries = $2`,
};
export const postponeAlarm: Statement<{ id: Exact; tries: number; delayMs: number; now: Date | string | null }, Nothing> = {
  params: ['id', 'tries', 'delayMs', 'now'],
  text: `update verify.alarm set tell_at = coalesce($4::timestamptz, statement_timestamp()) + $3::float8 * interval '1 millisecond'
  where id = $1 and tell_tries = $2 and tell_at is not null`,
};
/** Alarms that the app could not be told in time. */
export const giveUpAlarms: Statement<{ types: readonly (string | null)[] | null; keptMs: number; now: Date | string | null }, { type: string; scope: string; tries: number }> = {
  params: ['types', 'keptMs', 'now'],
  text: `with due as (
  select id from verify.alarm
  where tell_at <= coalesce($3::timestamptz, statement_timestamp())
    and raised_at <= coalesce($3::timestamptz, statement_timestamp()) - $2::float8 * interval '1 millisecond'
    and ($1::text[] is null or type = any ($1::text[]))
  for no key update skip locked
)
update verify.alarm a set tell_at = null from due d where a.id = d.id returning a.type, a.scope, a.tell_tries as tries`,
};
/** Approvals that the platform has not been told about. A verification without an account has sent no message. */
export const claimConversions: Statement<{ account: string; leaseMs: number; limit: Exact; now: Date | string | null }, { id: string; message_ids: readonly string[]; approved_at: Date }> = {
  params: ['account', 'leaseMs', 'limit', 'now'],
  text: `with moment as materialized (
  select coalesce($4::timestamptz, statement_timestamp()) as now
), due as (
  select id from verify.verification
  where convert_at <= (select now from moment) and (account = $1 or account is null)
  order by convert_at limit $3 for no key update skip locked
)
update verify.verification w set convert_at = (select now from moment) + $2::float8 * interval '1 millisecond'
  from due d where w.id = d.id
  returning w.id, w.message_ids, w.approved_at as approved_at`,
};
export const finishConversions: Statement<{ ids: readonly (string | null)[] }, Nothing> = {
  params: ['ids'],
  text: `update verify.verification set convert_at = null where id = any ($1::uuid[]) and convert_at is not null`,
};
/** With back-off, as long as they are not given up. */
export const postponeConversions: Statement<{ ids: readonly (string | null)[]; firstPauseMs: number; longestPauseMs: number; keptMs: number; now: Date | string | null }, { id: string; is_given_up: boolean }> = {
  params: ['ids', 'firstPauseMs', 'longestPauseMs', 'keptMs', 'now'],
  text: `with later as (
  select w.id, coalesce($5::timestamptz, statement_timestamp())
      + least($3::float8, $2::float8 * power(2, least(w.conversion_tries, 30))) * interval '1 millisecond' as at
  from verify.verification w where w.id = any ($1::uuid[]) and w.convert_at is not null
)
update verify.verification w set conversion_tries = w.conversion_tries + 1,
    convert_at = case when l.at < w.approved_at + $4::float8 * interval '1 millisecond' then l.at end
  from later l where w.id = l.id
  returning w.id, w.convert_at is null as is_given_up`,
};
/** Those that no worker looks at, such as those of an account that is not used any more. */
export const dropOverdueConversions: Statement<{ overdueMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['overdueMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.verification
  where convert_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by convert_at limit $2 for no key update skip locked
)
update verify.verification w set convert_at = null from due o where w.id = o.id returning true as changed`,
};
export const expireVerifications: Statement<{ limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['limit', 'now'],
  text: `with due as (
  select id from verify.verification
  where state in ('pending', 'matched') and greatest(expires_at, old_expires_at) <= coalesce($2::timestamptz, statement_timestamp())
  order by greatest(expires_at, old_expires_at) limit $1 for no key update skip locked
)
update verify.verification w set state = 'expired', changed_at = coalesce($2::timestamptz, statement_timestamp()), number = null
  from due o where w.id = o.id returning true as changed`,
};
/** Verifications that are over, whose messages may still contain the number. */
export const claimRedactions: Statement<{ account: string; leaseMs: number; limit: Exact; now: Date | string | null }, { id: string; message_ids: readonly string[] }> = {
  params: ['account', 'leaseMs', 'limit', 'now'],
  text: `with moment as materialized (
  select coalesce($4::timestamptz, statement_timestamp()) as now
), due as (
  select id from verify.verification
  where redact_at <= (select now from moment) and convert_at is null and state not in ('pending', 'matched')
    and (account = $1 or account is null)
  order by redact_at limit $3 for no key update skip locked
)
update verify.verification w set redact_at = (select now from moment) + $2::float8 * interval '1 millisecond'
  from due d where w.id = d.id
  returning w.id, w.message_ids`,
};
/** waiting: the messages that still contain the number. They are looked at again after pauses that grow with the time since the end of the verification. */
export const finishRedactions: Statement<{ ids: readonly (string | null)[]; waiting: readonly (Exact | null)[]; firstPauseMs: number; longestPauseMs: number; now: Date | string | null }, Nothing> = {
  params: ['ids', 'waiting', 'firstPauseMs', 'longestPauseMs', 'now'],
  text: `with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), remaining as (
  select w.id, array(select m from unnest(w.message_ids) m where m = any ($2::bigint[])) as message_ids
  from verify.verification w where w.id = any ($1::uuid[])
)
update verify.verification w set message_ids = r.message_ids,
    redact_at = case when r.message_ids <> '{}' then (select now from moment)
      + least($4::float8 * interval '1 millisecond', greatest($3::float8 * interval '1 millisecond', (select now from moment) - w.changed_at)) end
  from remaining r where w.id = r.id`,
};
export const deleteVerifications: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.verification
  where redact_at is null and changed_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by changed_at limit $2 for update skip locked
)
delete from verify.verification w using due o where w.id = o.id returning true as changed`,
};
/** Numbers without failures and suspension that were not seen for so long. */
export const deletePhones: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select tenant, number_key from verify.phone
  where failures = 0 and suspended_at is null
    and seen_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by seen_at limit $2 for update skip locked
)
delete from verify.phone p using due o where p.tenant = o.tenant and p.number_key = o.number_key returning true as changed`,
};
/** Quotas that have all of their turns again. */
export const deleteQuotas: Statement<{ limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['limit', 'now'],
  text: `with due as (
  select key from verify.quota where tat <= coalesce($2::timestamptz, statement_timestamp())
  order by tat limit $1 for update skip locked
)
delete from verify.quota q using due o where q.key = o.key returning true as changed`,
};
/** Ranges with a low score, whose last block ended longer ago than blockedMs. */
export const deleteRanges: Statement<{ halfLifeMs: number; lowestScore: number; blockedMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['halfLifeMs', 'lowestScore', 'blockedMs', 'limit', 'now'],
  text: `with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), due as (
  select key from verify.number_range
  where verify.current_score_742fd535(score, at, (select now from moment), $1) < $2
    and blocked_until <= (select now from moment) - $3::float8 * interval '1 millisecond'
  order by at limit $4 for update skip locked
)
delete from verify.number_range r using due o where r.key = o.key returning true as changed`,
};
export const deleteTraffic: Statement<{ minutesKeptMs: number; hoursKeptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['minutesKeptMs', 'hoursKeptMs', 'limit', 'now'],
  text: `with moment as materialized (
  select coalesce($4::timestamptz, statement_timestamp()) as now
), due as (
  select span, at, country, is_known from verify.traffic
  where span = 'minute' and at <= (select now from moment) - $1::float8 * interval '1 millisecond'
    or span = 'hour' and at <= (select now from moment) - $2::float8 * interval '1 millisecond'
  limit $3 for update skip locked
)
delete from verify.traffic t using due o
  where t.span = o.span and t.at = o.at and t.country = o.country and t.is_known = o.is_known returning true as changed`,
};
export const deleteDecoyMessages: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.decoy_message where at < coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by at limit $2 for update skip locked
)
delete from verify.decoy_message d using due o where d.id = o.id returning true as changed`,
};
export const deleteDecisions: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.decision where at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by at limit $2 for update skip locked
)
delete from verify.decision d using due o where d.id = o.id returning true as changed`,
};
export const deleteAlarms: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.alarm where last_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  limit $2 for update skip locked
)
delete from verify.alarm a using due o where a.id = o.id returning true as changed`,
};
export const deleteListedEnded: Statement<{ limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['limit', 'now'],
  text: `with due as (
  select kind, key from verify.listed where until <= coalesce($2::timestamptz, statement_timestamp())
  limit $1 for update skip locked
)
delete from verify.listed l using due o where l.kind = o.kind and l.key = o.key returning true as changed`,
};
export const deleteOperatorChanges: Statement<{ keptMs: number; limit: Exact; now: Date | string | null }, { changed: boolean }> = {
  params: ['keptMs', 'limit', 'now'],
  text: `with due as (
  select id from verify.operator_change where at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by at limit $2 for update skip locked
)
delete from verify.operator_change c using due o where c.id = o.id returning true as changed`,
};
export const startVerification: Statement<{ request: string; messageId: string | null }, { result: string; rule: string | null; retry_after: number | null; would: readonly string[]; id: string | null; key_id: string | null; generation: number | null; is_new: boolean; sends: number | null; attempts_left: number | null; expires_in: number | null; resend_in: number | null; is_known: boolean; kind: VerificationKind | null; enqueues: boolean }> = {
  name: 'startVerification',
  params: ['request', 'messageId'],
  text: `select o.result as result, o.rule, o.retry_after, o.would as would, o.id, o.key_id, o.generation, o.is_new as is_new,
  o.sends, o.attempts_left, o.expires_in, o.resend_in, coalesce(o.is_known, false) as is_known, o.kind,
  o.result = 'sent' and o.kind = 'sms' as enqueues
from verify.start_verification_742fd535(json_populate_record(null::verify.start_request, $1::text::json), $2::text::bigint) o`,
};
export const resendCode: Statement<{ request: string; messageId: string | null }, { result: string; rule: string | null; retry_after: number | null; would: readonly string[]; id: string | null; key_id: string | null; generation: number | null; is_new: boolean; sends: number | null; attempts_left: number | null; expires_in: number | null; resend_in: number | null; is_known: boolean; kind: VerificationKind | null; enqueues: boolean }> = {
  name: 'resendCode',
  params: ['request', 'messageId'],
  text: `select o.result as result, o.rule, o.retry_after, o.would as would, o.id, o.key_id, o.generation, o.is_new as is_new,
  o.sends, o.attempts_left, o.expires_in, o.resend_in, coalesce(o.is_known, false) as is_known, o.kind,
  o.result = 'sent' and o.kind = 'sms' as enqueues
from json_to_record($1::text::json) as r (
  id uuid, tenant text, generation int, sends int, key_id text, digest bytea, lifetime_ms float8, cooldowns_ms float8[], per_hour int, per_day int, quota_rules text[], quota_keys bytea[],
  quota_limits int[], rejection text, account text, cost float8, now timestamptz
) cross join lateral verify.resend_code_742fd535(
  r.id, r.tenant, r.generation, r.sends, r.key_id, r.digest, r.lifetime_ms, r.cooldowns_ms, r.per_hour, r.per_day, r.quota_rules,
  r.quota_keys, r.quota_limits, r.rejection, $2::text::bigint, r.account, r.cost, r.now
) o`,
};
/** What the text of a message and its code depend on. */
export const readOpenVerification: Statement<{ id: string; tenant: string; now: string | null }, { number: string | null; country: string; purpose: string; binding: Buffer; key_id: string; generation: number; sends: number; kind: VerificationKind; expires_in: number }> = {
  name: 'readOpenVerification',
  params: ['id', 'tenant', 'now'],
  text: `select v.number, v.country as country, v.purpose as purpose, v.binding as binding, v.key_id as key_id, v.generation as generation,
  v.sends as sends, v.kind as kind,
  verify.ms_between_742fd535(coalesce($3::text::timestamptz, clock_timestamp()), v.expires_at) as expires_in
from verify.verification v
where v.id = $1::text::uuid and v.tenant = $2::text and verify.is_open_742fd535(v, coalesce($3::text::timestamptz, clock_timestamp()))`,
};
export const checkCode: Statement<{ request: string }, { result: string; attempts_left: number | null; retry_after: number | null; number: string | null; country: string | null; approved_at: Date | null }> = {
  name: 'checkCode',
  params: ['request'],
  text: `select o.result as result, o.attempts_left, o.retry_after, o.number, o.country, o.approved_at
from json_to_record($1::text::json) as r (
  id uuid, tenant text, purpose text, binding bytea, digests bytea[], approves boolean, lock_after int, lock_ms float8,
  longest_lock_ms float8, suspend_after int, quota_key bytea, quota_limit int, relief float8, half_life_ms float8,
  converts boolean, now timestamptz
) cross join lateral verify.check_code_742fd535(
  r.id, r.tenant, r.purpose, r.binding, r.digests, r.approves, r.lock_after, r.lock_ms, r.longest_lock_ms, r.suspend_after,
  r.quota_key, r.quota_limit, r.relief, r.half_life_ms, r.converts, r.now
) o`,
};
export const approveVerification: Statement<{ id: string; relief: string; halfLifeMs: string; converts: string; now: string | null }, { approved_at: Date | null }> = {
  name: 'approveVerification',
  params: ['id', 'relief', 'halfLifeMs', 'converts', 'now'],
  text: `select verify.approve_verification_742fd535($1::text::uuid, $2::text::float8, $3::text::float8, $4::text::boolean, $5::text::timestamptz) as approved_at`,
};
export const cancelVerification: Statement<{ id: string; tenant: string; halfLifeMs: string; clears: string; now: string | null }, { cancelled: boolean }> = {
  name: 'cancelVerification',
  params: ['id', 'tenant', 'halfLifeMs', 'clears', 'now'],
  text: `select verify.cancel_verification_742fd535($1::text::uuid, $2::text, $3::text::float8, $4::text::boolean, $5::text::timestamptz) as cancelled`,
};
/** Whether this is the first use of the approval's proof. */
export const redeemProof: Statement<{ id: string; now: string | null }, { purpose: string; binding: Buffer; number_key: Buffer; approved_at: Date | null }> = {
  name: 'redeemProof',
  params: ['id', 'now'],
  text: `update verify.verification set redeemed_at = coalesce($2::text::timestamptz, clock_timestamp())
  where id = $1::text::uuid and state = 'approved' and redeemed_at is null
  returning purpose, binding, number_key, approved_at`,
};
export const findVerification: Statement<{ id: string; tenant: string }, { purpose: string; country: string; state: VerificationState; number: string | null; sends: number; attempts: number; max_attempts: number; expires_at: Date; created_at: Date; approved_at: Date | null; message_id: string | null }> = {
  params: ['id', 'tenant'],
  text: `select v.purpose as purpose, v.country as country, v.state as state, v.number, v.sends as sends, v.attempts as attempts,
  v.max_attempts as max_attempts, v.expires_at as expires_at, v.created_at as created_at, v.approved_at, v.message_id
from verify.verification v where v.id = $1::uuid and v.tenant = $2`,
};
/** Lifts the lock and the suspension of a number. */
export const releaseNumber: Statement<{ tenant: string; numberKeys: readonly (Buffer | null)[] }, { released: boolean }> = {
  params: ['tenant', 'numberKeys'],
  text: `update verify.phone set failures = 0, locks = 0, locked_until = '-infinity', suspended_at = null, next_send_at = '-infinity'
  where tenant = $1 and number_key = any ($2) returning true as released`,
};
