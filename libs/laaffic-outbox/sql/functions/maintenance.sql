-- What is due by time alone. Each function does one step, which keeps its locks short, and returns a row
-- for each chunk that it changed. Any number of processes may run them at once. Indexes can be searched by
-- statement_timestamp(), but not by clock_timestamp(), which changes while they are searched.

-- Marks attempts unknown that have had no response for longer than the lease, whatever happened to their worker.
create function outbox.mark_overdue(p_account text, p_lease double precision, p_actor text, p_limit int)
returns table (changed_lane outbox.lane, recipients int) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  for c in
    select * from outbox.chunk w where w.account = p_account and w.state = 'sending'
      and w.changed_at < statement_timestamp() - p_lease * interval '1 millisecond'
    order by w.changed_at limit p_limit for update skip locked
  loop
    c.state := 'unknown';
    c.unknown := c.size - c.accepted;
    c.code := 'OUTBOX_WORKER_LOST';
    c.reason := 'no response was stored in time';
    perform outbox.transition(c, 'unknown', p_actor, c.code);
    changed_lane := c.lane;
    recipients := c.unknown;
    return next;
  end loop;
end $$;

-- Decides chunks of a lane that are still unknown after the grace period. p_action: what happens to messages and campaigns
-- that do not say it themselves. A chunk counts before its campaign. Recipients of a cancelled campaign are not sent to
-- again; they are held. decided: 'held' or 'abandoned'; null if they are sent to again.
create function outbox.end_grace_period(
  p_account text, p_lane outbox.lane, p_grace_period double precision, p_action outbox.unconfirmed_action,
  p_actor text, p_limit int
) returns table (changed_lane outbox.lane, recipients int, decided outbox.recipient_state) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  action outbox.unconfirmed_action;
  is_cancelled boolean;
  slots smallint[];
begin
  changed_lane := p_lane;
  for c in
    select * from outbox.chunk w where w.account = p_account and w.lane = p_lane and w.unknown > 0
      and w.changed_at < statement_timestamp() - p_grace_period * interval '1 millisecond'
    order by w.changed_at limit p_limit for update skip locked
  loop
    recipients := c.unknown;
    action := c.on_unconfirmed;
    is_cancelled := false;
    if c.campaign_id is not null then
      select coalesce(action, k.on_unconfirmed), k.state = 'cancelled' into action, is_cancelled
        from outbox.campaign k where k.id = c.campaign_id;
    end if;
    action := coalesce(action, p_action);
    if action = 'resend' and not is_cancelled and outbox.resend(c.id, 'unknown', p_actor, 'policy') > 0 then
      decided := null;
      return next;
      continue;
    end if;
    decided := case action when 'abandon' then 'abandoned' else 'held' end;
    slots := null;
    if c.state = 'unknown' then
      c.state := decided::text::outbox.chunk_state;
    else
      with changed as (
        update outbox.recipient m set state = decided where m.chunk_id = c.id and m.state = 'unknown' returning m.slot
      )
      select array_agg(slot) into slots from changed;
    end if;
    perform outbox.record_recipient_events(c, slots);
    if decided = 'held' then c.held := c.held + c.unknown; else c.abandoned := c.abandoned + c.unknown; end if;
    c.unknown := 0;
    perform outbox.transition(c, decided::text, p_actor);
    return next;
  end loop;
end $$;

-- Rejects messages whose `sendBefore` has passed.
create function outbox.expire_messages(p_account text, p_actor text, p_limit int)
returns table (changed_lane outbox.lane, recipients int, is_rejected boolean) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  for c in
    select * from outbox.chunk w where w.account = p_account and w.state = 'pending' and w.expires_at <= statement_timestamp()
    order by w.expires_at limit p_limit for update skip locked
  loop
    c := outbox.rejected(c, 'OUTBOX_EXPIRED', 'not sent before sendBefore');
    perform outbox.transition(c, c.state::text, p_actor, c.code);
    changed_lane := c.lane;
    recipients := c.size;
    is_rejected := c.state = 'rejected';
    return next;
  end loop;
end $$;

-- Cancels a pending chunk. If an earlier attempt may have been accepted, it stays unknown for ever.
create function outbox.cancel_chunk(c outbox.chunk, p_actor text) returns void language plpgsql as $$
begin
  c := outbox.without_counts(c);
  c.state := case when c.maybe_accepted then 'abandoned' else 'cancelled' end;
  if c.maybe_accepted then c.abandoned := c.size; end if;
  perform outbox.transition(c, c.state::text, p_actor);
end $$;

-- Cancels what is pending of a message. Returns the number of chunks.
create function outbox.cancel_message(p_account text, p_message bigint, p_actor text) returns int language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  cancelled int := 0;
begin
  for c in
    select * from outbox.chunk w where w.account = p_account and (w.id = p_message or w.root_id = p_message)
      and w.campaign_id is null and w.state = 'pending' order by w.id for update
  loop
    perform outbox.cancel_chunk(c, p_actor);
    cancelled := cancelled + 1;
  end loop;
  return cancelled;
end $$;

-- Cancels what is pending of a cancelled campaign. Returns the number of chunks.
create function outbox.cancel_campaign_chunks(p_campaign bigint, p_actor text, p_limit int) returns int
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  cancelled int := 0;
begin
  for c in
    select * from outbox.chunk w where w.campaign_id = p_campaign and w.state = 'pending' limit p_limit
    for update skip locked
  loop
    perform outbox.cancel_chunk(c, p_actor);
    cancelled := cancelled + 1;
  end loop;
  return cancelled;
end $$;

