-- What was started, approved and spent, by country.

-- Adds what has changed to `traffic`. One process does it at a time, and the others need not wait: false.
create function verify.fold_traffic() returns boolean language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('verify traffic', 0)) then return false; end if;
  with gone as (
    delete from verify.traffic_delta returning *
  )
  insert into verify.traffic as t (span, at, country, is_known, starts, approvals, excused, messages, spent)
    select s.span, date_bin(('1 ' || s.span)::interval, g.at, '2000-01-01'), g.country, g.is_known, sum(g.starts),
      sum(g.approvals), sum(g.excused), sum(g.messages), sum(g.spent)
    from gone g cross join unnest('{minute,hour}'::verify.traffic_span[]) s (span)
    group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (span, at, country, is_known) do update set starts = t.starts + excluded.starts,
      approvals = t.approvals + excluded.approvals, excused = t.excused + excluded.excused,
      messages = t.messages + excluded.messages, spent = t.spent + excluded.spent;
  return true;
end $$;

-- The traffic of each country: the last hour in minutes, the last day in hours. `known_minutes`: for numbers that were verified
-- before, the minutes of the last two hours as [ago, starts, approvals].
create function verify.read_traffic(p_now timestamptz)
returns table (
  country text, hour_starts int, hour_approvals int, hour_excused int, day_starts int, day_approvals int, hour_messages int, day_messages int,
  day_spent double precision, known_minutes json
) language sql as $$
  with recent as (
    select t.*, t.at > m.now - interval '1 hour' as is_last_hour, floor(extract(epoch from m.now - t.at) / 60)::int as ago
    from (select coalesce(p_now, clock_timestamp()) as now) m
      join verify.traffic t on t.span = 'minute' and t.at > m.now - interval '2 hours'
        or t.span = 'hour' and t.at > m.now - interval '24 hours'
  )
  select r.country,
    coalesce(sum(r.starts) filter (where r.span = 'minute' and r.is_last_hour and not r.is_known), 0)::int,
    coalesce(sum(r.approvals) filter (where r.span = 'minute' and r.is_last_hour and not r.is_known), 0)::int,
    coalesce(sum(r.excused) filter (where r.span = 'minute' and r.is_last_hour), 0)::int,
    coalesce(sum(r.starts) filter (where r.span = 'hour' and not r.is_known), 0)::int,
    coalesce(sum(r.approvals) filter (where r.span = 'hour' and not r.is_known), 0)::int,
    coalesce(sum(r.messages) filter (where r.span = 'minute' and r.is_last_hour), 0)::int,
    coalesce(sum(r.messages) filter (where r.span = 'hour'), 0)::int,
    coalesce(sum(r.spent) filter (where r.span = 'hour'), 0),
    coalesce(json_agg(json_build_array(r.ago, r.starts, r.approvals) order by r.at)
      filter (where r.span = 'minute' and r.is_known and (r.starts > 0 or r.approvals > 0)), '[]')
  from recent r group by r.country
$$;

-- What the guard learns of each country: for each of the last 14 days the starts and approvals of numbers that were not verified
-- before, and the most starts of others in an hour; and the most approvals of new numbers in an hour and in a day. A day is 24
-- hours until now.
create function verify.read_learned(p_now timestamptz)
returns table (country text, days json, peak_hour int, peak_day int) language sql as $$
  with hours as (
    select t.country, t.is_known, t.starts, t.approvals, floor(extract(epoch from m.now - t.at) / 86400)::int as day
    from (select coalesce(p_now, clock_timestamp()) as now) m
      join verify.traffic t on t.span = 'hour' and t.at > m.now - interval '336 hours'
  ), days as (
    select h.country, h.day, coalesce(sum(h.starts) filter (where not h.is_known), 0)::int as starts,
      coalesce(sum(h.approvals) filter (where not h.is_known), 0)::int as approvals,
      coalesce(max(h.approvals) filter (where not h.is_known), 0) as peak_hour,
      coalesce(max(h.starts) filter (where h.is_known), 0) as known_peak
    from hours h group by 1, 2
  )
  select d.country, json_agg(json_build_array(d.starts, d.approvals, d.known_peak) order by d.day), max(d.peak_hour), max(d.approvals)
  from days d group by d.country
$$;
