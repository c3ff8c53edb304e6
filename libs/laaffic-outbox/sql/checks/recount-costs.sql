-- Sums up the costs of all recipients anew, and the prices of the days for which they are kept, and returns those whose
-- stored sums differ. The sums outlive the recipients, so this must only be empty as long as nothing has been deleted.
with summed as (
  select account, day, mcc, country, currency, sum(recipients) as recipients, sum(segments) as segments, sum(total) as total
  from (
    select account, day, mcc, country, currency, recipients, segments, total from outbox.cost
    union all select account, day, mcc, country, currency, recipients, segments, total from outbox.cost_delta
  ) c group by 1, 2, 3, 4, 5
), exact as (
  select c.account, (coalesce(c.sent_at, c.created_at) at time zone 'UTC')::date as day, coalesce(r.mcc, '') as mcc,
    coalesce(r.country, '') as country, r.currency,
    count(*) as recipients, sum(r.segments) as segments, sum(r.price) as total
  from outbox.recipient r join outbox.chunk c on c.id = r.chunk_id where r.price is not null group by 1, 2, 3, 4, 5
), seen as (
  select account, day, country, mcc, mnc, currency, unit, sum(recipients) as recipients, sum(segments) as segments,
    sum(expected) as expected, sum(differing) as differing
  from (
    select account, day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing from outbox.price
    union all select account, day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing
      from outbox.cost_delta where unit is not null
  ) p group by 1, 2, 3, 4, 5, 6, 7
), charged as (
  select c.account, (coalesce(c.sent_at, c.created_at) at time zone 'UTC')::date as day, coalesce(r.country, '') as country,
    coalesce(r.mcc, '') as mcc, coalesce(r.mnc, '') as mnc, r.currency, round(r.price / r.segments, 15) as unit,
    count(*) as recipients, sum(r.segments) as segments, sum(e.parts) as expected,
    count(*) filter (where r.segments <> e.parts) as differing
  from outbox.recipient r join outbox.chunk c on c.id = r.chunk_id left join outbox.campaign k on k.id = c.campaign_id
    cross join lateral (select coalesce(c.parts, k.parts, r.segments) as parts) e
  where r.price is not null and r.segments > 0 group by 1, 2, 3, 4, 5, 6, 7
)
select concat_ws(' ', account, day, mcc, country, currency) as what, json_build_object('summed', s, 'exact', e)::text as costs
from summed s full join exact e using (account, day, mcc, country, currency)
where (coalesce(s.recipients, 0), coalesce(s.segments, 0), coalesce(s.total, 0))
  is distinct from (coalesce(e.recipients, 0), coalesce(e.segments, 0), coalesce(e.total, 0))
union all
select concat_ws(' ', account, day, country, mcc, mnc, currency, unit), json_build_object('summed', p, 'exact', e)::text
from seen p full join charged e using (account, day, country, mcc, mnc, currency, unit)
where day >= (statement_timestamp() at time zone 'UTC')::date - 60
  and (coalesce(p.recipients, 0), coalesce(p.segments, 0), coalesce(p.expected, 0), coalesce(p.differing, 0))
  is distinct from (coalesce(e.recipients, 0), coalesce(e.segments, 0), coalesce(e.expected, 0), coalesce(e.differing, 0));
