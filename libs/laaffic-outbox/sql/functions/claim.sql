-- What the account may send now. With this lock, one claim of the account at a time decides.
create function outbox.read_rate(p_account text, p_recipients double precision, p_requests double precision, p_burst double precision)
returns outbox.rate_grant language plpgsql as $$
declare
  g outbox.rate_grant%rowtype;
  seconds double precision;
  most_recipients double precision := greatest(1, p_recipients * p_burst);
  most_requests double precision := greatest(1, p_requests * p_burst);
begin
  perform pg_advisory_xact_lock(hashtextextended('outbox:rate:' || p_account, 0));
  select * into g from outbox.rate_grant where account = p_account order by id desc limit 1;
  seconds := greatest(0, extract(epoch from clock_timestamp() - g.granted_at));
  g.account := p_account;
  g.granted_at := clock_timestamp();
  g.recipients_left := least(most_recipients, coalesce(g.recipients_left + seconds * p_recipients, most_recipients));
  g.requests_left := least(most_requests, coalesce(g.requests_left + seconds * p_requests, most_requests));
  return g;
end $$;

-- Splits a pending chunk that is larger than a request may be. The first recipients become a chunk of their own.
create function outbox.split_head(p_chunk bigint, p_size int, p_actor text) returns bigint language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  head outbox.chunk%rowtype;
  slots text[];
  ids text[];
  taken int := 0;
  cut int := 0;
  part bigint;
begin
  select * into strict c from outbox.chunk where id = p_chunk for update;
  slots := string_to_array(c.numbers, ',');
  ids := string_to_array(c.order_ids, ',');
  -- The second condition ends the loop even if the size is larger than the number of recipients.
  while taken < p_size and cut < cardinality(slots) loop
    cut := cut + 1;
    if slots[cut] <> '' then taken := taken + 1; end if;
  end loop;
  head := c;
  head.is_resent := false;
  head.sent_at := null;
  head.size := taken;
  head.numbers := array_to_string(slots[1:cut], ',');
  head.order_ids := case when ids is not null then array_to_string(ids[1:cut], ',') end;
  part := outbox.add_part(head, p_actor);
  slots := slots[cut + 1:];
  c.size := (select count(*) from unnest(slots) s (number) where s.number <> '');
  c.numbers := repeat(',', cut) || array_to_string(slots, ',');
  if c.size = 0 then
    c.state := 'split';
    perform outbox.transition(c, 'split', p_actor);
  else
    update outbox.chunk set size = c.size, numbers = c.numbers where id = p_chunk;
  end if;
  return part;
end $$;

-- The lock that each claim shares until it commits. Once another transaction has it alone, no claim is under way, and
-- later ones see what that transaction commits. The marker of the schema makes the key different for each schema.
create function outbox.lane_lock(p_account text, p_lane outbox.lane) returns bigint language sql stable as $$
  select hashtextextended('outbox.lane ' || p_account || ' ' || p_lane, 0)
$$;

