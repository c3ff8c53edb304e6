-- breaking
--
-- The tables. All times are the server's. `outbox` stands for the schema that the app configures.

create type outbox.lane as enum ('priority', 'bulk');
create type outbox.chunk_state as enum
  ('pending', 'sending', 'completed', 'rejected', 'unknown', 'held', 'abandoned', 'cancelled', 'split');
create type outbox.recipient_state as enum
  ('accepted', 'delivered', 'failed', 'rejected', 'unknown', 'held', 'abandoned');
create type outbox.campaign_state as enum ('creating', 'draft', 'scheduled', 'running', 'paused', 'cancelled', 'done');
create type outbox.unconfirmed_action as enum ('hold', 'resend', 'abandon');

create table outbox.installation (
  -- The prefix of generated order ids. It keeps two outboxes of one account from accepting each other's reports.
  order_id_prefix text not null
);
insert into outbox.installation values (substr(translate(gen_random_uuid()::text, '-', ''), 1, 8));

create table outbox.account (
  id text primary key,
  backoff_until timestamptz,
  backoff_level int not null default 0,
  paused_at timestamptz,
  paused_code text,
  paused_reason text,
  probe_at timestamptz,
  probes int not null default 0,
  -- The same for messages that the gateway has not rejected with a code about the account before.
  fresh_probe_at timestamptz,
  fresh_probes int not null default 0,
  -- The chunk whose rejection says that the account cannot send.
  paused_chunk_id bigint,
  -- Since when requests are rejected with a code about the account, and when a request that started later was accepted.
  rejected_at timestamptz,
  accepted_at timestamptz,
  -- When a list last went ahead of single recipients that were due.
  list_turn_at timestamptz not null default '-infinity',
  -- When a worker that reads sent records last gave a sign of life, and up to when records were read.
  lookup_alive_at timestamptz,
  looked_up_at timestamptz,
  -- Up to when inbound messages were listed, and when a worker last began to.
  inbound_listed_at timestamptz not null default clock_timestamp(),
  inbound_turn_at timestamptz not null default clock_timestamp()
);

-- What an account may still send, after each claim that took something. Only the newest row counts. Rows are inserted and
-- not updated: a claim that reads the newest one need not pass the older ones, even if a long transaction keeps them.
create table outbox.rate_grant (
  account text not null,
  id bigint generated always as identity,
  recipients_left double precision not null,
  requests_left double precision not null,
  granted_at timestamptz not null default clock_timestamp(),
  primary key (account, id)
);

-- A lane in which requests get no readable responses. Without a row the lane works.
create table outbox.lane_limit (
  account text not null,
  lane outbox.lane not null,
  -- Maximum number of recipients in one request. 0: the lane is paused.
  max_size int not null,
  -- The size of the largest request without a response. Once a request of this size gets a response, the lane works.
  target_size int not null,
  reason text not null,
  since timestamptz not null default clock_timestamp(),
  paused_at timestamptz not null default clock_timestamp(),
  -- When the pause ended; null while the lane is paused.
  resumed_at timestamptz,
  -- When one request may be larger than the limit. It starts with one recipient, and doubles.
  probe_at timestamptz not null,
  -- How often the lane was paused, and how often in a row a larger request got no response.
  pauses int not null default 0,
  failed_probes int not null default 0,
  primary key (account, lane)
);

-- What people have set for a lane, for all workers. Only people change it. Without a row the options of each worker count.
create table outbox.lane_control (
  account text not null,
  lane outbox.lane not null,
  -- Null unless a person has paused the lane.
  paused_at timestamptz,
  paused_by text,
  paused_reason text,
  -- Maximum number of concurrent requests of each worker process. Null: the worker's own option.
  slots int,
  slots_set_at timestamptz,
  slots_set_by text,
  primary key (account, lane)
);

