-- Sums up the costs of all recipients anew, and returns the days whose stored sums differ. The sums outlive the
-- recipients, so this must only be empty as long as nothing has been deleted.
with summed as (
  select account, day, mcc, currency, sum(recipients) as recipients, sum(segments) as segments, sum(total) as total
  from (
    select account, day, mcc, currency, recipients, segments, total from outbox.cost
    union all select account, day, mcc, currency, recipients, segments, total from outbox.cost_delta
  ) c group by 1, 2, 3, 4
), exact as (
  select c.account, (coalesce(c.sent_at, c.created_at) at time zone 'UTC')::date as day, coalesce(r.mcc, '') as mcc, r.currency,
    count(*) as recipients, sum(r.segments) as segments, sum(r.price) as total
  from outbox.recipient r join outbox.chunk c on c.id = r.chunk_id where r.price is not null group by 1, 2, 3, 4
)
select concat_ws(' ', account, day, mcc, currency) as what, json_build_object('summed', s, 'exact', e)::text as costs
from summed s full join exact e using (account, day, mcc, currency)
where (coalesce(s.recipients, 0), coalesce(s.segments, 0), coalesce(s.total, 0))
  is distinct from (coalesce(e.recipients, 0), coalesce(e.segments, 0), coalesce(e.total, 0));
