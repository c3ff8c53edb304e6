-- The start of a verification, and its messages.
--
-- Every function locks in this order: the number, its verification, quotas, ranges by key. So none waits for another in a circle.
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

-- When a number was seen, an hour too early at most. An exact time would cost an entry of an index at each message.
create function verify.last_seen(p_seen_at timestamptz, p_now timestamptz) returns timestamptz language sql immutable as $$
  select case when p_seen_at < p_now - interval '1 hour' then p_now else p_seen_at end
$$;

-- The time between two of p_limit turns. Rounded down, or the last turn would not fit into p_window.
-- A p_window of a day is '24 hours': '1 day' is shorter or longer when the clocks of the session's time zone change.
create function verify.pace(p_window interval, p_limit int) returns interval language sql immutable as $$
  select floor(extract(epoch from p_window) * 1000000 / p_limit) * interval '1 microsecond'
$$;

-- The first quota that is used up, and the milliseconds until it has a turn again; null if there is none. Locks their rows
-- until the end of the transaction. p_limits: turns in an hour.
create function verify.used_up_quota(
  p_rules text[], p_keys bytea[], p_limits int[], p_now timestamptz, out rule text, out retry_after double precision
) language plpgsql as $$
declare
  q verify.quota%rowtype;
begin
  for i in 1 .. coalesce(cardinality(p_keys), 0) loop
    select * into q from verify.quota where key = p_keys[i] for no key update;
    if not found then
      -- Two first turns at once: the second one waits for the row of the first.
      insert into verify.quota (key, tat) values (p_keys[i], '-infinity')
        on conflict (key) do update set tat = verify.quota.tat returning * into q;
    end if;
    retry_after := verify.ms_between(p_now + interval '1 hour', greatest(q.tat, p_now) + verify.pace('1 hour', p_limits[i]));
    if retry_after > 0 then
      rule := p_rules[i];
      return;
    end if;
  end loop;
  retry_after := null;
end $$;

-- Takes a turn of each quota.
create function verify.take_turns(p_keys bytea[], p_limits int[], p_now timestamptz) returns void language plpgsql as $$
begin
  for i in 1 .. coalesce(cardinality(p_keys), 0) loop
    update verify.quota set tat = greatest(tat, p_now) + verify.pace('1 hour', p_limits[i]) where key = p_keys[i];
  end loop;