create table outbox.campaign (
  id bigint generated always as identity primary key,
  account text not null,
  name text not null,
  content text,
  sender_id text,
  state outbox.campaign_state not null default 'creating',
  priority int not null default 0,
  starts_at timestamptz,
  -- Number of source entries in a stored chunk. Only the last one may have fewer.
  chunk_size int not null,
  -- How many parts of an SMS the content takes.
  parts smallint,
  -- Number of stored source entries, and how many of them are not valid recipients. The next chunk starts here.
  stored_entries bigint not null default 0,
  invalid_entries bigint not null default 0,
  idempotency_key text,
  fingerprint text,
  -- What happens to its recipients that are still unknown after the grace period. Null: what the lane's option says.
  on_unconfirmed outbox.unconfirmed_action,
  -- The digest of the whole source, once it is stored.
  digest text,
  -- The call that creates it, and when that call last gave a sign of life.
  creator text,
  creator_seen_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  redacted_at timestamptz,
  -- Why the gateway caused the pause.
  paused_code text,
  paused_reason text,
  -- When the gateway last rejected it with a code about the account, how often it did so while it accepted other
  -- requests, and when to retry.
  account_rejected_at timestamptz,
  strikes int not null default 0,
  retry_at timestamptz
);
create index campaign_active on outbox.campaign (account, priority desc, id) where state in ('scheduled', 'running');
create index campaign_cancelling on outbox.campaign (account) where state = 'cancelled' and done_at is null;
create index campaign_creating on outbox.campaign (account, creator_seen_at) where state = 'creating';
-- A page without a state or a name merges the newest of each state.
create index campaign_list on outbox.campaign (account, state, id);
create index campaign_name on outbox.campaign (account, name, state, id);
create index campaign_retention on outbox.campaign (account, (coalesce(done_at, changed_at)))
  where redacted_at is null and state in ('done', 'cancelled');
create index campaign_deletion on outbox.campaign (account, (coalesce(done_at, changed_at))) where redacted_at is not null;

-- What a message is for. A one-time password reaches people who have opted out, and so does what confirms that they have.
create type outbox.purpose as enum ('otp', 'transactional', 'marketing', 'confirmation');

-- Up to 1,000 recipients of one message or campaign that one request can send to.
create table outbox.chunk (
  id bigint generated always as identity primary key,
  -- No foreign key: it would lock the account's row until the app's transaction ends, and claims update that row.
  account text not null,
  campaign_id bigint,
  lane outbox.lane not null,
  state outbox.chunk_state not null default 'pending',
  attempt int not null default 0,
  -- The first chunk of these recipients, and the chunk that they came from. They keep their slots.
  root_id bigint,
  parent_id bigint,
  -- The position of slot 0 in the source of the campaign.
  first_position bigint not null default 0,
  -- Number of recipients in this chunk. Empty slots have no recipient, or one that is in another chunk.
  size int not null,
  numbers text,
  order_ids text,
  -- Null for campaigns, for sealed messages once nothing of them can be sent, and for redacted messages.
  content text,
  -- How many parts of an SMS the content takes. Null for campaigns.
  parts smallint,
  -- The key that the content is sealed with. Null for plain contents, whatever they look like.
  seal_key_id text,
  sender_id text,
  due_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  -- When the first chunk of these recipients was created. Null for that chunk.
  root_created_at timestamptz,
  -- Who enqueued the message. Null for parts and for chunks of campaigns.
  created_by text,
  changed_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  worker text,
  code text,
  reason text,
  -- How often a temporary limit of its only number has delayed it.
  number_retries int not null default 0,
  -- Whether it was split from another chunk to find the rejected number.
  is_split boolean not null default false,
  -- Whether it left its parent because of a decision to resend, although it may have been sent.
  is_resent boolean not null default false,
  -- Whether an earlier attempt may have been accepted. Then no result of this chunk means "certainly not sent".
  maybe_accepted boolean not null default false,
  -- Whether a report has shown that an earlier attempt was accepted after all. Then this is never resent automatically.
  contradicted boolean not null default false,
  -- Recipients by outcome. `accepted` includes delivered and failed ones. Those two are counted for campaigns only, and
  -- a little later than they are known: see count_delta.
  accepted int not null default 0,
  delivered int not null default 0,
  failed int not null default 0,
  rejected int not null default 0,
  unknown int not null default 0,
  held int not null default 0,
  abandoned int not null default 0,
  -- Number of source entries that are not phone numbers. Their slots are empty.
  invalid int not null default 0,
  -- Identifies the message among calls with the same idempotency key.
  fingerprint text,
  has_waiter boolean not null default false,
  -- The caller's own reference of the message. It need not be unique.
  reference text,
  -- What happens to recipients that are still unknown after the grace period. Null: what the campaign says, otherwise the
  -- lane's option.
  on_unconfirmed outbox.unconfirmed_action,
  -- Null for messages that did not say, and for campaigns.
  purpose outbox.purpose,
  poll_at timestamptz,
  polls int not null default 0,
  redacted_at timestamptz,
  -- For a redacted message: when it ended, or when to look again because a part of it has not. It is deleted some time
  -- after that.
  ended_at timestamptz,
  -- When the gateway last rejected it with a code about the account, and how often it did so while it accepted other
  -- requests.
  account_rejected_at timestamptz,
  strikes int not null default 0,
  -- Single recipients go ahead of lists.
  is_list boolean not null generated always as (size > 1) stored
);
-- Twelve bytes for each recipient. Compression costs more than it saves.
alter table outbox.chunk alter column numbers set storage external, alter column order_ids set storage external;
-- The last column lets a claim pass expired messages without reading their rows.
create index chunk_due on outbox.chunk (account, lane, is_list, due_at, id, (coalesce(expires_at, 'infinity')))
  where state = 'pending' and campaign_id is null;
