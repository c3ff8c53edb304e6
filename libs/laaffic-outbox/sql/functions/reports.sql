-- Delivery reports, and what they prove about attempts without a response.

-- Finds the chunk that now contains the recipient of an attempt, named by chunk, number and slot. There is none if the
-- attempt was never made or the number is another one: then the order id is not trusted, even if it was made here.
create function outbox.find_recipient(p_account text, p_chunk bigint, p_attempt int, p_slot smallint, p_number text)
returns bigint language sql stable strict as $$
  select f.id from outbox.chunk s cross join lateral (
    select s.id, 0 as is_moved where split_part(s.numbers, ',', p_slot + 1) = p_number
    union all
    select m.id, 1 from outbox.chunk m where (m.root_id = coalesce(s.root_id, s.id) or m.id = s.root_id) and m.id <> s.id
      and split_part(m.numbers, ',', p_slot + 1) = p_number
  ) f
  where s.id = p_chunk and s.account = p_account and p_attempt between 1 and s.attempt and p_number <> ''
  order by f.is_moved limit 1
$$;

-- Whether a person decided, between the one chunk and the other, to resend although the recipients may have been sent
-- to.
create function outbox.was_resent(p_from bigint, p_to bigint) returns boolean language sql stable as $$
  with recursive way as (
    select c.id, c.parent_id, c.is_resent from outbox.chunk c where c.id = p_to
    union all
    select c.id, c.parent_id, c.is_resent from way w join outbox.chunk c on c.id = w.parent_id where w.id <> p_from
  )
  select coalesce(bool_or(is_resent), false) from way where id <> p_from
$$;

-- When an attempt started.
create function outbox.attempt_started_at(p_chunk bigint, p_attempt int) returns timestamptz language sql stable as $$
  select min(at) from outbox.history where chunk_id = p_chunk and attempt = p_attempt and event = 'sending'
$$;

-- Marks a pending chunk unknown: an earlier attempt of its recipients was accepted although it counted as not sent.
create function outbox.stopped(c outbox.chunk, p_started_at timestamptz) returns outbox.chunk language plpgsql as $$
begin
  c.state := 'unknown';
  c.unknown := c.size - c.accepted;
  c.code := 'OUTBOX_CONTRADICTED';
  c.reason := outbox.contradiction_reason();
  c.sent_at := coalesce(least(c.sent_at, p_started_at), p_started_at);
  return c;
end $$;

-- A report has shown that an attempt was accepted although it counted as not sent. Recipients of it that wait to be
-- sent to again are stopped. Those that are being sent to are marked, so there is no third time.
create function outbox.stop_resending(p_chunk bigint, p_attempt int, p_except bigint, p_actor text) returns void
language plpgsql as $$
declare
  started_at timestamptz := outbox.attempt_started_at(p_chunk, p_attempt);
  other outbox.chunk%rowtype;
begin
  for other in
    with recursive family as (
      select c.id, coalesce(c.root_id, c.id) as root_id from outbox.chunk c where c.id = p_chunk
      union all
      select c.id, f.root_id from family f join outbox.chunk c on c.root_id = f.root_id and c.parent_id = f.id and not c.is_resent
        and (f.id <> p_chunk or c.created_at >= started_at)
    )
    select c.* from outbox.chunk c where c.id in (select id from family) and c.id <> p_except and c.state in ('pending', 'sending')
    order by c.id for no key update
  loop
    if other.state = 'sending' then
      update outbox.chunk set contradicted = true where id = other.id and (other.id <> p_chunk or other.attempt > p_attempt);
    else
      other := outbox.stopped(other, started_at);
      perform outbox.transition(other, 'unknown', p_actor, other.code);
    end if;
  end loop;
end $$;

-- Takes recipients out of a chunk that waits to be resent, because a report shows that an earlier attempt reached them.
-- Returns their new chunk, which only waits for its reports.
create function outbox.move_reported(p_chunk bigint, p_slots smallint[], p_sent_at timestamptz, p_actor text) returns bigint
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  part outbox.chunk%rowtype;
  moving record;
  part_id bigint;
