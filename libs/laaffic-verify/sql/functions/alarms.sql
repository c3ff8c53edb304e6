-- What operators have to know.

-- Raises alarms, or continues those that something has raised within an hour. Returns the new ones.
-- p_alarms: objects with type, scope and count, each type and scope once.
create function verify.raise_alarms(p_alarms json, p_now timestamptz) returns setof verify.alarm language plpgsql as $$
declare
  now_ timestamptz := coalesce(p_now, clock_timestamp());
begin
  -- Otherwise two processes would raise the same alarm twice.
  perform pg_advisory_xact_lock(hashtextextended('verify alarm', 0));
  update verify.alarm a set last_at = greatest(a.last_at, now_), count = a.count + g.count
    from json_to_recordset(p_alarms) as g (type text, scope text, count int)
    where a.type = g.type and a.scope = g.scope and a.last_at > now_ - interval '1 hour';
  return query insert into verify.alarm (type, scope, raised_at, last_at, count, tell_at)
    select g.type, g.scope, now_, now_, g.count, now_
    from json_to_recordset(p_alarms) as g (type text, scope text, count int)
    where not exists (
      select from verify.alarm a where a.type = g.type and a.scope = g.scope and a.last_at > now_ - interval '1 hour'
    ) returning *;
end $$;
