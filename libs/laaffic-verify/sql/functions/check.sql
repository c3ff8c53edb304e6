-- The check of a code, and what follows from an approval.

-- Counts the attempt, compares the code and uses it up, at once. p_digests: the digests of the code by each key. p_approves:
-- whether a right code is used up now; otherwise approve_verification() does it in the transaction of the caller.
-- p_lock_after: wrong codes of a number after which it is locked, first for p_lock milliseconds, then for twice as long.
-- p_relief: what an approval takes off the scores of its ranges, beside what its start has added.
create function verify.check_code(
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
  select * into v from verify.verification w where w.id = p_id and verify.is_open(w, now_) for no key update;
  if not found then return o; end if;
  if p_source is not null then
    o.retry_after := verify.wait_of_source(p_source, p_per_source, now_);
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
      o.approved_at := verify.approve_verification(p_id, p_relief, p_half_life, p_converts, now_);
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
  if p_source is not null then perform verify.take_turn(p_source, p_per_source, now_); end if;
  return o;
end $$;

-- Approves a verification whose code was right, and returns when; null if that is over.
create function verify.approve_verification(
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
  -- Whichever verification of the number its ranges have counted.
  perform verify.relieve_ranges(v.ranges, p_relief + case when f.counted_at is null then 0 else v.gain end, p_half_life, now_);
  return now_;
end $$;

-- Takes something off the scores of ranges.
create function verify.relieve_ranges(p_ranges text[], p_by double precision, p_half_life double precision, p_now timestamptz)
returns void language sql as $$
  with locked as (
    select n.key from verify.number_range n where n.key = any (p_ranges) order by n.key for no key update
  )
  update verify.number_range n
    set score = greatest(0, verify.current_score(n.score, n.at, p_now, p_half_life) - p_by), at = p_now
    from locked l where n.key = l.key
$$;

-- Ends a verification that is not over. What its start has added to the scores of ranges is taken back.
create function verify.cancel_verification(p_id uuid, p_tenant text, p_half_life double precision, p_now timestamptz)
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
    perform verify.relieve_ranges(v.ranges, v.gain, p_half_life, now_);
  end if;
  return true;
end $$;

-- Counts one more message of an open verification, or rejects.
create function verify.resend_code(
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
  if not found then return verify.rejected(o, 'over', null); end if;
  select * into v from verify.verification w where w.id = p_id and verify.is_open(w, now_) for no key update;
  if not found then return verify.rejected(o, 'over', null); end if;
  if p_source is not null then
    source_wait := verify.wait_of_source(p_source, p_per_source, now_);
    if source_wait > 0 then return verify.rejected(o, 'source', source_wait); end if;
  end if;
  select * into m from verify.count_message(f, p_cooldowns, p_per_hour, p_per_day, now_);
  if m.rule is not null then return verify.rejected(o, m.rule, m.retry_after); end if;
  if p_source is not null then perform verify.take_turn(p_source, p_per_source, now_); end if;
  update verify.verification w set sends = sends + 1, changed_at = now_ where w.id = p_id returning * into v;
  o.result := 'sent';
  o.resend_in := verify.ms_between(now_, (m.f).next_send_at);
  return verify.described(o, v, now_);
end $$;

-- Gives an open verification a new code. The one before stays good for its own time.
create function verify.renew_code(
  p_id uuid, p_generation int, p_key_id text, p_digest bytea, p_lifetime double precision, p_now timestamptz
) returns boolean language sql as $$
  with renewed as (
    update verify.verification w set old_digest = digest, old_expires_at = expires_at, key_id = p_key_id, digest = p_digest,
        generation = p_generation + 1,
        expires_at = coalesce(p_now, clock_timestamp()) + p_lifetime * interval '1 millisecond'
      where id = p_id and generation = p_generation and verify.is_open(w, coalesce(p_now, clock_timestamp())) returning 1
  )
  select exists (select from renewed)
$$;