begin
  select * into strict c from outbox.chunk where id = p_chunk for no key update;
  select string_agg(case when s.at - 1 = any (p_slots) then '' else s.number end, ',' order by s.at) as rest,
      string_agg(case when s.at - 1 = any (p_slots) then s.number else '' end, ',' order by s.at) as part,
      count(*) filter (where s.at - 1 = any (p_slots) and s.number <> '')::int as size
    into moving from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at);
  part := c;
  part.state := 'unknown';
  part.size := moving.size;
  part.numbers := moving.part;
  part.sent_at := p_sent_at;
  part.maybe_accepted := true;
  part.account_rejected_at := null;
  part.strikes := 0;
  part_id := outbox.add_part(part, p_actor);
  c.size := c.size - moving.size;
  c.numbers := moving.rest;
  if c.size = 0 then c.state := 'split'; end if;
  perform outbox.transition(c, 'not resent', p_actor, format('%s reported', moving.size));
  return part_id;
end $$;

-- Finds the place of a caller's own order id. Other callers may use the same ids, so the number must match too, and
-- there must be exactly one such place.
create function outbox.find_caller_order_id(
  p_account text, p_order_id text, p_number text, out chunk_id bigint, out slot smallint, out sent_from bigint
) language sql stable strict as $$
  select min(p.id), min(p.at)::smallint, min(p.sent_from) from (
    select c.id, array_position(o.ids, p_order_id) - 1 as at, c.numbers,
      -- A chunk that was never sent itself can only get reports for the chunk that it was split from.
      case when c.state = 'pending' and c.attempt = 0 then c.parent_id end as sent_from
    from outbox.caller_order_id o join outbox.chunk c on c.id = o.chunk_id
    where o.ids @> array[p_order_id] and c.account = p_account
      and (c.state in ('sending', 'completed', 'rejected', 'unknown', 'held', 'abandoned')
        or c.state = 'pending' and (c.attempt > 0 or c.parent_id is not null))
  ) p
  where split_part(p.numbers, ',', p.at + 1) = p_number
  having count(*) = 1
$$;

-- Assigns reports to recipients of one chunk. Returns the places (in p_places) of reports that have to wait.
create function outbox.apply_reports_to_chunk(
  p_chunk bigint, p_places int[], p_reports outbox.report[], p_actor text, p_poll_after double precision
) returns int[] language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  m outbox.recipient%rowtype;
  r outbox.report;
  slots text[];
  place int := 0;
  waiting int[] := '{}';
  accepted_before int;
  confirmations int := 0;
  contradictions int := 0;
  -- Recipients with a final state now, for the counts of a campaign.
  delivered int := 0;
  failed int := 0;
  -- Whether the report concerns another attempt than the latest.
  is_other boolean;
  -- Whether the chunk waited to be resent and is now stopped.
  is_stopped boolean := false;
  resent record;
  others record;
  changed smallint[] := '{}';
  state_before text;
