-- Notifies the processes that listen. A notification is a hint: listeners also poll. When the notification queue of the
-- server is half full, because some session does not read it, nothing is sent: a full queue would make commits fail.
create function outbox.notify(p_channel text, p_payload text) returns void language plpgsql as $$
begin
  if pg_notification_queue_usage() < 0.5 then
    perform pg_notify(p_channel, p_payload);
  end if;
end $$;

-- Wakes callers that wait for the outcome of a message.
create function outbox.notify_outcome(c outbox.chunk) returns void language plpgsql as $$
begin
  if c.has_waiter then
    perform outbox.notify('outbox:outcome', coalesce(c.root_id, c.id)::text);
  end if;
end $$;

-- Wakes the processes that call event handlers, if any listens.
create function outbox.notify_events() returns void language sql as $$
  select outbox.notify('outbox:event', '') where exists (select from outbox.live_subscription where is_notified)
$$;

-- Wakes the workers of one lane of one account.
create function outbox.notify_due(p_account text, p_lane text) returns void language sql as $$
  select outbox.notify('outbox:due', p_lane || ':' || p_account)
$$;
