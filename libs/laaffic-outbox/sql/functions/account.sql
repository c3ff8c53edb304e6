-- Pauses, limits and resumes an account and its lanes, for all workers at once.

-- Pauses the account: only probes are sent until one succeeds. p_first: milliseconds until the first probe; the
-- intervals double. p_chunk: the rejected chunk. Returns whether the account was not paused before.
create function outbox.pause_account(p_account text, p_code text, p_reason text, p_first double precision, p_chunk bigint default null)
returns boolean language plpgsql as $$
declare
  before outbox.account%rowtype;
begin
  select * into strict before from outbox.account where id = p_account for no key update;
  update outbox.account set paused_at = coalesce(paused_at, clock_timestamp()), paused_code = p_code, paused_reason = p_reason,
      paused_chunk_id = p_chunk,
      probe_at = clock_timestamp() + least(300000, p_first * power(2, least(probes, 10))) * interval '1 millisecond',
      fresh_probe_at = clock_timestamp() + least(300000, p_first * power(2, least(fresh_probes, 10))) * interval '1 millisecond'
    where id = p_account;
  if before.paused_at is not null then return false; end if;
  perform outbox.record_history(p_account, null, null, null, 'account paused', 'gateway',
    p_code || ': ' || p_reason || coalesce((select case when c.campaign_id is null then ' (message ' || coalesce(c.root_id, c.id)
      else ' (campaign ' || c.campaign_id end || ')' from outbox.chunk c where c.id = p_chunk), ''));
  return true;
end $$;

-- The gateway rejected a request with a code that says: the account cannot send. Usually that is true, and the account
-- is paused. But if the gateway accepted other requests since it last rejected this message or campaign, the message is
-- the cause. It gets a strike, and the account continues. Call it before the chunk is released.
-- verdict: 'paused' if the account was not paused before, 'rejected' if the message has had all its strikes, otherwise
-- 'released'.
-- delay: milliseconds until the chunk may be claimed again.
create function outbox.record_account_rejection(
  p_account text, p_chunk bigint, p_actor text, p_is_probe boolean, p_code text, p_reason text, p_first double precision,
  p_strikes int, out verdict text, out delay double precision
) language plpgsql as $$
declare
  a outbox.account%rowtype;
  c outbox.chunk%rowtype;
  k outbox.campaign%rowtype;
  moment timestamptz;
begin
  verdict := 'released';
  delay := 0;
  select * into strict a from outbox.account where id = p_account for no key update;
  select * into strict c from outbox.chunk where id = p_chunk;
  if c.campaign_id is not null then
    -- All chunks of a campaign have one text, so they share their strikes.
    select * into strict k from outbox.campaign where id = c.campaign_id for no key update;
    c.account_rejected_at := k.account_rejected_at;
    c.strikes := k.strikes;
  end if;
  -- It was in flight when another chunk was rejected or its campaign was paused, so it tells nothing new.
  if c.account_rejected_at >= c.sent_at or k.state not in ('scheduled', 'running') then
    if c.campaign_id is null then delay := p_first; end if;
    return;
  end if;
  moment := clock_timestamp();
  if a.rejected_at is null or a.accepted_at >= a.rejected_at then
    update outbox.account set rejected_at = moment where id = p_account;
  end if;
  if a.paused_at is null and a.accepted_at > c.account_rejected_at then
    c.strikes := c.strikes + 1;
    delay := p_first * power(2, c.strikes - 1);
    if c.strikes >= p_strikes then verdict := 'rejected'; end if;
    perform outbox.record_history(p_account, c.campaign_id, p_chunk, c.attempt, 'rejected while others were accepted',
      p_actor, format('%s of %s: %s', c.strikes, p_strikes, p_code));
  else
    if a.paused_at is null or p_is_probe then
      if outbox.pause_account(p_account, p_code, p_reason, p_first, p_chunk) then verdict := 'paused'; end if;
      select * into strict a from outbox.account where id = p_account;
    end if;
    -- The next probe uses another chunk, if there is one.
    delay := greatest(0, extract(epoch from a.probe_at - clock_timestamp()) * 1000) + 1000;
  end if;
  if c.campaign_id is null then
    update outbox.chunk set account_rejected_at = moment, strikes = c.strikes where id = p_chunk;
    update outbox.chunk set account_rejected_at = moment, strikes = c.strikes, due_at = clock_timestamp() + delay * interval '1 millisecond'
      where id in (select p.id from outbox.chunk p where (p.id = c.root_id or p.root_id = coalesce(c.root_id, p_chunk)) and p.state = 'pending'
        for update skip locked);
    return;
  end if;
  if verdict = 'rejected' then
    -- Nothing of the campaign is lost. A person decides whether it continues.
    update outbox.campaign set state = 'paused', changed_at = clock_timestamp(), paused_code = p_code, paused_reason = p_reason,
        account_rejected_at = moment, strikes = 0, retry_at = null
      where id = k.id and state in ('scheduled', 'running');
    if found then
      perform outbox.record_history(p_account, k.id, null, null, 'paused', 'gateway', p_code || ': ' || p_reason);
    end if;
    verdict := 'released';
  else
    update outbox.campaign set account_rejected_at = moment, strikes = c.strikes, retry_at = clock_timestamp() + delay * interval '1 millisecond'
      where id = k.id;
  end if;
  delay := 0;