create index chunk_campaign_due on outbox.chunk (campaign_id, due_at, id)
  where state = 'pending' and campaign_id is not null;
create index chunk_sending on outbox.chunk (account, changed_at) where state = 'sending';
create index chunk_unknown on outbox.chunk (account, lane, changed_at) where unknown > 0;
create index chunk_held on outbox.chunk (account, id) where held > 0;
create index chunk_campaign_open on outbox.chunk (campaign_id)
  where campaign_id is not null and (state in ('sending', 'unknown'));
create index chunk_campaign on outbox.chunk (campaign_id, first_position, id) where campaign_id is not null;
create index chunk_root on outbox.chunk (root_id) where root_id is not null;
create index chunk_expiring on outbox.chunk (account, expires_at) where state = 'pending' and expires_at is not null;
create index chunk_poll on outbox.chunk (account, poll_at) where poll_at is not null;
create index chunk_account_rejected on outbox.chunk (account) where state = 'pending' and account_rejected_at is not null;
-- These serve the lists of messages, newest first. Messages that are being sent are few and found by chunk_sending, so a
-- claim does not write to the index of numbers, whose order is random and which therefore costs an insert the most: as
-- integers they take half of the space. The last one contains nothing that went well.
create index chunk_list on outbox.chunk (account, lane, created_at, id) where campaign_id is null and root_id is null;
create index chunk_reference on outbox.chunk (account, reference, created_at, id)
  where reference is not null and campaign_id is null and root_id is null;
create index chunk_number on outbox.chunk
  ((numbers::bigint), (coalesce(root_created_at, created_at)), (coalesce(root_id, id)))
  where campaign_id is null and size = 1 and numbers not like '%,%' and state <> 'sending';
create index chunk_problem on outbox.chunk (account, (coalesce(root_created_at, created_at)), (coalesce(root_id, id)))
  where campaign_id is null and (rejected > 0 or unknown > 0 or held > 0 or abandoned > 0 or state = 'cancelled');
-- Sealed contents that are still stored.
create index chunk_sealed on outbox.chunk (account, seal_key_id) where seal_key_id is not null and content is not null;
-- These contain nothing but what can be redacted or deleted, however much there is.
create index chunk_retention on outbox.chunk (account, changed_at)
  where redacted_at is null and campaign_id is null and unknown = 0 and held = 0
    and state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split');
create index chunk_campaign_retention on outbox.chunk (campaign_id, (unknown + held))
  where redacted_at is null and campaign_id is not null;
create index chunk_deletion on outbox.chunk (account, ended_at) where ended_at is not null;

