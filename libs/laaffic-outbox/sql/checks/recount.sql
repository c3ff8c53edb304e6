-- Counts the recipients of each chunk and campaign anew, and returns those whose stored counts differ. It reads all of
-- them: for tests, and for people who do not trust the counts.
with own as (
  select r.chunk_id, r.state from outbox.recipient r
  union all
  select a.chunk_id, 'accepted' from outbox.pending_result a cross join lateral unnest(string_to_array(a.msg_ids, ',')) m
), counted as (
  select c.id, c.campaign_id, c.state, c.size, c.accepted, c.rejected, c.unknown, c.held, c.abandoned, c.invalid,
    c.delivered + coalesce(d.delivered, 0) as delivered, c.failed + coalesce(d.failed, 0) as failed,
    (select count(*) from unnest(string_to_array(c.numbers, ',')) number where number <> '') as numbers,
    c.size - o.total as without_row, o.*
  from outbox.chunk c cross join lateral (
    select count(*) as total,
      count(*) filter (where state in ('accepted', 'delivered', 'failed')) as own_accepted,
      count(*) filter (where state = 'delivered') as own_delivered, count(*) filter (where state = 'failed') as own_failed,
      count(*) filter (where state = 'rejected') as own_rejected, count(*) filter (where state = 'unknown') as own_unknown,
      count(*) filter (where state = 'held') as own_held, count(*) filter (where state = 'abandoned') as own_abandoned
    from own where chunk_id = c.id
  ) o left join lateral (
    select sum(delivered) as delivered, sum(failed) as failed from outbox.count_delta where chunk_id = c.id
  ) d on true
), exact as (
  select *, own_rejected + case state when 'rejected' then without_row else 0 end as real_rejected,
    own_unknown + case state when 'unknown' then without_row else 0 end as real_unknown,
    own_held + case state when 'held' then without_row else 0 end as real_held,
    own_abandoned + case state when 'abandoned' then without_row else 0 end as real_abandoned
  from counted
), campaign as (
  select k.id, coalesce(n.sending, 0) + d.sending as sending, coalesce(n.cancelled, 0) + d.cancelled as cancelled,
    coalesce(n.accepted, 0) + d.accepted as accepted, coalesce(n.delivered, 0) + d.delivered as delivered,
    coalesce(n.failed, 0) + d.failed as failed, coalesce(n.rejected, 0) + d.rejected as rejected,
    coalesce(n.unknown, 0) + d.unknown as unknown, coalesce(n.held, 0) + d.held as held,
    coalesce(n.abandoned, 0) + d.abandoned as abandoned
  from outbox.campaign k left join outbox.campaign_count n on n.campaign_id = k.id cross join lateral (
    select coalesce(sum(sending), 0) as sending, coalesce(sum(cancelled), 0) as cancelled, coalesce(sum(accepted), 0) as accepted,
      coalesce(sum(delivered), 0) as delivered, coalesce(sum(failed), 0) as failed, coalesce(sum(rejected), 0) as rejected,
      coalesce(sum(unknown), 0) as unknown, coalesce(sum(held), 0) as held, coalesce(sum(abandoned), 0) as abandoned
    from outbox.count_delta where campaign_id = k.id
  ) d
), summed as (
  select campaign_id as id, sum(size) filter (where state = 'sending') as sending,
    sum(size) filter (where state = 'cancelled') as cancelled, sum(own_accepted) as accepted, sum(own_delivered) as delivered,
    sum(own_failed) as failed, sum(real_rejected) as rejected, sum(real_unknown) as unknown, sum(real_held) as held,
    sum(real_abandoned) as abandoned
  from exact where campaign_id is not null group by campaign_id
)
select 'chunk ' || id as what, row_to_json(e)::text as counts from exact e
where accepted <> own_accepted or rejected <> real_rejected or unknown <> real_unknown or held <> real_held
  or abandoned <> real_abandoned or numbers <> size and numbers > 0
  or campaign_id is not null and (delivered <> own_delivered or failed <> own_failed)
  or state = 'completed' and size <> accepted + rejected + unknown + held + abandoned
union all
select 'campaign ' || c.id, json_build_object('stored', c, 'exact', s)::text from campaign c join summed s on s.id = c.id
where (c.sending, c.cancelled, c.accepted, c.delivered, c.failed, c.rejected, c.unknown, c.held, c.abandoned)
  is distinct from (coalesce(s.sending, 0), coalesce(s.cancelled, 0), s.accepted, s.delivered, s.failed, s.rejected, s.unknown,
    s.held, s.abandoned);
