create function outbox.is_subscribed(p_account text, p_topic text) returns boolean language sql stable as $$
  select exists (select from outbox.live_subscription where account = p_account and topic = p_topic)
$$;

-- Records that recipients of a chunk have changed to a state. The transaction of the change calls it.
create function outbox.record_event(c outbox.chunk, p_topic text, p_slots smallint[], p_code text, p_reason text)
returns void language plpgsql as $$
begin
  if coalesce(cardinality(p_slots), 0) = 0 or not outbox.is_subscribed(c.account, p_topic) then return; end if;
  insert into outbox.event (account, topic, campaign_id, root_id, chunk_id, slots, attempt, sent_at, code, reason)
    values (c.account, p_topic, c.campaign_id, coalesce(c.root_id, c.id), c.id, p_slots, c.attempt, c.sent_at, p_code, p_reason);
  perform outbox.notify_events();
end $$;

-- Records that the chunk has changed, and with it all of its recipients without a row of their own.
create function outbox.record_chunk_event(c outbox.chunk) returns void language plpgsql as $$
begin
  if not outbox.is_subscribed(c.account, c.state::text) then return; end if;
  perform outbox.record_event(c, c.state::text, array(
    select (s.at - 1)::smallint from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
      where s.number <> '' and not exists (select from outbox.recipient m where m.chunk_id = c.id and m.slot = s.at - 1)
      order by s.at), c.code, c.reason);
end $$;

-- Records that the rows of these recipients have changed. c: the chunk before the change. A recipient that had no row
-- was in the chunk's state.
create function outbox.record_recipient_events(c outbox.chunk, p_slots smallint[]) returns void language plpgsql as $$
begin
  if coalesce(cardinality(p_slots), 0) = 0 then return; end if;
  perform outbox.record_event(c, g.state, g.slots, g.code, g.reason) from (
    select m.state::text as state, m.code, m.reason, array_agg(m.slot order by m.slot) as slots
      from outbox.recipient m where m.chunk_id = c.id and m.slot = any (p_slots) and m.state::text <> c.state::text
      group by m.state, m.code, m.reason order by min(m.slot)) g;
end $$;

-- Routes recorded events to the handlers of their topics, the oldest first, and returns how many there were. Only one
-- process does so at a time: otherwise the later of two events could be there for a handler before the earlier one. An
-- event and the handlers are read in one snapshot, so an event that was committed after a handler was registered reaches
-- that handler.
create function outbox.route_events(p_account text, p_limit int) returns int language plpgsql as $$
declare
  routed int;
begin
  if not exists (select from outbox.event where account = p_account) then return 0; end if;
  perform pg_advisory_xact_lock(hashtextextended('outbox:events ' || p_account, 0));
  with oldest as (
    select id from outbox.event where account = p_account order by id limit p_limit
  ), taken as (
    delete from outbox.event where account = p_account and id = any (array(select id from oldest)) returning *
  ), made as (
    insert into outbox.event_delivery (account, handler, event_id, topic, campaign_id, root_id, chunk_id, slots, attempt,
        sent_at, code, reason, recorded_at, due_at)
      select t.account, h.handler, t.id, t.topic, t.campaign_id, t.root_id, t.chunk_id, t.slots, t.attempt, t.sent_at, t.code,
        t.reason, t.recorded_at,
        -- Behind one that was postponed, it need not be looked at before.
        greatest(clock_timestamp(), (select max(p.due_at) from outbox.event_delivery p
          where p.root_id = t.root_id and p.handler = h.handler and p.dead_at is null and p.claim is null))
      from taken t join outbox.event_handler h on h.account = t.account and h.topic = t.topic
      order by t.id
  )
  select count(*) into routed from taken;
  return routed;
end $$;

-- Waits for the transactions that may have looked for handlers before a new one was committed, as the server itself does
-- when it builds an index while the table is in use. They hold a lock on the table until they end. Gives up after a
-- while, because something else may have read the table and last long, such as a backup.
create function outbox.await_recorders(p_longest_ms double precision) returns void language plpgsql as $$
declare
  ends timestamptz := clock_timestamp() + p_longest_ms * interval '1 millisecond';
  running text[];
begin
  loop
    running := array(
      select distinct l.virtualtransaction from pg_locks l
      where l.locktype = 'relation' and l.relation = 'outbox.event_handler'::regclass and l.pid is distinct from pg_backend_pid()
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and (running is null or l.virtualtransaction = any (running)));
    exit when running = '{}' or clock_timestamp() > ends;
    perform pg_sleep(0.02);
  end loop;
end $$;

-- Makes dead letters due again. Returns their number.
-- p_ids, p_handler: which ones, or null.
create function outbox.retry_events(p_account text, p_ids bigint[], p_handler text, p_actor text)
returns int language plpgsql as $$
declare
  d outbox.event_delivery%rowtype;
  retried int := 0;
begin
  for d in
    update outbox.event_delivery set dead_at = null, failures = 0, lost = 0, due_at = clock_timestamp()
      where account = p_account and dead_at is not null and (p_ids is null or id = any (p_ids))
        and (p_handler is null or handler = p_handler)
      returning *
  loop
    perform outbox.record_history(p_account, d.campaign_id, d.chunk_id, null, 'event retried', p_actor, d.handler);
    retried := retried + 1;
  end loop;
  if retried > 0 then perform outbox.notify_events(); end if;
  return retried;
end $$;
