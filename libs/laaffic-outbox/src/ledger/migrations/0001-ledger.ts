/**
 * The tables, and the two steps that have to be one round trip: `claim` and `settle`.
 * Every transition is a compare-and-set on chunk, attempt and state; times are the server's.
 */
export const LEDGER = `
create type lane as enum ('priority', 'bulk');
create type chunk_state as enum
  ('pending', 'sending', 'settled', 'refused', 'unknown', 'held', 'abandoned', 'cancelled', 'divided');
create type message_state as enum
  ('accepted', 'delivered', 'failed', 'rejected', 'unknown', 'held', 'abandoned');
create type campaign_state as enum ('creating', 'draft', 'scheduled', 'running', 'paused', 'cancelled', 'done');

create table ledger (
  -- Order ids begin with it, so that two ledgers of one account take no report for the other.
  prefix text not null
);
insert into ledger values (substr(translate(gen_random_uuid()::text, '-', ''), 1, 8));

create table account (
  id text primary key,
  recipients_left double precision,
  requests_left double precision,
  refilled_at timestamptz not null default clock_timestamp(),
  slow_until timestamptz,
  slow_steps int not null default 0,
  paused_at timestamptz,
  paused_code text,
  paused_reason text,
  probe_at timestamptz,
  probes int not null default 0,
  looked_up_at timestamptz
);

create table campaign (
  id bigint generated always as identity primary key,
  account text not null references account,
  name text not null,
  content text,
  sender_id text,
  state campaign_state not null default 'creating',
  priority int not null default 0,
  starts_at timestamptz,
  chunk_size int not null,
  -- Entries of the source that are stored; the next chunk begins here.
  stored bigint not null default 0,
  idempotency_key text,
  fingerprint text,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  announce_at timestamptz,
  announcements int not null default 0,
  erased_at timestamptz
);
create unique index on campaign (account, idempotency_key) where idempotency_key is not null;
create index on campaign (account, priority desc, id) where state in ('scheduled', 'running');
create index on campaign (announce_at) where announce_at is not null;
create index on campaign (done_at) where erased_at is null and done_at is not null;

create table chunk (
  id bigint generated always as identity primary key,
  account text not null references account,
  campaign_id bigint references campaign,
  lane lane not null,
  state chunk_state not null default 'pending',
  attempt int not null default 0,
  -- The chunk that these recipients were in first.
  root bigint,
  -- Where slot 0 stands in the source of the campaign.
  first bigint not null default 0,
  -- Recipients that are this chunk's; slots that are empty are none, or another chunk's.
  n int not null,
  numbers text,
  order_ids text,
  content text,
  sender_id text,
  due_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  worker text,
  code text,
  reason text,
  retries int not null default 0,
  -- Further requests that may be spent on finding out which number is refused.
  isolation int not null default 100,
  accepted int not null default 0,
  rejected int not null default 0,
  unknown int not null default 0,
  -- Entries of the source that are no phone numbers; their slots are empty.
  invalid int not null default 0,
  idempotency_key text,
  fingerprint text,
  awaited boolean not null default false,
  announce_at timestamptz,
  announcements int not null default 0,
  poll_at timestamptz,
  polls int not null default 0,
  erased_at timestamptz
) with (fillfactor = 70);
-- Twelve bytes a recipient: to compress them costs more than it saves.
alter table chunk alter column numbers set storage external;
create unique index on chunk (account, idempotency_key) where idempotency_key is not null;
create index chunk_due on chunk (account, lane, due_at, id) where state = 'pending' and campaign_id is null;
create index chunk_campaign_due on chunk (campaign_id, due_at, id) where state = 'pending' and campaign_id is not null;
create index chunk_open on chunk (changed_at) where state in ('sending', 'unknown');
create index chunk_campaign_open on chunk (campaign_id) where state in ('sending', 'unknown') and campaign_id is not null;
create index chunk_campaign on chunk (campaign_id, id) where campaign_id is not null;
create index chunk_root on chunk (root) where root is not null;
create index chunk_held on chunk (id) where state = 'held' or unknown > 0;
create index chunk_expiring on chunk (expires_at) where state = 'pending' and expires_at is not null;
create index chunk_announce on chunk (announce_at) where announce_at is not null;
create index chunk_poll on chunk (poll_at) where poll_at is not null;
create index chunk_retention on chunk (changed_at) where erased_at is null and campaign_id is null;
create index chunk_order_ids on chunk using gin (string_to_array(order_ids, ',')) where order_ids is not null;

-- What became of single recipients. Where there is no row, the state of the chunk says it.
create table message (
  chunk_id bigint not null,
  idx smallint not null,
  state message_state not null,
  msg_id text,
  code text,
  reason text,
  reported_at timestamptz,
  primary key (chunk_id, idx)
) with (fillfactor = 80);
-- Not unique: what another system gives out twice is no reason to lose an answer.
create index message_msg_id on message (msg_id) where msg_id is not null;

-- What happened, when, and by whom; never changed.
create table journal (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  account text,
  campaign_id bigint,
  chunk_id bigint,
  attempt int,
  event text not null,
  by text not null,
  detail text
);
create index on journal (chunk_id) where chunk_id is not null;
create index on journal (campaign_id) where chunk_id is null and campaign_id is not null;

-- Reports whose message is not known yet: they may overtake the answer that names it.
create table early_report (
  id bigint generated always as identity primary key,
  msg_id text not null,
  order_id text,
  state message_state not null,
  reason text,
  reported_at timestamptz,
  received_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  try_at timestamptz not null default clock_timestamp()
);
create index on early_report (try_at);

-- Takes from the account's allowance; the caller holds its row.
create function take_allowance(a account, p_recipients double precision, p_requests double precision, p_burst double precision)
returns account language plpgsql set search_path from current as $$
declare
  seconds double precision := greatest(0, extract(epoch from clock_timestamp() - a.refilled_at));
begin
  a.refilled_at := clock_timestamp();
  a.recipients_left := least(greatest(1, p_recipients * p_burst),
    coalesce(a.recipients_left, greatest(1, p_recipients * p_burst)) + seconds * p_recipients);
  a.requests_left := least(greatest(1, p_requests * p_burst),
    coalesce(a.requests_left, greatest(1, p_requests * p_burst)) + seconds * p_requests);
  return a;
end $$;

-- Cuts a pending chunk that is larger than a request may be: the first recipients become a chunk of their own.
create function cut_chunk(p_chunk bigint, p_size int) returns bigint language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  slots text[];
  ids text[];
  taken int := 0;
  cut int := 0;
  head bigint;
begin
  select * into strict c from chunk where id = p_chunk for update;
  slots := string_to_array(c.numbers, ',');
  ids := string_to_array(c.order_ids, ',');
  while taken < p_size loop
    cut := cut + 1;
    if slots[cut] <> '' then taken := taken + 1; end if;
  end loop;
  insert into chunk (account, campaign_id, lane, root, first, n, numbers, order_ids, content, sender_id, due_at, expires_at, isolation, awaited)
  values (c.account, c.campaign_id, c.lane, coalesce(c.root, c.id), c.first, p_size, array_to_string(slots[1:cut], ','),
    case when ids is not null then array_to_string(ids[1:cut], ',') end, c.content, c.sender_id, c.due_at, c.expires_at, c.isolation, c.awaited)
  returning id into head;
  update chunk set n = n - p_size, numbers = repeat(',', cut) || array_to_string(slots[cut + 1:], ',') where id = p_chunk;
  return head;
end $$;

-- Gives a worker up to p_limit chunks to send, each marked with its next attempt; a last row without an id says in
-- how many milliseconds to ask again, if that is known. Nothing may be sent before this has committed.
create function claim(
  p_account text, p_worker text, p_lane lane, p_limit int,
  p_recipients double precision, p_requests double precision, p_burst double precision, p_share double precision,
  p_largest int
) returns table (
  chunk_id bigint, chunk_attempt int, chunk_campaign bigint, chunk_n int, chunk_numbers text, chunk_order_ids text,
  chunk_content text, chunk_sender text, chunk_retries int, chunk_isolation int, is_probe boolean, wait_ms int
) language plpgsql set search_path from current as $$
declare
  a account%rowtype;
  c chunk%rowtype;
  running bigint;
  probing boolean := false;
  limited boolean := p_recipients is not null or p_requests is not null;
  recipients double precision := coalesce(p_recipients, 'infinity');
  requests double precision := coalesce(p_requests, 'infinity');
  largest int := p_largest;
  kept_recipients double precision := 0;
  kept_requests double precision := 0;
  waiting double precision;
begin
  select * into strict a from account where id = p_account;
  if limited or a.paused_at is not null then
    select * into strict a from account where id = p_account for update;
  end if;
  if a.paused_at is not null then
    if a.probe_at > clock_timestamp() then
      wait_ms := ceil(extract(epoch from a.probe_at - clock_timestamp()) * 1000);
      return next;
      return;
    end if;
    probing := true;
    p_limit := 1;
  end if;
  if a.slow_until > clock_timestamp() then
    wait_ms := ceil(extract(epoch from a.slow_until - clock_timestamp()) * 1000);
    return next;
    return;
  end if;
  if limited then
    a := take_allowance(a, recipients, requests, p_burst);
    largest := least(largest, greatest(1, floor(least(recipients * p_burst, 1000000))::int));
    if p_lane = 'bulk' then
      -- A part is left for the other lane, but never the whole.
      kept_recipients := least(greatest(1, recipients * p_burst) - 1, greatest(1, recipients * p_burst) * p_share);
      kept_requests := least(greatest(1, requests * p_burst) - 1, greatest(1, requests * p_burst) * p_share);
      largest := least(largest, greatest(1, floor(least(recipients * p_burst * (1 - p_share), 1000000))::int));
      if exists (select from chunk w where w.account = p_account and w.lane = 'priority' and w.state = 'pending'
          and w.campaign_id is null and w.due_at <= clock_timestamp()
          and (w.expires_at is null or w.expires_at > clock_timestamp())) then
        wait_ms := 20;
        return next;
        return;
      end if;
    end if;
  end if;

  for i in 1..p_limit loop
    select * into c from chunk w
      where w.account = p_account and w.lane = p_lane and w.state = 'pending' and w.campaign_id is null
        and w.due_at <= clock_timestamp() and (w.expires_at is null or w.expires_at > clock_timestamp())
      order by w.due_at, w.id limit 1 for update skip locked;
    if not found and p_lane = 'bulk' then
      for running in select r.id from campaign r
        where r.account = p_account and r.state in ('scheduled', 'running') and r.starts_at <= clock_timestamp()
        order by r.priority desc, r.id
      loop
        select * into c from chunk w
          where w.campaign_id = running and w.state = 'pending' and w.due_at <= clock_timestamp()
            and (w.expires_at is null or w.expires_at > clock_timestamp())
          order by w.due_at, w.id limit 1 for update skip locked;
        exit when found;
      end loop;
    end if;
    exit when c.id is null;
    if c.n > largest then
      select * into strict c from chunk w where w.id = cut_chunk(c.id, largest) for update;
    end if;
    if limited then
      waiting := greatest(
        case when recipients < 'infinity' then (c.n + kept_recipients - a.recipients_left) / recipients else 0 end,
        case when requests < 'infinity' then (1 + kept_requests - a.requests_left) / requests else 0 end);
      if waiting > 0 then
        wait_ms := ceil(waiting * 1000);
        exit;
      end if;
      a.recipients_left := a.recipients_left - c.n;
      a.requests_left := a.requests_left - 1;
    end if;
    update chunk w set state = 'sending', attempt = w.attempt + 1, worker = p_worker,
        changed_at = clock_timestamp(), sent_at = clock_timestamp()
      where w.id = c.id returning * into c;
    insert into journal (account, campaign_id, chunk_id, attempt, event, by)
      values (c.account, c.campaign_id, c.id, c.attempt, 'sending', p_worker);
    chunk_id := c.id;
    chunk_attempt := c.attempt;
    chunk_campaign := c.campaign_id;
    chunk_n := c.n;
    chunk_numbers := c.numbers;
    chunk_order_ids := c.order_ids;
    chunk_retries := c.retries;
    chunk_isolation := c.isolation;
    is_probe := probing;
    if c.content is null and c.campaign_id is not null then
      select r.content, r.sender_id into chunk_content, chunk_sender from campaign r where r.id = c.campaign_id;
    else
      chunk_content := c.content;
      chunk_sender := c.sender_id;
    end if;
    return next;
    c := null;
  end loop;

  if limited then
    update account set refilled_at = a.refilled_at,
        recipients_left = case when recipients < 'infinity' then a.recipients_left end,
        requests_left = case when requests < 'infinity' then a.requests_left end
      where id = p_account;
  end if;
  if probing and chunk_id is not null then
    update account set probe_at = clock_timestamp() + interval '1 minute', probes = probes + 1 where id = p_account;
  end if;
  if wait_ms is not null then
    chunk_id := null;
    return next;
  end if;
end $$;

-- Counts what is known of a chunk's recipients.
create function count_messages(p_chunk bigint, out accepted int, out rejected int, out unclear int)
language sql set search_path from current as $$
  select count(*) filter (where state in ('accepted', 'delivered', 'failed'))::int,
    count(*) filter (where state = 'rejected' and reported_at is null)::int,
    count(*) filter (where state in ('unknown', 'held', 'abandoned'))::int
  from message where chunk_id = p_chunk
$$;

-- Wakes who waits for the outcome of a message.
create function tell_outcome(c chunk) returns void language plpgsql set search_path from current as $$
begin
  if c.awaited then
    perform pg_notify(current_schema() || '_outcome', coalesce(c.root, c.id)::text);
  end if;
end $$;

-- Takes the answer of an attempt down. Late answers count as long as nobody has decided otherwise.
-- p_slots: the slots of the message ids, or null for 0, 1, 2, …
-- p_others: [[slot, state, code, reason, message id], …] of those that were not simply accepted.
create function settle(
  p_chunk bigint, p_attempt int, p_by text, p_slots text, p_msg_ids text, p_others jsonb,
  p_announce boolean, p_poll_after double precision
) returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  not_accepted int := (select count(*) from jsonb_array_elements(p_others) o where o ->> 1 <> 'accepted');
  unclear int := (select count(*) from jsonb_array_elements(p_others) o where o ->> 1 = 'unknown');
begin
  select * into c from chunk where id = p_chunk and attempt = p_attempt
    and state in ('sending', 'unknown', 'held', 'abandoned') for no key update;
  if not found then
    insert into journal (chunk_id, attempt, event, by) values (p_chunk, p_attempt, 'answer came too late', p_by);
    return false;
  end if;
  insert into message (chunk_id, idx, state, msg_id)
    select p_chunk, coalesce(s.slots[m.at], (m.at - 1)::smallint), 'accepted', m.msg_id
    from unnest(string_to_array(nullif(p_msg_ids, ''), ',')) with ordinality m (msg_id, at)
    cross join (select string_to_array(p_slots, ',')::smallint[] as slots) s
    on conflict (chunk_id, idx) do update set msg_id = excluded.msg_id,
      state = case when message.state in ('delivered', 'failed') then message.state else excluded.state end;
  if p_others <> '[]' then
    insert into message (chunk_id, idx, state, code, reason, msg_id)
      select p_chunk, (o ->> 0)::smallint, (o ->> 1)::message_state, o ->> 2, o ->> 3, o ->> 4
      from jsonb_array_elements(p_others) o
      on conflict (chunk_id, idx) do nothing;
  end if;
  update chunk set state = 'settled', changed_at = clock_timestamp(), code = null, reason = null,
      accepted = n - not_accepted, rejected = not_accepted - unclear, unknown = unclear,
      announce_at = case when p_announce then clock_timestamp() end,
      poll_at = case when n > not_accepted then clock_timestamp() + p_poll_after * interval '1 millisecond' end
    where id = p_chunk;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by)
    values (c.account, c.campaign_id, p_chunk, p_attempt, 'settled', p_by);
  perform tell_outcome(c);
  return true;
end $$;

-- The gateway said no to the whole chunk.
create function refuse(p_chunk bigint, p_attempt int, p_by text, p_code text, p_reason text, p_announce boolean)
returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
begin
  update chunk set state = 'refused', changed_at = clock_timestamp(), code = p_code, reason = p_reason, rejected = n,
      announce_at = case when p_announce then clock_timestamp() end
    where id = p_chunk and attempt = p_attempt and state in ('sending', 'unknown', 'held', 'abandoned') and accepted = 0
    returning * into c;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt,
      case when c.id is null then 'refusal came too late' else 'refused' end, p_by, p_code);
  if c.id is null then return false; end if;
  perform tell_outcome(c);
  return true;
end $$;

-- Surely nothing was sent, and another try may succeed.
create function give_back(p_chunk bigint, p_attempt int, p_by text, p_code text, p_reason text, p_delay double precision)
returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
begin
  update chunk set state = 'pending', changed_at = clock_timestamp(), code = p_code, reason = p_reason,
      retries = retries + 1, worker = null, due_at = clock_timestamp() + p_delay * interval '1 millisecond'
    where id = p_chunk and attempt = p_attempt and state in ('sending', 'unknown', 'held') and accepted = 0
    returning * into c;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt,
      case when c.id is null then 'giving back came too late' else 'given back' end, p_by, p_code);
  return c.id is not null;
end $$;

-- The attempt may have been taken, and nobody can know yet.
create function doubt(p_chunk bigint, p_attempt int, p_by text, p_code text, p_reason text)
returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
begin
  update chunk set state = 'unknown', changed_at = clock_timestamp(), code = p_code, reason = p_reason
    where id = p_chunk and attempt = p_attempt and state = 'sending' returning * into c;
  if c.id is null then return false; end if;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt, 'unknown', p_by, p_code);
  perform tell_outcome(c);
  return true;
end $$;

-- Moves recipients into chunks of their own, which are sent anew; the others are decided.
-- p_rest: the numbers of the chunk without those that move.
-- p_parts: [{"numbers": text, "n": int, "isolation": int}, …]
-- p_others: as for settle; p_from: the states that the chunk may be in.
create function divide(
  p_chunk bigint, p_attempt int, p_by text, p_from text, p_rest text, p_parts jsonb, p_others jsonb,
  p_event text, p_detail text, p_announce boolean
) returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  moved int := (select coalesce(sum((p ->> 'n')::int), 0) from jsonb_array_elements(p_parts) p);
  known record;
begin
  select * into c from chunk where id = p_chunk and attempt = p_attempt and state::text = any (string_to_array(p_from, ','))
    for no key update;
  if not found then return false; end if;
  insert into message (chunk_id, idx, state, code, reason, msg_id)
    select p_chunk, (o ->> 0)::smallint, (o ->> 1)::message_state, o ->> 2, o ->> 3, o ->> 4
    from jsonb_array_elements(p_others) o
    on conflict (chunk_id, idx) do nothing;
  insert into chunk (account, campaign_id, lane, root, first, n, numbers, order_ids, content, sender_id, expires_at, isolation, awaited)
    select c.account, c.campaign_id, c.lane, coalesce(c.root, c.id), c.first, (p ->> 'n')::int, p ->> 'numbers', c.order_ids,
      c.content, c.sender_id, c.expires_at, (p ->> 'isolation')::int, c.awaited
    from jsonb_array_elements(p_parts) p;
  known := count_messages(p_chunk);
  update chunk set state = case when n > moved then 'settled' else 'divided' end::chunk_state, n = n - moved,
      numbers = p_rest, changed_at = clock_timestamp(), code = null, reason = null,
      accepted = known.accepted, rejected = greatest(0, known.rejected - invalid), unknown = known.unclear,
      announce_at = case when p_announce and n > moved then clock_timestamp() end
    where id = p_chunk;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt, p_event, p_by, p_detail);
  if c.campaign_id is not null then
    update campaign set state = 'running', done_at = null where id = c.campaign_id and state = 'done';
  end if;
  return true;
end $$;

-- Sends recipients of a chunk anew, as a chunk of their own: 'open' are those of whom nobody knows whether they were
-- taken, 'rejected' those that surely were not. Returns how many.
create function resend(p_chunk bigint, p_from text, p_which text, p_by text, p_detail text) returns int
language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  cut record;
  moved int;
begin
  select * into c from chunk where id = p_chunk and state::text = any (string_to_array(p_from, ',')) and numbers is not null
    for no key update;
  if not found then return 0; end if;
  with slot as (
    select s.number, s.at,
      s.number <> '' and case p_which
        when 'open' then m.state is null and c.state <> 'settled' or m.state in ('unknown', 'held', 'abandoned')
        else m.state is null and c.state = 'refused' or m.state = 'rejected'
      end as moves
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join message m on m.chunk_id = c.id and m.idx = s.at - 1
  )
  select string_agg(case when moves then '' else number end, ',' order by at) as rest,
    string_agg(case when moves then number else '' end, ',' order by at) as part,
    array_agg((at - 1)::smallint) filter (where moves) as slots
  into cut from slot;
  moved := coalesce(cardinality(cut.slots), 0);
  if moved = 0 then return 0; end if;
  delete from message where chunk_id = p_chunk and idx = any (cut.slots);
  perform divide(p_chunk, c.attempt, p_by, p_from, cut.rest,
    jsonb_build_array(jsonb_build_object('numbers', cut.part, 'n', moved, 'isolation', 100)), '[]', 'sent anew', p_detail, false);
  return moved;
end $$;

-- The account cannot send: nothing more is tried until the probe time.
create function pause_account(p_account text, p_code text, p_reason text) returns boolean
language plpgsql set search_path from current as $$
declare
  before account%rowtype;
begin
  select * into strict before from account where id = p_account for update;
  update account set paused_at = coalesce(paused_at, clock_timestamp()), paused_code = p_code, paused_reason = p_reason,
      probe_at = clock_timestamp() + least(300, 10 * power(2, least(probes, 6))) * interval '1 second'
    where id = p_account;
  if before.paused_at is not null then return false; end if;
  insert into journal (account, event, by, detail) values (p_account, 'account paused', 'gateway', p_code || ': ' || p_reason);
  return true;
end $$;

create function resume_account(p_account text, p_by text) returns boolean
language plpgsql set search_path from current as $$
begin
  update account set paused_at = null, paused_code = null, paused_reason = null, probe_at = null, probes = 0
    where id = p_account and paused_at is not null;
  if not found then return false; end if;
  insert into journal (account, event, by) values (p_account, 'account resumed', p_by);
  return true;
end $$;

-- The gateway limits us, or cannot be reached: all workers wait a while.
create function slow_account(p_account text, p_delay double precision) returns void
language sql set search_path from current as $$
  update account set slow_steps = case when slow_until > clock_timestamp() then slow_steps else least(slow_steps + 1, 8) end,
      slow_until = greatest(slow_until, clock_timestamp() + greatest(p_delay, least(30000, 100 * power(2, slow_steps))) * interval '1 millisecond')
    where id = p_account
$$;
`;
