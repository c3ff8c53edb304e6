// Generated from the files in sql/ by `npm run sql`. Do not edit.
import type { FunctionSet, Migration, Nothing, Statement } from 'nestjs-laaffic-outbox/extension';

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
create index phone_seen on verify.phone (seen_at);
create type verify.verification_state as enum ('pending', 'matched', 'approved', 'failed', 'expired', 'cancelled');
create table verify.verification (
  id uuid primary key,
  tenant text not null,
  purpose text not null,
  number_key bytea not null,
  session_key bytea not null,
  binding bytea not null,
  number text,
  country text not null,
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
  created_at timestamptz not null,
  changed_at timestamptz not null,
  approved_at timestamptz,
  redeemed_at timestamptz,
  convert_at timestamptz,
  conversion_tries int not null default 0
) with (fillfactor = 70);
create unique index verification_open on verify.verification (tenant, number_key, purpose, session_key, binding)
  where state in ('pending', 'matched');
create index verification_changed on verify.verification (changed_at);
create index verification_number on verify.verification (changed_at) where number is not null;
create index verification_convert on verify.verification (convert_at) where convert_at is not null;
create table verify.source (
  key bytea primary key,
  tat timestamptz not null
);
create index source_tat on verify.source (tat);
create table verify.number_range (
  key text primary key,
  score double precision not null,
  at timestamptz not null,
  blocked_until timestamptz not null default '-infinity',
  blocks int not null default 0
);
create index number_range_at on verify.number_range (at);
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
  is_known boolean
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
  digest: 'dd399404',
  text: `create function verify.check_code_dd399404(
  p_id uuid, p_tenant text, p_purpose text, p_binding bytea, p_digests bytea[], p_approves boolean, p_lock_after int,
  p_lock double precision, p_longest_lock double precision, p_suspend_after int, p_source bytea, p_per_source int,
  p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns verify.check_outcome language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
  f verify.phone%rowtype;
  v verify.verification%rowtype;
  o verify.check_outcome;
  is_right boolean;
  is_over boolean;
begin
  o.result := 'over';
  select x.* into f from verify.verification w join verify.phone x on x.tenant = w.tenant and x.number_key = w.number_key
    where w.id = p_id and w.tenant = p_tenant and w.purpose = p_purpose and w.state in ('pending', 'matched')
    for no key update of x;
  if not found or f.suspended_at is not null or f.locked_until > now_ then return o; end if;
  select * into v from verify.verification w where w.id = p_id and verify.is_open_dd399404(w, now_) for no key update;
  if not found then return o; end if;
  if p_source is not null then
    o.retry_after := verify.wait_of_source_dd399404(p_source, p_per_source, now_);
    if o.retry_after > 0 then
      o.result := 'limited';
      return o;
    end if;
  end if;
  is_right := v.binding = p_binding and (v.digest = any (p_digests) and v.expires_at > now_
    or coalesce(v.old_digest = any (p_digests) and v.old_expires_at > now_, false));
  o.attempts_left := v.max_attempts - v.attempts - 1;
  is_over := not is_right and o.attempts_left = 0 and v.state = 'pending';
  update verify.verification w set attempts = attempts + 1, changed_at = now_,
      state = case when is_right then 'matched' when is_over then 'failed' else w.state end::verify.verification_state,
      number = case when not is_over then w.number end
    where w.id = p_id;
  if is_right then
    o.result := 'matched';
    o.number := v.number;
    o.country := v.country;
    if p_approves then
      o.approved_at := verify.approve_verification_dd399404(p_id, p_relief, p_half_life, p_converts, now_);
      o.result := 'approved';
    end if;
    return o;
  end if;
  o.result := 'wrong';
  f.failures := f.failures + 1;
  if f.failures % p_lock_after = 0 then
    f.locked_until := now_ + least(p_longest_lock, p_lock * power(2, f.locks)) * interval '1 millisecond';
    f.locks := f.locks + 1;
  end if;
  update verify.phone p set failures = f.failures, locks = f.locks, locked_until = f.locked_until, seen_at = now_,
      suspended_at = case when f.failures >= p_suspend_after then now_ end
    where p.tenant = f.tenant and p.number_key = f.number_key;
  if p_source is not null then perform verify.take_turn_dd399404(p_source, p_per_source, now_); end if;
  return o;
end $$;
create function verify.approve_verification_dd399404(
  p_id uuid, p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns timestamptz language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
  f verify.phone%rowtype;
  v verify.verification%rowtype;
begin
  select x.* into f from verify.verification w join verify.phone x on x.tenant = w.tenant and x.number_key = w.number_key
    where w.id = p_id and w.state = 'matched' for no key update of x;
  if not found then return null; end if;
  update verify.verification w set state = 'approved', approved_at = now_, changed_at = now_, number = null,
      convert_at = case when p_converts then now_ end
    where w.id = p_id and w.state = 'matched' and greatest(w.expires_at, w.old_expires_at) > now_ returning * into v;
  if not found then return null; end if;
  update verify.phone p set failures = 0, locks = 0, streak = 0, approved_at = now_, seen_at = now_, counted_at = null
    where p.tenant = f.tenant and p.number_key = f.number_key;
  perform verify.relieve_ranges_dd399404(v.ranges, p_relief + case when f.counted_at is null then 0 else v.gain end, p_half_life, now_);
  return now_;
end $$;
create function verify.relieve_ranges_dd399404(p_ranges text[], p_by double precision, p_half_life double precision, p_now timestamptz)
returns void language sql as $$
  with locked as (
    select n.key from verify.number_range n where n.key = any (p_ranges) order by n.key for no key update
  )
  update verify.number_range n
    set score = greatest(0, verify.current_score_dd399404(n.score, n.at, p_now, p_half_life) - p_by), at = p_now
    from locked l where n.key = l.key
$$;
create function verify.cancel_verification_dd399404(p_id uuid, p_tenant text, p_half_life double precision, p_now timestamptz)
returns boolean language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
  f verify.phone%rowtype;
  v verify.verification%rowtype;
begin
  select x.* into f from verify.verification w join verify.phone x on x.tenant = w.tenant and x.number_key = w.number_key
    where w.id = p_id and w.tenant = p_tenant and w.state in ('pending', 'matched') for no key update of x;
  update verify.verification w set state = 'cancelled', changed_at = now_, number = null
    where w.id = p_id and w.tenant = p_tenant and w.state in ('pending', 'matched')
      and greatest(w.expires_at, w.old_expires_at) > now_ returning * into v;
  if not found then return false; end if;
  if f.counted_at is not null then
    update verify.phone p set counted_at = null where p.tenant = f.tenant and p.number_key = f.number_key;
    perform verify.relieve_ranges_dd399404(v.ranges, v.gain, p_half_life, now_);
  end if;
  return true;
end $$;
create function verify.resend_code_dd399404(
  p_id uuid, p_tenant text, p_cooldowns double precision[], p_per_hour int, p_per_day int, p_source bytea, p_per_source int,
  p_now timestamptz
) returns verify.start_outcome language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
  f verify.phone%rowtype;
  v verify.verification%rowtype;
  o verify.start_outcome;
  m record;
  source_wait double precision;
begin
  o.would := '{}';
  o.is_new := false;
  select x.* into f from verify.verification w join verify.phone x on x.tenant = w.tenant and x.number_key = w.number_key
    where w.id = p_id and w.tenant = p_tenant and w.state in ('pending', 'matched') for no key update of x;
  if not found then return verify.rejected_dd399404(o, 'over', null); end if;
  select * into v from verify.verification w where w.id = p_id and verify.is_open_dd399404(w, now_) for no key update;
  if not found then return verify.rejected_dd399404(o, 'over', null); end if;
  if p_source is not null then
    source_wait := verify.wait_of_source_dd399404(p_source, p_per_source, now_);
    if source_wait > 0 then return verify.rejected_dd399404(o, 'source', source_wait); end if;
  end if;
  select * into m from verify.count_message_dd399404(f, p_cooldowns, p_per_hour, p_per_day, now_);
  if m.rule is not null then return verify.rejected_dd399404(o, m.rule, m.retry_after); end if;
  if p_source is not null then perform verify.take_turn_dd399404(p_source, p_per_source, now_); end if;
  update verify.verification w set sends = sends + 1, changed_at = now_ where w.id = p_id returning * into v;
  o.result := 'sent';
  o.resend_in := verify.ms_between_dd399404(now_, (m.f).next_send_at);
  return verify.described_dd399404(o, v, now_);
end $$;
create function verify.renew_code_dd399404(
  p_id uuid, p_generation int, p_key_id text, p_digest bytea, p_lifetime double precision, p_now timestamptz
) returns boolean language sql as $$
  with renewed as (
    update verify.verification w set old_digest = digest, old_expires_at = expires_at, key_id = p_key_id, digest = p_digest,
        generation = p_generation + 1,
        expires_at = coalesce(p_now, clock_timestamp()) + p_lifetime * interval '1 millisecond'
      where id = p_id and generation = p_generation and verify.is_open_dd399404(w, coalesce(p_now, clock_timestamp())) returning 1
  )
  select exists (select from renewed)
$$;


create function verify.lock_phone_dd399404(p_tenant text, p_number_keys bytea[], p_now timestamptz) returns verify.phone
language plpgsql as $$
declare
  f verify.phone%rowtype;
  old_key bytea;
begin
  select * into f from verify.phone where tenant = p_tenant and number_key = p_number_keys[1] for no key update;
  if found then return f; end if;
  if cardinality(p_number_keys) > 1 then
    select number_key into old_key from verify.phone where tenant = p_tenant and number_key = any (p_number_keys[2:])
      order by seen_at desc, number_key limit 1 for update;
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
create function verify.pace_dd399404(p_window interval, p_limit int) returns interval language sql immutable as $$
  select floor(extract(epoch from p_window) * 1000000 / p_limit) * interval '1 microsecond'
$$;
create function verify.wait_of_source_dd399404(p_key bytea, p_limit int, p_now timestamptz) returns double precision
language plpgsql as $$
declare
  s verify.source%rowtype;
begin
  insert into verify.source (key, tat) values (p_key, '-infinity') on conflict (key) do nothing;
  select * into s from verify.source where key = p_key for no key update;
  return greatest(0, verify.ms_between_dd399404(p_now + interval '1 hour', greatest(s.tat, p_now) + verify.pace_dd399404('1 hour', p_limit)));
end $$;
create function verify.take_turn_dd399404(p_key bytea, p_limit int, p_now timestamptz) returns void language sql as $$
  update verify.source set tat = greatest(tat, p_now) + verify.pace_dd399404('1 hour', p_limit) where key = p_key
$$;
create function verify.current_score_dd399404(p_score double precision, p_at timestamptz, p_now timestamptz, p_half_life double precision)
returns double precision language sql immutable as $$
  select p_score * power(2, -greatest(0, extract(epoch from p_now - p_at) * 1000) / p_half_life)
$$;
create function verify.blocks_in_a_row_dd399404(p_blocks int, p_blocked_until timestamptz, p_now timestamptz, p_longest_block double precision)
returns int language sql immutable as $$
  select case when p_blocked_until > p_now - p_longest_block * interval '1 millisecond' then p_blocks else 0 end
$$;
create function verify.is_open_dd399404(v verify.verification, p_now timestamptz) returns boolean language sql immutable as $$
  select v.state in ('pending', 'matched') and v.attempts < v.max_attempts and greatest(v.expires_at, v.old_expires_at) > p_now
$$;
create function verify.ms_between_dd399404(p_from timestamptz, p_to timestamptz) returns double precision language sql immutable as $$
  select (extract(epoch from p_to - p_from) * 1000)::double precision
$$;
create function verify.rejected_dd399404(o verify.start_outcome, p_rule text, p_retry_after double precision) returns verify.start_outcome
language plpgsql immutable as $$
begin
  o.result := 'rejected'; o.rule := p_rule; o.retry_after := p_retry_after;
  return o;
end $$;
create function verify.described_dd399404(o verify.start_outcome, v verify.verification, p_now timestamptz) returns verify.start_outcome
language plpgsql immutable as $$
begin
  o.id := v.id;
  o.key_id := v.key_id;
  o.generation := v.generation;
  o.sends := v.sends;
  o.attempts_left := v.max_attempts - v.attempts;
  o.expires_in := verify.ms_between_dd399404(p_now, v.expires_at);
  return o;
end $$;
create function verify.count_message_dd399404(
  inout f verify.phone, p_cooldowns double precision[], p_per_hour int, p_per_day int, p_now timestamptz, out rule text, out retry_after double precision
) language plpgsql as $$
declare
  hour_tat timestamptz := greatest(f.hour_tat, p_now) + verify.pace_dd399404('1 hour', p_per_hour);
  day_tat timestamptz := greatest(f.day_tat, p_now) + verify.pace_dd399404('24 hours', p_per_day);
begin
  if f.suspended_at is not null then
    rule := 'locked'; return;
  end if;
  if f.locked_until > p_now then
    rule := 'locked'; retry_after := verify.ms_between_dd399404(p_now, f.locked_until); return;
  end if;
  if f.next_send_at > p_now then
    rule := 'cooldown'; retry_after := verify.ms_between_dd399404(p_now, f.next_send_at); return;
  end if;
  if hour_tat > p_now + interval '1 hour' or day_tat > p_now + interval '24 hours' then
    rule := 'number';
    retry_after := greatest(verify.ms_between_dd399404(p_now + interval '1 hour', hour_tat), verify.ms_between_dd399404(p_now + interval '24 hours', day_tat));
    return;
  end if;
  f.hour_tat := hour_tat;
  f.day_tat := day_tat;
  f.streak := case when f.sent_at > p_now - interval '1 hour' then f.streak + 1 else 1 end;
  f.sent_at := p_now;
  f.next_send_at := p_now + p_cooldowns[least(f.streak, cardinality(p_cooldowns))] * interval '1 millisecond';
  f.seen_at := p_now;
  update verify.phone p set hour_tat = f.hour_tat, day_tat = f.day_tat, streak = f.streak, sent_at = f.sent_at,
      next_send_at = f.next_send_at, seen_at = f.seen_at
    where p.tenant = f.tenant and p.number_key = f.number_key;
end $$;
create function verify.start_verification_dd399404(
  p_id uuid, p_tenant text, p_purpose text, p_number_keys bytea[], p_number text, p_country text, p_session bytea, p_binding bytea,
  p_key_id text, p_digest bytea, p_lifetime double precision, p_max_attempts int, p_cooldowns double precision[], p_per_hour int,
  p_per_day int, p_source bytea, p_per_source int, p_known double precision, p_ranges text[], p_trips double precision[],
  p_gain double precision, p_half_life double precision, p_block double precision, p_longest_block double precision,
  p_rejection text, p_suspicion text, p_shadow text[], p_now timestamptz
) returns verify.start_outcome language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
  f verify.phone%rowtype;
  v verify.verification%rowtype;
  o verify.start_outcome;
  m record;
  counts boolean;
  blocked_for double precision;
  source_wait double precision;
begin
  o.would := '{}';
  f := verify.lock_phone_dd399404(p_tenant, p_number_keys, now_);
  o.is_known := coalesce(f.approved_at > now_ - p_known * interval '1 millisecond', false);
  update verify.verification set state = 'expired', changed_at = now_, number = null
    where tenant = p_tenant and number_key = p_number_keys[1] and state in ('pending', 'matched')
      and greatest(expires_at, old_expires_at) <= now_;
  select * into v from verify.verification
    where tenant = p_tenant and number_key = p_number_keys[1] and purpose = p_purpose and session_key = p_session
      and binding = p_binding and state in ('pending', 'matched') for no key update;
  if found and v.attempts >= v.max_attempts then
    update verify.verification set state = 'failed', changed_at = now_, number = null where id = v.id;
    v := null;
  end if;
  o.is_new := v.id is null;
  if p_source is not null then
    source_wait := verify.wait_of_source_dd399404(p_source, p_per_source, now_);
    if source_wait > 0 then return verify.rejected_dd399404(o, 'source', source_wait); end if;
  end if;
  if p_rejection is not null then
    if p_rejection <> all (p_shadow) then return verify.rejected_dd399404(o, p_rejection, null); end if;
    o.would := o.would || p_rejection;
  end if;
  if o.is_new and not o.is_known then
    if p_suspicion is not null then
      if p_suspicion <> all (p_shadow) then return verify.rejected_dd399404(o, p_suspicion, null); end if;
      o.would := o.would || p_suspicion;
    end if;
    counts := f.counted_at is null or f.counted_at <= now_ - interval '1 hour';
    select max(verify.ms_between_dd399404(now_, case when n.blocked_until > now_ then n.blocked_until
        else now_ + least(p_longest_block, p_block * power(2, n.blocks)) * interval '1 millisecond' end))
      into blocked_for
      from (
        select k.key, k.trip, s.blocked_until,
          verify.blocks_in_a_row_dd399404(s.blocks, s.blocked_until, now_, p_longest_block) as blocks,
          coalesce(verify.current_score_dd399404(s.score, s.at, now_, p_half_life), 0) as score
        from unnest(p_ranges, p_trips) k (key, trip)
          left join lateral (select * from verify.number_range w where w.key = k.key order by w.key for no key update) s on true
      ) n where n.blocked_until > now_ or counts and n.score + p_gain >= n.trip;
    if blocked_for is not null then
      if 'range' <> all (p_shadow) then
        if counts then
          update verify.number_range w set score = 0, at = now_,
              blocks = verify.blocks_in_a_row_dd399404(w.blocks, w.blocked_until, now_, p_longest_block) + 1,
              blocked_until = now_ + interval '1 millisecond' * least(p_longest_block,
                p_block * power(2, verify.blocks_in_a_row_dd399404(w.blocks, w.blocked_until, now_, p_longest_block)))
            from unnest(p_ranges, p_trips) k (key, trip)
            where w.key = k.key and w.blocked_until <= now_
              and verify.current_score_dd399404(w.score, w.at, now_, p_half_life) + p_gain >= k.trip;
        end if;
        return verify.rejected_dd399404(o, 'range', blocked_for);
      end if;
      o.would := o.would || 'range'::text;
    end if;
  end if;
  select * into m from verify.count_message_dd399404(f, p_cooldowns, p_per_hour, p_per_day, now_);
  if m.rule is not null then
    if m.rule = 'locked' or o.is_new then return verify.rejected_dd399404(o, m.rule, m.retry_after); end if;
    o.result := 'waiting';
    o.resend_in := m.retry_after;
  else
    if p_source is not null then perform verify.take_turn_dd399404(p_source, p_per_source, now_); end if;
    o.result := 'sent';
    o.resend_in := verify.ms_between_dd399404(now_, (m.f).next_send_at);
  end if;
  if o.is_new then
    if not o.is_known and coalesce(counts, false) then
      update verify.phone set counted_at = now_ where tenant = p_tenant and number_key = p_number_keys[1];
      insert into verify.number_range as w (key, score, at)
        select k.key, p_gain, now_ from unnest(p_ranges) k (key) order by k.key
        on conflict (key) do update set score = verify.current_score_dd399404(w.score, w.at, now_, p_half_life) + p_gain, at = now_;
    end if;
    insert into verify.verification (id, tenant, purpose, number_key, session_key, binding, number, country, key_id, digest,
        expires_at, max_attempts, sends, would, ranges, gain, created_at, changed_at)
      values (p_id, p_tenant, p_purpose, p_number_keys[1], p_session, p_binding, p_number, p_country, p_key_id, p_digest,
        now_ + p_lifetime * interval '1 millisecond', p_max_attempts, 1, o.would,
        case when o.is_known then '{}' else p_ranges end, p_gain, now_, now_)
      returning * into v;
  elsif o.result = 'sent' then
    update verify.verification w set sends = sends + 1, changed_at = now_ where w.id = v.id returning * into v;
  end if;
  return verify.described_dd399404(o, v, now_);
end $$;`,
};