-- Claims up to p_limit chunks for a worker, each with its next attempt. A last row without an id contains the
-- milliseconds until the next claim, if known. Nothing may be sent before this has committed.
--
-- p_limit: the slots of the worker's options without p_in_flight, its requests in flight. If a person has set another
-- number of slots, it counts instead, and every row contains it as lane_slots. Then there is always a last row.
--
-- Single recipients are claimed before lists, except that one list per second may go ahead. Each kind gets through,
-- whatever the other does. Campaigns follow, by priority; those of one priority take turns, beginning after
-- p_last_campaign.
--
-- p_seal_keys: the keys of the worker. Messages that are sealed with another key are left to other workers.
-- p_floors: nothing before these times is pending, as far as the worker knows: of single recipients, of lists, and of the
-- campaigns in p_campaigns. A long transaction elsewhere keeps index entries of what was claimed long ago, and a claim
-- need not pass them.
-- p_start_within: the worker sends nothing of this claim after this many milliseconds, and may not even receive the
-- result. The claim then fails and changes nothing.
create function outbox.claim_chunks(
  p_account text, p_worker text, p_lane outbox.lane, p_limit int,
  p_recipients double precision, p_requests double precision, p_burst double precision, p_share double precision,
  p_largest int, p_start_within double precision, p_last_campaign bigint default 0, p_floors timestamptz[] default '{}',
  p_campaigns bigint[] default '{}', p_in_flight int default 0, p_seal_keys text[] default '{}'
) returns table (
  chunk_id bigint, chunk_attempt int, chunk_campaign bigint, chunk_size int, chunk_due_at timestamptz, chunk_numbers text,
  chunk_order_ids text, chunk_content text, chunk_seal_key text, chunk_sender text, chunk_number_retries int, splits_left int, is_probe boolean,
  wait_ms int, waited_ms double precision, expires_in_ms double precision, maybe_accepted boolean, is_lane_probe boolean,
  lane_slots int, chunk_purpose outbox.purpose, opt_outs bigint
) language plpgsql as $$
declare
  a outbox.account%rowtype;
  l outbox.lane_limit%rowtype;
  control outbox.lane_control%rowtype;
  g outbox.rate_grant%rowtype;
  c outbox.chunk%rowtype;
  -- Candidates, locked: single recipients, lists, and chunks of campaigns. null: not looked for yet.
  singles bigint[];
  lists bigint[];
  of_campaigns bigint[];
  candidate bigint;
  running bigint;
  began timestamptz;
  probing boolean := false;
  -- Whether only a chunk that was not rejected before may be the probe.
  only_fresh boolean := false;
  -- Whether one request may be larger than the lane's limit.
  may_probe_lane boolean := false;
  size int;
  limited boolean := p_recipients is not null or p_requests is not null;
  recipients double precision := coalesce(p_recipients, 'infinity');
  requests double precision := coalesce(p_requests, 'infinity');
  largest int := p_largest;
  kept_recipients double precision := 0;
  kept_requests double precision := 0;
  waiting double precision;
  has_granted boolean := false;
  -- Whether the next list may go ahead of single recipients.
  has_turn boolean;
  is_ahead boolean;
  -- An index can be searched by a variable, but not by clock_timestamp().
  moment timestamptz;
