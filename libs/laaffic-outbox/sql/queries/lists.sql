-- name: listMessages (account, lane?, state?, number?, reference?, from?, to?, before?, index, look, limit)
-- Newest first. index: what finds the messages to look at: 'number', 'reference', 'problem' or 'lane'. At most `look` of
-- them are compared with the other filters, so no page reads more. looked_up_to: the last of these, if there may be more.
-- A cursor whose message was deleted stands for the time of the one before it.
with beginning as materialized (
  select coalesce($8::bigint, 9223372036854775807) as id,
    case when $8::bigint is null then 'infinity' else coalesce(
      (select b.created_at from outbox.chunk b where b.id <= $8::bigint order by b.id desc limit 1), '-infinity') end as at
), page as materialized (
  -- One bound at each end: of two at the newer end, an index scan would begin at the one that says less.
  select coalesce($6::timestamptz, '-infinity') as from_at,
    case when $7::timestamptz <= c.at then $7::timestamptz else c.at end as at,
    case when $7::timestamptz <= c.at then 0 else c.id end as id
  from beginning c
), looked_at as materialized (
  select s.at, s.id from (
    (select c.created_at as at, c.id
      from page p cross join unnest(case when $2::text is null then enum_range(null::outbox.lane)
          else array[$2::text::outbox.lane] end) l (lane)
        cross join lateral (
          select c.created_at, c.id from outbox.chunk c
          where $9::text = 'lane' and c.account = $1 and c.lane = l.lane and c.campaign_id is null and c.root_id is null
            and c.created_at >= p.from_at and (c.created_at, c.id) < (p.at, p.id)
          order by c.created_at desc, c.id desc limit $10
        ) c)
    union all
    (select c.* from page p cross join lateral (
        select coalesce(c.root_created_at, c.created_at) as at, coalesce(c.root_id, c.id) as id from outbox.chunk c
        where $9::text = 'number' and c.account = $1 and c.numbers::bigint = $4::bigint and c.campaign_id is null
          and c.size = 1 and c.numbers not like '%,%' and c.state <> 'sending'
          and coalesce(c.root_created_at, c.created_at) >= p.from_at
          and (coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)) < (p.at, p.id)
        order by coalesce(c.root_created_at, c.created_at) desc, coalesce(c.root_id, c.id) desc limit $10
      ) c)
    union all
    (select coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)
      from page p join outbox.chunk c on coalesce(c.root_created_at, c.created_at) >= p.from_at
        and (coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)) < (p.at, p.id)
      where $9::text = 'number' and c.account = $1 and c.state = 'sending' and c.campaign_id is null and c.size = 1
        and c.numbers = $4::bigint::text)
    union all
    (select c.* from page p cross join lateral (
        select c.created_at as at, c.id from outbox.chunk c
        where $9::text = 'reference' and c.account = $1 and c.reference = $5::text and c.campaign_id is null
          and c.root_id is null and c.created_at >= p.from_at
          and (c.created_at, c.id) < (p.at, p.id)
        order by c.created_at desc, c.id desc limit $10
      ) c)
    union all
    (select c.* from page p cross join lateral (
        select coalesce(c.root_created_at, c.created_at) as at, coalesce(c.root_id, c.id) as id from outbox.chunk c
        where $9::text = 'problem' and c.account = $1 and c.campaign_id is null
          and (c.rejected > 0 or c.unknown > 0 or c.held > 0 or c.abandoned > 0 or c.state = 'cancelled')
          and coalesce(c.root_created_at, c.created_at) >= p.from_at
          and (coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)) < (p.at, p.id)
        order by coalesce(c.root_created_at, c.created_at) desc, coalesce(c.root_id, c.id) desc limit $10
      ) c)
  ) s order by s.at desc, s.id desc limit $10
), found as (
  select distinct l.at, l.id from looked_at l cross join lateral (select * from outbox.chunk where id = l.id limit 1) r
  where ($2::text is null or r.lane = $2::text::outbox.lane) and ($5::text is null or r.reference = $5::text)
    and ($3::text is null or exists (
      select from (select * from outbox.chunk where id = l.id union all select * from outbox.chunk where root_id = l.id) c
      where case $3::text
        when 'rejected' then c.rejected > 0
        when 'unknown' then c.unknown > 0
        when 'held' then c.held > 0
        when 'abandoned' then c.abandoned > 0
        when 'accepted' then c.accepted > 0 and (exists (select from outbox.pending_result where chunk_id = c.id)
          or exists (select from outbox.recipient where chunk_id = c.id and state = 'accepted'))
        when 'delivered' then c.accepted > 0
          and exists (select from outbox.recipient where chunk_id = c.id and state = 'delivered')
        when 'failed' then c.accepted > 0
          and exists (select from outbox.recipient where chunk_id = c.id and state = 'failed')
        else c.state::text = $3::text and c.size > c.accepted + c.rejected + c.unknown + c.held + c.abandoned
      end))
  order by l.at desc, l.id desc limit $11
)
select w.looked_up_to as "looked_up_to?", f.id as "id?", r.lane as "lane!", r.reference, r.created_at as "created_at!",
  r.due_at as "due_at!", n.changed_at as "changed_at!", n.attempts as "attempts!", n.number as "number?",
  n.recipients as "recipients!", n.pending as "pending!", n.sending as "sending!", n.cancelled as "cancelled!",
  (n.accepted - n.delivered - n.failed)::int as "accepted!", n.delivered as "delivered!", n.failed as "failed!",
  n.rejected as "rejected!", n.unknown as "unknown!", n.held as "held!", n.abandoned as "abandoned!"
