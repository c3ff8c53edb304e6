-- name: readCosts (account, from, to)
-- What is added up, and what is not added up yet.
select c.day::text as "day!", c.mcc as "mcc!", c.currency as "currency!", sum(c.recipients)::bigint as "recipients!",
  sum(c.segments)::bigint as "segments!", trim_scale(sum(c.total)) as "total!"
from (
  select day, mcc, currency, recipients, segments, total from outbox.cost
  where account = $1 and day between $2::text::date and $3::text::date
  union all
  select day, mcc, currency, recipients, segments, total from outbox.cost_delta
  where account = $1 and day between $2::text::date and $3::text::date
) c
group by c.day, c.mcc, c.currency having sum(c.recipients) <> 0 or sum(c.total) <> 0
order by c.day, c.mcc, c.currency;