begin
  -- Without this, a worker that has given up would leave a statement behind that waits for a lock.
  perform set_config('lock_timeout', ceil(p_start_within)::text, true);
  perform pg_advisory_xact_lock_shared(outbox.lane_lock(p_account, p_lane));
  select * into control from outbox.lane_control r where r.account = p_account and r.lane = p_lane;
  lane_slots := control.slots;
  p_limit := coalesce(control.slots - p_in_flight, p_limit);
  if control.paused_at is not null or p_limit <= 0 then
    if lane_slots is not null then return next; end if;
    return;
  end if;
  select * into strict a from outbox.account where id = p_account;
  if a.paused_at is not null then
    -- Not FOR UPDATE: an app's foreign key to this row must not stop all sending.
    select * into strict a from outbox.account where id = p_account for no key update;
  end if;
  if a.paused_at is not null then
    if a.probe_at > clock_timestamp() then
      if coalesce(a.fresh_probe_at, a.probe_at) > clock_timestamp() then
        wait_ms := ceil(extract(epoch from least(a.probe_at, a.fresh_probe_at) - clock_timestamp()) * 1000);
        return next;
        return;
      end if;
      only_fresh := true;
    end if;
    probing := true;
    p_limit := 1;
    -- What was rejected before may be older.
    p_floors := '{}';
    p_campaigns := '{}';
  end if;
  select * into l from outbox.lane_limit r where r.account = p_account and r.lane = p_lane;
  if l.probe_at <= clock_timestamp() then
    select * into l from outbox.lane_limit r where r.account = p_account and r.lane = p_lane for no key update;
    may_probe_lane := coalesce(l.probe_at <= clock_timestamp(), false);
  end if;
  if l.max_size = 0 then
    if not may_probe_lane then
      wait_ms := ceil(extract(epoch from l.probe_at - clock_timestamp()) * 1000);
      return next;
      return;
    end if;
    p_limit := 1;
  end if;
  if a.backoff_until > clock_timestamp() then
    wait_ms := ceil(extract(epoch from a.backoff_until - clock_timestamp()) * 1000);
    return next;
    return;
  end if;
  moment := clock_timestamp();
  if limited then
    g := outbox.read_rate(p_account, recipients, requests, p_burst);
    largest := outbox.largest_request(p_lane, p_recipients, p_requests, p_burst, p_share, p_largest);
    if p_lane = 'bulk' then
      -- A part is left for the other lane, but never everything.
      kept_recipients := least(greatest(1, recipients * p_burst) - 1, greatest(1, recipients * p_burst) * p_share);
      kept_requests := least((greatest(1, requests * p_burst) - 1) / 2, greatest(1, requests * p_burst) * p_share);
      -- A priority lane without responses, or that a person has paused, cannot use up the rate.
      if not exists (select from outbox.lane_limit r where r.account = p_account and r.lane = 'priority')
          and not exists (select from outbox.lane_control r
            where r.account = p_account and r.lane = 'priority' and r.paused_at is not null)
          and exists (select from outbox.chunk w where w.account = p_account and w.lane = 'priority' and w.state = 'pending'
            and w.campaign_id is null and w.is_list in (false, true) and w.due_at <= moment
            and coalesce(w.expires_at, 'infinity') > moment
            and (w.seal_key_id is null or w.seal_key_id = any (p_seal_keys))) then
        wait_ms := 20;
        return next;
        return;
      end if;
    end if;
  end if;

  if probing then
    -- A probe risks as little as possible.
    largest := 1;
  end if;

  has_turn := a.list_turn_at < clock_timestamp() - interval '1 second';
  for i in 1..p_limit loop
    candidate := null;
    is_ahead := false;
    if has_turn then
      lists := coalesce(lists, outbox.lock_candidates(p_account, p_lane, true, p_limit, only_fresh, p_floors[2], moment, p_seal_keys));
      candidate := lists[1];
      is_ahead := candidate is not null;
    end if;
    if candidate is null then
      singles := coalesce(singles, outbox.lock_candidates(p_account, p_lane, false, p_limit, only_fresh, p_floors[1], moment, p_seal_keys));
      candidate := singles[1];
      singles := singles[2:];
    end if;
    if candidate is null or is_ahead then
      lists := coalesce(lists, outbox.lock_candidates(p_account, p_lane, true, p_limit, only_fresh, p_floors[2], moment, p_seal_keys));
      candidate := lists[1];
      lists := lists[2:];
    end if;
    if candidate is null and p_lane = 'bulk' then
      if of_campaigns is null then
        of_campaigns := '{}';
        for running in select r.id from outbox.campaign r
          where r.account = p_account and r.state in ('scheduled', 'running') and r.starts_at <= moment
            and (r.retry_at is null or r.retry_at <= moment) and (not only_fresh or r.account_rejected_at is null)
          order by r.priority desc, r.id <= p_last_campaign, r.id
        loop
          of_campaigns := of_campaigns || array(
            select w.id from outbox.chunk w
              where w.campaign_id = running and w.state = 'pending' and w.due_at <= moment
                and w.due_at >= coalesce(p_floors[2 + array_position(p_campaigns, running)], '-infinity')
                and coalesce(w.expires_at, 'infinity') > moment
              order by w.due_at, w.id limit p_limit - i + 1 - cardinality(of_campaigns) for update skip locked);
          exit when cardinality(of_campaigns) > p_limit - i;
        end loop;
      end if;
      candidate := of_campaigns[1];
      of_campaigns := of_campaigns[2:];
    end if;
    exit when candidate is null;
    select * into c from outbox.chunk w where w.id = candidate and w.state = 'pending';
    continue when not found;
    size := largest;
    if least(c.size, largest) > l.max_size then
      is_lane_probe := may_probe_lane;
      size := least(largest, case when may_probe_lane then greatest(1, 2 * l.max_size) else l.max_size end);
    else
      is_lane_probe := false;
    end if;
    if limited then
      -- Checked before the chunk is split: a chunk that has to wait stays whole.
      waiting := greatest(
        case when recipients < 'infinity' then (least(c.size, size) + kept_recipients - g.recipients_left) / recipients else 0 end,
        case when requests < 'infinity' then (1 + kept_requests - g.requests_left) / requests else 0 end);
      if waiting > 0 then
        wait_ms := ceil(waiting * 1000);
        exit;
      end if;
      g.recipients_left := g.recipients_left - least(c.size, size);
      g.requests_left := g.requests_left - 1;
      has_granted := true;
    end if;
    if is_ahead then
      has_turn := false;
      update outbox.account set list_turn_at = clock_timestamp() where id = p_account;
    end if;
    if is_lane_probe then
      -- The next larger request follows when this one has ended, or its worker is gone.
      may_probe_lane := false;
      update outbox.lane_limit r set probe_at = clock_timestamp() + interval '1 minute' where r.account = p_account and r.lane = p_lane;
    end if;
    if c.size > size then
      -- The rest stays, and may be the next one.
      if c.campaign_id is not null then
        of_campaigns := candidate || of_campaigns;
      else
        lists := candidate || lists;
      end if;
      c.id := outbox.split_head(c.id, size, p_worker);
      select * into strict c from outbox.chunk w where w.id = c.id for update;
    end if;
    c.state := 'sending';
    c.attempt := c.attempt + 1;
    c.worker := p_worker;
    c.sent_at := clock_timestamp();
    c := outbox.transition(c, 'sending', p_worker);
    chunk_id := c.id;
    chunk_attempt := c.attempt;
    chunk_campaign := c.campaign_id;
    chunk_size := c.size;
    -- A part says nothing about others of its size.
    chunk_due_at := case when c.root_id is null then c.due_at end;
    chunk_numbers := c.numbers;
    chunk_order_ids := c.order_ids;
    chunk_seal_key := c.seal_key_id;
    chunk_number_retries := c.number_retries;
    splits_left := 100;
    if c.is_split then
      splits_left := greatest(0, 100 - (select count(*) from outbox.chunk d where d.root_id = c.root_id and d.is_split));
    end if;
    is_probe := probing;
    maybe_accepted := c.maybe_accepted;
    expires_in_ms := extract(epoch from c.expires_at - clock_timestamp()) * 1000;
    if c.content is null and c.campaign_id is not null then
      select r.content, r.sender_id, r.starts_at into chunk_content, chunk_sender, began from outbox.campaign r where r.id = c.campaign_id;
    else
      chunk_content := c.content;
      chunk_sender := c.sender_id;
      began := null;
    end if;
    waited_ms := greatest(0, extract(epoch from c.sent_at - greatest(c.due_at, began)) * 1000);
    chunk_purpose := c.purpose;
    -- At the end of the claim, so a worker that knows this version knows all people who opted out before it.
    select s.version into opt_outs from outbox.opt_out_state s where s.account = p_account;
    return next;
  end loop;

  if has_granted then
    insert into outbox.rate_grant (account, recipients_left, requests_left, granted_at)
      values (p_account, g.recipients_left, g.requests_left, g.granted_at);
  end if;
  if probing and chunk_id is not null then
    update outbox.account set probes = probes + 1, fresh_probes = fresh_probes + only_fresh::int,
        probe_at = clock_timestamp() + interval '1 minute', fresh_probe_at = clock_timestamp() + interval '1 minute'
      where id = p_account;
  end if;
  if clock_timestamp() - statement_timestamp() > p_start_within * interval '1 millisecond' then
    raise exception 'the claim took longer than its worker waits' using errcode = 'query_canceled';
  end if;
  if wait_ms is not null or lane_slots is not null then
    chunk_id := null;
    return next;
  end if;
