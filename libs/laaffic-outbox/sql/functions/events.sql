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
