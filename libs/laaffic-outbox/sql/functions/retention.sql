-- Erases and deletes what ended long ago. Each function does one bounded step, and finds what it deletes in an index that
-- contains nothing else. The lock on a chunk comes first, as everywhere.

-- Erases what could tell something about a person. The caller holds the locks on the chunks. Returns their number.
-- p_keeps_keyed: keyed fingerprints stay, which tell nothing without the key. So an idempotency key still tells messages apart.
create function outbox.redact_chunks(p_chunks bigint[], p_keeps_keyed boolean default false) returns int language plpgsql as $$
begin
  update outbox.recipient set reason = null where chunk_id = any (p_chunks) and reason is not null;
  update outbox.event set reason = null where chunk_id = any (p_chunks) and reason is not null;
  update outbox.event_delivery set reason = null where chunk_id = any (p_chunks) and reason is not null;
  update outbox.invalid_entry set reason = null, input = null
    where chunk_id = any (p_chunks) and (reason is not null or input is not null);
  update outbox.chunk set numbers = null, content = null, reference = null, reason = null,
      -- Plain fingerprints contain no dot.
      fingerprint = case when p_keeps_keyed and fingerprint like '%.%' then fingerprint end,
      redacted_at = clock_timestamp(),
      ended_at = case when campaign_id is null and root_id is null then changed_at else ended_at end
    where id = any (p_chunks);
  return cardinality(p_chunks);
end $$;

-- Deletes chunks and everything that belongs to them. The caller holds the locks on them.
create function outbox.delete_chunks(p_chunks bigint[]) returns void language plpgsql as $$
begin
  -- First, and in a statement of its own: another process may be giving these recipients their rows.
  delete from outbox.pending_result where chunk_id = any (p_chunks);
  delete from outbox.recipient where chunk_id = any (p_chunks);
  delete from outbox.caller_order_id where chunk_id = any (p_chunks);
  delete from outbox.invalid_entry where chunk_id = any (p_chunks);
  delete from outbox.event where chunk_id = any (p_chunks);
  delete from outbox.history where chunk_id = any (p_chunks);
  delete from outbox.chunk where id = any (p_chunks);
end $$;

-- Deletes messages that belong to no campaign and ended longer ago than p_delete_after: up to p_limit, with about
-- p_recipients recipients. Returns how many it looked at. Only whole messages are deleted: one with a part that has not
-- ended is looked at again later, so it does not stand in the way of others.
create function outbox.delete_messages(p_account text, p_delete_after double precision, p_limit int, p_recipients int)
returns int language plpgsql as $$
declare
  ended_before timestamptz := statement_timestamp() - p_delete_after * interval '1 millisecond';
  look_again_at timestamptz := ended_before + least(p_delete_after / 10 * interval '1 millisecond', interval '1 day');
  roots bigint[];
  waiting bigint[];
begin
  select array_agg(s.id) into roots from (
    select l.id, sum(l.size) over (order by l.ended_at, l.id) - l.size as before from (
      select c.id, c.ended_at, c.size from outbox.chunk c where c.account = p_account and c.ended_at < ended_before
      order by c.ended_at limit p_limit for update skip locked
    ) l
  ) s where s.before < p_recipients;
  if roots is null then return 0; end if;
  with unfinished as (
    select p.root_id as id, case when bool_or(p.redacted_at is null) then look_again_at else max(p.changed_at) end as ended_at
    from outbox.chunk p where p.root_id = any (roots) and (p.redacted_at is null or p.changed_at >= ended_before)
    group by p.root_id
  ), postponed as (
    update outbox.chunk c set ended_at = u.ended_at from unfinished u where c.id = u.id returning c.id
  )
  select array_agg(id) into waiting from postponed;
  roots := array(select unnest(roots) except select unnest(waiting));
  perform from outbox.chunk where root_id = any (roots) order by id for update;
  -- From now on it counts when they ended, and nothing can read that any more.
  update outbox.idempotency_key k set kept_from = greatest(k.kept_from, c.ended_at) from outbox.chunk c
    where c.id = any (roots) and k.kind = 'message' and k.id = c.id;
  perform outbox.delete_chunks(roots || array(select id from outbox.chunk where root_id = any (roots)));
  return cardinality(roots) + coalesce(cardinality(waiting), 0);