begin
  -- Lock the chunk first, as complete_chunk() does, and then its recipients.
  select * into c from outbox.chunk where id = p_chunk for no key update;
  if not found then return p_places; end if;
  if c.state = 'pending' then
    -- A person decided to resend these recipients. That decision may still be right for the others.
    select array_agg(p.place order by p.at) as places, array_agg(distinct p.slot) as slots, min(p.started_at) as started_at,
        array_agg(row(p.msg_id, p.order_id, p.number, p.state, p.reason, p.gateway_time, null, null, p.slot, null,
          p.received_at, p.charge)::outbox.report order by p.at) as reports,
        array_agg(p.at::int) as at
      into resent from (
        select q.*, p_places[q.at] as place, outbox.attempt_started_at(q.sent_from, q.attempt) as started_at
        from unnest(p_reports) with ordinality q (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at)
        where q.sent_from is not null and outbox.was_resent(q.sent_from, p_chunk)
      ) p;
    if resent.places is not null then
      waiting := outbox.apply_reports_to_chunk(outbox.move_reported(p_chunk, resent.slots, resent.started_at, p_actor),
        resent.places, resent.reports, p_actor, p_poll_after);
      select array_agg(p_places[q.at] order by q.at) as places, array_agg(p_reports[q.at] order by q.at) as reports
        into others from generate_subscripts(p_reports, 1) q (at) where q.at <> all (resent.at);
      p_places := others.places;
      p_reports := others.reports;
      if p_places is null then return waiting; end if;
      select * into strict c from outbox.chunk where id = p_chunk;
    end if;
  end if;
  perform outbox.flush_result(p_chunk);
  slots := string_to_array(c.numbers, ',');
  accepted_before := c.accepted;
  foreach r in array p_reports loop
    place := place + 1;
    is_other := r.sent_from is not null or coalesce(r.attempt <> c.attempt, false);
    if (is_other or c.state = 'pending' and c.attempt > 0)
        and not (r.sent_from is not null and outbox.was_resent(r.sent_from, p_chunk)) then
      perform outbox.stop_resending(coalesce(r.sent_from, p_chunk), coalesce(r.attempt, c.attempt), p_chunk, p_actor);
    end if;
    if c.state = 'pending' and (c.attempt > 0 or r.sent_from is not null) then
      -- The attempt of the report, whichever it was, was released by mistake.
      is_stopped := true;
      c := outbox.stopped(c, outbox.attempt_started_at(coalesce(r.sent_from, p_chunk), r.attempt));
    elsif is_other and c.state = 'sending' then
      -- This attempt cannot be stopped any more, but it is the last one. The report may tell more when it has ended.
      if not c.contradicted then contradictions := contradictions + 1; end if;
      c.contradicted := true;
      waiting := waiting || p_places[place];
      continue;
    end if;
    select * into m from outbox.recipient where chunk_id = p_chunk and slot = r.slot for no key update;
    if found then
      -- The report of another message to the same recipient, unless the order id says that it is this one.
      continue when m.msg_id <> r.msg_id and (r.attempt is null or r.order_id is null);
      if m.state in ('delivered', 'failed') or m.state = 'accepted' and (r.state = 'accepted' or is_other)
          or m.state = 'rejected' and r.state <> 'delivered' then
        if is_other then contradictions := contradictions + 1; end if;
        continue;
      end if;
      update outbox.recipient set state = r.state, msg_id = coalesce(m.msg_id, r.msg_id), code = null, reason = r.reason,
          reported_at = case when r.state <> 'accepted' then coalesce(r.received_at, clock_timestamp()) end,
          gateway_time = case when r.state <> 'accepted' then r.gateway_time end
        where chunk_id = p_chunk and slot = r.slot;
      state_before := m.state;
    elsif c.state in ('pending', 'cancelled', 'split') or c.numbers is not null and coalesce(slots[r.slot + 1], '') = '' then
      contradictions := contradictions + 1;
      continue;
    elsif c.state = 'sending' then
      waiting := waiting || p_places[place];
      continue;
    elsif c.state = 'rejected' and r.state <> 'delivered' then
      if is_other then contradictions := contradictions + 1; end if;
      continue;
    else
      insert into outbox.recipient (chunk_id, slot, state, msg_id, reason, reported_at, gateway_time)
        values (p_chunk, r.slot, r.state, r.msg_id, r.reason,
          case when r.state <> 'accepted' then coalesce(r.received_at, clock_timestamp()) end,
          case when r.state <> 'accepted' then r.gateway_time end);
      state_before := c.state;
    end if;
    changed := changed || r.slot;
    delivered := delivered + (r.state = 'delivered')::int;
    failed := failed + (r.state = 'failed')::int;
    continue when state_before = 'accepted';
    c.accepted := c.accepted + 1;
    case state_before
      when 'rejected' then c.rejected := c.rejected - 1;
      when 'held' then c.held := c.held - 1;
      when 'abandoned' then c.abandoned := c.abandoned - 1;
      else c.unknown := greatest(0, c.unknown - 1);
    end case;
    if state_before = 'rejected' or is_other or is_stopped then
      contradictions := contradictions + 1;
    else
      confirmations := confirmations + 1;
    end if;
  end loop;
  if delivered + failed > 0 and c.campaign_id is not null then
    insert into outbox.count_delta (campaign_id, chunk_id, delivered, failed) values (c.campaign_id, p_chunk, delivered, failed);
  end if;
  perform outbox.record_recipient_events(c, changed);
  if is_stopped then
    contradictions := greatest(1, contradictions);
    c := outbox.transition(c, 'unknown', p_actor, c.code);
  end if;
  if contradictions > 0 and c.state in ('sending', 'unknown', 'held', 'abandoned') then
    c.maybe_accepted := true;
  end if;
  if c.accepted > accepted_before and c.poll_at is null then
    c.poll_at := clock_timestamp() + p_poll_after * interval '1 millisecond';
  end if;
  if c.state in ('unknown', 'held', 'abandoned') and c.accepted >= c.size then
    c.state := 'completed';
    c.code := null;
    c.reason := null;
  end if;
  if confirmations > 0 then
    c := outbox.transition(c, 'confirmed', p_actor, format('%s of %s', c.accepted, c.size));
  end if;
  if contradictions > 0 then
    perform outbox.transition(c, 'contradicted', p_actor, format('%s reported although not sent', contradictions));
  end if;
  return waiting;
