-- The results of attempts.

-- Gives the recipients of a pending result rows of their own. A report may have created some of them before.
create function outbox.flush_result(p_chunk bigint) returns void language sql as $$
  with gone as (delete from outbox.pending_result where chunk_id = p_chunk returning *)
  insert into outbox.recipient (chunk_id, slot, state, msg_id)
    select g.chunk_id, coalesce(m.slot::smallint, m.at - 1)::smallint, 'accepted', m.msg_id
    from gone g cross join lateral unnest(string_to_array(g.msg_ids, ','), string_to_array(g.slots, ',')) with ordinality m (msg_id, slot, at)
    on conflict (chunk_id, slot) do update set msg_id = excluded.msg_id,
      state = case when recipient.state in ('delivered', 'failed') then recipient.state else excluded.state end
$$;

-- Flushes the oldest results, many at once, and returns their number. A process that waits for another one finds its
-- rows afterwards. The calling transaction must not hold any locks.
create function outbox.flush_oldest_results(p_limit int) returns int language plpgsql as $$
declare
  chunks bigint[];
  chunk_id bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('outbox:results', 0));
  select array_agg(o.chunk_id) into chunks
    from (select a.chunk_id from outbox.pending_result a order by a.at limit p_limit for update skip locked) o;
  begin
    -- Most results have no conflicting rows, and looking for them would cost a third of the whole.
    with gone as (delete from outbox.pending_result a where a.chunk_id = any (chunks) returning *)
    insert into outbox.recipient (chunk_id, slot, state, msg_id)
      select g.chunk_id, coalesce(m.slot::smallint, m.at - 1)::smallint, 'accepted', m.msg_id
      from gone g cross join lateral unnest(string_to_array(g.msg_ids, ','), string_to_array(g.slots, ',')) with ordinality m (msg_id, slot, at);
  exception when unique_violation then
    foreach chunk_id in array chunks loop
      perform outbox.flush_result(chunk_id);
    end loop;
  end;
  return coalesce(cardinality(chunks), 0);
end $$;

-- Counts the rows of a chunk's recipients into its counts. Recipients without a row are not counted.
create function outbox.with_counts(c outbox.chunk) returns outbox.chunk language plpgsql as $$
begin
  select count(*) filter (where state in ('accepted', 'delivered', 'failed')),
      count(*) filter (where state = 'rejected' and reported_at is null),
      count(*) filter (where state = 'unknown'), count(*) filter (where state = 'held'),
      count(*) filter (where state = 'abandoned')
    into c.accepted, c.rejected, c.unknown, c.held, c.abandoned
    from outbox.recipient where chunk_id = c.id;
  return c;
end $$;

-- Clears the counts, for a chunk that is sent again.
create function outbox.without_counts(c outbox.chunk) returns outbox.chunk language plpgsql as $$
begin
  c.accepted := 0; c.rejected := 0; c.unknown := 0; c.held := 0; c.abandoned := 0;
  return c;
end $$;

-- Records that the gateway responded to a request of the chunk, so the account can send. In most cases this only reads.
create function outbox.record_response(c outbox.chunk, p_is_accepted boolean) returns void language plpgsql as $$
declare
  a outbox.account%rowtype;
begin
  select * into a from outbox.account where id = c.account;
  if a.backoff_level > 0 and coalesce(a.backoff_until, '-infinity') <= c.sent_at then
    update outbox.account set backoff_level = 0 where id = c.account;
  end if;
  if not p_is_accepted or a.rejected_at is null then return; end if;
  if c.campaign_id is not null then
    select account_rejected_at into c.account_rejected_at from outbox.campaign where id = c.campaign_id;
    if c.account_rejected_at < c.sent_at then
      -- A probe of one recipient tells nothing about whole requests.
      update outbox.campaign set account_rejected_at = null, strikes = 0, retry_at = null
        where id = c.campaign_id and account_rejected_at < c.sent_at and (c.size > 1 or chunk_size = 1);
    end if;
  end if;
  if a.rejected_at < c.sent_at and (a.accepted_at is null or a.accepted_at < a.rejected_at)
      and (c.account_rejected_at is null or c.account_rejected_at < a.rejected_at) then
    update outbox.account set accepted_at = clock_timestamp() where id = c.account;
  end if;
