/**
 * The tables and functions of the ledger. `claim` and `settle` are functions because each must be one round trip. Every
 * transition is a compare-and-set on chunk, attempt and state. All times are the server's.
 */
export const LEDGER = `
create type lane as enum ('priority', 'bulk');
create type chunk_state as enum
  ('pending', 'sending', 'settled', 'refused', 'unknown', 'held', 'abandoned', 'cancelled', 'divided');
create type message_state as enum
  ('accepted', 'delivered', 'failed', 'rejected', 'unknown', 'held', 'abandoned');
create type campaign_state as enum ('creating', 'draft', 'scheduled', 'running', 'paused', 'cancelled', 'done');

create table ledger (
  -- The prefix of generated order ids. It keeps two ledgers of one account from accepting each other's reports.
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
  -- The same for messages that the gateway has not rejected with a code about the account before.
  fresh_probe_at timestamptz,
  fresh_probes int not null default 0,
  -- The chunk whose rejection says that the account cannot send.
  paused_chunk bigint,
  -- Since when requests are rejected with a code about the account, and when a request that started later was accepted.
  blamed_at timestamptz,
  worked_at timestamptz,
  -- When a list last went ahead of single recipients that were due.
  list_turn_at timestamptz not null default '-infinity',
  -- When a worker that reads sent records last gave a sign of life, and up to when records were read.
  lookup_alive_at timestamptz,
  looked_up_at timestamptz
);

-- A lane in which requests get no readable responses. Without a row the lane works.
create table lane_limit (
  -- No foreign key: it would lock the account's row.
  account text not null,
  lane lane not null,
  -- Maximum number of recipients in one request. 0: the lane is paused.
  size int not null,
  -- The size of the largest request without a response. Once a request of this size gets a response, the lane works.
  goal int not null,
  reason text not null,
  since timestamptz not null default clock_timestamp(),
  paused_at timestamptz not null default clock_timestamp(),
  -- When the pause ended; null while the lane is paused.
  resumed_at timestamptz,
  -- When one request may be larger than the limit. It starts with one recipient, and doubles.
  try_at timestamptz not null,
  -- How often the lane was paused, and how often in a row a larger request got no response.
  pauses int not null default 0,
  failed_tries int not null default 0,
  primary key (account, lane)
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
  -- Number of stored source entries. The next chunk starts here.
  stored bigint not null default 0,
  idempotency_key text,
  fingerprint text,
  -- The digest of the whole source, once it is stored.
  digest text,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  erased_at timestamptz,
  -- Why the gateway caused the pause.
  paused_code text,
  paused_reason text,
  -- When the gateway last rejected it with a code about the account, how often it did so while it accepted other
  -- requests, and when to try again.
  refused_at timestamptz,
  strikes int not null default 0,
  retry_at timestamptz
);
create unique index on campaign (account, idempotency_key) where idempotency_key is not null;
create index on campaign (account, priority desc, id) where state in ('scheduled', 'running');
create index on campaign (account) where state = 'cancelled' and done_at is null;
create index on campaign (done_at) where erased_at is null and done_at is not null;

create table chunk (
  id bigint generated always as identity primary key,
  -- No foreign key: it would lock the account's row until the app's transaction ends, and claims update that row.
  account text not null,
  campaign_id bigint references campaign,
  lane lane not null,
  state chunk_state not null default 'pending',
  attempt int not null default 0,
  -- The first chunk of these recipients, and the chunk that they came from. They keep their slots.
  root bigint,
  parent bigint,
  -- The position of slot 0 in the source of the campaign.
  first bigint not null default 0,
  -- Number of recipients in this chunk. Empty slots have no recipient, or one that is in another chunk.
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
  -- How often a temporary limit of its only number has delayed it.
  number_retries int not null default 0,
  -- Whether it was split from another chunk to find the rejected number.
  is_part boolean not null default false,
  -- Whether it left its parent because of a decision to resend, although it may have been sent.
  is_resent boolean not null default false,
  -- Whether an earlier attempt may have been accepted. Then no result of this chunk means "certainly not sent".
  doubtful boolean not null default false,
  -- Whether a report has shown that an earlier attempt was accepted after all. Then this is never resent automatically.
  contradicted boolean not null default false,
  accepted int not null default 0,
  rejected int not null default 0,
  unknown int not null default 0,
  -- Number of source entries that are not phone numbers. Their slots are empty.
  invalid int not null default 0,
  idempotency_key text,
  fingerprint text,
  awaited boolean not null default false,
  -- The caller's own reference of the message. It need not be unique.
  reference text,
  poll_at timestamptz,
  polls int not null default 0,
  erased_at timestamptz,
  -- When the gateway last rejected it with a code about the account, and how often it did so while it accepted other
  -- requests.
  refused_at timestamptz,
  strikes int not null default 0,
  -- Single recipients go ahead of lists.
  is_list boolean not null generated always as (n > 1) stored
) with (fillfactor = 70);
-- Twelve bytes for each recipient. Compression costs more than it saves.
alter table chunk alter column numbers set storage external, alter column order_ids set storage external;
create unique index on chunk (account, idempotency_key) where idempotency_key is not null;
create index chunk_due on chunk (account, lane, is_list, due_at, id) where state = 'pending' and campaign_id is null;
create index chunk_campaign_due on chunk (campaign_id, due_at, id) where state = 'pending' and campaign_id is not null;
create index chunk_open on chunk (changed_at) where state in ('sending', 'unknown');
create index chunk_campaign_open on chunk (campaign_id) where state in ('sending', 'unknown') and campaign_id is not null;
create index chunk_campaign on chunk (campaign_id, first, id) where campaign_id is not null;
create index chunk_root on chunk (root) where root is not null;
create index chunk_held on chunk (id) where state = 'held' or unknown > 0;
create index chunk_expiring on chunk (expires_at) where state = 'pending' and expires_at is not null;
create index chunk_poll on chunk (poll_at) where poll_at is not null;
create index chunk_suspect on chunk (account) where state = 'pending' and refused_at is not null;
create index chunk_retention on chunk (changed_at) where erased_at is null and campaign_id is null;

-- The callers' own order ids. They are not in the table chunk, because each update of a chunk would rewrite their
-- index.
create table own_order_ids (
  chunk_id bigint not null references chunk,
  ids text[] not null
);
create index on own_order_ids using gin (ids);
create index on own_order_ids (chunk_id);

create function note_order_ids() returns trigger language plpgsql set search_path from current as $$
begin
  insert into own_order_ids values (new.id, string_to_array(new.order_ids, ','));
  return null;
end $$;
create trigger note_order_ids after insert on chunk for each row when (new.order_ids is not null)
  execute function note_order_ids();

-- The states of single recipients. A recipient without a row has the state of its chunk.
create table message (
  chunk_id bigint not null,
  idx smallint not null,
  state message_state not null,
  -- Compared byte by byte, whatever the collation of the database.
  msg_id text collate "C",
  code text,
  reason text,
  reported_at timestamptz,
  -- The time of the state according to the gateway.
  gateway_time timestamptz,
  primary key (chunk_id, idx)
) with (fillfactor = 80);
-- Not unique: if another system issues an id twice, no response must be lost.
create index message_msg_id on message (msg_id) where msg_id is not null;

-- Invalid entries of a campaign's source. Their slots are empty. The input is truncated and masked.
create table invalid_entry (
  chunk_id bigint not null references chunk,
  idx smallint not null,
  code text not null,
  reason text,
  -- The line in the caller's file, if the caller gave it.
  line bigint,
  order_id text,
  input text,
  primary key (chunk_id, idx)
);

-- Message ids of chunks whose recipients have no rows yet. They are accepted, and nothing more is known about them.
create table answer (
  chunk_id bigint primary key,
  -- The slots of the message ids, or null for 0, 1, 2, …
  slots text,
  msg_ids text not null,
  at timestamptz not null default clock_timestamp()
);
create index on answer (at);
alter table answer alter column msg_ids set storage external, alter column slots set storage external;

-- The history: what happened, when, and who did it. Rows never change.
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
create index on journal (campaign_id, id) where campaign_id is not null;

-- Reports whose message is not known yet. A report may arrive before the response that contains its message id.
create table early_report (
  id bigint generated always as identity primary key,
  account text not null,
  msg_id text not null,
  order_id text,
  number text,
  state message_state not null,
  reason text,
  gateway_time timestamptz,
  -- The place that one of our order ids points to.
  chunk_id bigint,
  attempt int,
  idx smallint,
  received_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  try_at timestamptz not null default clock_timestamp()
);
create index on early_report (account, try_at);

-- Pushes with the right secret that could not be read. They may be the only reports of their messages.
create table unreadable_push (
  id bigint generated always as identity primary key,
  account text not null,
  received_at timestamptz not null default clock_timestamp(),
  route text not null,
  reason text not null,
  body bytea not null,
  -- The platform pushes a rejected push again.
  digest bytea not null,
  unique (account, route, digest)
);

-- The topics with handlers in some process: a state of recipients, or 'campaign done'.
create table subscription (
  account text not null references account,
  topic text not null,
  -- When such a process last renewed the subscription.
  seen_at timestamptz not null default clock_timestamp(),
  primary key (account, topic)
);

-- Changes that no handler has handled yet: one row for each state that recipients of a chunk got in one step.
create table event (
  id bigint generated always as identity primary key,
  account text not null,
  topic text not null,
  campaign_id bigint,
  -- The first chunk of the recipients. Its events are emitted in the order of their ids.
  root bigint,
  chunk_id bigint,
  slots smallint[],
  -- Details that the chunk and the recipients may no longer have when the handler is called.
  attempt int,
  sent_at timestamptz,
  code text,
  reason text,
  recorded_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  failures int not null default 0,
  -- The claim of the process that calls the handlers now, valid until due_at.
  claim uuid
);
create index event_due on event (account, due_at);
create index event_root on event (root, id);

-- The topics to record. Apps without handlers pay nothing, and handlers miss nothing during an outage of their process.
create view live_subscription as
  select account, topic from subscription where seen_at > clock_timestamp() - interval '7 days';

create function is_subscribed(p_account text, p_topic text) returns boolean language sql stable set search_path from current as $$
  select exists (select from live_subscription where account = p_account and topic = p_topic)
$$;

-- Wakes the processes that call handlers.
create function notify_events() returns void language sql set search_path from current as $$
  select pg_notify(current_schema() || '_event', '')
$$;

-- Records that recipients of a chunk have changed to a state. The transaction of the change calls it.
create function record_event(c chunk, p_topic text, p_slots smallint[], p_code text, p_reason text) returns void
language plpgsql set search_path from current as $$
begin
  if coalesce(cardinality(p_slots), 0) = 0 or not is_subscribed(c.account, p_topic) then return; end if;
  insert into event (account, topic, campaign_id, root, chunk_id, slots, attempt, sent_at, code, reason)
    values (c.account, p_topic, c.campaign_id, coalesce(c.root, c.id), c.id, p_slots, c.attempt, c.sent_at, p_code, p_reason);
  perform notify_events();
end $$;

-- Records that the chunk has changed, and with it all of its recipients without a row of their own.
create function record_chunk(c chunk) returns void language plpgsql set search_path from current as $$
declare
  topic text := case c.state when 'refused' then 'rejected' else c.state::text end;
begin
  if not is_subscribed(c.account, topic) then return; end if;
  perform record_event(c, topic, array(
    select (s.at - 1)::smallint from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
      where s.number <> '' and not exists (select from message m where m.chunk_id = c.id and m.idx = s.at - 1)
      order by s.at), c.code, c.reason);
end $$;

-- Records that the rows of these recipients have changed. c: the chunk before the change. A recipient that had no row
-- was in the chunk's state.
create function record_rows(c chunk, p_slots smallint[]) returns void language plpgsql set search_path from current as $$
begin
  if coalesce(cardinality(p_slots), 0) = 0 then return; end if;
  perform record_event(c, g.state, g.slots, g.code, g.reason) from (
    select m.state::text as state, m.code, m.reason, array_agg(m.idx order by m.idx) as slots
      from message m where m.chunk_id = c.id and m.idx = any (p_slots) and m.state::text <> c.state::text
      group by m.state, m.code, m.reason order by min(m.idx)) g;
end $$;

-- Takes from the account's allowance. The caller holds the lock on its row.
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

-- Splits a pending chunk that is larger than a request may be. The first recipients become a chunk of their own.
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
  -- The second condition ends the loop even if n is larger than the number of recipients.
  while taken < p_size and cut < cardinality(slots) loop
    cut := cut + 1;
    if slots[cut] <> '' then taken := taken + 1; end if;
  end loop;
  insert into chunk (account, campaign_id, lane, root, parent, first, n, numbers, order_ids, content, sender_id, due_at, expires_at, is_part, doubtful, awaited, reference, refused_at, strikes)
  values (c.account, c.campaign_id, c.lane, coalesce(c.root, c.id), c.id, c.first, taken, array_to_string(slots[1:cut], ','),
    case when ids is not null then array_to_string(ids[1:cut], ',') end, c.content, c.sender_id, c.due_at, c.expires_at, c.is_part, c.doubtful, c.awaited,
    c.reference, c.refused_at, c.strikes)
  returning id into head;
  slots := slots[cut + 1:];
  update chunk set n = (select count(*) from unnest(slots) s (number) where s.number <> ''),
      numbers = repeat(',', cut) || array_to_string(slots, ',')
    where id = p_chunk returning * into c;
  if c.n = 0 then
    update chunk set state = 'divided', changed_at = clock_timestamp() where id = p_chunk;
  end if;
  return head;
end $$;

-- Claims up to p_limit chunks for a worker, each with its next attempt. A last row without an id contains the
-- milliseconds until the next claim, if known. Nothing may be sent before this has committed.
--
-- Single recipients are claimed before lists, except that one list per second may go ahead. Each kind gets through,
-- whatever the other does. p_start_within: the worker sends nothing of this claim after this many milliseconds, and may
-- not even receive the result. The claim then fails and changes nothing.
create function claim(
  p_account text, p_worker text, p_lane lane, p_limit int,
  p_recipients double precision, p_requests double precision, p_burst double precision, p_share double precision,
  p_largest int, p_start_within double precision
) returns table (
  chunk_id bigint, chunk_attempt int, chunk_campaign bigint, chunk_n int, chunk_numbers text, chunk_order_ids text,
  chunk_content text, chunk_sender text, chunk_number_retries int, chunk_isolation int, is_probe boolean, wait_ms int,
  waited_ms double precision, expires_in_ms double precision, is_doubtful boolean, is_lane_try boolean
) language plpgsql set search_path from current as $$
declare
  a account%rowtype;
  l lane_limit%rowtype;
  c chunk%rowtype;
  running bigint;
  began timestamptz;
  probing boolean := false;
  -- Whether only a chunk that was not rejected before may be the probe.
  only_fresh boolean := false;
  -- Whether one request may be larger than the lane's limit.
  may_try boolean := false;
  size int;
  limited boolean := p_recipients is not null or p_requests is not null;
  recipients double precision := coalesce(p_recipients, 'infinity');
  requests double precision := coalesce(p_requests, 'infinity');
  largest int := p_largest;
  kept_recipients double precision := 0;
  kept_requests double precision := 0;
  waiting double precision;
  of_lists boolean;
  -- Whether the next list may go ahead of single recipients.
  has_turn boolean;
  is_ahead boolean;
begin
  -- Without this, a worker that has given up would leave a statement behind that waits for a lock.
  perform set_config('lock_timeout', ceil(p_start_within)::text, true);
  select * into strict a from account where id = p_account;
  if limited or a.paused_at is not null then
    -- Not FOR UPDATE: an app's foreign key to this row must not stop all sending.
    select * into strict a from account where id = p_account for no key update;
  end if;
  if a.paused_at is not null then
    if a.probe_at > clock_timestamp() then
      if coalesce(a.fresh_probe_at, a.probe_at) > clock_timestamp() then
        wait_ms := ceil(extract(epoch from least(a.probe_at, a.fresh_probe_at) - clock_timestamp()) * 1000);
        return next;
        return;
      end if;
      only_fresh := true;
    end if;
    probing := true;
    p_limit := 1;
  end if;
  select * into l from lane_limit r where r.account = p_account and r.lane = p_lane;
  if l.try_at <= clock_timestamp() then
    select * into l from lane_limit r where r.account = p_account and r.lane = p_lane for no key update;
    may_try := coalesce(l.try_at <= clock_timestamp(), false);
  end if;
  if l.size = 0 then
    if not may_try then
      wait_ms := ceil(extract(epoch from l.try_at - clock_timestamp()) * 1000);
      return next;
      return;
    end if;
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
      -- A part is left for the other lane, but never everything.
      kept_recipients := least(greatest(1, recipients * p_burst) - 1, greatest(1, recipients * p_burst) * p_share);
      kept_requests := least((greatest(1, requests * p_burst) - 1) / 2, greatest(1, requests * p_burst) * p_share);
      -- Half of the allowance. Otherwise a lane that asks a moment later finds the allowance full, and what did not fit
      -- is lost. But not less than what uses up the rate with the allowed number of requests.
      largest := least(largest, greatest(1, floor(least(recipients * p_burst * (1 - p_share), 1000000))::int),
        greatest(1, floor(least(recipients * p_burst * (1 - p_share) / 2, 1000000))::int,
          ceil(least(case when requests < 'infinity' then recipients / requests else 0 end, 1000000))::int));
      -- A priority lane without responses cannot use up the rate.
      if not exists (select from lane_limit r where r.account = p_account and r.lane = 'priority')
          and exists (select from chunk w where w.account = p_account and w.lane = 'priority' and w.state = 'pending'
            and w.campaign_id is null and w.due_at <= clock_timestamp()
            and (w.expires_at is null or w.expires_at > clock_timestamp())) then
        wait_ms := 20;
        return next;
        return;
      end if;
    end if;
  end if;

  if probing then
    -- A probe risks as little as possible.
    largest := 1;
  end if;

  has_turn := a.list_turn_at < clock_timestamp() - interval '1 second';
  for i in 1..p_limit loop
    foreach of_lists in array case when has_turn then array[true, false] else array[false, true] end loop
      select * into c from chunk w
        where w.account = p_account and w.lane = p_lane and w.is_list = of_lists and w.state = 'pending'
          and w.campaign_id is null and w.due_at <= clock_timestamp()
          and (w.expires_at is null or w.expires_at > clock_timestamp())
          and (not only_fresh or w.refused_at is null)
        order by w.due_at, w.id limit 1 for update skip locked;
      exit when found;
    end loop;
    is_ahead := has_turn and c.is_list;
    if c.id is null and p_lane = 'bulk' then
      for running in select r.id from campaign r
        where r.account = p_account and r.state in ('scheduled', 'running') and r.starts_at <= clock_timestamp()
          and (r.retry_at is null or r.retry_at <= clock_timestamp()) and (not only_fresh or r.refused_at is null)
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
    size := largest;
    if least(c.n, largest) > l.size then
      is_lane_try := may_try;
      size := least(largest, case when may_try then greatest(1, 2 * l.size) else l.size end);
    else
      is_lane_try := false;
    end if;
    if limited then
      -- Checked before the chunk is split: a chunk that has to wait stays whole.
      waiting := greatest(
        case when recipients < 'infinity' then (least(c.n, size) + kept_recipients - a.recipients_left) / recipients else 0 end,
        case when requests < 'infinity' then (1 + kept_requests - a.requests_left) / requests else 0 end);
      if waiting > 0 then
        wait_ms := ceil(waiting * 1000);
        exit;
      end if;
      a.recipients_left := a.recipients_left - least(c.n, size);
      a.requests_left := a.requests_left - 1;
    end if;
    if is_ahead then
      has_turn := false;
      update account set list_turn_at = clock_timestamp() where id = p_account;
    end if;
    if is_lane_try then
      -- The next larger request follows when this one has ended, or its worker is gone.
      may_try := false;
      update lane_limit r set try_at = clock_timestamp() + interval '1 minute' where r.account = p_account and r.lane = p_lane;
    end if;
    if c.n > size then
      c.id := cut_chunk(c.id, size);
      select * into strict c from chunk w where w.id = c.id for update;
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
    chunk_number_retries := c.number_retries;
    chunk_isolation := 100;
    if c.is_part then
      chunk_isolation := greatest(0, 100 - (select count(*) from chunk d where d.root = c.root and d.is_part));
    end if;
    is_probe := probing;
    is_doubtful := c.doubtful;
    expires_in_ms := extract(epoch from c.expires_at - clock_timestamp()) * 1000;
    if c.content is null and c.campaign_id is not null then
      select r.content, r.sender_id, r.starts_at into chunk_content, chunk_sender, began from campaign r where r.id = c.campaign_id;
    else
      chunk_content := c.content;
      chunk_sender := c.sender_id;
      began := null;
    end if;
    waited_ms := greatest(0, extract(epoch from c.sent_at - greatest(c.due_at, began)) * 1000);
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
    update account set probes = probes + 1, fresh_probes = fresh_probes + only_fresh::int,
        probe_at = clock_timestamp() + interval '1 minute', fresh_probe_at = clock_timestamp() + interval '1 minute'
      where id = p_account;
  end if;
  if clock_timestamp() - statement_timestamp() > p_start_within * interval '1 millisecond' then
    raise exception 'the claim took longer than its worker waits' using errcode = 'query_canceled';
  end if;
  if wait_ms is not null then
    chunk_id := null;
    return next;
  end if;
end $$;

-- Expands an answer into rows for its recipients. A report may have created some of them before.
create function write_out(p_chunk bigint) returns void language sql set search_path from current as $$
  with gone as (delete from answer where chunk_id = p_chunk returning *)
  insert into message (chunk_id, idx, state, msg_id)
    select g.chunk_id, coalesce(m.slot::smallint, m.at - 1)::smallint, 'accepted', m.msg_id
    from gone g cross join lateral unnest(string_to_array(g.msg_ids, ','), string_to_array(g.slots, ',')) with ordinality m (msg_id, slot, at)
    on conflict (chunk_id, idx) do update set msg_id = excluded.msg_id,
      state = case when message.state in ('delivered', 'failed') then message.state else excluded.state end
$$;

-- Expands the oldest answers, many at once, and returns their number. A process that waits for another one finds its
-- rows afterwards. The calling transaction must not hold any locks.
create function write_out_oldest(p_limit int) returns int language plpgsql set search_path from current as $$
declare
  chunks bigint[];
  chunk_id bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('laaffic outbox answers ' || current_schema(), 0));
  select array_agg(o.chunk_id) into chunks
    from (select a.chunk_id from answer a order by a.at limit p_limit for update skip locked) o;
  begin
    -- Most answers have no conflicting rows, and looking for them would cost a third of the whole.
    with gone as (delete from answer a where a.chunk_id = any (chunks) returning *)
    insert into message (chunk_id, idx, state, msg_id)
      select g.chunk_id, coalesce(m.slot::smallint, m.at - 1)::smallint, 'accepted', m.msg_id
      from gone g cross join lateral unnest(string_to_array(g.msg_ids, ','), string_to_array(g.slots, ',')) with ordinality m (msg_id, slot, at);
  exception when unique_violation then
    foreach chunk_id in array chunks loop
      perform write_out(chunk_id);
    end loop;
  end;
  return coalesce(cardinality(chunks), 0);
end $$;

-- Counts the known outcomes of a chunk's recipients.
create function count_messages(p_chunk bigint, out accepted int, out rejected int, out unclear int)
language sql set search_path from current as $$
  select count(*) filter (where state in ('accepted', 'delivered', 'failed'))::int,
    count(*) filter (where state = 'rejected' and reported_at is null)::int,
    count(*) filter (where state in ('unknown', 'held', 'abandoned'))::int
  from message where chunk_id = p_chunk
$$;

-- Wakes callers that wait for the outcome of a message.
create function tell_outcome(c chunk) returns void language plpgsql set search_path from current as $$
begin
  if c.awaited then
    perform pg_notify(current_schema() || '_outcome', coalesce(c.root, c.id)::text);
  end if;
end $$;

-- Records a result that came too late: the chunk was decided in the meantime.
create function note_late(p_chunk bigint, p_attempt int, p_event text, p_by text, p_detail text) returns void
language sql set search_path from current as $$
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    select account, campaign_id, id, p_attempt, p_event, p_by, p_detail from chunk where id = p_chunk
$$;

-- Records that the gateway responded to a request of the chunk, so the account can send. In most cases this only reads.
create function note_answer(c chunk, p_is_accepted boolean) returns void language plpgsql set search_path from current as $$
declare
  a account%rowtype;
begin
  select * into a from account where id = c.account;
  if a.slow_steps > 0 and coalesce(a.slow_until, '-infinity') <= c.sent_at then
    update account set slow_steps = 0 where id = c.account;
  end if;
  if not p_is_accepted or a.blamed_at is null then return; end if;
  if c.campaign_id is not null then
    select refused_at into c.refused_at from campaign where id = c.campaign_id;
    if c.refused_at < c.sent_at then
      -- A probe of one recipient tells nothing about whole requests.
      update campaign set refused_at = null, strikes = 0, retry_at = null
        where id = c.campaign_id and refused_at < c.sent_at and (c.n > 1 or chunk_size = 1);
    end if;
  end if;
  if a.blamed_at < c.sent_at and (a.worked_at is null or a.worked_at < a.blamed_at)
      and (c.refused_at is null or c.refused_at < a.blamed_at) then
    update account set worked_at = clock_timestamp() where id = c.account;
  end if;
end $$;

-- Stores the response to an attempt. A late response counts as long as nobody has decided otherwise.
-- p_slots: the slots of the message ids, or null for 0, 1, 2, …
-- p_others: [[slot, state, code, reason, message id], …] of recipients that were not simply accepted.
create function settle(
  p_chunk bigint, p_attempt int, p_by text, p_slots text, p_msg_ids text, p_others jsonb, p_poll_after double precision
) returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  not_accepted int;
  unclear int;
  added smallint[];
begin
  select * into c from chunk where id = p_chunk and attempt = p_attempt
    and state in ('sending', 'unknown', 'held', 'abandoned') for no key update;
  if not found then
    perform note_late(p_chunk, p_attempt, 'answer came too late', p_by, null);
    return false;
  end if;
  -- A report that arrived in the meantime takes precedence over the response.
  select count(*) filter (where o ->> 1 <> 'accepted'), count(*) filter (where o ->> 1 = 'unknown' or c.doubtful and o ->> 1 = 'rejected') into not_accepted, unclear
    from jsonb_array_elements(p_others) o
    where not exists (select from message m where m.chunk_id = p_chunk and m.idx = (o ->> 0)::smallint);
  if p_msg_ids <> '' then
    if is_subscribed(c.account, 'accepted') then
      -- A report may have shown before that they were accepted.
      perform record_event(c, 'accepted', array(
        select coalesce(i.slot::smallint, i.at - 1)::smallint
          from unnest(string_to_array(p_msg_ids, ','), string_to_array(p_slots, ',')) with ordinality i (msg_id, slot, at)
          where not exists (select from message m where m.chunk_id = p_chunk and m.idx = coalesce(i.slot::smallint, i.at - 1)
            and m.state in ('accepted', 'delivered', 'failed'))), null, null);
    end if;
    insert into answer (chunk_id, slots, msg_ids) values (p_chunk, p_slots, p_msg_ids);
    -- Large answers are expanded when there is time. They have no conflicting rows that would have to be checked now.
    if c.n < 100 or exists (select from message where chunk_id = p_chunk) then
      perform write_out(p_chunk);
    end if;
  end if;
  if p_others <> '[]' then
    with new as (
      insert into message (chunk_id, idx, state, code, reason, msg_id)
        select p_chunk, (o ->> 0)::smallint, case when c.doubtful and o ->> 1 = 'rejected' then 'abandoned' else o ->> 1 end::message_state, o ->> 2, o ->> 3, o ->> 4
        from jsonb_array_elements(p_others) o
        on conflict (chunk_id, idx) do nothing returning idx
    )
    select array_agg(idx) into added from new;
    perform record_rows(c, added);
  end if;
  update chunk set state = 'settled', changed_at = clock_timestamp(), code = null, reason = null,
      accepted = n - not_accepted, rejected = not_accepted - unclear, unknown = unclear,
      poll_at = case when n > not_accepted then clock_timestamp() + p_poll_after * interval '1 millisecond' end
    where id = p_chunk;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by)
    values (c.account, c.campaign_id, p_chunk, p_attempt, 'settled', p_by);
  perform note_answer(c, p_msg_ids <> '');
  perform tell_outcome(c);
  return true;
end $$;

-- Stores that the gateway rejected the whole chunk.
create function refuse(p_chunk bigint, p_attempt int, p_by text, p_code text, p_reason text)
returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  before chunk_state;
begin
  select state into before from chunk where id = p_chunk for no key update;
  update chunk set state = case when doubtful then 'abandoned' else 'refused' end::chunk_state, changed_at = clock_timestamp(),
      code = p_code, reason = p_reason, rejected = case when doubtful then 0 else n end, unknown = case when doubtful then n else 0 end
    where id = p_chunk and attempt = p_attempt and state in ('sending', 'unknown', 'held', 'abandoned') and accepted = 0
    returning * into c;
  if c.id is null then
    perform note_late(p_chunk, p_attempt, 'refusal came too late', p_by, p_code);
    return false;
  end if;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt, c.state::text, p_by, p_code);
  perform note_answer(c, false);
  if c.state <> before then perform record_chunk(c); end if;
  perform tell_outcome(c);
  return true;
end $$;

-- Marks the attempt unknown: it may have been accepted.
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
  perform record_chunk(c);
  perform tell_outcome(c);
  return true;
end $$;

-- The detail for a chunk that a report has shown to be accepted after all.
create function contradiction() returns text language sql immutable as $$
  select 'a report came of an attempt that counted as not sent'
$$;

-- Something of a campaign is pending again: a finished campaign runs again, and a cancelled one has to cancel it too.
-- With the lock, end_campaigns() sees either all of this transaction or nothing of it.
create function reopen_campaign(p_campaign bigint, p_by text) returns void language plpgsql set search_path from current as $$
declare
  k campaign%rowtype;
begin
  select * into k from campaign where id = p_campaign for no key update;
  if k.done_at is null then return; end if;
  update campaign set state = case state when 'done' then 'running' else state end, changed_at = clock_timestamp(), done_at = null
    where id = p_campaign;
  if k.state = 'done' then
    insert into journal (account, campaign_id, event, by) values (k.account, k.id, 'running', p_by);
  end if;
end $$;

-- Ends running campaigns with nothing left to do and returns them. Records the end of cancelled ones. Each campaign is
-- checked again under its lock, because something may have become pending in between.
create function end_campaigns(p_account text) returns setof bigint
language plpgsql set search_path from current as $$
declare
  candidate bigint;
  k campaign%rowtype;
begin
  for candidate in select c.id from campaign c
    where c.account = p_account and (c.state = 'running' or c.state = 'cancelled' and c.done_at is null)
      and not exists (select from chunk w where w.campaign_id = c.id and w.state = 'pending')
      and not exists (select from chunk w where w.campaign_id = c.id and w.state in ('sending', 'unknown'))
    order by c.id
  loop
    perform from campaign where id = candidate for no key update skip locked;
    continue when not found;
    update campaign c set state = case c.state when 'running' then 'done' else c.state end, done_at = clock_timestamp(),
        changed_at = case c.state when 'running' then clock_timestamp() else c.changed_at end
      where c.id = candidate and (c.state = 'running' or c.state = 'cancelled' and c.done_at is null)
        and not exists (select from chunk w where w.campaign_id = c.id and w.state = 'pending')
        and not exists (select from chunk w where w.campaign_id = c.id and w.state in ('sending', 'unknown'))
      returning * into k;
    continue when not found or k.state <> 'done';
    if is_subscribed(p_account, 'campaign done') then
      insert into event (account, topic, campaign_id) values (p_account, 'campaign done', candidate);
      perform notify_events();
    end if;
    return next candidate;
  end loop;
end $$;

-- Releases a chunk that was certainly not sent, because another attempt may succeed. p_is_number: a temporary limit of
-- its only number was the reason.
create function give_back(
  p_chunk bigint, p_attempt int, p_by text, p_code text, p_reason text, p_delay double precision, p_is_number boolean
) returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
begin
  perform from chunk where id = p_chunk and attempt = p_attempt and contradicted for no key update;
  if found then
    perform note_late(p_chunk, p_attempt, 'giving back came too late', p_by, p_code);
    perform doubt(p_chunk, p_attempt, p_by, 'OUTBOX_CONTRADICTED', contradiction());
    return false;
  end if;
  update chunk set state = 'pending', changed_at = clock_timestamp(), code = p_code, reason = p_reason,
      number_retries = number_retries + p_is_number::int, worker = null, unknown = 0, due_at = clock_timestamp() + p_delay * interval '1 millisecond'
    where id = p_chunk and attempt = p_attempt and state in ('sending', 'unknown', 'held') and accepted = 0
    returning * into c;
  if c.id is null then
    perform note_late(p_chunk, p_attempt, 'giving back came too late', p_by, p_code);
    return false;
  end if;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt, 'given back', p_by, p_code);
  if c.campaign_id is not null then perform reopen_campaign(c.campaign_id, p_by); end if;
  return true;
end $$;

-- Moves recipients into chunks of their own, which are sent again. The others are decided.
-- p_rest: the numbers of the chunk without those that move.
-- p_parts: [{"numbers": text, "n": int}, …]; p_doubtful: whether they may have been sent before.
-- p_others: as in settle; p_from: the states that the chunk may be in.
create function divide(
  p_chunk bigint, p_attempt int, p_by text, p_from text, p_rest text, p_parts jsonb, p_others jsonb,
  p_event text, p_detail text, p_doubtful boolean default false
) returns boolean language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  moved int := (select coalesce(sum((p ->> 'n')::int), 0) from jsonb_array_elements(p_parts) p);
  known record;
  added smallint[];
begin
  select * into c from chunk where id = p_chunk and attempt = p_attempt and state::text = any (string_to_array(p_from, ','))
    for no key update;
  -- A response that says "not sent" does not count if a report has proved the opposite.
  if c.id is null or p_event = 'divided' and (c.accepted > 0 or c.contradicted) then
    perform note_late(p_chunk, p_attempt, 'division came too late', p_by, p_detail);
    if c.contradicted then perform doubt(p_chunk, p_attempt, p_by, 'OUTBOX_CONTRADICTED', contradiction()); end if;
    return false;
  end if;
  with new as (
    insert into message (chunk_id, idx, state, code, reason, msg_id)
      select p_chunk, (o ->> 0)::smallint, case when c.doubtful and o ->> 1 = 'rejected' then 'abandoned' else o ->> 1 end::message_state, o ->> 2, o ->> 3, o ->> 4
      from jsonb_array_elements(p_others) o
      on conflict (chunk_id, idx) do nothing returning idx
  )
  select array_agg(idx) into added from new;
  perform record_rows(c, added);
  insert into chunk (account, campaign_id, lane, root, parent, first, n, numbers, order_ids, content, sender_id, expires_at, is_part, is_resent, doubtful, awaited, reference)
    select c.account, c.campaign_id, c.lane, coalesce(c.root, c.id), c.id, c.first, (p ->> 'n')::int, p ->> 'numbers', c.order_ids,
      c.content, c.sender_id, c.expires_at, c.is_part or p_event = 'divided', p_doubtful, c.doubtful or p_doubtful, c.awaited, c.reference
    from jsonb_array_elements(p_parts) p;
  known := count_messages(p_chunk);
  update chunk set state = case when n > moved then 'settled' else 'divided' end::chunk_state, n = n - moved,
      numbers = p_rest, changed_at = clock_timestamp(), code = null, reason = null,
      accepted = known.accepted, rejected = known.rejected, unknown = known.unclear
    where id = p_chunk;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, p_attempt, p_event, p_by, p_detail);
  if c.campaign_id is not null then perform reopen_campaign(c.campaign_id, p_by); end if;
  return true;
end $$;

-- Gives each recipient without a row one with the state of the chunk.
create function tell_apart(c chunk) returns void language sql set search_path from current as $$
  insert into message (chunk_id, idx, state, code, reason)
    select c.id, s.at - 1, case c.state when 'refused' then 'rejected' else c.state::text end::message_state, c.code, c.reason
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    where s.number <> '' and c.state in ('refused', 'unknown', 'held', 'abandoned')
    on conflict (chunk_id, idx) do nothing
$$;

-- Resends recipients of a chunk as a chunk of their own. 'open': their outcome is unknown and evidence is still
-- possible. 'held': they need a decision. 'rejected': they were certainly rejected.
-- p_positions: only recipients at these positions of the source. Returns the number of recipients.
create function resend(p_chunk bigint, p_from text, p_which text, p_by text, p_detail text, p_positions bigint[] default null)
returns int language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  cut record;
  moved int;
begin
  select * into c from chunk where id = p_chunk and state::text = any (string_to_array(p_from, ',')) and numbers is not null
    for no key update;
  if not found then return 0; end if;
  perform write_out(p_chunk);
  with slot as (
    select s.number, s.at,
      s.number <> '' and case p_which
        when 'open' then m.state is null and c.state <> 'settled' or m.state = 'unknown'
        when 'held' then m.state = 'held' or c.state = 'held' and (m.state is null or m.state = 'unknown')
        else m.state is null and c.state = 'refused' or m.state = 'rejected'
      end and (p_positions is null or c.first + s.at - 1 = any (p_positions)) as moves
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join message m on m.chunk_id = c.id and m.idx = s.at - 1
  )
  select string_agg(case when moves then '' else number end, ',' order by at) as rest,
    string_agg(case when moves then number else '' end, ',' order by at) as part,
    array_agg((at - 1)::smallint) filter (where moves) as slots
  into cut from slot;
  moved := coalesce(cardinality(cut.slots), 0);
  if moved = 0 then return 0; end if;
  if moved < c.n then perform tell_apart(c); end if;
  delete from message where chunk_id = p_chunk and idx = any (cut.slots);
  perform divide(p_chunk, c.attempt, p_by, p_from, cut.rest,
    jsonb_build_array(jsonb_build_object('numbers', cut.part, 'n', moved)), '[]', 'sent anew', p_detail, p_which <> 'rejected');
  return moved;
end $$;

-- Executes a manual decision about recipients on hold: 'resend' sends again, 'abandon' leaves them unknown, 'sent'
-- counts them as sent. p_positions: only recipients at these positions of the source. Returns the number of recipients.
create function decide_held(p_chunk bigint, p_decision text, p_positions bigint[], p_by text) returns int
language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  slots smallint[];
  known record;
begin
  if p_decision = 'resend' then
    return resend(p_chunk, 'held,settled', 'held', p_by, 'decision', p_positions);
  end if;
  select * into c from chunk where id = p_chunk and (state = 'held' or state = 'settled' and unknown > 0)
    and numbers is not null for no key update;
  if not found then return 0; end if;
  perform write_out(p_chunk);
  select array_agg((s.at - 1)::smallint) into slots
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join message m on m.chunk_id = c.id and m.idx = s.at - 1
    where s.number <> '' and (m.state = 'held' or c.state = 'held' and (m.state is null or m.state = 'unknown'))
      and (p_positions is null or c.first + s.at - 1 = any (p_positions));
  if slots is null then return 0; end if;
  perform tell_apart(c);
  update message set state = case p_decision when 'sent' then 'accepted' else 'abandoned' end::message_state,
      code = case p_decision when 'sent' then null else code end, reason = case p_decision when 'sent' then null else reason end
    where chunk_id = p_chunk and idx = any (slots);
  perform record_rows(c, slots);
  known := count_messages(p_chunk);
  update chunk set state = 'settled', changed_at = clock_timestamp(), code = null, reason = null,
      accepted = known.accepted, rejected = known.rejected, unknown = known.unclear
    where id = p_chunk;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, c.attempt,
      case p_decision when 'sent' then 'taken as sent' else 'abandoned' end, p_by, cardinality(slots) || ' recipients');
  perform tell_outcome(c);
  return cardinality(slots);
end $$;

-- Pauses the account: only probes are sent until one succeeds. p_first: milliseconds until the first probe; the
-- intervals double. p_chunk: the rejected chunk. Returns whether the account was not paused before.
create function pause_account(p_account text, p_code text, p_reason text, p_first double precision, p_chunk bigint default null)
returns boolean language plpgsql set search_path from current as $$
declare
  before account%rowtype;
begin
  select * into strict before from account where id = p_account for no key update;
  update account set paused_at = coalesce(paused_at, clock_timestamp()), paused_code = p_code, paused_reason = p_reason,
      paused_chunk = p_chunk,
      probe_at = clock_timestamp() + least(300000, p_first * power(2, least(probes, 10))) * interval '1 millisecond',
      fresh_probe_at = clock_timestamp() + least(300000, p_first * power(2, least(fresh_probes, 10))) * interval '1 millisecond'
    where id = p_account;
  if before.paused_at is not null then return false; end if;
  insert into journal (account, event, by, detail) values (p_account, 'account paused', 'gateway',
    p_code || ': ' || p_reason || coalesce((select case when c.campaign_id is null then ' (message ' || coalesce(c.root, c.id)
      else ' (campaign ' || c.campaign_id end || ')' from chunk c where c.id = p_chunk), ''));
  return true;
end $$;

-- The gateway rejected a request with a code that says: the account cannot send. Usually that is true, and the account
-- is paused. But if the gateway accepted other requests since it last rejected this message or campaign, the message is
-- the cause. It gets a strike, and the account continues. Call it before the chunk is released.
-- verdict: 'paused' if the account was not paused before, 'refused' if the message has had all its strikes, otherwise
-- 'given back'.
-- delay: milliseconds until the chunk may be claimed again.
create function blame(
  p_account text, p_chunk bigint, p_by text, p_is_probe boolean, p_code text, p_reason text, p_first double precision,
  p_strikes int, out verdict text, out delay double precision
) language plpgsql set search_path from current as $$
declare
  a account%rowtype;
  c chunk%rowtype;
  k campaign%rowtype;
  moment timestamptz;
begin
  verdict := 'given back';
  delay := 0;
  select * into strict a from account where id = p_account for no key update;
  select * into strict c from chunk where id = p_chunk;
  if c.campaign_id is not null then
    -- All chunks of a campaign have one text, so they share their strikes.
    select * into strict k from campaign where id = c.campaign_id for no key update;
    c.refused_at := k.refused_at;
    c.strikes := k.strikes;
  end if;
  -- It was in flight when another chunk was rejected or its campaign was paused, so it tells nothing new.
  if c.refused_at >= c.sent_at or k.state not in ('scheduled', 'running') then
    if c.campaign_id is null then delay := p_first; end if;
    return;
  end if;
  moment := clock_timestamp();
  if a.blamed_at is null or a.worked_at >= a.blamed_at then
    update account set blamed_at = moment where id = p_account;
  end if;
  if a.paused_at is null and a.worked_at > c.refused_at then
    c.strikes := c.strikes + 1;
    delay := p_first * power(2, c.strikes - 1);
    if c.strikes >= p_strikes then verdict := 'refused'; end if;
    insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
      values (p_account, c.campaign_id, p_chunk, c.attempt, 'refused while others were accepted', p_by,
        format('%s of %s: %s', c.strikes, p_strikes, p_code));
  else
    if a.paused_at is null or p_is_probe then
      if pause_account(p_account, p_code, p_reason, p_first, p_chunk) then verdict := 'paused'; end if;
      select * into strict a from account where id = p_account;
    end if;
    -- The next probe uses another chunk, if there is one.
    delay := greatest(0, extract(epoch from a.probe_at - clock_timestamp()) * 1000) + 1000;
  end if;
  if c.campaign_id is null then
    update chunk set refused_at = moment, strikes = c.strikes where id = p_chunk;
    update chunk set refused_at = moment, strikes = c.strikes, due_at = clock_timestamp() + delay * interval '1 millisecond'
      where id in (select p.id from chunk p where (p.id = c.root or p.root = coalesce(c.root, p_chunk)) and p.state = 'pending'
        for update skip locked);
    return;
  end if;
  if verdict = 'refused' then
    -- Nothing of the campaign is lost. A person decides whether it continues.
    update campaign set state = 'paused', changed_at = clock_timestamp(), paused_code = p_code, paused_reason = p_reason,
        refused_at = moment, strikes = 0, retry_at = null
      where id = k.id and state in ('scheduled', 'running');
    if found then
      insert into journal (account, campaign_id, event, by, detail)
        values (p_account, k.id, 'paused', 'gateway', p_code || ': ' || p_reason);
    end if;
    verdict := 'given back';
  else
    update campaign set refused_at = moment, strikes = c.strikes, retry_at = clock_timestamp() + delay * interval '1 millisecond'
      where id = k.id;
  end if;
  delay := 0;
end $$;

-- Resumes the account. Chunks that were delayed by the pause may be sent at once.
create function resume_account(p_account text, p_by text) returns boolean
language plpgsql set search_path from current as $$
begin
  update account set paused_at = null, paused_code = null, paused_reason = null, paused_chunk = null, probe_at = null, probes = 0,
      fresh_probe_at = null, fresh_probes = 0
    where id = p_account and paused_at is not null;
  if not found then return false; end if;
  update chunk set due_at = clock_timestamp() where id in (select c.id from chunk c
    where c.account = p_account and c.state = 'pending' and c.refused_at is not null and c.due_at > clock_timestamp()
    for update skip locked);
  update campaign set retry_at = null where account = p_account and retry_at is not null;
  insert into journal (account, event, by) values (p_account, 'account resumed', p_by);
  return true;
end $$;

-- Pauses a lane because too many requests got no readable response. Nothing is sent until a request of one recipient
-- gets a response. p_chunk: the last of these requests; p_goal: the size of the largest. Returns whether the lane was
-- not paused before.
create function pause_lane(p_account text, p_lane lane, p_chunk bigint, p_goal int, p_reason text, p_first double precision)
returns boolean language plpgsql set search_path from current as $$
begin
  insert into lane_limit as l (account, lane, size, goal, reason, try_at, pauses)
    values (p_account, p_lane, 0, p_goal, p_reason, clock_timestamp() + p_first * interval '1 millisecond', 1)
    on conflict (account, lane) do update set size = 0, goal = greatest(l.goal, p_goal), reason = p_reason,
      paused_at = clock_timestamp(), resumed_at = null,
      -- A lane that has worked for long since its last pause starts with short pauses again.
      pauses = case when clock_timestamp() - l.resumed_at > least(interval '10 minutes', 5 * (l.resumed_at - l.paused_at)) then 1
        else l.pauses + 1 end,
      try_at = clock_timestamp() + least(60000, p_first * power(2,
        case when clock_timestamp() - l.resumed_at > least(interval '10 minutes', 5 * (l.resumed_at - l.paused_at)) then 0
        else least(l.pauses, 10) end)) * interval '1 millisecond'
      -- A request that started before the pause tells nothing about the time after it.
      where l.size > 0 and l.paused_at < (select c.sent_at from chunk c where c.id = p_chunk);
  if not found then return false; end if;
  insert into journal (account, event, by, detail)
    values (p_account, 'lane paused', 'gateway', p_lane || ': ' || p_reason);
  return true;
end $$;

-- Records the end of a request that was larger than the lane's limit. p_is_answered: null if it never reached the
-- gateway. While the lane is paused, the time until the next one doubles up to a minute, otherwise up to an hour,
-- because each costs more. A single loss may be chance, so the next one follows soon.
-- Returns whether the lane works again.
create function end_lane_try(
  p_account text, p_lane lane, p_size int, p_is_answered boolean, p_reason text, p_first double precision
) returns boolean language plpgsql set search_path from current as $$
declare
  l lane_limit%rowtype;
begin
  select * into l from lane_limit r where r.account = p_account and r.lane = p_lane for no key update;
  if not found then return false; end if;
  if p_is_answered and p_size >= l.goal then
    delete from lane_limit r where r.account = p_account and r.lane = p_lane;
    insert into journal (account, event, by, detail) values (p_account, 'lane resumed', 'probe', p_lane);
    return true;
  end if;
  if p_is_answered then
    if l.size = 0 then l.resumed_at := clock_timestamp(); end if;
    l.size := greatest(l.size, p_size);
    l.try_at := clock_timestamp();
    l.failed_tries := 0;
  elsif p_is_answered is null then
    l.try_at := clock_timestamp() + interval '1 second';
  elsif l.size = 0 then
    l.try_at := clock_timestamp() + least(60000, p_first * power(2, least(l.pauses, 10))) * interval '1 millisecond';
    l.pauses := l.pauses + 1;
  else
    l.try_at := clock_timestamp() + least(3600000, p_first * power(2, least(l.failed_tries, 11))) * interval '1 millisecond';
    l.failed_tries := l.failed_tries + 1;
    insert into journal (account, event, by, detail) values (p_account, 'lane limited', 'gateway',
      format('%s: %s recipients a request, %s got no answer', p_lane, l.size, p_size));
  end if;
  update lane_limit r set size = l.size, try_at = l.try_at, resumed_at = l.resumed_at, pauses = l.pauses, failed_tries = l.failed_tries,
      goal = case when p_is_answered is false then greatest(goal, p_size) else goal end,
      reason = case when p_is_answered is false then p_reason else reason end
    where r.account = p_account and r.lane = p_lane;
  return false;
end $$;

-- Resumes all lanes. Returns whether any lane was paused or limited.
create function resume_lanes(p_account text, p_by text) returns boolean language plpgsql set search_path from current as $$
begin
  with gone as (
    delete from lane_limit where account = p_account returning lane
  )
  insert into journal (account, event, by, detail) select p_account, 'lane resumed', p_by, lane from gone;
  return found;
end $$;

-- The gateway limits requests, or cannot be reached: all workers wait for a while.
create function slow_account(p_account text, p_delay double precision) returns void
language sql set search_path from current as $$
  update account set slow_steps = case when slow_until > clock_timestamp() then slow_steps else least(slow_steps + 1, 8) end,
      slow_until = greatest(slow_until, clock_timestamp() + greatest(p_delay, least(30000, 100 * power(2, slow_steps))) * interval '1 millisecond')
    where id = p_account
$$;

-- One delivery report. The state 'accepted' only means that the gateway accepted the message. chunk, attempt and slot:
-- the place that one of our order ids points to, or that a lookup has found. sent_from: that chunk, if the recipient
-- has moved to another one since. heard_at: when the report arrived, if that was before now.
create type report as (
  msg_id text, order_id text, number text, state message_state, reason text, gateway_time timestamptz,
  chunk_id bigint, attempt int, idx smallint, sent_from bigint, heard_at timestamptz
);

-- Finds the chunk that now contains the recipient of an attempt, named by chunk, number and slot. There is none if the
-- attempt was never made or the number is another one: then the order id is not trusted, whoever made it.
create function find_recipient(p_account text, p_chunk bigint, p_attempt int, p_idx smallint, p_number text)
returns bigint language sql stable strict set search_path from current as $$
  select f.id from chunk s cross join lateral (
    select s.id, 0 as is_moved where split_part(s.numbers, ',', p_idx + 1) = p_number
    union all
    select m.id, 1 from chunk m where (m.root = coalesce(s.root, s.id) or m.id = s.root) and m.id <> s.id
      and split_part(m.numbers, ',', p_idx + 1) = p_number
  ) f
  where s.id = p_chunk and s.account = p_account and p_attempt between 1 and s.attempt and p_number <> ''
  order by f.is_moved limit 1
$$;

-- Whether somebody decided, between the one chunk and the other, to resend although the recipients may have been sent
-- to.
create function was_resent(p_from bigint, p_to bigint) returns boolean language sql stable set search_path from current as $$
  with recursive way as (
    select c.id, c.parent, c.is_resent from chunk c where c.id = p_to
    union all
    select c.id, c.parent, c.is_resent from way w join chunk c on c.id = w.parent where w.id <> p_from
  )
  select coalesce(bool_or(is_resent), false) from way where id <> p_from
$$;

-- When an attempt started.
create function attempt_began(p_chunk bigint, p_attempt int) returns timestamptz
language sql stable set search_path from current as $$
  select min(at) from journal where chunk_id = p_chunk and attempt = p_attempt and event = 'sending'
$$;

-- A report has shown that an attempt was accepted although it counted as not sent. Recipients of it that wait to be
-- sent to again are stopped. Those that are being sent to are marked, so there is no third time.
create function stop_resending(p_chunk bigint, p_attempt int, p_except bigint, p_by text) returns void
language plpgsql set search_path from current as $$
declare
  began timestamptz := attempt_began(p_chunk, p_attempt);
  other chunk%rowtype;
begin
  for other in
    with recursive family as (
      select c.id, coalesce(c.root, c.id) as root from chunk c where c.id = p_chunk
      union all
      select c.id, f.root from family f join chunk c on c.root = f.root and c.parent = f.id and not c.is_resent
        and (f.id <> p_chunk or c.created_at >= began)
    )
    select c.* from chunk c where c.id in (select id from family) and c.id <> p_except and c.state in ('pending', 'sending')
    order by c.id for no key update
  loop
    if other.state = 'sending' then
      update chunk set contradicted = true where id = other.id and (other.id <> p_chunk or other.attempt > p_attempt);
      continue;
    end if;
    update chunk set state = 'unknown', changed_at = clock_timestamp(), code = 'OUTBOX_CONTRADICTED', reason = contradiction(),
        sent_at = coalesce(least(sent_at, began), began)
      where id = other.id returning * into other;
    insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
      values (other.account, other.campaign_id, other.id, other.attempt, 'unknown', p_by, other.code);
    perform record_chunk(other);
    perform tell_outcome(other);
  end loop;
end $$;

-- Takes recipients out of a chunk that waits to be resent, because a report shows that an earlier attempt reached them.
-- Returns their new chunk, which only waits for its reports.
create function take_out(p_chunk bigint, p_slots smallint[], p_sent_at timestamptz, p_by text) returns bigint
language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  cut record;
  taken bigint;
begin
  select * into strict c from chunk where id = p_chunk for no key update;
  select string_agg(case when s.at - 1 = any (p_slots) then '' else s.number end, ',' order by s.at) as rest,
      string_agg(case when s.at - 1 = any (p_slots) then s.number else '' end, ',' order by s.at) as part,
      count(*) filter (where s.at - 1 = any (p_slots) and s.number <> '')::int as n
    into cut from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at);
  insert into chunk (account, campaign_id, lane, state, root, parent, first, n, numbers, order_ids, content, sender_id,
      due_at, expires_at, sent_at, is_part, is_resent, doubtful, awaited, reference)
    values (c.account, c.campaign_id, c.lane, 'unknown', coalesce(c.root, c.id), c.id, c.first, cut.n, cut.part, c.order_ids,
      c.content, c.sender_id, c.due_at, c.expires_at, p_sent_at, c.is_part, c.is_resent, true, c.awaited, c.reference)
    returning id into taken;
  update chunk set n = n - cut.n, numbers = cut.rest, changed_at = clock_timestamp(),
      state = case when n > cut.n then state else 'divided' end
    where id = p_chunk;
  insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
    values (c.account, c.campaign_id, p_chunk, c.attempt, 'not sent again', p_by, format('%s reported', cut.n));
  return taken;
end $$;

-- Finds the place of a caller's own order id. Other callers may use the same ids, so the number must match too, and
-- there must be exactly one such place.
create function own_place(p_account text, p_order_id text, p_number text, out chunk_id bigint, out idx smallint, out sent_from bigint)
language sql stable strict set search_path from current as $$
  select min(p.id), min(p.at)::smallint, min(p.sent_from) from (
    select c.id, array_position(o.ids, p_order_id) - 1 as at, c.numbers,
      -- A chunk that was never sent itself can only get reports for the chunk that it was split from.
      case when c.state = 'pending' and c.attempt = 0 then c.parent end as sent_from
    from own_order_ids o join chunk c on c.id = o.chunk_id
    where o.ids @> array[p_order_id] and c.account = p_account
      and (c.state in ('sending', 'settled', 'refused', 'unknown', 'held', 'abandoned')
        or c.state = 'pending' and (c.attempt > 0 or c.parent is not null))
  ) p
  where split_part(p.numbers, ',', p.at + 1) = p_number
  having count(*) = 1
$$;

-- Assigns reports to recipients of one chunk. Returns the places (in p_places) of reports that have to wait.
create function place_in_chunk(
  p_chunk bigint, p_places int[], p_reports report[], p_by text, p_poll_after double precision
) returns int[] language plpgsql set search_path from current as $$
declare
  c chunk%rowtype;
  m message%rowtype;
  r report;
  slots text[];
  place int := 0;
  waiting int[] := '{}';
  taken int;
  proofs int := 0;
  contradictions int := 0;
  -- Whether the report concerns another attempt than the latest.
  is_other boolean;
  -- Whether the chunk waited to be resent and is now stopped.
  is_stopped boolean := false;
  is_whole boolean;
  apart record;
  changed smallint[] := '{}';
begin
  -- Lock the chunk first, as settle() does, and then its recipients.
  select * into c from chunk where id = p_chunk for no key update;
  if not found then return p_places; end if;
  if c.state = 'pending' then
    -- Somebody decided to resend these recipients. That decision may still be right for the others.
    select array_agg(p.place order by p.at) as places, array_agg(distinct p.idx) as slots, min(p.began) as began,
        array_agg(row(p.msg_id, p.order_id, p.number, p.state, p.reason, p.gateway_time, null, null, p.idx, null,
          p.heard_at)::report order by p.at) as reports,
        array_agg(p.at::int) as at
      into apart from (
        select q.*, p_places[q.at] as place, attempt_began(q.sent_from, q.attempt) as began
        from unnest(p_reports) with ordinality q (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, idx, sent_from, heard_at, at)
        where q.sent_from is not null and was_resent(q.sent_from, p_chunk)
      ) p;
    if apart.places is not null then
      waiting := place_in_chunk(take_out(p_chunk, apart.slots, apart.began, p_by), apart.places, apart.reports, p_by, p_poll_after);
      select array_agg(p_places[q.at] order by q.at), array_agg(p_reports[q.at] order by q.at) into p_places, p_reports
        from generate_subscripts(p_reports, 1) q (at) where q.at <> all (apart.at);
      if p_places is null then return waiting; end if;
      select * into strict c from chunk where id = p_chunk;
    end if;
  end if;
  perform write_out(p_chunk);
  slots := string_to_array(c.numbers, ',');
  taken := c.accepted;
  foreach r in array p_reports loop
    place := place + 1;
    is_other := r.sent_from is not null or coalesce(r.attempt <> c.attempt, false);
    if (is_other or c.state = 'pending' and c.attempt > 0)
        and not (r.sent_from is not null and was_resent(r.sent_from, p_chunk)) then
      perform stop_resending(coalesce(r.sent_from, p_chunk), coalesce(r.attempt, c.attempt), p_chunk, p_by);
    end if;
    if c.state = 'pending' and (c.attempt > 0 or r.sent_from is not null) then
      -- The attempt of the report, whichever it was, was released by mistake.
      is_stopped := true;
      c.state := 'unknown';
      c.code := 'OUTBOX_CONTRADICTED';
      c.reason := contradiction();
      c.sent_at := least(c.sent_at, attempt_began(coalesce(r.sent_from, p_chunk), r.attempt));
    elsif is_other and c.state = 'sending' then
      -- This attempt cannot be stopped any more, but it is the last one. The report may tell more when it has ended.
      if not c.contradicted then contradictions := contradictions + 1; end if;
      c.contradicted := true;
      waiting := waiting || p_places[place];
      continue;
    end if;
    select * into m from message where chunk_id = p_chunk and idx = r.idx for no key update;
    if found then
      -- The report of another message to the same recipient, unless the order id says that it is this one.
      continue when m.msg_id <> r.msg_id and (r.attempt is null or r.order_id is null);
      if m.state in ('delivered', 'failed') or m.state = 'accepted' and (r.state = 'accepted' or is_other)
          or m.state = 'rejected' and r.state <> 'delivered' then
        if is_other then contradictions := contradictions + 1; end if;
        continue;
      end if;
      update message set state = r.state, msg_id = coalesce(m.msg_id, r.msg_id), code = null, reason = r.reason,
          reported_at = case when r.state <> 'accepted' then coalesce(r.heard_at, clock_timestamp()) end,
          gateway_time = case when r.state <> 'accepted' then r.gateway_time end
        where chunk_id = p_chunk and idx = r.idx;
      changed := changed || r.idx;
      continue when m.state = 'accepted';
      c.accepted := c.accepted + 1;
      if m.state = 'rejected' then
        c.rejected := c.rejected - 1;
      else
        c.unknown := greatest(0, c.unknown - 1);
      end if;
      if m.state = 'rejected' or is_other then contradictions := contradictions + 1; else proofs := proofs + 1; end if;
    elsif c.state in ('pending', 'cancelled', 'divided') or c.numbers is not null and coalesce(slots[r.idx + 1], '') = '' then
      contradictions := contradictions + 1;
    elsif c.state = 'sending' then
      waiting := waiting || p_places[place];
    elsif c.state = 'refused' and r.state <> 'delivered' then
      if is_other then contradictions := contradictions + 1; end if;
    else
      insert into message (chunk_id, idx, state, msg_id, reason, reported_at, gateway_time)
        values (p_chunk, r.idx, r.state, r.msg_id, r.reason,
          case when r.state <> 'accepted' then coalesce(r.heard_at, clock_timestamp()) end,
          case when r.state <> 'accepted' then r.gateway_time end);
      changed := changed || r.idx;
      c.accepted := c.accepted + 1;
      if c.state = 'refused' then
        c.rejected := c.rejected - 1;
      else
        c.unknown := greatest(0, c.unknown - 1);
      end if;
      if c.state = 'refused' or is_stopped or is_other then
        contradictions := contradictions + 1;
      else
        proofs := proofs + 1;
      end if;
    end if;
  end loop;
  is_whole := c.state in ('unknown', 'held', 'abandoned') and c.accepted >= c.n;
  if is_stopped then contradictions := greatest(1, contradictions); end if;
  if proofs > 0 or contradictions > 0 then
    update chunk set accepted = c.accepted, rejected = c.rejected, unknown = c.unknown,
        state = case when is_whole then 'settled' else c.state end,
        sent_at = c.sent_at, changed_at = case when is_whole or is_stopped then clock_timestamp() else changed_at end,
        code = case when not is_whole then c.code end, reason = case when not is_whole then c.reason end,
        contradicted = c.contradicted,
        doubtful = doubtful or contradictions > 0 and c.state in ('sending', 'unknown', 'held', 'abandoned'),
        poll_at = coalesce(poll_at, case when c.accepted > taken then clock_timestamp() + p_poll_after * interval '1 millisecond' end)
      where id = p_chunk;
    insert into journal (account, campaign_id, chunk_id, attempt, event, by, detail)
      select c.account, c.campaign_id, p_chunk, c.attempt, e.event, p_by, e.detail
      from (values ('proved', proofs, format('%s of %s', c.accepted, c.n)),
        ('contradicted', contradictions, format('%s reported although not sent', contradictions))) e (event, times, detail)
      where e.times > 0;
  end if;
  perform record_rows(c, changed);
  if is_stopped then perform record_chunk(c); end if;
  if is_whole or is_stopped then perform tell_outcome(c); end if;
  return waiting;
end $$;

-- Stores final reports for recipients that only wait for their report, as most do. Returns the places, from 1, of
-- reports that found their recipient or repeat an earlier report, or null if all did. Rows are updated one by one in
-- the order of their ids, which is the same for all processes. Each is looked up by its id, even if the statistics of a
-- growing table are outdated: hence the settings, offset 0 and ctid. A row that another process changes at the same
-- time has another ctid and is not found.
create function book_awaited(
  p_msg_ids text[], p_states text[], p_reasons text[], p_times text[], p_chunks text[], p_slots text[],
  -- When the reports arrived, if that was before now.
  p_heard text[] default null
) returns int[]
language plpgsql set search_path from current
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  found int[];
  has_handlers boolean := exists (select from live_subscription where topic in ('delivered', 'failed'));
  is_recorded boolean;
begin
  with first as (
    -- Of several reports for one message, the first.
    select distinct on (r.msg_id collate "C") r.msg_id collate "C" as msg_id, r.state, r.reason, r.gateway_time, r.heard_at,
      nullif(r.chunk_id, '')::bigint as chunk_id, nullif(r.idx, '')::smallint as idx, r.place::int
    from unnest(p_msg_ids, p_states, p_reasons, p_times, p_chunks, p_slots, p_heard)
      with ordinality r (msg_id, state, reason, gateway_time, chunk_id, idx, heard_at, place)
    where r.state <> 'accepted' order by r.msg_id collate "C", r.place
  ), known as (
    select f.place, f.state, f.reason, f.gateway_time, f.heard_at, w.tid, w.is_awaited from first f cross join lateral (
      select s.ctid as tid, s.state = 'accepted' as is_awaited from message s where s.msg_id = f.msg_id
        -- Two gateways may issue the same id. One of our order ids says which message it is.
        and (f.chunk_id is null and s.state = 'accepted'
          or s.chunk_id = f.chunk_id and s.idx = f.idx and s.state in ('accepted', 'delivered', 'failed')) offset 0
    ) w
  ), booked as (
    update message m set state = t.state::message_state, code = null, reason = nullif(t.reason, ''),
        reported_at = coalesce(t.heard_at::timestamptz, clock_timestamp()), gateway_time = nullif(t.gateway_time, '')::timestamptz
      from known t where m.ctid = t.tid and t.is_awaited
      returning t.place, m.chunk_id, m.idx, m.state
  ), recorded as (
    insert into event (account, topic, campaign_id, root, chunk_id, slots, attempt, sent_at)
      select c.account, g.state::text, c.campaign_id, coalesce(c.root, c.id), c.id, g.slots, c.attempt, c.sent_at
      from (
        select b.chunk_id, b.state, array_agg(b.idx order by b.idx) as slots from booked b
        where has_handlers group by b.chunk_id, b.state
      ) g join chunk c on c.id = g.chunk_id
      where (c.account, g.state::text) in (select account, topic from live_subscription)
      returning 1
  )
  select b.found, r.events > 0 into found, is_recorded
    from (
      select array_agg(distinct place) as found
        from (select place from booked union all select place from known where not is_awaited) p
    ) b, (select count(*) as events from recorded) r;
  if is_recorded then perform notify_events(); end if;
  return case when cardinality(found) = cardinality(p_msg_ids) then null else coalesce(found, '{}') end;
end $$;

-- Assigns reports to recipients. Returns the places (in p_reports, from 1) of reports without a recipient so far. The
-- message id counts first, then the place of one of our order ids, then a caller's own order id. Each is looked up by
-- its id, even if the statistics of a growing table are outdated: hence the settings and offset 0.
create function place_reports(p_account text, p_reports report[], p_by text, p_poll_after double precision)
returns int[] language plpgsql set search_path from current
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  open int[];
  waiting int[] := '{}';
  target record;
begin
  select array_agg(r.at::int) into open
    from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, idx, sent_from, heard_at, at)
    where not exists (select from message m where m.msg_id = r.msg_id
      and (r.chunk_id is null or m.chunk_id = r.chunk_id and m.idx = r.idx)
      and (m.state in ('accepted', 'delivered', 'failed') or m.state = 'rejected' and r.state <> 'delivered') offset 0);
  if open is not null then
    for target in
      select p.chunk_id, array_agg(p.at order by p.at) as places, array_agg(p.report order by p.at) as reports from (
        select r.at::int as at, coalesce(m.chunk_id, n.chunk_id, o.chunk_id) as chunk_id,
          row(r.msg_id, r.order_id, r.number, r.state, r.reason, r.gateway_time, null,
            case when m.chunk_id is null then coalesce(r.attempt, s.attempt) end, coalesce(m.idx, r.idx, o.idx),
            case when m.chunk_id is not null then null when n.chunk_id <> r.chunk_id then r.chunk_id else s.id end,
            r.heard_at)::report as report
        from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, idx, sent_from, heard_at, at)
        cross join lateral find_recipient(p_account, r.chunk_id, r.attempt, r.idx, r.number) n (chunk_id)
        left join lateral (
          -- No join: it might read all chunks of the account for each report.
          select f.chunk_id, f.idx from (select * from message w where w.msg_id = r.msg_id offset 0) f
          where (select c.account from chunk c where c.id = f.chunk_id) = p_account
          order by f.chunk_id = n.chunk_id and f.idx = r.idx desc, f.chunk_id, f.idx limit 1
        ) m on true
        cross join lateral own_place(p_account, case when coalesce(m.chunk_id, n.chunk_id) is null then r.order_id end, r.number) o
        left join chunk s on s.id = o.sent_from
        where r.at = any (open)
      ) p group by p.chunk_id order by p.chunk_id
    loop
      if target.chunk_id is null then
        waiting := waiting || target.places;
      else
        waiting := waiting || place_in_chunk(target.chunk_id, target.places, target.reports, p_by, p_poll_after);
      end if;
    end loop;
  end if;
  -- Last, because all other code locks the chunk before these rows.
  perform book_awaited(array_agg(r.msg_id order by r.at), array_agg(r.state::text order by r.at),
      array_agg(r.reason order by r.at), array_agg(r.gateway_time::text order by r.at),
      array_agg(r.chunk_id::text order by r.at), array_agg(r.idx::text order by r.at), array_agg(r.heard_at::text order by r.at))
    from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, idx, sent_from, heard_at, at);
  return waiting;
end $$;

-- Stores reports in the order in which they arrived. p_keep: reports without a recipient so far are kept and retried.
create function take_reports(
  p_account text, p_by text, p_poll_after double precision, p_keep boolean, p_msg_ids text[], p_order_ids text[],
  p_numbers text[], p_states text[], p_reasons text[], p_times text[], p_chunks text[], p_attempts text[], p_slots text[]
) returns void language plpgsql set search_path from current as $$
declare
  -- A place that is wrong now stays wrong: there was no message before the attempt that it names.
  reports report[] := array(
    select row(r.msg_id, case when r.chunk_id is null or f.id is not null then r.order_id end, r.number, r.state, r.reason, r.at,
      case when f.id is not null then r.chunk_id end, case when f.id is not null then r.attempt end,
      case when f.id is not null then r.idx end, null, null)::report
    from unnest(p_msg_ids, p_order_ids, p_numbers, p_states::message_state[], p_reasons, p_times::timestamptz[],
      p_chunks::bigint[], p_attempts::int[], p_slots::smallint[])
      with ordinality r (msg_id, order_id, number, state, reason, at, chunk_id, attempt, idx, place)
    cross join lateral find_recipient(p_account, r.chunk_id, r.attempt, r.idx, r.number) f (id) order by r.place);
  waiting int[] := place_reports(p_account, reports, p_by, p_poll_after);
begin
  if p_keep and waiting <> '{}' then
    insert into early_report (account, msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, idx, try_at)
      select p_account, r.msg_id, r.order_id, r.number, r.state, r.reason, r.gateway_time, r.chunk_id, r.attempt, r.idx,
        clock_timestamp() + interval '200 milliseconds'
      from unnest(reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, idx, sent_from, heard_at, place)
      where r.place = any (waiting) order by r.place;
  end if;
end $$;

-- Retries reports that matched no recipient when they arrived, at growing intervals, for a day. Other systems that use
-- the same account cause such reports too. Returns the number of retried reports.
create function retry_reports(p_account text, p_by text, p_poll_after double precision, p_limit int)
returns int language plpgsql set search_path from current as $$
declare
  ids bigint[];
  kept bigint[];
  reports report[];
  given_up int;
begin
  select array_agg(e.id order by e.id),
      array_agg(row(e.msg_id, e.order_id, e.number, e.state, e.reason, e.gateway_time, e.chunk_id, e.attempt, e.idx, null, e.received_at)::report
        order by e.id)
    into ids, reports
    from (select * from early_report where account = p_account and try_at <= clock_timestamp() order by try_at limit p_limit for update skip locked) e;
  if ids is null then return 0; end if;
  select coalesce(array_agg(ids[place]), '{}') into kept
    from unnest(place_reports(p_account, reports, p_by, p_poll_after)) place;
  with gone as (
    delete from early_report where id = any (ids)
      and (id <> all (kept) or received_at < clock_timestamp() - interval '24 hours') returning id
  )
  select count(*) filter (where id = any (kept)) into given_up from gone;
  update early_report set tries = tries + 1,
      try_at = clock_timestamp() + least(300, 0.2 * power(2, least(tries + 1, 12))) * interval '1 second'
    where id = any (kept);
  if given_up > 0 then
    insert into journal (account, event, by, detail)
      values (p_account, 'reports given up', p_by, format('%s of messages that are not known here', given_up));
  end if;
  return cardinality(ids);
end $$;
`;
