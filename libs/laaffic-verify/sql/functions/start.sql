-- The start of a verification, and its messages.
--
-- Every function locks in this order: the number, its verification, the source, ranges by key. So none waits for another in a circle.
-- p_now: the time. Null for the server's; a test may have a time of its own.

-- Locks the row of a number, and creates it if there is none. p_number_keys: its digests by each key, the current one
-- first. A row that an older key made is found, and changed to the current key with its open verifications.
create function verify.lock_phone(p_tenant text, p_number_keys bytea[], p_now timestamptz) returns verify.phone
language plpgsql as $$
declare
  f verify.phone%rowtype;
  old_key bytea;
begin
  select * into f from verify.phone where tenant = p_tenant and number_key = p_number_keys[1] for no key update;
  if found then return f; end if;
  if cardinality(p_number_keys) > 1 then
    -- There may be several: a process that did not have the newer key yet has added its own.
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

-- The time between two of p_limit turns. Rounded down, or the last turn would not fit into p_window.
-- A p_window of a day is '24 hours': '1 day' is shorter or longer when the clocks of the session's time zone change.
create function verify.pace(p_window interval, p_limit int) returns interval language sql immutable as $$
  select floor(extract(epoch from p_window) * 1000000 / p_limit) * interval '1 microsecond'
$$;

-- Milliseconds until a source has a turn again, of p_limit in an hour; 0 if it has one. Locks its row until the end of the
-- transaction.
create function verify.wait_of_source(p_key bytea, p_limit int, p_now timestamptz) returns double precision
language plpgsql as $$
declare
  s verify.source%rowtype;
begin
  insert into verify.source (key, tat) values (p_key, '-infinity') on conflict (key) do nothing;
  select * into s from verify.source where key = p_key for no key update;
  return greatest(0, verify.ms_between(p_now + interval '1 hour', greatest(s.tat, p_now) + verify.pace('1 hour', p_limit)));
end $$;

-- Takes a turn of a source.
create function verify.take_turn(p_key bytea, p_limit int, p_now timestamptz) returns void language sql as $$
  update verify.source set tat = greatest(tat, p_now) + verify.pace('1 hour', p_limit) where key = p_key
$$;

-- The score of a range now: it halves in each p_half_life milliseconds.
create function verify.current_score(p_score double precision, p_at timestamptz, p_now timestamptz, p_half_life double precision)
returns double precision language sql immutable as $$
  select p_score * power(2, -greatest(0, extract(epoch from p_now - p_at) * 1000) / p_half_life)
$$;

-- How often a range was blocked in a row: the next block counts on if it begins within the longest block after the last one.
create function verify.blocks_in_a_row(p_blocks int, p_blocked_until timestamptz, p_now timestamptz, p_longest_block double precision)
returns int language sql immutable as $$
  select case when p_blocked_until > p_now - p_longest_block * interval '1 millisecond' then p_blocks else 0 end
$$;

-- Whether a code of a verification can still be entered.
create function verify.is_open(v verify.verification, p_now timestamptz) returns boolean language sql immutable as $$
  select v.state in ('pending', 'matched') and v.attempts < v.max_attempts and greatest(v.expires_at, v.old_expires_at) > p_now
$$;

-- Milliseconds from one time to another.
create function verify.ms_between(p_from timestamptz, p_to timestamptz) returns double precision language sql immutable as $$
  select (extract(epoch from p_to - p_from) * 1000)::double precision
$$;

create function verify.rejected(o verify.start_outcome, p_rule text, p_retry_after double precision) returns verify.start_outcome
language plpgsql immutable as $$
begin
  o.result := 'rejected'; o.rule := p_rule; o.retry_after := p_retry_after;
  return o;
end $$;

-- Adds the verification that goes on.
create function verify.described(o verify.start_outcome, v verify.verification, p_now timestamptz) returns verify.start_outcome
language plpgsql immutable as $$
begin
  o.id := v.id;
  o.key_id := v.key_id;
  o.generation := v.generation;
  o.sends := v.sends;
  o.attempts_left := v.max_attempts - v.attempts;
  o.expires_in := verify.ms_between(p_now, v.expires_at);
  return o;
end $$;

-- Counts a message to a number, for its limits and its next pause. Returns the rule that rejects, or null.
-- p_cooldowns: the pauses after the first, second, … message of an hour.
create function verify.count_message(
  inout f verify.phone, p_cooldowns double precision[], p_per_hour int, p_per_day int, p_now timestamptz, out rule text, out retry_after double precision
) language plpgsql as $$
declare
  hour_tat timestamptz := greatest(f.hour_tat, p_now) + verify.pace('1 hour', p_per_hour);
  day_tat timestamptz := greatest(f.day_tat, p_now) + verify.pace('24 hours', p_per_day);
begin
  if f.suspended_at is not null then
    rule := 'locked'; return;
  end if;
  if f.locked_until > p_now then
    rule := 'locked'; retry_after := verify.ms_between(p_now, f.locked_until); return;
  end if;
  if f.next_send_at > p_now then
    rule := 'cooldown'; retry_after := verify.ms_between(p_now, f.next_send_at); return;
  end if;
  if hour_tat > p_now + interval '1 hour' or day_tat > p_now + interval '24 hours' then
    rule := 'number';
    retry_after := greatest(verify.ms_between(p_now + interval '1 hour', hour_tat), verify.ms_between(p_now + interval '24 hours', day_tat));
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