end $$;

-- Stores final reports for recipients that only wait for their report, as most do, and the charges of all reports whose
-- message is known by its id. Returns the places, from 1, of reports that found their recipient or repeat an earlier
-- report, or null if all did. Rows are updated one by one in the order of their ids, which is the same for all processes.
-- Each is looked up by its id, even if the statistics of a growing table are outdated: hence the settings, offset 0 and
-- ctid. A row that another process changes at the same time has another ctid and is not found.
create function outbox.apply_final_reports(
  p_account text, p_msg_ids text[], p_states text[], p_reasons text[],
  -- Milliseconds since 1970, or empty.
  p_times text[],
  p_chunks text[], p_slots text[],
  -- Each one an outbox.charge, or empty. Null if all are.
  p_charges text[] default null,
  -- When the reports arrived, if that was before now.
  p_received text[] default null
) returns int[]
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  found int[];
  has_handlers boolean := exists (select from outbox.live_subscription where topic in ('delivered', 'failed'));
  is_recorded boolean;
begin
  with first as (
    -- Of several reports for one message, the first.
    select distinct on (r.msg_id collate "C") r.msg_id collate "C" as msg_id, r.state, r.reason, r.gateway_time, r.received_at,
      nullif(r.chunk_id, '')::bigint as chunk_id, nullif(r.slot, '')::smallint as slot, r.place::int,
      r.charge <> '' as has_charge, nullif(r.charge, '')::outbox.charge as charge
    from unnest(p_msg_ids, p_states, p_reasons, p_times, p_chunks, p_slots, p_charges, p_received)
      with ordinality r (msg_id, state, reason, gateway_time, chunk_id, slot, charge, received_at, place)
    where r.state <> 'accepted' or r.charge <> '' order by r.msg_id collate "C", r.place
  ), known as (
    select f.place, f.state, f.reason, f.gateway_time, f.received_at, w.tid, w.is_waiting, w.is_repeated, w.charge_before,
      -- A report without a price, or without a network, says nothing about what an earlier one said.
      case when f.has_charge then row(coalesce((f.charge).price, (w.charge_before).price),
        coalesce((f.charge).currency, (w.charge_before).currency), coalesce((f.charge).segments, (w.charge_before).segments),
        coalesce((f.charge).mcc, (w.charge_before).mcc), coalesce((f.charge).mnc, (w.charge_before).mnc),
        coalesce((f.charge).country, (w.charge_before).country))::outbox.charge end as charge
    from first f cross join lateral (
      select s.ctid as tid, s.state = 'accepted' and f.state <> 'accepted' and (f.chunk_id is null or s.chunk_id = f.chunk_id) as is_waiting,
        s.state <> 'accepted' and f.state <> 'accepted' and s.chunk_id = f.chunk_id as is_repeated,
        case when f.has_charge then row(s.price, s.currency, s.segments, s.mcc, s.mnc, s.country)::outbox.charge end as charge_before
      from outbox.recipient s where s.msg_id = f.msg_id
        -- Two gateways may issue the same id. One of our order ids says which message it is.
        and (f.chunk_id is null and (s.state = 'accepted' or f.has_charge and s.state in ('delivered', 'failed'))
            and (select c.account from outbox.chunk c where c.id = s.chunk_id) = p_account
          or s.slot = f.slot and s.state in ('accepted', 'delivered', 'failed')
            and (s.chunk_id = f.chunk_id
              -- It may have moved to another chunk since.
              or f.has_charge and (select coalesce(c.root_id, c.id) from outbox.chunk c where c.id = s.chunk_id)
                = (select coalesce(c.root_id, c.id) from outbox.chunk c where c.id = f.chunk_id))) offset 0
    ) w
  ), stored as (
    update outbox.recipient m set
        state = case when t.is_waiting then t.state::outbox.recipient_state else m.state end,
        code = case when not t.is_waiting then m.code end,
        reason = case when t.is_waiting then nullif(t.reason, '') else m.reason end,
        reported_at = case when t.is_waiting then coalesce(t.received_at::timestamptz, clock_timestamp()) else m.reported_at end,
        gateway_time = case when t.is_waiting then to_timestamp(nullif(t.gateway_time, '')::double precision / 1000) else m.gateway_time end,
        price = coalesce((t.charge).price, m.price),
        currency = coalesce((t.charge).currency, m.currency),
        segments = coalesce((t.charge).segments, m.segments),
        mcc = coalesce((t.charge).mcc, m.mcc),
        mnc = coalesce((t.charge).mnc, m.mnc),
        country = coalesce((t.charge).country, m.country)
      from known t where m.ctid = t.tid and (t.is_waiting or t.charge is distinct from t.charge_before)
      returning t.place, t.is_waiting, t.is_repeated, t.charge_before, t.charge, m.chunk_id, m.slot, m.state
  ), counted as (
    insert into outbox.count_delta (campaign_id, chunk_id, delivered, failed)
      select c.campaign_id, c.id, g.delivered, g.failed
      from (
        select s.chunk_id, count(*) filter (where s.state = 'delivered') as delivered,
          count(*) filter (where s.state = 'failed') as failed
        from stored s where s.is_waiting group by s.chunk_id offset 0
      ) g join outbox.chunk c on c.id = g.chunk_id where c.campaign_id is not null
  ), charged as (
    -- Once for each recipient: what an earlier report said is taken off.
    insert into outbox.cost_delta (account, day, country, mcc, mnc, currency, unit, recipients, segments, total, expected, differing)
      select c.account, (coalesce(c.sent_at, c.created_at) at time zone 'UTC')::date, g.country, g.mcc, g.mnc, g.currency,
        trim_scale(round(g.price / nullif(g.segments, 0), 15)), sum(g.recipients), sum(g.recipients * g.segments),
        sum(g.recipients * g.price), sum(g.recipients * e.parts), sum(case when g.segments <> e.parts then g.recipients else 0 end)
      from (
        select s.chunk_id, coalesce((v.charge).country, '') as country, coalesce((v.charge).mcc, '') as mcc,
          coalesce((v.charge).mnc, '') as mnc, (v.charge).currency, (v.charge).price, (v.charge).segments,
          sum(v.recipients) as recipients
        from stored s cross join lateral (values (s.charge, 1), (s.charge_before, -1)) v (charge, recipients)
        -- A charge that has not changed is counted and taken off in the same group.
        where (v.charge).price is not null
        group by s.chunk_id, coalesce((v.charge).country, ''), coalesce((v.charge).mcc, ''), coalesce((v.charge).mnc, ''),
          (v.charge).currency, (v.charge).price, (v.charge).segments offset 0
      ) g join outbox.chunk c on c.id = g.chunk_id cross join lateral (
        select coalesce(c.parts, (select k.parts from outbox.campaign k where k.id = c.campaign_id), g.segments) as parts offset 0
      ) e
      group by 1, 2, 3, 4, 5, 6, 7
      having sum(g.recipients) <> 0 or sum(g.recipients * g.segments) <> 0 or sum(g.recipients * g.price) <> 0
        or sum(g.recipients * e.parts) <> 0 or sum(case when g.segments <> e.parts then g.recipients else 0 end) <> 0
  ), recorded as (
    insert into outbox.event (account, topic, campaign_id, root_id, chunk_id, slots, attempt, sent_at)
      select c.account, g.state::text, c.campaign_id, coalesce(c.root_id, c.id), c.id, g.slots, c.attempt, c.sent_at
      from (
        select s.chunk_id, s.state, array_agg(s.slot order by s.slot) as slots from stored s
        where has_handlers and s.is_waiting group by s.chunk_id, s.state
      ) g join outbox.chunk c on c.id = g.chunk_id
      where (c.account, g.state::text) in (select account, topic from outbox.live_subscription)
      returning 1
  )
  select b.found, r.events > 0 into found, is_recorded
    from (
      select array_agg(distinct place) as found
        from (
          select place from stored where is_waiting or is_repeated
          union all select place from known where is_repeated and charge is not distinct from charge_before
        ) p
    ) b, (select count(*) as events from recorded) r;
  if is_recorded then perform outbox.notify_events(); end if;
  return case when cardinality(found) = cardinality(p_msg_ids) then null else coalesce(found, '{}') end;