end $$;

-- Stores the outcomes of recipients that were not simply accepted, one array for each column. A report that arrived
-- before takes precedence. Returns the slots that got a row. If an earlier attempt may have been accepted, a rejection
-- says nothing about it.
create function outbox.add_outcomes(
  c outbox.chunk, p_slots smallint[], p_states text[], p_codes text[], p_reasons text[], p_msg_ids text[]
) returns smallint[] language sql as $$
  with added as (
    insert into outbox.recipient (chunk_id, slot, state, code, reason, msg_id)
      select c.id, o.slot,
        case when c.maybe_accepted and o.state = 'rejected' then 'abandoned' else o.state end::outbox.recipient_state,
        o.code, o.reason, o.msg_id
      from unnest(p_slots, p_states, p_codes, p_reasons, p_msg_ids) o (slot, state, code, reason, msg_id)
      on conflict (chunk_id, slot) do nothing returning slot
  )
  select array_agg(slot) from added
$$;

-- Stores the response to an attempt. A late response counts as long as no other decision was made.
-- p_result_slots: the slots of the message ids, or null for 0, 1, 2, …
-- p_slots, p_states, …: recipients that were not simply accepted.
create function outbox.complete_chunk(
  p_chunk bigint, p_attempt int, p_actor text, p_result_slots text, p_result_msg_ids text, p_slots smallint[],
  p_states text[], p_codes text[], p_reasons text[], p_msg_ids text[], p_poll_after double precision
) returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  added smallint[];
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt
    and state in ('sending', 'unknown', 'held', 'abandoned') for no key update;
  if not found then
    if outbox.is_stored(p_chunk, p_attempt, p_actor, '{completed}') then return true; end if;
    perform outbox.record_stale_result(p_chunk, p_attempt, 'late response', p_actor, null);
    return false;
  end if;
  if p_result_msg_ids <> '' then
    if outbox.is_subscribed(c.account, 'accepted') then
      -- A report may have shown before that they were accepted. An array and no join, which would be planned each time.
      perform outbox.record_event(c, 'accepted', array(
        select s.slot from (
          select coalesce(i.slot::smallint, i.at - 1)::smallint as slot
          from unnest(string_to_array(p_result_msg_ids, ','), string_to_array(p_result_slots, ',')) with ordinality i (msg_id, slot, at)
        ) s where s.slot <> all (array(
          select m.slot from outbox.recipient m where m.chunk_id = p_chunk and m.state in ('accepted', 'delivered', 'failed')))
      ), null, null);
    end if;
    insert into outbox.pending_result (chunk_id, slots, msg_ids) values (p_chunk, p_result_slots, p_result_msg_ids);
    -- Large results are flushed when there is time. They have no conflicting rows that would have to be checked now.
    if c.size < 100 or exists (select from outbox.recipient where chunk_id = p_chunk) then
      perform outbox.flush_result(p_chunk);
    end if;
  end if;
  if p_slots <> '{}' then
    added := outbox.add_outcomes(c, p_slots, p_states, p_codes, p_reasons, p_msg_ids);
    perform outbox.record_recipient_events(c, added);
  end if;
  c := outbox.with_counts(c);
  c.accepted := c.size - c.rejected - c.unknown - c.held - c.abandoned;
  c.state := 'completed';
  c.code := null;
  c.reason := null;
  c.poll_at := case when c.accepted > 0 then clock_timestamp() + p_poll_after * interval '1 millisecond' end;
  perform outbox.transition(c, 'completed', p_actor);
  perform outbox.record_response(c, p_result_msg_ids <> '');
  return true;
end $$;