export const startVerification: Statement<{ request: string }, { result: string; rule: string | null; retry_after: number | null; would: readonly string[]; id: string | null; key_id: string | null; generation: number | null; is_new: boolean; sends: number | null; attempts_left: number | null; expires_in: number | null; resend_in: number | null; is_known: boolean }> = {
  name: 'startVerification',
  params: ['request'],
  text: `select o.result as result, o.rule, o.retry_after, o.would as would, o.id, o.key_id, o.generation, o.is_new as is_new,
  o.sends, o.attempts_left, o.expires_in, o.resend_in, o.is_known as is_known
from json_to_record($1::text::json) as r (
  id uuid, tenant text, purpose text, "numberKeys" bytea[], number text, country text, session bytea, binding bytea, "keyId" text,
  digest bytea, "lifetimeMs" float8, "maxAttempts" int, "cooldownsMs" float8[], "perHour" int, "perDay" int, source bytea,
  "perSource" int, "knownMs" float8, ranges text[], trips float8[], gain float8, "halfLifeMs" float8, "blockMs" float8,
  "longestBlockMs" float8, rejection text, suspicion text, shadow text[], now timestamptz
) cross join lateral verify.start_verification_dd399404(
  r.id, r.tenant, r.purpose, r."numberKeys", r.number, r.country, r.session, r.binding, r."keyId", r.digest, r."lifetimeMs",
  r."maxAttempts", r."cooldownsMs", r."perHour", r."perDay", r.source, r."perSource", r."knownMs", r.ranges, r.trips, r.gain,
  r."halfLifeMs", r."blockMs", r."longestBlockMs", r.rejection, r.suspicion, r.shadow, r.now
) o`,
};
export const resendCode: Statement<{ request: string }, { result: string; rule: string | null; retry_after: number | null; id: string | null; key_id: string | null; generation: number | null; sends: number | null; attempts_left: number | null; expires_in: number | null; resend_in: number | null }> = {
  name: 'resendCode',
  params: ['request'],
  text: `select o.result as result, o.rule, o.retry_after, o.id, o.key_id, o.generation, o.sends, o.attempts_left, o.expires_in, o.resend_in
from json_to_record($1::text::json) as r (
  id uuid, tenant text, "cooldownsMs" float8[], "perHour" int, "perDay" int, source bytea, "perSource" int, now timestamptz
) cross join lateral verify.resend_code_dd399404(
  r.id, r.tenant, r."cooldownsMs", r."perHour", r."perDay", r.source, r."perSource", r.now
) o`,
};
/** What the text of a message and its code depend on. */
export const readOpenVerification: Statement<{ id: string; tenant: string; now: string | null }, { number: string | null; country: string; purpose: string; binding: Buffer; key_id: string; generation: number; sends: number }> = {
  name: 'readOpenVerification',
  params: ['id', 'tenant', 'now'],
  text: `select v.number, v.country as country, v.purpose as purpose, v.binding as binding, v.key_id as key_id, v.generation as generation,
  v.sends as sends
from verify.verification v
where v.id = $1::text::uuid and v.tenant = $2::text and verify.is_open_dd399404(v, coalesce($3::text::timestamptz, clock_timestamp()))`,
};
export const renewCode: Statement<{ id: string; generation: string; keyId: string; digest: string; lifetimeMs: string; now: string | null }, { renewed: boolean }> = {
  name: 'renewCode',
  params: ['id', 'generation', 'keyId', 'digest', 'lifetimeMs', 'now'],
  text: `select verify.renew_code_dd399404($1::text::uuid, $2::text::int, $3::text, $4::text::bytea, $5::text::float8, $6::text::timestamptz) as renewed`,
};
export const setMessage: Statement<{ id: string; messageId: string }, Nothing> = {
  name: 'setMessage',
  params: ['id', 'messageId'],
  text: `update verify.verification set message_id = $2::text::bigint where id = $1::text::uuid`,
};
export const checkCode: Statement<{ request: string }, { result: string; attempts_left: number | null; retry_after: number | null; number: string | null; country: string | null; approved_at: Date | null }> = {
  name: 'checkCode',
  params: ['request'],
  text: `select o.result as result, o.attempts_left, o.retry_after, o.number, o.country, o.approved_at
from json_to_record($1::text::json) as r (
  id uuid, tenant text, purpose text, binding bytea, digests bytea[], approves boolean, "lockAfter" int, "lockMs" float8,
  "longestLockMs" float8, "suspendAfter" int, source bytea, "perSource" int, relief float8, "halfLifeMs" float8, converts boolean,
  now timestamptz
) cross join lateral verify.check_code_dd399404(
  r.id, r.tenant, r.purpose, r.binding, r.digests, r.approves, r."lockAfter", r."lockMs", r."longestLockMs", r."suspendAfter",
  r.source, r."perSource", r.relief, r."halfLifeMs", r.converts, r.now
) o`,
};
export const approveVerification: Statement<{ id: string; relief: string; halfLifeMs: string; converts: string; now: string | null }, { approved_at: Date | null }> = {
  name: 'approveVerification',
  params: ['id', 'relief', 'halfLifeMs', 'converts', 'now'],
  text: `select verify.approve_verification_dd399404($1::text::uuid, $2::text::float8, $3::text::float8, $4::text::boolean, $5::text::timestamptz) as approved_at`,
};
export const cancelVerification: Statement<{ id: string; tenant: string; halfLifeMs: string; now: string | null }, { cancelled: boolean }> = {
  name: 'cancelVerification',
  params: ['id', 'tenant', 'halfLifeMs', 'now'],
  text: `select verify.cancel_verification_dd399404($1::text::uuid, $2::text, $3::text::float8, $4::text::timestamptz) as cancelled`,
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
