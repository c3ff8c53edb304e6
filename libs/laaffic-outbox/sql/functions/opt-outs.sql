-- Who wants no messages, and what people have written.

-- The version of the next change. Others that change opt-outs of the account wait until the transaction ends.
create function outbox.next_opt_out_version(p_account text) returns bigint language sql as $$
  insert into outbox.opt_out_state as s (account, version) values (p_account, 1)
    on conflict (account) do update set version = s.version + 1 returning version
$$;

-- Adds opt-outs. One that has ended begins again, unless p_revives is false: an import must not bring a decision back that the
-- person has changed since. Returns the numbers of those that are new or begin again.
create function outbox.add_opt_outs(
  p_account text, p_numbers text[], p_sender text, p_reason text, p_actor text, p_revives boolean
) returns text[] language plpgsql as $$
declare
  next_version bigint := outbox.next_opt_out_version(p_account);
  added text[];
begin
  with changed as (
    insert into outbox.opt_out as o (account, number, sender, reason, actor, version)
      select p_account, n, p_sender, p_reason, p_actor, next_version from unnest(p_numbers) n
      on conflict (account, number, sender) do update
        set reason = excluded.reason, actor = excluded.actor, since = clock_timestamp(), ended_at = null, ended_by = null,
          consent = null, version = excluded.version
        where o.ended_at is not null and p_revives
      returning o.number
  )
  select coalesce(array_agg(number), '{}') into added from changed;
  return added;
end $$;

-- Ends the opt-outs of a number, for one sender or for all. Returns whether there was one.
create function outbox.end_opt_out(p_account text, p_number text, p_sender text, p_actor text, p_consent text)
returns boolean language plpgsql as $$
declare
  next_version bigint := outbox.next_opt_out_version(p_account);
begin
  update outbox.opt_out o set ended_at = clock_timestamp(), ended_by = p_actor, consent = p_consent, version = next_version
    where o.account = p_account and o.number = p_number and (p_sender is null or o.sender = p_sender) and o.ended_at is null;
  return found;
end $$;