-- Stores that nothing of the chunk is sent any more: the gateway rejected it, or its time is over. If an earlier attempt
-- may have been accepted, it stays unknown for ever.
create function outbox.rejected(c outbox.chunk, p_code text, p_reason text) returns outbox.chunk language plpgsql as $$
begin
  c := outbox.without_counts(c);
  c.state := case when c.maybe_accepted then 'abandoned' else 'rejected' end;
  c.code := p_code;
  c.reason := p_reason;
  if c.maybe_accepted then c.abandoned := c.size; else c.rejected := c.size; end if;
  return c;
end $$;

-- Stores that the gateway rejected the whole chunk.
create function outbox.reject_chunk(p_chunk bigint, p_attempt int, p_actor text, p_code text, p_reason text)
returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt
    and state in ('sending', 'unknown', 'held', 'abandoned') and accepted = 0 for no key update;
  if not found then
    if outbox.is_stored(p_chunk, p_attempt, p_actor, '{rejected}') then return true; end if;
    perform outbox.record_stale_result(p_chunk, p_attempt, 'late rejection', p_actor, p_code);
    return false;
  end if;
  c := outbox.rejected(c, p_code, p_reason);
  perform outbox.transition(c, c.state::text, p_actor, p_code);
  perform outbox.record_response(c, false);
  return true;
end $$;

-- Marks the attempt unknown: it may have been accepted.
create function outbox.mark_unknown(p_chunk bigint, p_attempt int, p_actor text, p_code text, p_reason text)
returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt and state = 'sending' for no key update;
  if not found then return false; end if;
  c.state := 'unknown';
  c.unknown := c.size - c.accepted;
  c.code := p_code;
  c.reason := p_reason;
  perform outbox.transition(c, 'unknown', p_actor, p_code);
  return true;
end $$;

-- The reason of a chunk that a report has shown to be accepted after all.
create function outbox.contradiction_reason() returns text language sql immutable as $$
  select 'a report came of an attempt that counted as not sent'
$$;

-- Releases a chunk that was certainly not sent, because another attempt may succeed. p_is_number: a temporary limit of
-- its only number was the reason.
create function outbox.release_chunk(
  p_chunk bigint, p_attempt int, p_actor text, p_code text, p_reason text, p_delay double precision, p_is_number boolean
) returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt for no key update;
  if c.contradicted then
    perform outbox.record_stale_result(p_chunk, p_attempt, 'late release', p_actor, p_code);
    perform outbox.mark_unknown(p_chunk, p_attempt, p_actor, 'OUTBOX_CONTRADICTED', outbox.contradiction_reason());
    return false;
  end if;
  if c.id is null or c.state not in ('sending', 'unknown', 'held') or c.accepted > 0 then
    if outbox.is_stored(p_chunk, p_attempt, p_actor, '{released}') then return true; end if;
    perform outbox.record_stale_result(p_chunk, p_attempt, 'late release', p_actor, p_code);
    return false;
  end if;
  c := outbox.without_counts(c);
  c.state := 'pending';
  c.code := p_code;
  c.reason := p_reason;
  c.number_retries := c.number_retries + p_is_number::int;
  c.worker := null;
  c.due_at := clock_timestamp() + p_delay * interval '1 millisecond';
  perform outbox.transition(c, 'released', p_actor, p_code);
  return true;
end $$;

