-- Marks messages that were due in a restored backup as unknown: they may have been sent after the backup. Up to p_limit
-- chunks. Returns the recipients of each; p_except: campaigns that were certainly not started since then.
create function outbox.mark_restored(p_backup_at timestamptz, p_except bigint[], p_limit int) returns setof int
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  for c in
    select * from outbox.chunk where state = 'pending' and due_at <= clock_timestamp()
      and (campaign_id is null or campaign_id <> all (p_except))
    order by id limit p_limit for update
  loop
    c.state := 'unknown';
    c.unknown := c.size;
    -- The order ids of the request that may have been made contain the next attempt.
    c.attempt := c.attempt + 1;
    c.sent_at := p_backup_at;
    c.code := 'OUTBOX_WORKER_LOST';
    c.reason := 'restored from a backup';
    perform outbox.transition(c, 'unknown', 'restore', c.code);
    return next c.size;
  end loop;
end $$;