end $$;

-- Resumes the account. Chunks that were delayed by the pause may be sent at once.
create function outbox.resume_account(p_account text, p_actor text) returns boolean
language plpgsql as $$
begin
  update outbox.account set paused_at = null, paused_code = null, paused_reason = null, paused_chunk_id = null, probe_at = null, probes = 0,
      fresh_probe_at = null, fresh_probes = 0
    where id = p_account and paused_at is not null;
  if not found then return false; end if;
  update outbox.chunk set due_at = clock_timestamp() where id in (select c.id from outbox.chunk c
    where c.account = p_account and c.state = 'pending' and c.account_rejected_at is not null and c.due_at > clock_timestamp()
    for update skip locked);
  update outbox.campaign set retry_at = null where account = p_account and retry_at is not null;
  perform outbox.record_history(p_account, null, null, null, 'account resumed', p_actor);
  return true;
end $$;

-- Pauses a lane because too many requests got no readable response. Nothing is sent until a request of one recipient
-- gets a response. p_chunk: the last of these requests; p_target_size: the size of the largest. Returns whether the lane
-- was not paused before.
create function outbox.pause_lane(p_account text, p_lane outbox.lane, p_chunk bigint, p_target_size int, p_reason text, p_first double precision)
returns boolean language plpgsql as $$
begin
  insert into outbox.lane_limit as l (account, lane, max_size, target_size, reason, probe_at, pauses)
    values (p_account, p_lane, 0, p_target_size, p_reason, clock_timestamp() + p_first * interval '1 millisecond', 1)
    on conflict (account, lane) do update set max_size = 0, target_size = greatest(l.target_size, p_target_size), reason = p_reason,
      paused_at = clock_timestamp(), resumed_at = null,
      -- A lane that has worked for long since its last pause starts with short pauses again.
      pauses = case when clock_timestamp() - l.resumed_at > least(interval '10 minutes', 5 * (l.resumed_at - l.paused_at)) then 1
        else l.pauses + 1 end,
      probe_at = clock_timestamp() + least(60000, p_first * power(2,
        case when clock_timestamp() - l.resumed_at > least(interval '10 minutes', 5 * (l.resumed_at - l.paused_at)) then 0
        else least(l.pauses, 10) end)) * interval '1 millisecond'
      -- A request that started before the pause tells nothing about the time after it.
      where l.max_size > 0 and l.paused_at < (select c.sent_at from outbox.chunk c where c.id = p_chunk);
  if not found then return false; end if;
  perform outbox.record_history(p_account, null, null, null, 'lane paused', 'gateway', p_lane || ': ' || p_reason);
  return true;
end $$;

-- Records the end of a request that was larger than the lane's limit. p_is_answered: null if it never reached the
-- gateway. While the lane is paused, the time until the next one doubles up to a minute, otherwise up to an hour,
-- because each costs more. A single loss may be chance, so the next one follows soon.
-- Returns whether the lane works again.
create function outbox.end_lane_probe(
  p_account text, p_lane outbox.lane, p_size int, p_is_answered boolean, p_reason text, p_first double precision
) returns boolean language plpgsql as $$
declare
  l outbox.lane_limit%rowtype;
begin
  select * into l from outbox.lane_limit r where r.account = p_account and r.lane = p_lane for no key update;
  if not found then return false; end if;
  if p_is_answered and p_size >= l.target_size then
    delete from outbox.lane_limit r where r.account = p_account and r.lane = p_lane;
    perform outbox.record_history(p_account, null, null, null, 'lane resumed', 'probe', p_lane::text);
    return true;
  end if;
  if p_is_answered then
    if l.max_size = 0 then l.resumed_at := clock_timestamp(); end if;
    l.max_size := greatest(l.max_size, p_size);
    l.probe_at := clock_timestamp();
    l.failed_probes := 0;
  elsif p_is_answered is null then
    l.probe_at := clock_timestamp() + interval '1 second';
  elsif l.max_size = 0 then
    l.probe_at := clock_timestamp() + least(60000, p_first * power(2, least(l.pauses, 10))) * interval '1 millisecond';
    l.pauses := l.pauses + 1;
  else
    l.probe_at := clock_timestamp() + least(3600000, p_first * power(2, least(l.failed_probes, 11))) * interval '1 millisecond';
    l.failed_probes := l.failed_probes + 1;
    perform outbox.record_history(p_account, null, null, null, 'lane limited', 'gateway',
      format('%s: %s recipients a request, %s got no response', p_lane, l.max_size, p_size));
  end if;
  update outbox.lane_limit r set max_size = l.max_size, probe_at = l.probe_at, resumed_at = l.resumed_at, pauses = l.pauses, failed_probes = l.failed_probes,
      target_size = case when p_is_answered is false then greatest(target_size, p_size) else target_size end,
      reason = case when p_is_answered is false then p_reason else reason end
    where r.account = p_account and r.lane = p_lane;
  return false;