-- Moves recipients into chunks of their own, which are sent again. The others are decided.
-- p_rest: the numbers of the chunk without those that move. p_numbers, p_sizes: the numbers of each new chunk, and how
-- many there are. p_slots, p_states, …: the outcomes of recipients that stay.
create function outbox.split_chunk(
  p_chunk bigint, p_attempt int, p_actor text, p_rest text, p_numbers text[], p_sizes int[], p_slots smallint[],
  p_states text[], p_codes text[], p_reasons text[], p_msg_ids text[], p_code text
) returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt and state in ('sending', 'unknown', 'held')
    for no key update;
  -- A response that says "not sent" does not count if a report has proved the opposite.
  if c.id is null or c.accepted > 0 or c.contradicted then
    if outbox.is_stored(p_chunk, p_attempt, p_actor, '{split}') then return true; end if;
    perform outbox.record_stale_result(p_chunk, p_attempt, 'late split', p_actor, p_code);
    if c.contradicted then
      perform outbox.mark_unknown(p_chunk, p_attempt, p_actor, 'OUTBOX_CONTRADICTED', outbox.contradiction_reason());
    end if;
    return false;
  end if;
  perform outbox.record_recipient_events(c, outbox.add_outcomes(c, p_slots, p_states, p_codes, p_reasons, p_msg_ids));
  perform outbox.move_recipients(c, p_rest, p_numbers, p_sizes, 'split', p_actor, p_code);
  return true;
end $$;

-- Moves recipients of a locked chunk into new chunks that are pending. The rows of those that move are gone by now, and
-- those that stay have rows. p_event: 'split', or 'resent' if a person decided that they get the message once more.
create function outbox.move_recipients(
  c outbox.chunk, p_rest text, p_numbers text[], p_sizes int[], p_event text, p_actor text, p_detail text,
  p_maybe_accepted boolean default false
) returns void language plpgsql as $$
declare
  part outbox.chunk%rowtype := c;
begin
  part.state := 'pending';
  part.due_at := clock_timestamp();
  part.sent_at := null;
  part.is_split := c.is_split or p_event = 'split';
  part.is_resent := p_maybe_accepted;
  part.maybe_accepted := c.maybe_accepted or p_maybe_accepted;
  part.account_rejected_at := null;
  part.strikes := 0;
  for i in 1..cardinality(p_numbers) loop
    part.numbers := p_numbers[i];
    part.size := p_sizes[i];
    perform outbox.add_part(part, p_actor);
    c.size := c.size - p_sizes[i];
  end loop;
  c := outbox.with_counts(c);
  c.state := case when c.size > 0 then 'completed' else 'split' end;
  c.numbers := p_rest;
  c.code := null;
  c.reason := null;
  perform outbox.transition(c, p_event, p_actor, p_detail);
end $$;

-- Stores the results of attempts, in the order of their chunks, which is the same for all processes.
-- p_results: a list of objects with `type`, `chunk_id`, `attempt` and what the function of that type takes.
-- Returns, in the order of the list, whether each was stored: not if the chunk was decided in the meantime.
create function outbox.store_results(p_actor text, p_results json, p_poll_after double precision) returns boolean[]
language plpgsql as $$
declare
  r record;
  stored boolean[] := '{}';
begin
  for r in
    select * from rows from (json_to_recordset(p_results) as (type text, chunk_id bigint, attempt int, result_slots text,
      result_msg_ids text, slots smallint[], states text[], codes text[], reasons text[], msg_ids text[], code text, reason text,
      delay_ms double precision, is_number boolean, rest text, numbers text[], sizes int[])) with ordinality
    order by chunk_id, ordinality
  loop
    stored[r.ordinality] := case r.type
      when 'completed' then outbox.complete_chunk(r.chunk_id, r.attempt, p_actor, r.result_slots, r.result_msg_ids, r.slots,
        r.states, r.codes, r.reasons, r.msg_ids, p_poll_after)
      when 'rejected' then outbox.reject_chunk(r.chunk_id, r.attempt, p_actor, r.code, r.reason)
      when 'unknown' then outbox.mark_unknown(r.chunk_id, r.attempt, p_actor, r.code, r.reason)
      when 'released' then outbox.release_chunk(r.chunk_id, r.attempt, p_actor, r.code, r.reason, r.delay_ms, r.is_number)
      when 'split' then outbox.split_chunk(r.chunk_id, r.attempt, p_actor, r.rest, r.numbers, r.sizes, r.slots, r.states, r.codes,
        r.reasons, r.msg_ids, r.code)
    end;
  end loop;
  return stored;
end $$;
