-- Erases one person's number from a chunk with everything that was said about it, if nothing about it is open. Counts
-- stay. Returns where the number was, by position, and whether it is erased there.
create function outbox.erase_number(p_chunk bigint, p_number text, p_actor text)
returns table (message_id bigint, campaign_id bigint, place bigint, is_erased boolean) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  slots smallint[];
  rest text;
  is_open boolean;
begin
  select * into c from outbox.chunk where id = p_chunk for update;
  slots := array(select (s.at - 1)::smallint from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    where s.number = p_number);
  if cardinality(slots) = 0 then return; end if;
  perform outbox.flush_result(c.id);
  is_open := c.state not in ('completed', 'rejected', 'abandoned', 'cancelled') or exists (
    select from outbox.recipient r where r.chunk_id = c.id and r.slot = any (slots) and r.state in ('unknown', 'held'));
  if not is_open then
    rest := array_to_string(array_replace(string_to_array(c.numbers, ','), p_number, ''), ',');
    if rest ~ '\d' then
      -- Results leave out a recipient without a number, and the others keep their state.
      perform outbox.expand_chunk(c);
      update outbox.recipient r set reason = null where r.chunk_id = c.id and r.slot = any (slots);
      update outbox.event e set reason = null where e.chunk_id = c.id;
      update outbox.event_delivery d set reason = null where d.chunk_id = c.id;
      update outbox.chunk set numbers = rest, fingerprint = null, reason = null where id = c.id;
    else
      perform outbox.redact_chunks(array[c.id]);
    end if;
    perform outbox.record_history(c.account, c.campaign_id, c.id, c.attempt, 'erased', p_actor,
      cardinality(slots) || ' recipients');
  end if;
  return query select case when c.campaign_id is null then coalesce(c.root_id, c.id) end, c.campaign_id, c.first_position + s, not is_open
    from unnest(slots) s;
end $$;

-- Erases the numbers of messages whose purpose is over, without waiting for the retention period, and returns those that
-- must wait. A message waits until its outcome is known. If nobody can tell whether it was sent, it waits for p_evidence
-- milliseconds more: a report may still prove that, and only finds it by its number. All other reports find their message
-- by its message id. A message that another process is working on waits too, so this never waits for a lock on a chunk.
create function outbox.redact_messages(p_account text, p_messages bigint[], p_evidence double precision) returns bigint[]
language plpgsql as $$
declare
  message bigint;
  part_ids bigint[];
  waiting bigint[] := '{}';
  chunks bigint[];
  locked int;
  is_waiting boolean;
  c outbox.chunk%rowtype;
begin
  for message in select m from unnest(p_messages) m order by m loop
    part_ids := array(
      select id from outbox.chunk where id = message and account = p_account and campaign_id is null
      union all select id from outbox.chunk where root_id = message and account = p_account and campaign_id is null);
    chunks := '{}';
    locked := 0;
    is_waiting := false;
    for c in select * from outbox.chunk w where w.id = any (part_ids) order by w.id for update skip locked loop
      locked := locked + 1;
      continue when c.redacted_at is not null;
      chunks := chunks || c.id;
      is_waiting := is_waiting or c.state not in ('completed', 'rejected', 'cancelled', 'abandoned', 'split')
        or c.unknown > 0 or c.held > 0
        or (c.abandoned > 0 or c.maybe_accepted and c.accepted = 0)
          and c.changed_at > statement_timestamp() - p_evidence * interval '1 millisecond';
    end loop;
    if is_waiting or locked < cardinality(part_ids) then
      waiting := waiting || message;
    elsif chunks <> '{}' then
      -- Their rows are made from what is about to be erased.
      perform outbox.flush_result(f.id) from unnest(chunks) f (id);
      perform outbox.redact_chunks(chunks, true);
    end if;
  end loop;
  return waiting;
end $$;