-- Starts a verification, goes on with the open one of the session, or rejects. A rejection changes nothing.
--
-- p_ranges, p_trips: the ranges of the number and of its source, in the order of their keys, and the scores at which they
-- are blocked. p_gain: what a start adds to each score.
-- p_rejection: a rule that rejects every number, because of what the process knows; null if none does. p_suspicion: the same
-- for numbers that were not verified before. p_shadow: rules that only note that they would reject.
create function verify.start_verification(
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
  f := verify.lock_phone(p_tenant, p_number_keys, now_);
  o.is_known := coalesce(f.approved_at > now_ - p_known * interval '1 millisecond', false);
  -- What is over makes room for a new one of the same session.
  update verify.verification set state = 'expired', changed_at = now_, number = null
    where tenant = p_tenant and number_key = p_number_keys[1] and state in ('pending', 'matched')
      and greatest(expires_at, old_expires_at) <= now_;
  select * into v from verify.verification
    where tenant = p_tenant and number_key = p_number_keys[1] and purpose = p_purpose and session_key = p_session
      and binding = p_binding and state in ('pending', 'matched') for no key update;
  -- A code was right, and the attempts were used up before it was approved. Another message would be useless.
  if found and v.attempts >= v.max_attempts then
    update verify.verification set state = 'failed', changed_at = now_, number = null where id = v.id;
    v := null;
  end if;
  o.is_new := v.id is null;
  if p_source is not null then
    source_wait := verify.wait_of_source(p_source, p_per_source, now_);
    if source_wait > 0 then return verify.rejected(o, 'source', source_wait); end if;
  end if;
  if p_rejection is not null then
    if p_rejection <> all (p_shadow) then return verify.rejected(o, p_rejection, null); end if;
    o.would := o.would || p_rejection;
  end if;
  -- Suspicion never stops numbers that were verified before.
  if o.is_new and not o.is_known then
    if p_suspicion is not null then
      if p_suspicion <> all (p_shadow) then return verify.rejected(o, p_suspicion, null); end if;
      o.would := o.would || p_suspicion;
    end if;
    counts := f.counted_at is null or f.counted_at <= now_ - interval '1 hour';
    select max(verify.ms_between(now_, case when n.blocked_until > now_ then n.blocked_until
        else now_ + least(p_longest_block, p_block * power(2, n.blocks)) * interval '1 millisecond' end))
      into blocked_for
      from (
        select k.key, k.trip, s.blocked_until,
          verify.blocks_in_a_row(s.blocks, s.blocked_until, now_, p_longest_block) as blocks,
          coalesce(verify.current_score(s.score, s.at, now_, p_half_life), 0) as score
        from unnest(p_ranges, p_trips) k (key, trip)
          left join lateral (select * from verify.number_range w where w.key = k.key order by w.key for no key update) s on true
      ) n where n.blocked_until > now_ or counts and n.score + p_gain >= n.trip;
    if blocked_for is not null then
      if 'range' <> all (p_shadow) then
        if counts then
          -- A range that has just become suspicious. Its score begins anew when the block is over.
          update verify.number_range w set score = 0, at = now_,
              blocks = verify.blocks_in_a_row(w.blocks, w.blocked_until, now_, p_longest_block) + 1,
              blocked_until = now_ + interval '1 millisecond' * least(p_longest_block,
                p_block * power(2, verify.blocks_in_a_row(w.blocks, w.blocked_until, now_, p_longest_block)))
            from unnest(p_ranges, p_trips) k (key, trip)
            where w.key = k.key and w.blocked_until <= now_
              and verify.current_score(w.score, w.at, now_, p_half_life) + p_gain >= k.trip;
        end if;
        return verify.rejected(o, 'range', blocked_for);
      end if;
      o.would := o.would || 'range'::text;
    end if;
  end if;
  select * into m from verify.count_message(f, p_cooldowns, p_per_hour, p_per_day, now_);
  if m.rule is not null then
    -- A page that is loaded again must not fail. The code that was sent is still good.
    if m.rule = 'locked' or o.is_new then return verify.rejected(o, m.rule, m.retry_after); end if;
    o.result := 'waiting';
    o.resend_in := m.retry_after;
  else
    if p_source is not null then perform verify.take_turn(p_source, p_per_source, now_); end if;
    o.result := 'sent';
    o.resend_in := verify.ms_between(now_, (m.f).next_send_at);
  end if;
  if o.is_new then
    if not o.is_known and coalesce(counts, false) then
      update verify.phone set counted_at = now_ where tenant = p_tenant and number_key = p_number_keys[1];
      insert into verify.number_range as w (key, score, at)
        select k.key, p_gain, now_ from unnest(p_ranges) k (key) order by k.key
        on conflict (key) do update set score = verify.current_score(w.score, w.at, now_, p_half_life) + p_gain, at = now_;
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
  return verify.described(o, v, now_);
end $$;