end $$;

-- Assigns reports to recipients. Returns the places (in p_reports, from 1) of reports without a recipient so far. The
-- message id counts first, then the place of one of our order ids, then a caller's own order id. Each is looked up by
-- its id, even if the statistics of a growing table are outdated: hence the settings and offset 0.
create function outbox.match_reports(p_account text, p_reports outbox.report[], p_actor text, p_poll_after double precision)
returns int[] language plpgsql
-- To plan a statement anew for each chunk takes longer than to run it, and the longer the more statistics there are.
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  open int[];
  waiting int[] := '{}';
  target record;
begin
  select array_agg(r.at::int) into open
    from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at)
    where not exists (select from outbox.recipient m where m.msg_id = r.msg_id
      and (r.chunk_id is null or m.chunk_id = r.chunk_id and m.slot = r.slot)
      and (m.state in ('accepted', 'delivered', 'failed') or m.state = 'rejected' and r.state <> 'delivered') offset 0);
  if open is not null then
    for target in
      select p.chunk_id, array_agg(p.at order by p.at) as places, array_agg(p.report order by p.at) as reports from (
        select r.at::int as at, coalesce(m.chunk_id, n.chunk_id, o.chunk_id) as chunk_id,
          row(r.msg_id, r.order_id, r.number, r.state, r.reason, r.gateway_time, null,
            case when m.chunk_id is null then coalesce(r.attempt, s.attempt) end, coalesce(m.slot, r.slot, o.slot),
            case when m.chunk_id is not null then null when n.chunk_id <> r.chunk_id then r.chunk_id else s.id end,
            r.received_at, r.charge)::outbox.report as report
        from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at)
        cross join lateral outbox.find_recipient(p_account, r.chunk_id, r.attempt, r.slot, r.number) n (chunk_id)
        left join lateral (
          -- No join: it might read all chunks of the account for each report.
          select f.chunk_id, f.slot from (select * from outbox.recipient w where w.msg_id = r.msg_id offset 0) f
          where (select c.account from outbox.chunk c where c.id = f.chunk_id) = p_account
          order by f.chunk_id = n.chunk_id and f.slot = r.slot desc, f.chunk_id, f.slot limit 1
        ) m on true
        cross join lateral outbox.find_caller_order_id(p_account, case when coalesce(m.chunk_id, n.chunk_id) is null then r.order_id end, r.number) o
        left join outbox.chunk s on s.id = o.sent_from
        where r.at = any (open)
      ) p group by p.chunk_id order by p.chunk_id
    loop
      if target.chunk_id is null then
        waiting := waiting || target.places;
      else
        waiting := waiting || outbox.apply_reports_to_chunk(target.chunk_id, target.places, target.reports, p_actor, p_poll_after);
      end if;
    end loop;
  end if;
  -- Last, because all other code locks the chunk before these rows.
  perform outbox.apply_final_reports(p_account, array_agg(r.msg_id order by r.at), array_agg(r.state::text order by r.at),
      array_agg(r.reason order by r.at), array_agg((extract(epoch from r.gateway_time) * 1000)::text order by r.at),
      array_agg(r.chunk_id::text order by r.at), array_agg(r.slot::text order by r.at),
      array_agg(r.charge::text order by r.at), array_agg(r.received_at::text order by r.at))
    from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at);
  return waiting;