end $$;

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
-- p_sends: whether there is a message. Otherwise this only tells whether there could be one. p_counts: whether its ranges count
-- the number now. p_cooldowns: the pauses after the first, second, … message of an hour.
create function verify.count_message(
  inout f verify.phone, p_sends boolean, p_counts boolean, p_cooldowns double precision[], p_per_hour int, p_per_day int, p_now timestamptz,
  out rule text, out retry_after double precision
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
  if not p_sends then return; end if;
  f.hour_tat := hour_tat;
  f.day_tat := day_tat;
  f.streak := case when f.sent_at > p_now - interval '1 hour' then f.streak + 1 else 1 end;
  f.sent_at := p_now;
  f.next_send_at := p_now + p_cooldowns[least(f.streak, cardinality(p_cooldowns))] * interval '1 millisecond';
  f.seen_at := verify.last_seen(f.seen_at, p_now);
  update verify.phone p set hour_tat = f.hour_tat, day_tat = f.day_tat, streak = f.streak, sent_at = f.sent_at,
      next_send_at = f.next_send_at, seen_at = f.seen_at, counted_at = case when p_counts then p_now else p.counted_at end
    where p.tenant = f.tenant and p.number_key = f.number_key;
end $$;

-- Why a start of a number that was not verified before is rejected: the rule, and milliseconds until it may be accepted; null if
-- it is not. `would`: the rules in shadow that would have rejected it. A range that becomes suspicious is blocked.
-- p_counts: whether the ranges have not counted the number in the last hour.
create function verify.judge_suspect(
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
      blocked_for := greatest(blocked_for, verify.ms_between(p_now, own.blocked_until));
      continue;
    end if;
    if not p_counts then continue; end if;
    trip := r.trips[array_position(r.ranges, own.key)];
    -- A source with numbers of many countries.
    if own.key is not distinct from r.source_range then
      if cardinality(verify.countries_with(own.countries, own.at, r.country, p_now)) > r.max_countries then trip := trip / 2; end if;
    end if;
    -- A range with many approvals has many starts. It would be blocked by chance too often.
    trip := trip + ln(1 + verify.current_score(own.approvals, own.at, p_now, r.half_life_ms) / r.approvals_scale);
    if verify.current_score(own.score, own.at, p_now, r.half_life_ms) + r.gain < trip then continue; end if;
    -- It has just become suspicious. Its score begins anew when the block is over.
    own.blocks := verify.blocks_in_a_row(own.blocks, own.blocked_until, p_now, r.longest_block_ms) + 1;
    block_for := least(r.longest_block_ms, r.block_ms * power(2, own.blocks - 1));
    blocked_for := greatest(blocked_for, block_for);
    if 'range' <> all (r.shadow) then
      update verify.number_range n set score = 0, approvals = verify.current_score(own.approvals, own.at, p_now, r.half_life_ms),
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

-- The countries of a source with one more. They are forgotten when the source was silent for a day.
create function verify.countries_with(p_countries text[], p_at timestamptz, p_country text, p_now timestamptz)
returns text[] language sql immutable as $$
  select case when p_at <= p_now - interval '24 hours' then array[p_country]
    when p_country = any (p_countries) then p_countries
    else p_countries || p_country end
$$;

-- Writes what takes as long as a message.
create function verify.pretend_message(p_id uuid, p_sends int, p_message_id bigint, p_now timestamptz) returns void
language plpgsql as $$
begin
  insert into verify.decoy_message (id, key, content, at)
    values (p_message_id, 'verification ' || p_id || ' ' || p_sends, repeat('x', 200), p_now);
end $$;

-- Starts a verification with its message, tells that the open one of the session goes on, or rejects. A rejection changes
-- nothing but blocks of ranges. p_message_id: null if it has no message.
create function verify.start_verification(r verify.start_request, p_message_id bigint) returns verify.start_outcome
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
    if found then return verify.repeated(o, r, v, coalesce(r.now, clock_timestamp())); end if;
  end if;
  f := verify.lock_phone(r.tenant, r.number_keys, coalesce(r.now, clock_timestamp()));
  -- After the wait for the row.
  now_ := coalesce(r.now, clock_timestamp());
  o.is_known := coalesce(f.approved_at > now_ - r.known_ms * interval '1 millisecond', false);
  -- A number without a message has no verification.
  if f.sent_at is not null then
    for other in select * from verify.verification
      where tenant = r.tenant and number_key = r.number_keys[1] and state in ('pending', 'matched') for no key update
    loop
      -- What is over makes room for a new one of the same session.
      if greatest(other.expires_at, other.old_expires_at) <= now_ then
        update verify.verification set state = 'expired', changed_at = now_, number = null where id = other.id;
      elsif other.purpose = r.purpose and other.session_key = r.session and other.binding = r.binding then
        v := other;
      end if;
    end loop;
  end if;
  -- A code was right, and the attempts were used up before it was approved. Another message would be useless.
  if v.attempts >= v.max_attempts then
    update verify.verification set state = 'failed', changed_at = now_, number = null where id = v.id;
    v := null;
  end if;
  -- The account was created since the decoy, for example.
  if v.kind <> r.kind and not (v.kind = 'pretended' and r.kind = 'sms') then
    update verify.verification set state = 'cancelled', changed_at = now_, number = null where id = v.id;
    v := null;
  end if;
  o.is_new := v.id is null;
  o.kind := coalesce(v.kind, r.kind);
  m := verify.used_up_quota(r.quota_rules, r.quota_keys, r.quota_limits, now_);
  if m.rule is not null then return verify.rejected(o, m.rule, m.retry_after); end if;
  if r.rejection is not null then
    if r.rejection <> all (r.shadow) then return verify.rejected(o, r.rejection, null); end if;
    o.would := o.would || r.rejection;
  end if;
  select max(l.verdict) into listed from verify.listed l where l.kind = 'number' and l.key = any (r.listed_keys) and l.until > now_;
  if listed = 'deny' then return verify.rejected(o, 'denied', null); end if;
  counts := o.is_new and not o.is_known and cardinality(r.ranges) > 0
    and (f.counted_at is null or f.counted_at <= now_ - interval '1 hour');
  if o.is_new and not (o.is_known or r.is_trusted or coalesce(listed = 'allow', false)) then
    m := verify.judge_suspect(r, counts, now_);
    o.would := o.would || m.would;
    if m.rule is not null then
      if not r.pretends or r.kind <> 'sms' then return verify.rejected(o, m.rule, m.retry_after); end if;
      o.kind := 'pretended';
      o.rule := m.rule;
      counts := false;
    end if;
  end if;
  m := verify.count_message(f, o.is_new, counts, r.cooldowns_ms, r.per_hour, r.per_day, now_);
  if m.rule is not null and (o.is_new or m.rule = 'locked') then return verify.rejected(o, m.rule, m.retry_after); end if;
  if not o.is_new then
    -- A page that is loaded again must not fail. The code that was sent is still good.
    o.result := case when m.rule is null then 'open' else 'waiting' end;
    o.resend_in := m.retry_after;
    return verify.described(o, v, now_);
  end if;
  perform verify.take_turns(r.quota_keys, r.quota_limits, now_);
  o.result := 'sent';
  o.resend_in := verify.ms_between(now_, (m.f).next_send_at);
  enqueues := o.kind = 'sms' and p_message_id is not null;
  if counts then
    insert into verify.number_range as w (key, score, at, countries)
      select k.key, r.gain, now_, case when k.key = r.source_range then array[r.country] else '{}' end
      from unnest(r.ranges) k (key) order by k.key
      on conflict (key) do update set score = verify.current_score(w.score, w.at, now_, r.half_life_ms) + r.gain,
        approvals = verify.current_score(w.approvals, w.at, now_, r.half_life_ms), at = now_,
        countries = case when w.key = r.source_range then verify.countries_with(w.countries, w.at, r.country, now_)
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
    perform verify.pretend_message(v.id, 1, p_message_id, now_);
  end if;
  return verify.described(o, v, now_);
end $$;

-- The outcome of a start whose idempotency key was used before.
create function verify.repeated(o verify.start_outcome, r verify.start_request, v verify.verification, p_now timestamptz)
returns verify.start_outcome language plpgsql as $$
declare
  f verify.phone%rowtype;
begin
  if v.tenant <> r.tenant or v.purpose <> r.purpose or v.binding <> r.binding or v.number_key <> all (r.number_keys) then
    return verify.rejected(o, 'key', null);
  end if;
  select * into f from verify.phone p where p.tenant = v.tenant and p.number_key = v.number_key;
  o.result := 'waiting';
  o.is_new := false;
  o.kind := v.kind;
  o.resend_in := greatest(0, verify.ms_between(p_now, f.next_send_at));
  return verify.described(o, v, p_now);
end $$;