end $$;

-- Deletes the chunks of the campaign that ended first, if that is longer ago than p_delete_after, and in the end the
-- campaign: up to p_limit chunks with about p_recipients recipients. Returns how many rows of both it deleted.
create function outbox.delete_campaigns(p_account text, p_delete_after double precision, p_limit int, p_recipients int)
returns int language plpgsql as $$
declare
  k outbox.campaign%rowtype;
  chunks bigint[];
begin
  select * into k from outbox.campaign c where c.account = p_account and c.redacted_at is not null
      and coalesce(c.done_at, c.changed_at) < statement_timestamp() - p_delete_after * interval '1 millisecond'
    order by coalesce(c.done_at, c.changed_at) limit 1 for update skip locked;
  if not found then return 0; end if;
  select array_agg(s.id) into chunks from (
    select l.id, sum(l.weight) over (order by l.first_position, l.id) - l.weight as before from (
      select c.id, c.first_position, c.size + c.invalid as weight from outbox.chunk c where c.campaign_id = k.id
      order by c.first_position, c.id limit p_limit for update
    ) l
  ) s where s.before < p_recipients;
  if chunks is not null then
    perform outbox.delete_chunks(chunks);
    return cardinality(chunks);
  end if;
  update outbox.idempotency_key i set kept_from = greatest(i.kept_from, k.done_at, k.changed_at)
    where i.kind = 'campaign' and i.id = k.id;
  delete from outbox.count_delta where campaign_id = k.id;
  delete from outbox.campaign_count where campaign_id = k.id;
  delete from outbox.history where campaign_id = k.id;
  delete from outbox.campaign where id = k.id;
  return 1;
end $$;

-- Deletes history of the account and its lanes. Returns the number of entries.
create function outbox.delete_account_history(p_account text, p_delete_after double precision, p_limit int) returns int
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  old bigint[];
begin
  select array_agg(h.id) into old from (
    select id from outbox.history where account = p_account and chunk_id is null and campaign_id is null
      and at < statement_timestamp() - p_delete_after * interval '1 millisecond'
    order by at limit p_limit for update skip locked
  ) h;
  delete from outbox.history where id = any (old);
  return coalesce(cardinality(old), 0);
end $$;

-- When a message or campaign ended: infinity if it has not, -infinity if it was deleted.
create function outbox.ended_at(p_kind text, p_id bigint) returns timestamptz language sql stable as $$
  select case p_kind when 'message' then (
    select case when count(*) = 0 then '-infinity'
        when bool_or(c.state in ('pending', 'sending') or c.unknown > 0 or c.held > 0) then 'infinity'
        else max(c.changed_at) end
      from (select * from outbox.chunk where id = p_id union all select * from outbox.chunk where root_id = p_id) c
  ) else coalesce((
    select case when k.state in ('done', 'cancelled') then coalesce(k.done_at, 'infinity') else 'infinity' end
      from outbox.campaign k where k.id = p_id
  ), '-infinity') end
$$;

-- Deletes idempotency keys whose message or campaign ended longer ago than p_kept. Returns how many it looked at. They
-- are looked at a little late, when most of them can be deleted and few have to be looked at again.
create function outbox.delete_idempotency_keys(p_account text, p_kept double precision, p_limit int) returns int
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  ended_before timestamptz := statement_timestamp() - p_kept * interval '1 millisecond';
  looked_at int := 0;
  due record;
begin
  for due in
    select k.kind, k.key, outbox.ended_at(k.kind, k.id) as ended_at from outbox.idempotency_key k
    where k.account = p_account and k.kept_from < ended_before - p_kept / 20 * interval '1 millisecond'
    order by k.kept_from limit p_limit for update skip locked
  loop
    looked_at := looked_at + 1;
    if due.ended_at < ended_before then
      delete from outbox.idempotency_key where account = p_account and kind = due.kind and key = due.key;
    else
      update outbox.idempotency_key set kept_from = least(due.ended_at, statement_timestamp())
        where account = p_account and kind = due.kind and key = due.key;
    end if;
  end loop;
  return looked_at;
end $$;
