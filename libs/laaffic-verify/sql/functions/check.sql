-- The check of a code, and what follows from an approval.

-- Locks the row of the number of an unfinished verification; null if there is none. Both rows are found by their primary keys:
-- before a table is analyzed, the planner of a join takes the index of all open verifications.
create function verify.lock_phone_of(p_id uuid) returns verify.phone language plpgsql as $$
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

-- Counts the attempt, compares the code and uses it up, at once. p_digests: the digests of the code by each key. p_approves:
-- whether a right code is used up now; otherwise approve_verification() does it in the transaction of the caller.
-- p_lock_after: wrong codes of a number after which it is locked, first for p_lock milliseconds, then for twice as long.
-- p_relief: what an approval takes off the scores of its ranges, beside what its start has added.
create function verify.check_code(
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
  f := verify.lock_phone_of(p_id);
  -- After the wait for the row, so a code does not outlive its time in a queue.
  now_ := coalesce(p_now, clock_timestamp());
  if f.number_key is null or f.suspended_at is not null or f.locked_until > now_ then return o; end if;
  select * into v from verify.verification where id = p_id for no key update;
  if v.tenant <> p_tenant or v.purpose <> p_purpose or not verify.is_open(v, now_) then return o; end if;
  if p_quota_key is not null then
    select q.retry_after into o.retry_after from verify.used_up_quota('{wrong}', array[p_quota_key], array[p_quota_limit], now_) q;
    if o.retry_after is not null then
      o.result := 'limited';
      return o;
    end if;
  end if;
  v.attempts := v.attempts + 1;
  o.attempts_left := v.max_attempts - v.attempts;
  -- A decoy has no code.
  if v.kind in ('sms', 'test') and v.binding = p_binding and (v.digest = any (p_digests) and v.expires_at > now_
    or coalesce(v.old_digest = any (p_digests) and v.old_expires_at > now_, false))
  then
    o.number := v.number;
    o.country := v.country;
    if p_approves then
      perform verify.approve_locked(f, v, p_relief, p_half_life, p_converts, now_);
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
  update verify.phone p set failures = f.failures, locks = f.locks, locked_until = f.locked_until, seen_at = verify.last_seen(p.seen_at, now_),
      suspended_at = case when f.failures >= p_suspend_after then now_ end
    where p.tenant = f.tenant and p.number_key = f.number_key;
  if p_quota_key is not null then perform verify.take_turns(array[p_quota_key], array[p_quota_limit], now_); end if;
  return o;
end $$;

-- Approves a verification whose code was right, and returns when; null if that is over.
create function verify.approve_verification(
  p_id uuid, p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns timestamptz language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
begin
  f := verify.lock_phone_of(p_id);
  now_ := coalesce(p_now, clock_timestamp());
  select * into v from verify.verification where id = p_id for no key update;
  if v.state is distinct from 'matched' or greatest(v.expires_at, v.old_expires_at) <= now_ then return null; end if;
  perform verify.approve_locked(f, v, p_relief, p_half_life, p_converts, now_);
  return now_;
end $$;

-- Uses the code of a verification up. Both rows are locked.
create function verify.approve_locked(
  f verify.phone, v verify.verification, p_relief double precision, p_half_life double precision, p_converts boolean, p_now timestamptz
) returns void language plpgsql as $$
begin
  update verify.verification set state = 'approved', attempts = v.attempts, approved_at = p_now, changed_at = p_now, number = null,
      convert_at = case when p_converts and v.kind = 'sms' then p_now end
    where id = v.id;
  insert into verify.approval_delivery (handler, verification_id, purpose, tenant, country, number, approved_at, due_at)
    select h.handler, v.id, v.purpose, v.tenant, v.country, v.number, p_now, p_now
    from verify.approval_handler h where h.seen_at > p_now - interval '7 days';
  update verify.phone p set failures = 0, locks = 0, streak = 0, approved_at = p_now, seen_at = verify.last_seen(p.seen_at, p_now),
      counted_at = null
    where p.tenant = f.tenant and p.number_key = f.number_key;
  if not v.is_excused then
    insert into verify.traffic_delta (country, is_known, at, approvals) values (v.country, v.is_known, v.created_at, 1);
  end if;
  if not v.is_known then
    -- Whichever verification of the number its ranges have counted.
    perform verify.relieve_ranges(v.ranges, p_relief + case when f.counted_at is null then 0 else v.gain end, 1, p_half_life, p_now);
  elsif exists (select from verify.number_range n where n.key = any (v.ranges) and n.blocked_until > p_now) then
    -- Users of an attacked range are rejected with the attack. A number that was verified before shows that they exist.
    perform from verify.number_range n where n.key = any (v.ranges) order by n.key for no key update;
    update verify.number_range n set blocked_until = p_now, countries = '{}' where n.key = any (v.ranges) and n.blocked_until > p_now;
  end if;
end $$;

-- Takes something off the scores of ranges, and counts approvals.
create function verify.relieve_ranges(
  p_ranges text[], p_by double precision, p_approvals int, p_half_life double precision, p_now timestamptz
) returns void language plpgsql as $$
begin
  perform from verify.number_range n where n.key = any (p_ranges) order by n.key for no key update;
  update verify.number_range n
    set score = greatest(0, verify.current_score(n.score, n.at, p_now, p_half_life) - p_by),
      approvals = verify.current_score(n.approvals, n.at, p_now, p_half_life) + p_approvals,
      countries = case when p_approvals > 0 then '{}' else n.countries end, at = p_now
    where n.key = any (p_ranges);
end $$;

-- Ends a verification that is not over. p_clears: whether what its start has added to the scores of ranges is taken back. Not
-- for a visitor, who could cancel every start of an attack.
create function verify.cancel_verification(
  p_id uuid, p_tenant text, p_half_life double precision, p_clears boolean, p_now timestamptz
)
returns boolean language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  now_ timestamptz;
  f verify.phone%rowtype;
  v verify.verification%rowtype;
begin
  f := verify.lock_phone_of(p_id);
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
    perform verify.relieve_ranges(v.ranges, v.gain, 0, p_half_life, now_);
  end if;
  return true;
end $$;

-- Sends one more message of an open verification, or rejects. p_generation, p_sends: what its message was written for. p_key_id,
-- p_digest, p_lifetime: another code, and the one before stays good for its own time. Null if the code stays.
create function verify.resend_code(
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
  f := verify.lock_phone_of(p_id);
  now_ := coalesce(p_now, clock_timestamp());
  select * into v from verify.verification where id = p_id for no key update;
  if f.number_key is null or v.tenant <> p_tenant or not verify.is_open(v, now_) then
    return verify.rejected(o, 'over', null);
  end if;
  o.kind := v.kind;
  if v.generation <> p_generation or v.sends <> p_sends then
    o.result := 'changed';
    return o;
  end if;
  m := verify.used_up_quota(p_quota_rules, p_quota_keys, p_quota_limits, now_);
  if m.rule is not null then return verify.rejected(o, m.rule, m.retry_after); end if;
  if p_rejection is not null then return verify.rejected(o, p_rejection, null); end if;
  if exists (select from verify.listed l
    where l.kind = 'number' and l.key = encode(f.number_key, 'hex') and l.verdict = 'deny' and l.until > now_)
  then
    return verify.rejected(o, 'denied', null);
  end if;
  m := verify.count_message(f, true, false, p_cooldowns, p_per_hour, p_per_day, now_);
  if m.rule is not null then return verify.rejected(o, m.rule, m.retry_after); end if;
  perform verify.take_turns(p_quota_keys, p_quota_limits, now_);
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
    perform verify.pretend_message(v.id, v.sends, p_message_id, now_);
  end if;
  o.result := 'sent';
  o.resend_in := verify.ms_between(now_, (m.f).next_send_at);
  return verify.described(o, v, now_);
end $$;
