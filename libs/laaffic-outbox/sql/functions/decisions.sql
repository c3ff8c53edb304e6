-- Decisions about recipients whose outcome is unknown, and about rejected ones.

-- Gives each recipient without a row one with the state of the chunk.
create function outbox.expand_chunk(c outbox.chunk) returns void language sql as $$
  insert into outbox.recipient (chunk_id, slot, state, code, reason)
    select c.id, s.at - 1, case when c.state in ('rejected', 'unknown', 'held', 'abandoned') then c.state::text end::outbox.recipient_state,
      c.code, c.reason
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    where s.number <> '' and c.state in ('rejected', 'unknown', 'held', 'abandoned')
    on conflict (chunk_id, slot) do nothing
$$;

-- Those positions that a chunk may have, which are few of a campaign's. null: all.
create function outbox.positions_of(c outbox.chunk, p_positions bigint[]) returns bigint[] language sql immutable as $$
  select case when p_positions is not null then
    array(select p from unnest(p_positions) p where p between c.first_position and c.first_position + 999) end
$$;

-- Resends recipients of a chunk as a chunk of their own. p_which: 'unknown': their outcome is unknown and evidence is
-- still possible. 'held': they need a decision. 'rejected': they were certainly rejected.
-- p_positions: only recipients at these positions of the source. Returns the number of recipients. A sealed content that
-- is gone cannot be sent.
create function outbox.resend(p_chunk bigint, p_which text, p_actor text, p_detail text, p_positions bigint[] default null)
returns int language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  moving record;
  moved int;
begin
  select * into c from outbox.chunk where id = p_chunk and numbers is not null
    and state in ('completed', 'unknown', 'held', 'rejected') and (seal_key_id is null or content is not null)
    for no key update;
  if not found then return 0; end if;
  p_positions := outbox.positions_of(c, p_positions);
  perform outbox.flush_result(p_chunk);
  with slot as (
    select s.number, s.at,
      s.number <> '' and coalesce(m.state::text, c.state::text) = p_which
        and (p_positions is null or c.first_position + s.at - 1 = any (p_positions)) as moves
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join outbox.recipient m on m.chunk_id = c.id and m.slot = s.at - 1
  )
  select string_agg(case when moves then '' else number end, ',' order by at) as rest,
    string_agg(case when moves then number else '' end, ',' order by at) as part,
    array_agg((at - 1)::smallint) filter (where moves) as slots
  into moving from slot;
  moved := coalesce(cardinality(moving.slots), 0);
  if moved = 0 then return 0; end if;
  if moved < c.size then perform outbox.expand_chunk(c); end if;
  delete from outbox.recipient where chunk_id = p_chunk and slot = any (moving.slots);
  perform outbox.move_recipients(c, moving.rest, array[moving.part], array[moved], 'resent', p_actor, p_detail,
    p_which <> 'rejected');
  return moved;
end $$;

-- Executes a manual decision about recipients on hold: 'resend' sends again, 'abandon' leaves them unknown, 'sent'
-- counts them as sent. p_positions: only recipients at these positions of the source. Returns the number of recipients.
create function outbox.resolve_held(p_chunk bigint, p_decision text, p_positions bigint[], p_actor text) returns int
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  decided smallint[];
begin
  if p_decision = 'resend' then
    return outbox.resend(p_chunk, 'held', p_actor, 'decision', p_positions);
  end if;
  select * into c from outbox.chunk where id = p_chunk and held > 0 and numbers is not null for no key update;
  if not found then return 0; end if;
  p_positions := outbox.positions_of(c, p_positions);
  perform outbox.flush_result(p_chunk);
  select array_agg((s.at - 1)::smallint) into decided
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join outbox.recipient m on m.chunk_id = c.id and m.slot = s.at - 1
    where s.number <> '' and coalesce(m.state::text, c.state::text) = 'held'
      and (p_positions is null or c.first_position + s.at - 1 = any (p_positions));
  if decided is null then return 0; end if;
  perform outbox.expand_chunk(c);
  update outbox.recipient set state = case p_decision when 'sent' then 'accepted' else 'abandoned' end::outbox.recipient_state,
      code = case p_decision when 'sent' then null else code end, reason = case p_decision when 'sent' then null else reason end
    where chunk_id = p_chunk and slot = any (decided);
  perform outbox.record_recipient_events(c, decided);
  c := outbox.with_counts(c);
  c.state := 'completed';
  c.code := null;
  c.reason := null;
  perform outbox.transition(c, case p_decision when 'sent' then 'marked as sent' else 'abandoned' end, p_actor,
    cardinality(decided) || ' recipients');
  return cardinality(decided);
end $$;
