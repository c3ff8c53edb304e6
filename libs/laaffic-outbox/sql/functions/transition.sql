-- The only place that changes the state of a chunk, and that writes history.

-- All legal changes. `event` is what the history calls it.
create function outbox.legal_transitions()
returns table (event text, from_states outbox.chunk_state[], to_states outbox.chunk_state[])
language sql immutable as $$
  values
    ('sending', '{pending}'::outbox.chunk_state[], '{sending}'::outbox.chunk_state[]),
    -- The response to an attempt. It may be late.
    ('completed', '{sending,unknown,held,abandoned}', '{completed}'),
    ('rejected', '{sending,unknown,held,abandoned,pending}', '{rejected}'),
    ('released', '{sending,unknown,held}', '{pending}'),
    ('split', '{sending,unknown,held,pending}', '{completed,split}'),
    -- No response.
    ('unknown', '{sending,pending}', '{unknown}'),
    ('held', '{unknown,completed}', '{held,completed}'),
    ('abandoned', '{sending,unknown,held,abandoned,pending,completed}', '{abandoned,completed}'),
    ('cancelled', '{pending}', '{cancelled}'),
    -- Decisions, and what follows from them.
    ('resent', '{unknown,held,completed,rejected}', '{completed,split}'),
    ('marked as sent', '{held,completed}', '{completed}'),
    ('not resent', '{pending}', '{pending,split}'),
    -- Evidence.
    ('confirmed', '{sending,unknown,held,abandoned,completed,rejected}', '{sending,unknown,held,abandoned,completed,rejected}'),
    ('contradicted', '{pending,sending,unknown,held,abandoned,completed,rejected,cancelled,split}',
      '{pending,sending,unknown,held,abandoned,completed,rejected,cancelled,split}')
$$;

create function outbox.is_legal(p_event text, p_from outbox.chunk_state, p_to outbox.chunk_state) returns boolean
language sql immutable as $$
  select exists (
    select from outbox.legal_transitions() t
    where t.event = p_event and p_from = any (t.from_states) and p_to = any (t.to_states)
      -- Evidence leaves a chunk in its state, or completes one without a response.
      and (p_event not in ('confirmed', 'contradicted') or p_to = p_from
        or p_to = 'completed' and p_from in ('unknown', 'held', 'abandoned')))
$$;

create function outbox.record_history(
  p_account text, p_campaign bigint, p_chunk bigint, p_attempt int, p_event text, p_actor text, p_detail text default null
) returns void language sql as $$
  insert into outbox.history (account, campaign_id, chunk_id, attempt, event, actor, detail)
    values (p_account, p_campaign, p_chunk, p_attempt, p_event, p_actor, p_detail)
$$;

-- Records a result that came too late: the chunk was decided in the meantime.
create function outbox.record_stale_result(p_chunk bigint, p_attempt int, p_event text, p_actor text, p_detail text)
returns void language sql as $$
  select outbox.record_history(c.account, c.campaign_id, c.id, p_attempt, p_event, p_actor, p_detail)
    from outbox.chunk c where c.id = p_chunk
$$;

-- Whether this process has stored this result of the attempt before, and its confirmation was lost.
create function outbox.is_stored(p_chunk bigint, p_attempt int, p_actor text, p_events text[]) returns boolean
language sql stable as $$
  select exists (select from outbox.history
    where chunk_id = p_chunk and attempt = p_attempt and actor = p_actor and event = any (p_events))
$$;

-- Adds what a change of a chunk adds to the counts of its campaign.
create function outbox.record_counts(before outbox.chunk, after outbox.chunk) returns void language plpgsql as $$
declare
  sending int := case after.state when 'sending' then after.size else 0 end
    - case before.state when 'sending' then before.size else 0 end;
  cancelled int := case after.state when 'cancelled' then after.size else 0 end
    - case before.state when 'cancelled' then before.size else 0 end;
begin
  if after.campaign_id is null or sending = 0 and cancelled = 0
      and (before.accepted, before.rejected, before.unknown, before.held, before.abandoned)
        = (after.accepted, after.rejected, after.unknown, after.held, after.abandoned) then
    return;
  end if;
  insert into outbox.count_delta (campaign_id, sending, cancelled, accepted, rejected, unknown, held, abandoned)
    values (after.campaign_id, sending, cancelled, after.accepted - before.accepted, after.rejected - before.rejected,
      after.unknown - before.unknown, after.held - before.held, after.abandoned - before.abandoned);
end $$;

-- Something of a campaign is pending again: a finished campaign runs again, and a cancelled one has to cancel it too.
-- With the lock, end_campaigns() sees all of this transaction or nothing.
create function outbox.reopen_campaign(p_campaign bigint, p_actor text) returns void language plpgsql as $$
declare
  k outbox.campaign%rowtype;
