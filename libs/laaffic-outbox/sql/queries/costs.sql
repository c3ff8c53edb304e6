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

-- name: readSpending (account, from, to, groupBy)
-- The same sums by day, country or currency.
select case $4::text when 'day' then c.day::text when 'country' then c.country else '' end as "group!", c.currency as "currency!",
  sum(c.recipients)::bigint as "recipients!", sum(c.segments)::bigint as "segments!", trim_scale(sum(c.total)) as "total!"
from (
  select day, country, currency, recipients, segments, total from outbox.cost
  where account = $1 and day between $2::text::date and $3::text::date
  union all
  select day, country, currency, recipients, segments, total from outbox.cost_delta
  where account = $1 and day between $2::text::date and $3::text::date
) c
group by 1, 2 having sum(c.recipients) <> 0 or sum(c.total) <> 0
order by 1, 2;

-- name: readPrices (account)
-- The prices of the last 30 days, today among them.
select c.country as "country!", c.mcc as "mcc!", c.mnc as "mnc!", c.currency as "currency!", trim_scale(c.unit) as "unit!",
  sum(c.recipients)::bigint as "recipients!", sum(c.segments)::bigint as "segments!", sum(c.expected)::bigint as "expected!",
  sum(c.differing)::bigint as "differing!", min(c.first_at) as "first_at!", max(c.last_at) as "last_at!"
from (
  select day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing, first_at, last_at from outbox.price
  where account = $1 and day > (statement_timestamp() at time zone 'UTC')::date - 30
  union all
  select day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing,
    case when recipients > 0 then at end, case when recipients > 0 then at end from outbox.cost_delta
  where account = $1 and day > (statement_timestamp() at time zone 'UTC')::date - 30 and unit is not null
) c
group by c.country, c.mcc, c.mnc, c.currency, c.unit having sum(c.recipients) > 0
order by c.country, c.mcc, c.mnc, c.currency, c.unit;