-- The idempotency keys of messages and campaigns. They outlive what they belong to, or are gone before it.
create table outbox.idempotency_key (
  account text not null,
  -- 'message' or 'campaign'.
  kind text not null,
  key text not null,
  id bigint not null,
  -- The key is kept for some time after this: when it was used first, or when its message or campaign ended, as far as
  -- that is known.
  kept_from timestamptz not null default clock_timestamp(),
  primary key (account, kind, key)
);
create index idempotency_key_id on outbox.idempotency_key (kind, id);
create index idempotency_key_expiring on outbox.idempotency_key (account, kept_from);

-- When a process last did recurring work on behalf of all.
create table outbox.turn (
  account text not null,
  task text not null,
  taken_at timestamptz not null,
  primary key (account, task)
);

-- Changes of a campaign's counts that are not added up yet. Rows are only inserted, so no two transactions wait for each
-- other. With a chunk: its recipients that were reported, which its own counts do not contain yet.
create table outbox.count_delta (
  id bigint generated always as identity primary key,
  campaign_id bigint not null,
  chunk_id bigint,
  sending int not null default 0,
  accepted int not null default 0,
  delivered int not null default 0,
  failed int not null default 0,
  rejected int not null default 0,
  cancelled int not null default 0,
  unknown int not null default 0,
  held int not null default 0,
  abandoned int not null default 0
);
create index count_delta_campaign on outbox.count_delta (campaign_id);

-- Recipients of a campaign by state. Together with its deltas, the counts are exact.
create table outbox.campaign_count (
  campaign_id bigint primary key,
  sending bigint not null default 0,
  accepted bigint not null default 0,
  delivered bigint not null default 0,
  failed bigint not null default 0,
  rejected bigint not null default 0,
  cancelled bigint not null default 0,
  unknown bigint not null default 0,
  held bigint not null default 0,
  abandoned bigint not null default 0
);

-- The callers' own order ids. They are not in the table chunk, because each update of a chunk would rewrite their
-- index.
create table outbox.caller_order_id (
  chunk_id bigint not null,
  ids text[] not null
);
create index caller_order_id_ids on outbox.caller_order_id using gin (ids);
create index caller_order_id_chunk on outbox.caller_order_id (chunk_id);

-- The states of single recipients. A recipient without a row has the state of its chunk.
create table outbox.recipient (
  chunk_id bigint not null,
  slot smallint not null,
  state outbox.recipient_state not null,
  -- Compared byte by byte, whatever the collation of the database.
  msg_id text collate "C",
  code text,
  reason text,
  reported_at timestamptz,
  -- The time of the state according to the gateway.
  gateway_time timestamptz,
  -- What the platform charges, and the network, as far as a report said so. Without them a row is not longer.
  price numeric,
  currency text,
  segments int,
  mcc text,
  mnc text,
  -- Of the number, otherwise of the network.
  country text,
  primary key (chunk_id, slot)
) with (fillfactor = 80);
-- Not unique: if another system issues an id twice, no response must be lost.
create index recipient_msg_id on outbox.recipient (msg_id) where msg_id is not null;

-- Changes of the costs that are not added up yet. Rows are only inserted, as in count_delta.
create table outbox.cost_delta (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  account text not null,
  day date not null,
  country text not null,
  mcc text not null,
  mnc text not null,
  currency text not null,
  -- What a segment costs. Null if none is charged.
  unit numeric,
  recipients int not null,
  segments int not null,
  total numeric not null,
  -- How many segments their texts take, and how many recipients are charged another number.
  expected int not null,
  differing int not null
);

-- What the platform charged for messages, by the day in UTC on which their request started. Together with its deltas, the
-- sums are exact. They contain nothing about a person, and outlive the recipients.
create table outbox.cost (
  account text not null,
  day date not null,
  -- Empty if the platform does not say.
  mcc text not null,
  -- Of the number, otherwise of the network. Empty if neither is known.
  country text not null,
  currency text not null,
  recipients bigint not null,
  segments bigint not null,
  total numeric not null,
  primary key (account, day, mcc, country, currency)
);

-- The prices of segments, by the day of `cost`, for the days of which prices are learned. Empty texts are not known.
create table outbox.price (
  account text not null,
  day date not null,
  country text not null,
  mcc text not null,
  mnc text not null,
  currency text not null,
  unit numeric not null,
  recipients bigint not null,
  segments bigint not null,
  expected bigint not null,
  differing bigint not null,
  -- When the first and the last report with this price came.
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (account, day, country, mcc, mnc, currency, unit)
);