end $$;

-- Stores reports in the order in which they arrived. p_keep: reports without a recipient so far are kept and retried.
create function outbox.store_reports(
  p_account text, p_actor text, p_poll_after double precision, p_keep boolean, p_msg_ids text[], p_order_ids text[],
  p_numbers text[], p_states text[], p_reasons text[], p_times timestamptz[], p_chunks bigint[], p_attempts int[],
  p_slots smallint[], p_charges text[] default null
) returns void language plpgsql as $$
declare
  -- A place that is wrong now stays wrong: there was no message before the attempt that it names.
  reports outbox.report[] := array(
    select row(r.msg_id, case when r.chunk_id is null or f.id is not null then r.order_id end, r.number, r.state, r.reason, r.at,
      case when f.id is not null then r.chunk_id end, case when f.id is not null then r.attempt end,
      case when f.id is not null then r.slot end, null, null, nullif(r.charge, '')::outbox.charge)::outbox.report
    from unnest(p_msg_ids, p_order_ids, p_numbers, p_states::outbox.recipient_state[], p_reasons, p_times, p_chunks,
      p_attempts, p_slots, p_charges)
      with ordinality r (msg_id, order_id, number, state, reason, at, chunk_id, attempt, slot, charge, place)
    cross join lateral outbox.find_recipient(p_account, r.chunk_id, r.attempt, r.slot, r.number) f (id) order by r.place);
  waiting int[] := outbox.match_reports(p_account, reports, p_actor, p_poll_after);