begin
  select * into k from outbox.campaign where id = p_campaign for no key update;
  if k.done_at is null then return; end if;
  update outbox.campaign set state = case state when 'done' then 'running' else state end, changed_at = clock_timestamp(), done_at = null
    where id = p_campaign;
  if k.state = 'done' then
    perform outbox.record_history(k.account, k.id, null, null, 'running', p_actor);
  end if;
end $$;

-- Stores a changed chunk: its state, its counts, and what belongs to them. The caller holds the lock on its row, has
-- read it, and changed `c`. Everything that follows from the change happens here: history, the counts of the campaign,
-- events for handlers, wake-up calls for callers that wait, and a finished campaign that has something to send again.
create function outbox.transition(c outbox.chunk, p_event text, p_actor text, p_detail text default null)
returns outbox.chunk language plpgsql as $$
declare
  before outbox.chunk%rowtype;
begin
  select * into strict before from outbox.chunk where id = c.id;
  if not outbox.is_legal(p_event, before.state, c.state) then
    raise exception 'a chunk that is % cannot become % (%)', before.state, c.state, p_event using errcode = 'data_exception';
  end if;
  -- Evidence does not delay what happens after the grace period.
  if c.state <> before.state or p_event not in ('confirmed', 'contradicted') then
    c.changed_at := clock_timestamp();
  end if;
  update outbox.chunk set state = c.state, changed_at = c.changed_at, attempt = c.attempt, size = c.size,
      due_at = c.due_at, sent_at = c.sent_at, worker = c.worker, code = c.code, reason = c.reason,
      number_retries = c.number_retries, maybe_accepted = c.maybe_accepted, contradicted = c.contradicted,
      accepted = c.accepted, rejected = c.rejected, unknown = c.unknown, held = c.held, abandoned = c.abandoned,
      poll_at = c.poll_at
    where id = c.id;
  -- Only these move recipients to another chunk. To compare the numbers would mean to read them.
  if p_event in ('split', 'resent', 'not resent') then
    update outbox.chunk set numbers = c.numbers where id = c.id;
  end if;
  -- A sealed content goes as soon as nothing of the chunk can be sent again.
  if c.seal_key_id is not null and c.unknown = 0 and c.held = 0
      and c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') then
    update outbox.chunk set content = null where id = c.id and content is not null;
  end if;
  perform outbox.record_history(c.account, c.campaign_id, c.id, c.attempt, p_event, p_actor, p_detail);
  perform outbox.record_counts(before, c);
  if c.state = before.state then return c; end if;
  if c.state in ('rejected', 'unknown', 'held', 'abandoned', 'cancelled') then
    perform outbox.record_chunk_event(c);
  end if;
  if c.state not in ('pending', 'sending', 'split') then
    perform outbox.notify_outcome(c);
  end if;
  if c.state = 'pending' and c.campaign_id is not null then
    perform outbox.reopen_campaign(c.campaign_id, p_actor);
  end if;
  return c;
end $$;

-- Stores recipients that leave a chunk as a chunk of their own. c: the chunk that they leave, with the state, numbers
-- and size of the new one. Returns the id of the new chunk.
create function outbox.add_part(c outbox.chunk, p_actor text) returns bigint language plpgsql as $$
declare
  part bigint;
begin
  insert into outbox.chunk (account, campaign_id, lane, state, root_id, parent_id, first_position, size, numbers,
      order_ids, content, parts, seal_key_id, sender_id, due_at, expires_at, sent_at, is_split, is_resent, maybe_accepted, has_waiter,
      reference, on_unconfirmed, purpose, account_rejected_at, strikes, root_created_at, unknown)
    values (c.account, c.campaign_id, c.lane, c.state, coalesce(c.root_id, c.id), c.id, c.first_position, c.size,
      c.numbers, c.order_ids, c.content, c.parts, c.seal_key_id, c.sender_id, c.due_at, c.expires_at, c.sent_at, c.is_split, c.is_resent,
      c.maybe_accepted, c.has_waiter, c.reference, c.on_unconfirmed, c.purpose, c.account_rejected_at, c.strikes,
      coalesce(c.root_created_at, c.created_at), case c.state when 'unknown' then c.size else 0 end)
    returning id into part;
  if c.order_ids is not null then
    insert into outbox.caller_order_id values (part, string_to_array(c.order_ids, ','));
  end if;
  if c.campaign_id is not null then
    if c.state = 'unknown' then
      insert into outbox.count_delta (campaign_id, unknown) values (c.campaign_id, c.size);
    end if;
    perform outbox.reopen_campaign(c.campaign_id, p_actor);
  end if;
  return part;
end $$;