-- Invalid entries of a campaign's source. Their slots are empty. The input is truncated and masked.
create table outbox.invalid_entry (
  chunk_id bigint not null,
  slot smallint not null,
  code text not null,
  reason text,
  -- The line in the caller's file, if the caller gave it.
  line bigint,
  order_id text,
  input text,
  primary key (chunk_id, slot)
);

-- Message ids of chunks whose recipients have no rows yet. They are accepted, and nothing more is known about them.
create table outbox.pending_result (
  chunk_id bigint primary key,
  -- The slots of the message ids, or null for 0, 1, 2, …
  slots text,
  msg_ids text not null,
  at timestamptz not null default clock_timestamp()
);
create index pending_result_at on outbox.pending_result (at);
alter table outbox.pending_result alter column msg_ids set storage external, alter column slots set storage external;

-- What happened, when, and who did it. Rows never change.
create table outbox.history (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  account text,
  campaign_id bigint,
  chunk_id bigint,
  attempt int,
  event text not null,
  actor text not null,
  detail text
);
create index history_chunk on outbox.history (chunk_id, id) where chunk_id is not null;
create index history_campaign on outbox.history (campaign_id, id) where campaign_id is not null;
-- For the list of everything. Two entries that every message has are not in it.
create index history_list on outbox.history (account, at, id) where event not in ('sending', 'completed');
create index history_account on outbox.history (account, at) where chunk_id is null and campaign_id is null;

-- Texts with variables. The texts of each version are in template_version.
create table outbox.template (
  id bigint generated always as identity primary key,
  account text not null,
  -- Compared byte by byte, whatever the collation of the database.
  name text collate "C" not null,
  -- The current version, from 1.
  version int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  -- Null unless it may not be sent.
  archived_at timestamptz,
  unique (account, name)
);

-- What a template was, version by version. Rows never change.
create table outbox.template_version (
  template_id bigint not null,
  version int not null,
  -- The texts by locale.
  texts jsonb not null,
  default_locale text not null,
  -- The largest number of parts that a text may need. Null: no limit.
  max_parts int,
  keeps_line_ends boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  primary key (template_id, version)
);

-- What a report says about the costs of its message. Without a price, `price`, `currency` and `segments` are null.
create type outbox.charge as (price numeric, currency text, segments int, mcc text, mnc text, country text);

create type outbox.reply_type as enum ('opt-out', 'opt-in', 'help', 'unclear', 'other');

-- What people have written to the account.
create table outbox.inbound (
  id bigint generated always as identity primary key,
  account text not null,
  -- The same for a repeated push, and for a push and what the platform lists.
  key text not null,
  -- Null once it is erased.
  number text,
  -- What it was sent to, as far as the platform says so.
  receiver text,
  content text,
  type outbox.reply_type not null,
  -- The time according to the gateway.
  gateway_time timestamptz,
  received_at timestamptz not null default clock_timestamp(),
  -- Who has decided about an unclear one.
  reviewed_by text,
  unique (account, key)
);
create index inbound_list on outbox.inbound (account, id);
create index inbound_type on outbox.inbound (account, type, id);
create index inbound_number on outbox.inbound (account, number, id) where number is not null;
create index inbound_retention on outbox.inbound (account, received_at) where number is not null;
create index inbound_deletion on outbox.inbound (account, received_at) where number is null;

-- People who want no messages. Entries end and are not deleted: they show what was agreed, and when.
create table outbox.opt_out (
  account text not null,
  number text not null,
  -- Empty for all senders of the account.
  sender text not null,
  -- 'reply', or what the app says.
  reason text not null,
  actor text not null,
  since timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_by text,
  -- Where the new consent is written down.
  consent text,
  -- Of the last change. Higher than that of all changes that were committed before.
  version bigint not null,
  primary key (account, number, sender)
);
create index opt_out_version on outbox.opt_out (account, version);

-- The last change of the opt-outs of an account. A change locks the row, so versions are committed in order.
create table outbox.opt_out_state (
  account text primary key,
  version bigint not null
);

