-- Deletes what ended long ago. Each function does one bounded step, and finds what it deletes in an index that contains
-- nothing else. The lock on a chunk comes first, as everywhere.

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
  -- From now on it counts when they ended, and nobody can read that any more.
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
language sql as $$
  with old as (
    select id from outbox.history where account = p_account and chunk_id is null and campaign_id is null
      and at < statement_timestamp() - p_delete_after * interval '1 millisecond'
    order by at limit p_limit for update skip locked
  ), deleted as (
    delete from outbox.history where id = any (array(select id from old)) returning 1
  )
  select count(*)::int from deleted
$$;

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
language plpgsql as $$
declare
  ended_before timestamptz := statement_timestamp() - p_kept * interval '1 millisecond';
  looked_at int;
begin
  with due as materialized (
    select k.kind, k.key, k.id from outbox.idempotency_key k
    where k.account = p_account and k.kept_from < ended_before - p_kept / 20 * interval '1 millisecond'
    order by k.kept_from limit p_limit for update skip locked
  ), checked as materialized (
    select d.kind, d.key, outbox.ended_at(d.kind, d.id) as ended_at from due d
  ), kept as (
    update outbox.idempotency_key k set kept_from = least(c.ended_at, statement_timestamp()) from checked c
    where k.account = p_account and k.kind = c.kind and k.key = c.key and c.ended_at >= ended_before
  ), deleted as (
    delete from outbox.idempotency_key k using checked c
    where k.account = p_account and k.kind = c.kind and k.key = c.key and c.ended_at < ended_before
  )
  select count(*) into looked_at from checked;
  return looked_at;
end $$;