begin
  if p_keep and waiting <> '{}' then
    insert into outbox.unmatched_report (account, msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, charge, try_at)
      select p_account, r.msg_id, r.order_id, r.number, r.state, r.reason, r.gateway_time, r.chunk_id, r.attempt, r.slot, r.charge,
        clock_timestamp() + interval '200 milliseconds'
      from unnest(reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, place)
      where r.place = any (waiting) order by r.place;
  end if;
end $$;

-- Retries reports that matched no recipient when they arrived, at growing intervals, for a day. Other systems that use
-- the same account cause such reports too. Returns the number of retried reports.
create function outbox.retry_reports(p_account text, p_actor text, p_poll_after double precision, p_limit int)
returns int language plpgsql as $$
declare
  ids bigint[];
  kept bigint[];
  reports outbox.report[];
  given_up int;
begin
  select array_agg(e.id order by e.id),
      array_agg(row(e.msg_id, e.order_id, e.number, e.state, e.reason, e.gateway_time, e.chunk_id, e.attempt, e.slot, null, e.received_at, e.charge)::outbox.report
        order by e.id)
    into ids, reports
    from (select * from outbox.unmatched_report where account = p_account and try_at <= statement_timestamp() order by try_at limit p_limit for update skip locked) e;
  if ids is null then return 0; end if;
  select coalesce(array_agg(ids[place]), '{}') into kept
    from unnest(outbox.match_reports(p_account, reports, p_actor, p_poll_after)) place;
  with gone as (
    delete from outbox.unmatched_report where id = any (ids)
      and (id <> all (kept) or received_at < clock_timestamp() - interval '24 hours') returning id
  )
  select count(*) filter (where id = any (kept)) into given_up from gone;
  -- Doubles without a limit: some nineteen tries in a day.
  update outbox.unmatched_report set tries = tries + 1,
      try_at = clock_timestamp() + 0.2 * power(2, least(tries + 1, 30)) * interval '1 second'
    where id = any (kept);
  if given_up > 0 then
    perform outbox.record_history(p_account, null, null, null, 'reports given up', p_actor,
      format('%s of messages that are not known here', given_up));
  end if;
  return cardinality(ids);
end $$;

-- Claims chunks whose reports are to be fetched: up to p_limit, with about p_recipients recipients. Returns the message
-- ids of their recipients without a final state. Their next time is committed with the claim.
create function outbox.claim_report_polls(
  p_account text, p_reports_after double precision, p_pauses double precision[], p_limit int, p_recipients int
) returns table (chunk_id bigint, msg_ids text[]) language plpgsql as $$
declare
  due record;
begin
  for due in
    select l.id, l.polls from (
      select d.id, d.polls, sum(d.size) over (order by d.poll_at, d.id) - d.size as before from (
        select c.id, c.polls, c.poll_at, c.size from outbox.chunk c where c.account = p_account and c.poll_at <= statement_timestamp()
        order by c.poll_at limit p_limit for no key update skip locked
      ) d
    ) l where l.before < p_recipients order by l.id
  loop
    perform outbox.flush_result(due.id);
    chunk_id := due.id;
    msg_ids := array(select m.msg_id from outbox.recipient m where m.chunk_id = due.id
      and m.state in ('accepted', 'unknown', 'held', 'abandoned') and m.msg_id ~ '^[0-9]{1,32}$');
    update outbox.chunk c set polls = due.polls + 1,
        poll_at = case when msg_ids <> '{}' then clock_timestamp() + p_pauses[due.polls + 1] * p_reports_after * interval '1 millisecond' end
      where c.id = due.id;
    return next;
  end loop;
end $$;