end $$;

-- Resumes all lanes. Returns whether any lane was paused or limited.
create function outbox.resume_lanes(p_account text, p_actor text) returns boolean language plpgsql as $$
declare
  resumed outbox.lane;
  any_resumed boolean := false;
begin
  for resumed in delete from outbox.lane_limit where account = p_account returning lane loop
    perform outbox.record_history(p_account, null, null, null, 'lane resumed', p_actor, resumed::text);
    any_resumed := true;
  end loop;
  return any_resumed;
end $$;

-- The gateway limits requests, or cannot be reached: all workers wait for a while.
create function outbox.back_off(p_account text, p_delay double precision) returns void
language sql as $$
  update outbox.account set backoff_level = case when backoff_until > clock_timestamp() then backoff_level else least(backoff_level + 1, 8) end,
      backoff_until = greatest(backoff_until, clock_timestamp() + greatest(p_delay, least(30000, 100 * power(2, backoff_level))) * interval '1 millisecond')
    where id = p_account
$$;

-- What a person sets for a lane. It is apart from the limits above: no probe and no resumed account changes it.

-- Locks what people have set for a lane, and adds a row without any setting. The lock makes running claims of the lane
-- commit first, so a count of the chunks that are sending after a pause misses none.
create function outbox.lock_lane_control(p_account text, p_lane outbox.lane) returns outbox.lane_control language plpgsql as $$
declare
  control outbox.lane_control%rowtype;
begin
  perform pg_advisory_xact_lock(outbox.lane_lock(p_account, p_lane));
  insert into outbox.lane_control (account, lane) values (p_account, p_lane) on conflict do nothing;
  select * into strict control from outbox.lane_control r where r.account = p_account and r.lane = p_lane for update;
  return control;
end $$;

-- Returns whether no person had paused the lane before. An earlier pause stays as it is.
create function outbox.pause_lane_manually(p_account text, p_lane outbox.lane, p_actor text, p_reason text) returns boolean
language plpgsql as $$
begin
  if (outbox.lock_lane_control(p_account, p_lane)).paused_at is not null then return false; end if;
  update outbox.lane_control r set paused_at = clock_timestamp(), paused_by = p_actor, paused_reason = p_reason
    where r.account = p_account and r.lane = p_lane;
  perform outbox.record_history(p_account, null, null, null, 'lane paused', p_actor, concat_ws(': ', p_lane, p_reason));
  return true;
end $$;

-- Returns whether a person had paused the lane.
create function outbox.resume_lane_manually(p_account text, p_lane outbox.lane, p_actor text) returns boolean language plpgsql as $$
begin
  if (outbox.lock_lane_control(p_account, p_lane)).paused_at is null then return false; end if;
  update outbox.lane_control r set paused_at = null, paused_by = null, paused_reason = null
    where r.account = p_account and r.lane = p_lane;
  perform outbox.record_history(p_account, null, null, null, 'lane resumed', p_actor, p_lane::text);
  perform outbox.notify('outbox:due', 'lane');
  return true;
end $$;

-- p_slots: null for the options of each worker. Returns whether that is a change.
create function outbox.set_lane_slots(p_account text, p_lane outbox.lane, p_slots int, p_actor text) returns boolean language plpgsql as $$
begin
  if (outbox.lock_lane_control(p_account, p_lane)).slots is not distinct from p_slots then return false; end if;
  update outbox.lane_control r set slots = p_slots,
      slots_set_at = case when p_slots is not null then clock_timestamp() end,
      slots_set_by = case when p_slots is not null then p_actor end
    where r.account = p_account and r.lane = p_lane;
  perform outbox.record_history(p_account, null, null, null, 'lane concurrency', p_actor,
    format('%s: %s', p_lane, coalesce(p_slots::text, 'as configured')));
  -- A worker without a free slot asks again, because it may have one now.
  perform outbox.notify('outbox:due', 'lane');
  return true;
end $$;