end $$;

-- Locks pending messages that are due, oldest first, and returns their ids.
create function outbox.lock_candidates(
  p_account text, p_lane outbox.lane, p_is_list boolean, p_limit int, p_only_fresh boolean, p_floor timestamptz, p_now timestamptz,
  p_seal_keys text[]
) returns bigint[] language sql as $$
  select array(
    select w.id from outbox.chunk w
      where w.account = p_account and w.lane = p_lane and w.is_list = p_is_list and w.state = 'pending'
        and w.campaign_id is null and w.due_at <= p_now and w.due_at >= coalesce(p_floor, '-infinity')
        and coalesce(w.expires_at, 'infinity') > p_now
        and (not p_only_fresh or w.account_rejected_at is null)
        and (w.seal_key_id is null or w.seal_key_id = any (p_seal_keys))
      order by w.due_at, w.id limit p_limit for update skip locked)
$$;

-- The largest number of recipients in one request of a lane that a rate allows. Chunks of campaigns are stored in this
-- size, so a claim need not split them.
create function outbox.largest_request(
  p_lane outbox.lane, p_recipients double precision, p_requests double precision, p_burst double precision,
  p_share double precision, p_largest int
) returns int language plpgsql immutable as $$
declare
  recipients double precision := coalesce(p_recipients, 'infinity');
  requests double precision := coalesce(p_requests, 'infinity');
  largest int := least(p_largest, greatest(1, floor(least(recipients * p_burst, 1000000))::int));
begin
  if p_lane = 'priority' then return largest; end if;
  -- Half of what is allowed at once. Otherwise a lane that asks a moment later finds the allowance full, and what did not
  -- fit is lost. But not less than what uses up the rate with the allowed number of requests.
  return least(largest, greatest(1, floor(least(recipients * p_burst * (1 - p_share), 1000000))::int),
    greatest(1, floor(least(recipients * p_burst * (1 - p_share) / 2, 1000000))::int,
      ceil(least(case when requests < 'infinity' then recipients / requests else 0 end, 1000000))::int));
end $$;