from (
  select (select l.id from looked_at l order by l.at desc, l.id desc offset $10 - 1 limit 1) as looked_up_to
) w left join found f on true
  left join lateral (select * from outbox.chunk where id = f.id limit 1) r on true
  left join lateral (
    select max(c.changed_at) as changed_at, max(c.attempt) as attempts, sum(c.size)::int as recipients,
      coalesce(sum(o.open) filter (where c.state = 'pending'), 0)::int as pending,
      coalesce(sum(o.open) filter (where c.state = 'sending'), 0)::int as sending,
      coalesce(sum(o.open) filter (where c.state = 'cancelled'), 0)::int as cancelled,
      sum(c.accepted)::int as accepted, sum(c.rejected)::int as rejected, sum(c.unknown)::int as unknown,
      sum(c.held)::int as held, sum(c.abandoned)::int as abandoned,
      sum(o.delivered)::int as delivered, sum(o.failed)::int as failed,
      -- The first slots of a part may be empty.
      (array_agg(split_part(ltrim(c.numbers, ','), ',', 1) order by length(c.numbers) - length(ltrim(c.numbers, ',')))
        filter (where ltrim(c.numbers, ',') <> ''))[1] as number
    from (select * from outbox.chunk where id = f.id union all select * from outbox.chunk where root_id = f.id) c
      cross join lateral (
        select count(*) filter (where m.state = 'delivered') as delivered,
          count(*) filter (where m.state = 'failed') as failed,
          c.size - c.accepted - c.rejected - c.unknown - c.held - c.abandoned as open
        from outbox.recipient m where m.chunk_id = c.id and c.accepted > 0
      ) o
  ) n on true
order by f.at desc, f.id desc;

-- name: listHistory (account, campaignId?, messageId?, event?, actor?, from?, to?, before?, look, limit)
-- Newest first: the entries of a campaign, of a message, or of everything without two events that every message has. At
-- most `look` entries are compared with the filters. looked_up_to: the last of these, if there may be more.
with beginning as materialized (
  select coalesce($8::bigint, 9223372036854775807) as id,
    case when $8::bigint is null then 'infinity' else coalesce(
      (select b.at from outbox.history b where b.id <= $8::bigint order by b.id desc limit 1), '-infinity') end as at
), page as materialized (
  -- One bound at each end, as above.
  select c.id, coalesce($6::timestamptz, '-infinity') as from_at, coalesce($7::timestamptz, 'infinity') as to_at,
    case when $7::timestamptz <= c.at then $7::timestamptz else c.at end as last_at,
    case when $7::timestamptz <= c.at then 0 else c.id end as last_id
  from beginning c
), looked_at as materialized (
  select s.at, s.id from (
    (select h.* from page p cross join lateral (
        select h.at, h.id from outbox.history h
        where $2::bigint is null and $3::bigint is null and h.account = $1 and h.event not in ('sending', 'completed')
          and h.at >= p.from_at and (h.at, h.id) < (p.last_at, p.last_id)
        order by h.at desc, h.id desc limit $9
      ) h)
    union all
    (select 'infinity', h.id from page p cross join lateral (
        select h.id from outbox.history h where h.account = $1 and h.campaign_id = $2::bigint and h.id < p.id
        order by h.id desc limit $9
      ) h)
    union all
    (select 'infinity', h.id from page p cross join (
        select id from outbox.chunk where id = $3::bigint and account = $1 and campaign_id is null
        union all select id from outbox.chunk where root_id = $3::bigint and account = $1 and campaign_id is null
      ) c cross join lateral (
        select h.id from outbox.history h where h.chunk_id = c.id and h.id < p.id order by h.id desc limit $9
      ) h)
  ) s order by s.at desc, s.id desc limit $9
), found as (
  select l.at as place, h.* from looked_at l cross join lateral (select * from outbox.history where id = l.id limit 1) h, page p
  where ($4::text is null or h.event = $4::text) and ($5::text is null or h.actor = $5::text)
    and h.at >= p.from_at and h.at < p.to_at
  order by l.at desc, l.id desc limit $10
)
select w.looked_up_to as "looked_up_to?", f.id as "id?", f.at as "at!", f.event as "event!", f.actor as "actor!",
  f.campaign_id as "campaign_id?", f.chunk_id as "chunk_id?", f.attempt as "attempt?", f.detail as "detail?",
  case when f.campaign_id is null then (select coalesce(c.root_id, c.id) from outbox.chunk c where c.id = f.chunk_id) end as message_id
from (
  select (select l.id from looked_at l order by l.at desc, l.id desc offset $9 - 1 limit 1) as looked_up_to
) w left join found f on true
order by f.place desc, f.id desc;