-- Reports whose message is not known yet. A report may arrive before the response that contains its message id.
create table outbox.unmatched_report (
  id bigint generated always as identity primary key,
  account text not null,
  msg_id text not null,
  order_id text,
  number text,
  state outbox.recipient_state not null,
  reason text,
  gateway_time timestamptz,
  -- The place that one of our order ids points to.
  chunk_id bigint,
  attempt int,
  slot smallint,
  charge outbox.charge,
  received_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  try_at timestamptz not null default clock_timestamp()
);
create index unmatched_report_due on outbox.unmatched_report (account, try_at);

-- One delivery report. The state 'accepted' only means that the gateway accepted the message. chunk_id, attempt and
-- slot: the place that one of our order ids points to, or that a lookup has found. sent_from: that chunk, if the
-- recipient has moved to another one since. received_at: when the report arrived, if that was before now.
create type outbox.report as (
  msg_id text, order_id text, number text, state outbox.recipient_state, reason text, gateway_time timestamptz,
  chunk_id bigint, attempt int, slot smallint, sent_from bigint, received_at timestamptz, charge outbox.charge
);

-- Pushes with the right secret that could not be read. They may be the only reports of their messages.
create table outbox.unreadable_push (
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
create index unreadable_push_list on outbox.unreadable_push (account, id);

-- The topics of each event handler in some process: a state of recipients, or 'campaign done'.
create table outbox.event_handler (
  account text not null,
  topic text not null,
  -- A name that stays the same over releases: `Module/Class.method`, or one that the app chose.
  handler text not null,
  registered_at timestamptz not null default clock_timestamp(),
  -- When a process with this handler last said so.
  seen_at timestamptz not null default clock_timestamp(),
  -- Whether its process listens for notifications.
  is_notified boolean not null default true,
  primary key (account, topic, handler)
);

-- The topics to record. Apps without handlers pay nothing, and handlers miss nothing during an outage of their process.
create view outbox.live_subscription as
  select account, topic, is_notified from outbox.event_handler where seen_at > clock_timestamp() - interval '7 days';

-- Changes that are recorded, but not yet routed to handlers: one row for each state that recipients of a chunk got in one
-- step. Rows are inserted by the transaction of the change, and never updated otherwise, so there are few indexes.
create table outbox.event (
  id bigint generated always as identity,
  account text not null,
  topic text not null,
  campaign_id bigint,
  -- The first chunk of the recipients. Its events are emitted in the order of their ids.
  root_id bigint,
  chunk_id bigint,
  slots smallint[],
  -- Details that the chunk and the recipients may no longer have when the handler is called.
  attempt int,
  sent_at timestamptz,
  code text,
  reason text,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (account, id)
);
create index event_reason on outbox.event (chunk_id) where reason is not null;

-- An event for one handler, until the handler succeeds.
create table outbox.event_delivery (
  id bigint generated always as identity primary key,
  account text not null,
  handler text not null,
  event_id bigint not null,
  topic text not null,
  campaign_id bigint,
  root_id bigint,
  chunk_id bigint,
  slots smallint[],
  attempt int,
  sent_at timestamptz,
  code text,
  reason text,
  recorded_at timestamptz not null,
  -- Later deliveries of a message to a handler are postponed together with the first.
  due_at timestamptz not null default clock_timestamp(),
  -- The claim of the process that calls the handler now, valid until due_at.
  claim uuid,
  -- How often the handler failed, and how often in a row a claim ended without any result, because its process died.
  failures int not null default 0,
  lost int not null default 0,
  -- The name of the last error.
  error text,
  first_failed_at timestamptz,
  last_failed_at timestamptz,
  -- When it failed for the last time. It is a dead letter since then: the handler is not called, and nothing waits for it.
  dead_at timestamptz
);
create index event_delivery_due on outbox.event_delivery (account, handler, due_at) where dead_at is null;
create index event_delivery_order on outbox.event_delivery (root_id, handler, event_id)
  where dead_at is null and root_id is not null;
create index event_delivery_dead on outbox.event_delivery (account, id) where dead_at is not null;
create index event_delivery_reason on outbox.event_delivery (chunk_id) where reason is not null;