-- Cancels chunks that cancelled campaigns still have, because they were released or the cancellation did not finish.
create function outbox.cancel_leftovers(p_account text, p_actor text, p_limit int) returns int language sql as $$
  select coalesce(sum(outbox.cancel_campaign_chunks(k.id, p_actor, p_limit)), 0)::int
    from outbox.campaign k where k.account = p_account and k.state = 'cancelled' and k.done_at is null
$$;

-- Starts campaigns whose time has come, and ends those with nothing left to do. Records the end of cancelled ones.
-- Each is checked again under its lock, because something may have become pending in between.
create function outbox.advance_campaigns(p_account text, p_actor text) returns void language plpgsql as $$
declare
  candidate bigint;
  k outbox.campaign%rowtype;
begin
  for candidate in
    update outbox.campaign set state = 'running', changed_at = clock_timestamp()
      where account = p_account and state = 'scheduled' and starts_at <= statement_timestamp() returning id
  loop
    perform outbox.record_history(p_account, candidate, null, null, 'running', p_actor);
  end loop;
  for candidate in select c.id from outbox.campaign c
    where c.account = p_account and (c.state = 'running' or c.state = 'cancelled' and c.done_at is null)
      and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state = 'pending')
      and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state in ('sending', 'unknown'))
    order by c.id
  loop
    perform from outbox.campaign where id = candidate for no key update skip locked;
    continue when not found;
    update outbox.campaign c set state = case c.state when 'running' then 'done' else c.state end, done_at = clock_timestamp(),
        changed_at = case c.state when 'running' then clock_timestamp() else c.changed_at end
      where c.id = candidate and (c.state = 'running' or c.state = 'cancelled' and c.done_at is null)
        and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state = 'pending')
        and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state in ('sending', 'unknown'))
      returning * into k;
    continue when not found or k.state <> 'done';
    perform outbox.record_history(p_account, candidate, null, null, 'done', p_actor);
    if outbox.is_subscribed(p_account, 'campaign done') then
      insert into outbox.event (account, topic, campaign_id) values (p_account, 'campaign done', candidate);
      perform outbox.notify_events();
    end if;
  end loop;
end $$;

-- Adds the oldest deltas to the counts of their campaigns and chunks, and returns their number.
create function outbox.fold_counts(p_limit int) returns int language plpgsql as $$
declare
  ids bigint[];
begin
  select array_agg(d.id) into ids
    from (select id from outbox.count_delta order by id limit p_limit for update skip locked) d;
  if ids is null then return 0; end if;
  insert into outbox.campaign_count as k (campaign_id, sending, accepted, delivered, failed, rejected, cancelled, unknown, held, abandoned)
    select campaign_id, sum(sending), sum(accepted), sum(delivered), sum(failed), sum(rejected), sum(cancelled), sum(unknown),
      sum(held), sum(abandoned)
    from outbox.count_delta where id = any (ids) group by campaign_id order by campaign_id
    on conflict (campaign_id) do update set sending = k.sending + excluded.sending, accepted = k.accepted + excluded.accepted,
      delivered = k.delivered + excluded.delivered, failed = k.failed + excluded.failed,
      rejected = k.rejected + excluded.rejected, cancelled = k.cancelled + excluded.cancelled,
      unknown = k.unknown + excluded.unknown, held = k.held + excluded.held, abandoned = k.abandoned + excluded.abandoned;
  with reported as (
    select chunk_id, sum(delivered)::int as delivered, sum(failed)::int as failed
    from outbox.count_delta where id = any (ids) and chunk_id is not null group by chunk_id
  ), locked as (
    select c.id, r.delivered, r.failed from reported r join outbox.chunk c on c.id = r.chunk_id order by c.id for no key update of c
  )
  update outbox.chunk c set delivered = c.delivered + l.delivered, failed = c.failed + l.failed from locked l where c.id = l.id;
  delete from outbox.count_delta where id = any (ids);
  return cardinality(ids);
end $$;

-- Adds the oldest deltas to the costs and to the prices, and returns their number. Prices of which nothing is learned any
-- more are deleted.
create function outbox.fold_costs(p_limit int) returns int language plpgsql as $$
declare
  ids bigint[];
begin
  select array_agg(d.id) into ids
    from (select id from outbox.cost_delta order by id limit p_limit for update skip locked) d;
  if ids is null then return 0; end if;
  insert into outbox.cost as k (account, day, mcc, country, currency, recipients, segments, total)
    select account, day, mcc, country, currency, sum(recipients), sum(segments), sum(total)
    from outbox.cost_delta where id = any (ids) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (account, day, mcc, country, currency) do update set recipients = k.recipients + excluded.recipients,
      segments = k.segments + excluded.segments, total = k.total + excluded.total;
  insert into outbox.price as p (account, day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing,
      first_at, last_at)
    -- A delta without recipients takes one off, and has not seen the price.
    select account, day, country, mcc, mnc, currency, unit, sum(recipients), sum(segments), sum(expected), sum(differing),
      coalesce(min(at) filter (where recipients > 0), min(at)), coalesce(max(at) filter (where recipients > 0), min(at))
    from outbox.cost_delta where id = any (ids) and unit is not null group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    on conflict (account, day, country, mcc, mnc, currency, unit) do update set
      recipients = p.recipients + excluded.recipients, segments = p.segments + excluded.segments,
      expected = p.expected + excluded.expected, differing = p.differing + excluded.differing,
      first_at = case when excluded.recipients > 0 then least(p.first_at, excluded.first_at) else p.first_at end,
      last_at = case when excluded.recipients > 0 then greatest(p.last_at, excluded.last_at) else p.last_at end;
  delete from outbox.price where account in (select account from outbox.cost_delta where id = any (ids))
    and day < (clock_timestamp() at time zone 'UTC')::date - 60;
  delete from outbox.cost_delta where id = any (ids);
  return cardinality(ids);
end $$;
