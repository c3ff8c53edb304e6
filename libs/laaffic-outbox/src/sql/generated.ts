// Generated from the files in sql/ by `npm run sql`. Do not edit.
import type { Exact, FunctionSet, InvalidColumns, Migration, Nothing, RecipientColumns, Statement } from './statement.js';

export type CampaignState = 'creating' | 'draft' | 'scheduled' | 'running' | 'paused' | 'cancelled' | 'done';
export type ChunkState = 'pending' | 'sending' | 'completed' | 'rejected' | 'unknown' | 'held' | 'abandoned' | 'cancelled' | 'split';
export type Lane = 'priority' | 'bulk';
export type Purpose = 'otp' | 'transactional' | 'marketing' | 'confirmation';
export type RecipientState = 'accepted' | 'delivered' | 'failed' | 'rejected' | 'unknown' | 'held' | 'abandoned';
export type ReplyType = 'opt-out' | 'opt-in' | 'help' | 'unclear' | 'other';
export type UnconfirmedAction = 'hold' | 'resend' | 'abandon';

/** In the order of application. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'schema',
    isBreaking: true,
    isConcurrent: false,
    up: `create type outbox.lane as enum ('priority', 'bulk');
create type outbox.chunk_state as enum
  ('pending', 'sending', 'completed', 'rejected', 'unknown', 'held', 'abandoned', 'cancelled', 'split');
create type outbox.recipient_state as enum
  ('accepted', 'delivered', 'failed', 'rejected', 'unknown', 'held', 'abandoned');
create type outbox.campaign_state as enum ('creating', 'draft', 'scheduled', 'running', 'paused', 'cancelled', 'done');
create type outbox.unconfirmed_action as enum ('hold', 'resend', 'abandon');
create table outbox.installation (
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
  fresh_probe_at timestamptz,
  fresh_probes int not null default 0,
  paused_chunk_id bigint,
  rejected_at timestamptz,
  accepted_at timestamptz,
  list_turn_at timestamptz not null default '-infinity',
  lookup_alive_at timestamptz,
  looked_up_at timestamptz,
  inbound_listed_at timestamptz not null default clock_timestamp(),
  inbound_turn_at timestamptz not null default clock_timestamp()
);
create table outbox.rate_grant (
  account text not null,
  id bigint generated always as identity,
  recipients_left double precision not null,
  requests_left double precision not null,
  granted_at timestamptz not null default clock_timestamp(),
  primary key (account, id)
);
create table outbox.lane_limit (
  account text not null,
  lane outbox.lane not null,
  max_size int not null,
  target_size int not null,
  reason text not null,
  since timestamptz not null default clock_timestamp(),
  paused_at timestamptz not null default clock_timestamp(),
  resumed_at timestamptz,
  probe_at timestamptz not null,
  pauses int not null default 0,
  failed_probes int not null default 0,
  primary key (account, lane)
);
create table outbox.lane_control (
  account text not null,
  lane outbox.lane not null,
  paused_at timestamptz,
  paused_by text,
  paused_reason text,
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
  chunk_size int not null,
  parts smallint,
  stored_entries bigint not null default 0,
  invalid_entries bigint not null default 0,
  idempotency_key text,
  fingerprint text,
  on_unconfirmed outbox.unconfirmed_action,
  digest text,
  creator text,
  creator_seen_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  redacted_at timestamptz,
  paused_code text,
  paused_reason text,
  account_rejected_at timestamptz,
  strikes int not null default 0,
  retry_at timestamptz
);
create index campaign_active on outbox.campaign (account, priority desc, id) where state in ('scheduled', 'running');
create index campaign_cancelling on outbox.campaign (account) where state = 'cancelled' and done_at is null;
create index campaign_creating on outbox.campaign (account, creator_seen_at) where state = 'creating';
create index campaign_list on outbox.campaign (account, state, id);
create index campaign_name on outbox.campaign (account, name, state, id);
create index campaign_retention on outbox.campaign (account, (coalesce(done_at, changed_at)))
  where redacted_at is null and state in ('done', 'cancelled');
create index campaign_deletion on outbox.campaign (account, (coalesce(done_at, changed_at))) where redacted_at is not null;
create type outbox.purpose as enum ('otp', 'transactional', 'marketing', 'confirmation');
create table outbox.chunk (
  id bigint generated always as identity primary key,
  account text not null,
  campaign_id bigint,
  lane outbox.lane not null,
  state outbox.chunk_state not null default 'pending',
  attempt int not null default 0,
  root_id bigint,
  parent_id bigint,
  first_position bigint not null default 0,
  size int not null,
  numbers text,
  order_ids text,
  content text,
  parts smallint,
  seal_key_id text,
  sender_id text,
  due_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  root_created_at timestamptz,
  created_by text,
  changed_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  worker text,
  code text,
  reason text,
  number_retries int not null default 0,
  is_split boolean not null default false,
  is_resent boolean not null default false,
  maybe_accepted boolean not null default false,
  contradicted boolean not null default false,
  accepted int not null default 0,
  delivered int not null default 0,
  failed int not null default 0,
  rejected int not null default 0,
  unknown int not null default 0,
  held int not null default 0,
  abandoned int not null default 0,
  invalid int not null default 0,
  fingerprint text,
  has_waiter boolean not null default false,
  reference text,
  on_unconfirmed outbox.unconfirmed_action,
  purpose outbox.purpose,
  poll_at timestamptz,
  polls int not null default 0,
  redacted_at timestamptz,
  ended_at timestamptz,
  account_rejected_at timestamptz,
  strikes int not null default 0,
  is_list boolean not null generated always as (size > 1) stored
);
alter table outbox.chunk alter column numbers set storage external, alter column order_ids set storage external;
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
create index chunk_list on outbox.chunk (account, lane, created_at, id) where campaign_id is null and root_id is null;
create index chunk_reference on outbox.chunk (account, reference, created_at, id)
  where reference is not null and campaign_id is null and root_id is null;
create index chunk_number on outbox.chunk
  ((numbers::bigint), (coalesce(root_created_at, created_at)), (coalesce(root_id, id)))
  where campaign_id is null and size = 1 and numbers not like '%,%' and state <> 'sending';
create index chunk_problem on outbox.chunk (account, (coalesce(root_created_at, created_at)), (coalesce(root_id, id)))
  where campaign_id is null and (rejected > 0 or unknown > 0 or held > 0 or abandoned > 0 or state = 'cancelled');
create index chunk_sealed on outbox.chunk (account, seal_key_id) where seal_key_id is not null and content is not null;
create index chunk_retention on outbox.chunk (account, changed_at)
  where redacted_at is null and campaign_id is null and unknown = 0 and held = 0
    and state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split');
create index chunk_campaign_retention on outbox.chunk (campaign_id, (unknown + held))
  where redacted_at is null and campaign_id is not null;
create index chunk_deletion on outbox.chunk (account, ended_at) where ended_at is not null;
create table outbox.idempotency_key (
  account text not null,
  kind text not null,
  key text not null,
  id bigint not null,
  kept_from timestamptz not null default clock_timestamp(),
  primary key (account, kind, key)
);
create index idempotency_key_id on outbox.idempotency_key (kind, id);
create index idempotency_key_expiring on outbox.idempotency_key (account, kept_from);
create table outbox.turn (
  account text not null,
  task text not null,
  taken_at timestamptz not null,
  primary key (account, task)
);
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
create table outbox.caller_order_id (
  chunk_id bigint not null,
  ids text[] not null
);
create index caller_order_id_ids on outbox.caller_order_id using gin (ids);
create index caller_order_id_chunk on outbox.caller_order_id (chunk_id);
create table outbox.recipient (
  chunk_id bigint not null,
  slot smallint not null,
  state outbox.recipient_state not null,
  msg_id text collate "C",
  code text,
  reason text,
  reported_at timestamptz,
  gateway_time timestamptz,
  price numeric,
  currency text,
  segments int,
  mcc text,
  mnc text,
  country text,
  primary key (chunk_id, slot)
) with (fillfactor = 80);
create index recipient_msg_id on outbox.recipient (msg_id) where msg_id is not null;
create table outbox.cost_delta (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  account text not null,
  day date not null,
  country text not null,
  mcc text not null,
  mnc text not null,
  currency text not null,
  unit numeric,
  recipients int not null,
  segments int not null,
  total numeric not null,
  expected int not null,
  differing int not null
);
create table outbox.cost (
  account text not null,
  day date not null,
  mcc text not null,
  country text not null,
  currency text not null,
  recipients bigint not null,
  segments bigint not null,
  total numeric not null,
  primary key (account, day, mcc, country, currency)
);
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
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (account, day, country, mcc, mnc, currency, unit)
);
create table outbox.invalid_entry (
  chunk_id bigint not null,
  slot smallint not null,
  code text not null,
  reason text,
  line bigint,
  order_id text,
  input text,
  primary key (chunk_id, slot)
);
create table outbox.pending_result (
  chunk_id bigint primary key,
  slots text,
  msg_ids text not null,
  at timestamptz not null default clock_timestamp()
);
create index pending_result_at on outbox.pending_result (at);
alter table outbox.pending_result alter column msg_ids set storage external, alter column slots set storage external;
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
create index history_list on outbox.history (account, at, id) where event not in ('sending', 'completed');
create index history_account on outbox.history (account, at) where chunk_id is null and campaign_id is null;
create table outbox.template (
  id bigint generated always as identity primary key,
  account text not null,
  name text collate "C" not null,
  version int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  archived_at timestamptz,
  unique (account, name)
);
create table outbox.template_version (
  template_id bigint not null,
  version int not null,
  texts jsonb not null,
  default_locale text not null,
  max_parts int,
  keeps_line_ends boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  primary key (template_id, version)
);
create type outbox.charge as (price numeric, currency text, segments int, mcc text, mnc text, country text);
create type outbox.reply_type as enum ('opt-out', 'opt-in', 'help', 'unclear', 'other');
create table outbox.inbound (
  id bigint generated always as identity primary key,
  account text not null,
  key text not null,
  number text,
  receiver text,
  content text,
  type outbox.reply_type not null,
  gateway_time timestamptz,
  received_at timestamptz not null default clock_timestamp(),
  reviewed_by text,
  unique (account, key)
);
create index inbound_list on outbox.inbound (account, id);
create index inbound_type on outbox.inbound (account, type, id);
create index inbound_number on outbox.inbound (account, number, id) where number is not null;
create index inbound_retention on outbox.inbound (account, received_at) where number is not null;
create index inbound_deletion on outbox.inbound (account, received_at) where number is null;
create table outbox.opt_out (
  account text not null,
  number text not null,
  sender text not null,
  reason text not null,
  actor text not null,
  since timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_by text,
  consent text,
  version bigint not null,
  primary key (account, number, sender)
);
create index opt_out_version on outbox.opt_out (account, version);
create table outbox.opt_out_state (
  account text primary key,
  version bigint not null
);
create table outbox.unmatched_report (
  id bigint generated always as identity primary key,
  account text not null,
  msg_id text not null,
  order_id text,
  number text,
  state outbox.recipient_state not null,
  reason text,
  gateway_time timestamptz,
  chunk_id bigint,
  attempt int,
  slot smallint,
  charge outbox.charge,
  received_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  try_at timestamptz not null default clock_timestamp()
);
create index unmatched_report_due on outbox.unmatched_report (account, try_at);
create type outbox.report as (
  msg_id text, order_id text, number text, state outbox.recipient_state, reason text, gateway_time timestamptz,
  chunk_id bigint, attempt int, slot smallint, sent_from bigint, received_at timestamptz, charge outbox.charge
);
create table outbox.unreadable_push (
  id bigint generated always as identity primary key,
  account text not null,
  received_at timestamptz not null default clock_timestamp(),
  route text not null,
  reason text not null,
  body bytea not null,
  digest bytea not null,
  unique (account, route, digest)
);
create index unreadable_push_list on outbox.unreadable_push (account, id);
create table outbox.event_handler (
  account text not null,
  topic text not null,
  handler text not null,
  registered_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  is_notified boolean not null default true,
  primary key (account, topic, handler)
);
create view outbox.live_subscription as
  select account, topic, is_notified from outbox.event_handler where seen_at > clock_timestamp() - interval '7 days';
create table outbox.event (
  id bigint generated always as identity,
  account text not null,
  topic text not null,
  campaign_id bigint,
  root_id bigint,
  chunk_id bigint,
  slots smallint[],
  attempt int,
  sent_at timestamptz,
  code text,
  reason text,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (account, id)
);
create index event_reason on outbox.event (chunk_id) where reason is not null;
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
  due_at timestamptz not null default clock_timestamp(),
  claim uuid,
  failures int not null default 0,
  lost int not null default 0,
  error text,
  first_failed_at timestamptz,
  last_failed_at timestamptz,
  dead_at timestamptz
);
create index event_delivery_due on outbox.event_delivery (account, handler, due_at) where dead_at is null;
create index event_delivery_order on outbox.event_delivery (root_id, handler, event_id)
  where dead_at is null and root_id is not null;
create index event_delivery_dead on outbox.event_delivery (account, id) where dead_at is not null;
create index event_delivery_reason on outbox.event_delivery (chunk_id) where reason is not null;`,
    rollback: undefined,
  },
];

/** Each release has its own functions, so releases with different ones work side by side. */
export const FUNCTIONS: FunctionSet = {
  digest: 'd77b0074',
  text: `create function outbox.pause_account_d77b0074(p_account text, p_code text, p_reason text, p_first double precision, p_chunk bigint default null)
returns boolean language plpgsql as $$
declare
  before outbox.account%rowtype;
begin
  select * into strict before from outbox.account where id = p_account for no key update;
  update outbox.account set paused_at = coalesce(paused_at, clock_timestamp()), paused_code = p_code, paused_reason = p_reason,
      paused_chunk_id = p_chunk,
      probe_at = clock_timestamp() + least(300000, p_first * power(2, least(probes, 10))) * interval '1 millisecond',
      fresh_probe_at = clock_timestamp() + least(300000, p_first * power(2, least(fresh_probes, 10))) * interval '1 millisecond'
    where id = p_account;
  if before.paused_at is not null then return false; end if;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'account paused', 'gateway',
    p_code || ': ' || p_reason || coalesce((select case when c.campaign_id is null then ' (message ' || coalesce(c.root_id, c.id)
      else ' (campaign ' || c.campaign_id end || ')' from outbox.chunk c where c.id = p_chunk), ''));
  return true;
end $$;
create function outbox.record_account_rejection_d77b0074(
  p_account text, p_chunk bigint, p_actor text, p_is_probe boolean, p_code text, p_reason text, p_first double precision,
  p_strikes int, out verdict text, out delay double precision
) language plpgsql as $$
declare
  a outbox.account%rowtype;
  c outbox.chunk%rowtype;
  k outbox.campaign%rowtype;
  moment timestamptz;
begin
  verdict := 'released';
  delay := 0;
  select * into strict a from outbox.account where id = p_account for no key update;
  select * into strict c from outbox.chunk where id = p_chunk;
  if c.campaign_id is not null then
    select * into strict k from outbox.campaign where id = c.campaign_id for no key update;
    c.account_rejected_at := k.account_rejected_at;
    c.strikes := k.strikes;
  end if;
  if c.account_rejected_at >= c.sent_at or k.state not in ('scheduled', 'running') then
    if c.campaign_id is null then delay := p_first; end if;
    return;
  end if;
  moment := clock_timestamp();
  if a.rejected_at is null or a.accepted_at >= a.rejected_at then
    update outbox.account set rejected_at = moment where id = p_account;
  end if;
  if a.paused_at is null and a.accepted_at > c.account_rejected_at then
    c.strikes := c.strikes + 1;
    delay := p_first * power(2, c.strikes - 1);
    if c.strikes >= p_strikes then verdict := 'rejected'; end if;
    perform outbox.record_history_d77b0074(p_account, c.campaign_id, p_chunk, c.attempt, 'rejected while others were accepted',
      p_actor, format('%s of %s: %s', c.strikes, p_strikes, p_code));
  else
    if a.paused_at is null or p_is_probe then
      if outbox.pause_account_d77b0074(p_account, p_code, p_reason, p_first, p_chunk) then verdict := 'paused'; end if;
      select * into strict a from outbox.account where id = p_account;
    end if;
    delay := greatest(0, extract(epoch from a.probe_at - clock_timestamp()) * 1000) + 1000;
  end if;
  if c.campaign_id is null then
    update outbox.chunk set account_rejected_at = moment, strikes = c.strikes where id = p_chunk;
    update outbox.chunk set account_rejected_at = moment, strikes = c.strikes, due_at = clock_timestamp() + delay * interval '1 millisecond'
      where id in (select p.id from outbox.chunk p where (p.id = c.root_id or p.root_id = coalesce(c.root_id, p_chunk)) and p.state = 'pending'
        for update skip locked);
    return;
  end if;
  if verdict = 'rejected' then
    update outbox.campaign set state = 'paused', changed_at = clock_timestamp(), paused_code = p_code, paused_reason = p_reason,
        account_rejected_at = moment, strikes = 0, retry_at = null
      where id = k.id and state in ('scheduled', 'running');
    if found then
      perform outbox.record_history_d77b0074(p_account, k.id, null, null, 'paused', 'gateway', p_code || ': ' || p_reason);
    end if;
    verdict := 'released';
  else
    update outbox.campaign set account_rejected_at = moment, strikes = c.strikes, retry_at = clock_timestamp() + delay * interval '1 millisecond'
      where id = k.id;
  end if;
  delay := 0;
end $$;
create function outbox.resume_account_d77b0074(p_account text, p_actor text) returns boolean
language plpgsql as $$
begin
  update outbox.account set paused_at = null, paused_code = null, paused_reason = null, paused_chunk_id = null, probe_at = null, probes = 0,
      fresh_probe_at = null, fresh_probes = 0
    where id = p_account and paused_at is not null;
  if not found then return false; end if;
  update outbox.chunk set due_at = clock_timestamp() where id in (select c.id from outbox.chunk c
    where c.account = p_account and c.state = 'pending' and c.account_rejected_at is not null and c.due_at > clock_timestamp()
    for update skip locked);
  update outbox.campaign set retry_at = null where account = p_account and retry_at is not null;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'account resumed', p_actor);
  return true;
end $$;
create function outbox.pause_lane_d77b0074(p_account text, p_lane outbox.lane, p_chunk bigint, p_target_size int, p_reason text, p_first double precision)
returns boolean language plpgsql as $$
begin
  insert into outbox.lane_limit as l (account, lane, max_size, target_size, reason, probe_at, pauses)
    values (p_account, p_lane, 0, p_target_size, p_reason, clock_timestamp() + p_first * interval '1 millisecond', 1)
    on conflict (account, lane) do update set max_size = 0, target_size = greatest(l.target_size, p_target_size), reason = p_reason,
      paused_at = clock_timestamp(), resumed_at = null,
      pauses = case when clock_timestamp() - l.resumed_at > least(interval '10 minutes', 5 * (l.resumed_at - l.paused_at)) then 1
        else l.pauses + 1 end,
      probe_at = clock_timestamp() + least(60000, p_first * power(2,
        case when clock_timestamp() - l.resumed_at > least(interval '10 minutes', 5 * (l.resumed_at - l.paused_at)) then 0
        else least(l.pauses, 10) end)) * interval '1 millisecond'
      where l.max_size > 0 and l.paused_at < (select c.sent_at from outbox.chunk c where c.id = p_chunk);
  if not found then return false; end if;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane paused', 'gateway', p_lane || ': ' || p_reason);
  return true;
end $$;
create function outbox.end_lane_probe_d77b0074(
  p_account text, p_lane outbox.lane, p_size int, p_is_answered boolean, p_reason text, p_first double precision
) returns boolean language plpgsql as $$
declare
  l outbox.lane_limit%rowtype;
begin
  select * into l from outbox.lane_limit r where r.account = p_account and r.lane = p_lane for no key update;
  if not found then return false; end if;
  if p_is_answered and p_size >= l.target_size then
    delete from outbox.lane_limit r where r.account = p_account and r.lane = p_lane;
    perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane resumed', 'probe', p_lane::text);
    return true;
  end if;
  if p_is_answered then
    if l.max_size = 0 then l.resumed_at := clock_timestamp(); end if;
    l.max_size := greatest(l.max_size, p_size);
    l.probe_at := clock_timestamp();
    l.failed_probes := 0;
  elsif p_is_answered is null then
    l.probe_at := clock_timestamp() + interval '1 second';
  elsif l.max_size = 0 then
    l.probe_at := clock_timestamp() + least(60000, p_first * power(2, least(l.pauses, 10))) * interval '1 millisecond';
    l.pauses := l.pauses + 1;
  else
    l.probe_at := clock_timestamp() + least(3600000, p_first * power(2, least(l.failed_probes, 11))) * interval '1 millisecond';
    l.failed_probes := l.failed_probes + 1;
    perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane limited', 'gateway',
      format('%s: %s recipients a request, %s got no response', p_lane, l.max_size, p_size));
  end if;
  update outbox.lane_limit r set max_size = l.max_size, probe_at = l.probe_at, resumed_at = l.resumed_at, pauses = l.pauses, failed_probes = l.failed_probes,
      target_size = case when p_is_answered is false then greatest(target_size, p_size) else target_size end,
      reason = case when p_is_answered is false then p_reason else reason end
    where r.account = p_account and r.lane = p_lane;
  return false;
end $$;
create function outbox.resume_lanes_d77b0074(p_account text, p_actor text) returns boolean language plpgsql as $$
declare
  resumed outbox.lane;
  any_resumed boolean := false;
begin
  for resumed in delete from outbox.lane_limit where account = p_account returning lane loop
    perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane resumed', p_actor, resumed::text);
    any_resumed := true;
  end loop;
  return any_resumed;
end $$;
create function outbox.back_off_d77b0074(p_account text, p_delay double precision) returns void
language sql as $$
  update outbox.account set backoff_level = case when backoff_until > clock_timestamp() then backoff_level else least(backoff_level + 1, 8) end,
      backoff_until = greatest(backoff_until, clock_timestamp() + greatest(p_delay, least(30000, 100 * power(2, backoff_level))) * interval '1 millisecond')
    where id = p_account
$$;
create function outbox.lock_lane_control_d77b0074(p_account text, p_lane outbox.lane) returns outbox.lane_control language plpgsql as $$
declare
  control outbox.lane_control%rowtype;
begin
  perform pg_advisory_xact_lock(outbox.lane_lock_d77b0074(p_account, p_lane));
  insert into outbox.lane_control (account, lane) values (p_account, p_lane) on conflict do nothing;
  select * into strict control from outbox.lane_control r where r.account = p_account and r.lane = p_lane for update;
  return control;
end $$;
create function outbox.pause_lane_manually_d77b0074(p_account text, p_lane outbox.lane, p_actor text, p_reason text) returns boolean
language plpgsql as $$
begin
  if (outbox.lock_lane_control_d77b0074(p_account, p_lane)).paused_at is not null then return false; end if;
  update outbox.lane_control r set paused_at = clock_timestamp(), paused_by = p_actor, paused_reason = p_reason
    where r.account = p_account and r.lane = p_lane;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane paused', p_actor, concat_ws(': ', p_lane, p_reason));
  return true;
end $$;
create function outbox.resume_lane_manually_d77b0074(p_account text, p_lane outbox.lane, p_actor text) returns boolean language plpgsql as $$
begin
  if (outbox.lock_lane_control_d77b0074(p_account, p_lane)).paused_at is null then return false; end if;
  update outbox.lane_control r set paused_at = null, paused_by = null, paused_reason = null
    where r.account = p_account and r.lane = p_lane;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane resumed', p_actor, p_lane::text);
  perform outbox.notify_d77b0074('outbox:due', 'lane');
  return true;
end $$;
create function outbox.set_lane_slots_d77b0074(p_account text, p_lane outbox.lane, p_slots int, p_actor text) returns boolean language plpgsql as $$
begin
  if (outbox.lock_lane_control_d77b0074(p_account, p_lane)).slots is not distinct from p_slots then return false; end if;
  update outbox.lane_control r set slots = p_slots,
      slots_set_at = case when p_slots is not null then clock_timestamp() end,
      slots_set_by = case when p_slots is not null then p_actor end
    where r.account = p_account and r.lane = p_lane;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'lane concurrency', p_actor,
    format('%s: %s', p_lane, coalesce(p_slots::text, 'as configured')));
  perform outbox.notify_d77b0074('outbox:due', 'lane');
  return true;
end $$;

create function outbox.read_rate_d77b0074(p_account text, p_recipients double precision, p_requests double precision, p_burst double precision)
returns outbox.rate_grant language plpgsql as $$
declare
  g outbox.rate_grant%rowtype;
  seconds double precision;
  most_recipients double precision := greatest(1, p_recipients * p_burst);
  most_requests double precision := greatest(1, p_requests * p_burst);
begin
  perform pg_advisory_xact_lock(hashtextextended('outbox:rate:' || p_account, 0));
  select * into g from outbox.rate_grant where account = p_account order by id desc limit 1;
  seconds := greatest(0, extract(epoch from clock_timestamp() - g.granted_at));
  g.account := p_account;
  g.granted_at := clock_timestamp();
  g.recipients_left := least(most_recipients, coalesce(g.recipients_left + seconds * p_recipients, most_recipients));
  g.requests_left := least(most_requests, coalesce(g.requests_left + seconds * p_requests, most_requests));
  return g;
end $$;
create function outbox.split_head_d77b0074(p_chunk bigint, p_size int, p_actor text) returns bigint language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  head outbox.chunk%rowtype;
  slots text[];
  ids text[];
  taken int := 0;
  cut int := 0;
  part bigint;
begin
  select * into strict c from outbox.chunk where id = p_chunk for update;
  slots := string_to_array(c.numbers, ',');
  ids := string_to_array(c.order_ids, ',');
  while taken < p_size and cut < cardinality(slots) loop
    cut := cut + 1;
    if slots[cut] <> '' then taken := taken + 1; end if;
  end loop;
  head := c;
  head.is_resent := false;
  head.sent_at := null;
  head.size := taken;
  head.numbers := array_to_string(slots[1:cut], ',');
  head.order_ids := case when ids is not null then array_to_string(ids[1:cut], ',') end;
  part := outbox.add_part_d77b0074(head, p_actor);
  slots := slots[cut + 1:];
  c.size := (select count(*) from unnest(slots) s (number) where s.number <> '');
  c.numbers := repeat(',', cut) || array_to_string(slots, ',');
  if c.size = 0 then
    c.state := 'split';
    perform outbox.transition_d77b0074(c, 'split', p_actor);
  else
    update outbox.chunk set size = c.size, numbers = c.numbers where id = p_chunk;
  end if;
  return part;
end $$;
create function outbox.lane_lock_d77b0074(p_account text, p_lane outbox.lane) returns bigint language sql stable as $$
  select hashtextextended('outbox.lane ' || p_account || ' ' || p_lane, 0)
$$;
create function outbox.claim_chunks_d77b0074(
  p_account text, p_worker text, p_lane outbox.lane, p_limit int,
  p_recipients double precision, p_requests double precision, p_burst double precision, p_share double precision,
  p_largest int, p_start_within double precision, p_last_campaign bigint default 0, p_floors timestamptz[] default '{}',
  p_campaigns bigint[] default '{}', p_in_flight int default 0, p_seal_keys text[] default '{}'
) returns table (
  chunk_id bigint, chunk_attempt int, chunk_campaign bigint, chunk_size int, chunk_due_at timestamptz, chunk_numbers text,
  chunk_order_ids text, chunk_content text, chunk_seal_key text, chunk_sender text, chunk_number_retries int, splits_left int, is_probe boolean,
  wait_ms int, waited_ms double precision, expires_in_ms double precision, maybe_accepted boolean, is_lane_probe boolean,
  lane_slots int, chunk_purpose outbox.purpose, opt_outs bigint
) language plpgsql as $$
declare
  a outbox.account%rowtype;
  l outbox.lane_limit%rowtype;
  control outbox.lane_control%rowtype;
  g outbox.rate_grant%rowtype;
  c outbox.chunk%rowtype;
  singles bigint[];
  lists bigint[];
  of_campaigns bigint[];
  candidate bigint;
  running bigint;
  began timestamptz;
  probing boolean := false;
  only_fresh boolean := false;
  may_probe_lane boolean := false;
  size int;
  limited boolean := p_recipients is not null or p_requests is not null;
  recipients double precision := coalesce(p_recipients, 'infinity');
  requests double precision := coalesce(p_requests, 'infinity');
  largest int := p_largest;
  kept_recipients double precision := 0;
  kept_requests double precision := 0;
  waiting double precision;
  has_granted boolean := false;
  has_turn boolean;
  is_ahead boolean;
  moment timestamptz;
begin
  perform set_config('lock_timeout', ceil(p_start_within)::text, true);
  perform pg_advisory_xact_lock_shared(outbox.lane_lock_d77b0074(p_account, p_lane));
  select * into control from outbox.lane_control r where r.account = p_account and r.lane = p_lane;
  lane_slots := control.slots;
  p_limit := coalesce(control.slots - p_in_flight, p_limit);
  if control.paused_at is not null or p_limit <= 0 then
    if lane_slots is not null then return next; end if;
    return;
  end if;
  select * into strict a from outbox.account where id = p_account;
  if a.paused_at is not null then
    select * into strict a from outbox.account where id = p_account for no key update;
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
    p_floors := '{}';
    p_campaigns := '{}';
  end if;
  select * into l from outbox.lane_limit r where r.account = p_account and r.lane = p_lane;
  if l.probe_at <= clock_timestamp() then
    select * into l from outbox.lane_limit r where r.account = p_account and r.lane = p_lane for no key update;
    may_probe_lane := coalesce(l.probe_at <= clock_timestamp(), false);
  end if;
  if l.max_size = 0 then
    if not may_probe_lane then
      wait_ms := ceil(extract(epoch from l.probe_at - clock_timestamp()) * 1000);
      return next;
      return;
    end if;
    p_limit := 1;
  end if;
  if a.backoff_until > clock_timestamp() then
    wait_ms := ceil(extract(epoch from a.backoff_until - clock_timestamp()) * 1000);
    return next;
    return;
  end if;
  moment := clock_timestamp();
  if limited then
    g := outbox.read_rate_d77b0074(p_account, recipients, requests, p_burst);
    largest := outbox.largest_request_d77b0074(p_lane, p_recipients, p_requests, p_burst, p_share, p_largest);
    if p_lane = 'bulk' then
      kept_recipients := least(greatest(1, recipients * p_burst) - 1, greatest(1, recipients * p_burst) * p_share);
      kept_requests := least((greatest(1, requests * p_burst) - 1) / 2, greatest(1, requests * p_burst) * p_share);
      if not exists (select from outbox.lane_limit r where r.account = p_account and r.lane = 'priority')
          and not exists (select from outbox.lane_control r
            where r.account = p_account and r.lane = 'priority' and r.paused_at is not null)
          and exists (select from outbox.chunk w where w.account = p_account and w.lane = 'priority' and w.state = 'pending'
            and w.campaign_id is null and w.is_list in (false, true) and w.due_at <= moment
            and coalesce(w.expires_at, 'infinity') > moment
            and (w.seal_key_id is null or w.seal_key_id = any (p_seal_keys))) then
        wait_ms := 20;
        return next;
        return;
      end if;
    end if;
  end if;
  if probing then
    largest := 1;
  end if;
  has_turn := a.list_turn_at < clock_timestamp() - interval '1 second';
  for i in 1..p_limit loop
    candidate := null;
    is_ahead := false;
    if has_turn then
      lists := coalesce(lists, outbox.lock_candidates_d77b0074(p_account, p_lane, true, p_limit, only_fresh, p_floors[2], moment, p_seal_keys));
      candidate := lists[1];
      is_ahead := candidate is not null;
    end if;
    if candidate is null then
      singles := coalesce(singles, outbox.lock_candidates_d77b0074(p_account, p_lane, false, p_limit, only_fresh, p_floors[1], moment, p_seal_keys));
      candidate := singles[1];
      singles := singles[2:];
    end if;
    if candidate is null or is_ahead then
      lists := coalesce(lists, outbox.lock_candidates_d77b0074(p_account, p_lane, true, p_limit, only_fresh, p_floors[2], moment, p_seal_keys));
      candidate := lists[1];
      lists := lists[2:];
    end if;
    if candidate is null and p_lane = 'bulk' then
      if of_campaigns is null then
        of_campaigns := '{}';
        for running in select r.id from outbox.campaign r
          where r.account = p_account and r.state in ('scheduled', 'running') and r.starts_at <= moment
            and (r.retry_at is null or r.retry_at <= moment) and (not only_fresh or r.account_rejected_at is null)
          order by r.priority desc, r.id <= p_last_campaign, r.id
        loop
          of_campaigns := of_campaigns || array(
            select w.id from outbox.chunk w
              where w.campaign_id = running and w.state = 'pending' and w.due_at <= moment
                and w.due_at >= coalesce(p_floors[2 + array_position(p_campaigns, running)], '-infinity')
                and coalesce(w.expires_at, 'infinity') > moment
              order by w.due_at, w.id limit p_limit - i + 1 - cardinality(of_campaigns) for update skip locked);
          exit when cardinality(of_campaigns) > p_limit - i;
        end loop;
      end if;
      candidate := of_campaigns[1];
      of_campaigns := of_campaigns[2:];
    end if;
    exit when candidate is null;
    select * into c from outbox.chunk w where w.id = candidate and w.state = 'pending';
    continue when not found;
    size := largest;
    if least(c.size, largest) > l.max_size then
      is_lane_probe := may_probe_lane;
      size := least(largest, case when may_probe_lane then greatest(1, 2 * l.max_size) else l.max_size end);
    else
      is_lane_probe := false;
    end if;
    if limited then
      waiting := greatest(
        case when recipients < 'infinity' then (least(c.size, size) + kept_recipients - g.recipients_left) / recipients else 0 end,
        case when requests < 'infinity' then (1 + kept_requests - g.requests_left) / requests else 0 end);
      if waiting > 0 then
        wait_ms := ceil(waiting * 1000);
        exit;
      end if;
      g.recipients_left := g.recipients_left - least(c.size, size);
      g.requests_left := g.requests_left - 1;
      has_granted := true;
    end if;
    if is_ahead then
      has_turn := false;
      update outbox.account set list_turn_at = clock_timestamp() where id = p_account;
    end if;
    if is_lane_probe then
      may_probe_lane := false;
      update outbox.lane_limit r set probe_at = clock_timestamp() + interval '1 minute' where r.account = p_account and r.lane = p_lane;
    end if;
    if c.size > size then
      if c.campaign_id is not null then
        of_campaigns := candidate || of_campaigns;
      else
        lists := candidate || lists;
      end if;
      c.id := outbox.split_head_d77b0074(c.id, size, p_worker);
      select * into strict c from outbox.chunk w where w.id = c.id for update;
    end if;
    c.state := 'sending';
    c.attempt := c.attempt + 1;
    c.worker := p_worker;
    c.sent_at := clock_timestamp();
    c := outbox.transition_d77b0074(c, 'sending', p_worker);
    chunk_id := c.id;
    chunk_attempt := c.attempt;
    chunk_campaign := c.campaign_id;
    chunk_size := c.size;
    chunk_due_at := case when c.root_id is null then c.due_at end;
    chunk_numbers := c.numbers;
    chunk_order_ids := c.order_ids;
    chunk_seal_key := c.seal_key_id;
    chunk_number_retries := c.number_retries;
    splits_left := 100;
    if c.is_split then
      splits_left := greatest(0, 100 - (select count(*) from outbox.chunk d where d.root_id = c.root_id and d.is_split));
    end if;
    is_probe := probing;
    maybe_accepted := c.maybe_accepted;
    expires_in_ms := extract(epoch from c.expires_at - clock_timestamp()) * 1000;
    if c.content is null and c.campaign_id is not null then
      select r.content, r.sender_id, r.starts_at into chunk_content, chunk_sender, began from outbox.campaign r where r.id = c.campaign_id;
    else
      chunk_content := c.content;
      chunk_sender := c.sender_id;
      began := null;
    end if;
    waited_ms := greatest(0, extract(epoch from c.sent_at - greatest(c.due_at, began)) * 1000);
    chunk_purpose := c.purpose;
    select s.version into opt_outs from outbox.opt_out_state s where s.account = p_account;
    return next;
  end loop;
  if has_granted then
    insert into outbox.rate_grant (account, recipients_left, requests_left, granted_at)
      values (p_account, g.recipients_left, g.requests_left, g.granted_at);
  end if;
  if probing and chunk_id is not null then
    update outbox.account set probes = probes + 1, fresh_probes = fresh_probes + only_fresh::int,
        probe_at = clock_timestamp() + interval '1 minute', fresh_probe_at = clock_timestamp() + interval '1 minute'
      where id = p_account;
  end if;
  if clock_timestamp() - statement_timestamp() > p_start_within * interval '1 millisecond' then
    raise exception 'the claim took longer than its worker waits' using errcode = 'query_canceled';
  end if;
  if wait_ms is not null or lane_slots is not null then
    chunk_id := null;
    return next;
  end if;
end $$;
create function outbox.lock_candidates_d77b0074(
  p_account text, p_lane outbox.lane, p_is_list boolean, p_limit int, p_only_fresh boolean, p_floor timestamptz, p_now timestamptz,
  p_seal_keys text[]
) returns bigint[] language sql as $$
  select array(
    select w.id from outbox.chunk w
      where w.account = p_account and w.lane = p_lane and w.is_list = p_is_list and w.state = 'pending'
        and w.campaign_id is null and w.due_at <= p_now and w.due_at >= coalesce(p_floor, '-infinity')
        and coalesce(w.expires_at, 'infinity') > p_now
        and (not p_only_fresh or w.account_rejected_at is null)
        and (w.seal_key_id is null or w.seal_key_id = any (p_seal_keys))
      order by w.due_at, w.id limit p_limit for update skip locked)
$$;
create function outbox.largest_request_d77b0074(
  p_lane outbox.lane, p_recipients double precision, p_requests double precision, p_burst double precision,
  p_share double precision, p_largest int
) returns int language plpgsql immutable as $$
declare
  recipients double precision := coalesce(p_recipients, 'infinity');
  requests double precision := coalesce(p_requests, 'infinity');
  largest int := least(p_largest, greatest(1, floor(least(recipients * p_burst, 1000000))::int));
begin
  if p_lane = 'priority' then return largest; end if;
  return least(largest, greatest(1, floor(least(recipients * p_burst * (1 - p_share), 1000000))::int),
    greatest(1, floor(least(recipients * p_burst * (1 - p_share) / 2, 1000000))::int,
      ceil(least(case when requests < 'infinity' then recipients / requests else 0 end, 1000000))::int));
end $$;


create function outbox.expand_chunk_d77b0074(c outbox.chunk) returns void language sql as $$
  insert into outbox.recipient (chunk_id, slot, state, code, reason)
    select c.id, s.at - 1, case when c.state in ('rejected', 'unknown', 'held', 'abandoned') then c.state::text end::outbox.recipient_state,
      c.code, c.reason
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    where s.number <> '' and c.state in ('rejected', 'unknown', 'held', 'abandoned')
    on conflict (chunk_id, slot) do nothing
$$;
create function outbox.positions_of_d77b0074(c outbox.chunk, p_positions bigint[]) returns bigint[] language sql immutable as $$
  select case when p_positions is not null then
    array(select p from unnest(p_positions) p where p between c.first_position and c.first_position + 999) end
$$;
create function outbox.resend_d77b0074(p_chunk bigint, p_which text, p_actor text, p_detail text, p_positions bigint[] default null)
returns int language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  moving record;
  moved int;
begin
  select * into c from outbox.chunk where id = p_chunk and numbers is not null
    and state in ('completed', 'unknown', 'held', 'rejected') and (seal_key_id is null or content is not null)
    for no key update;
  if not found then return 0; end if;
  p_positions := outbox.positions_of_d77b0074(c, p_positions);
  perform outbox.flush_result_d77b0074(p_chunk);
  with slot as (
    select s.number, s.at,
      s.number <> '' and coalesce(m.state::text, c.state::text) = p_which
        and (p_positions is null or c.first_position + s.at - 1 = any (p_positions)) as moves
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join outbox.recipient m on m.chunk_id = c.id and m.slot = s.at - 1
  )
  select string_agg(case when moves then '' else number end, ',' order by at) as rest,
    string_agg(case when moves then number else '' end, ',' order by at) as part,
    array_agg((at - 1)::smallint) filter (where moves) as slots
  into moving from slot;
  moved := coalesce(cardinality(moving.slots), 0);
  if moved = 0 then return 0; end if;
  if moved < c.size then perform outbox.expand_chunk_d77b0074(c); end if;
  delete from outbox.recipient where chunk_id = p_chunk and slot = any (moving.slots);
  perform outbox.move_recipients_d77b0074(c, moving.rest, array[moving.part], array[moved], 'resent', p_actor, p_detail,
    p_which <> 'rejected');
  return moved;
end $$;
create function outbox.resolve_held_d77b0074(p_chunk bigint, p_decision text, p_positions bigint[], p_actor text) returns int
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  decided smallint[];
begin
  if p_decision = 'resend' then
    return outbox.resend_d77b0074(p_chunk, 'held', p_actor, 'decision', p_positions);
  end if;
  select * into c from outbox.chunk where id = p_chunk and held > 0 and numbers is not null for no key update;
  if not found then return 0; end if;
  p_positions := outbox.positions_of_d77b0074(c, p_positions);
  perform outbox.flush_result_d77b0074(p_chunk);
  select array_agg((s.at - 1)::smallint) into decided
    from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    left join outbox.recipient m on m.chunk_id = c.id and m.slot = s.at - 1
    where s.number <> '' and coalesce(m.state::text, c.state::text) = 'held'
      and (p_positions is null or c.first_position + s.at - 1 = any (p_positions));
  if decided is null then return 0; end if;
  perform outbox.expand_chunk_d77b0074(c);
  update outbox.recipient set state = case p_decision when 'sent' then 'accepted' else 'abandoned' end::outbox.recipient_state,
      code = case p_decision when 'sent' then null else code end, reason = case p_decision when 'sent' then null else reason end
    where chunk_id = p_chunk and slot = any (decided);
  perform outbox.record_recipient_events_d77b0074(c, decided);
  c := outbox.with_counts_d77b0074(c);
  c.state := 'completed';
  c.code := null;
  c.reason := null;
  perform outbox.transition_d77b0074(c, case p_decision when 'sent' then 'marked as sent' else 'abandoned' end, p_actor,
    cardinality(decided) || ' recipients');
  return cardinality(decided);
end $$;

create function outbox.erase_number_d77b0074(p_chunk bigint, p_number text, p_actor text)
returns table (message_id bigint, campaign_id bigint, place bigint, is_erased boolean) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  slots smallint[];
  rest text;
  is_open boolean;
begin
  select * into c from outbox.chunk where id = p_chunk for update;
  slots := array(select (s.at - 1)::smallint from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
    where s.number = p_number);
  if cardinality(slots) = 0 then return; end if;
  perform outbox.flush_result_d77b0074(c.id);
  is_open := c.state not in ('completed', 'rejected', 'abandoned', 'cancelled') or exists (
    select from outbox.recipient r where r.chunk_id = c.id and r.slot = any (slots) and r.state in ('unknown', 'held'));
  if not is_open then
    rest := array_to_string(array_replace(string_to_array(c.numbers, ','), p_number, ''), ',');
    if rest ~ '\\d' then
      perform outbox.expand_chunk_d77b0074(c);
      update outbox.recipient r set reason = null where r.chunk_id = c.id and r.slot = any (slots);
      update outbox.event e set reason = null where e.chunk_id = c.id;
      update outbox.event_delivery d set reason = null where d.chunk_id = c.id;
      update outbox.chunk set numbers = rest, fingerprint = null, reason = null where id = c.id;
    else
      perform outbox.redact_chunks_d77b0074(array[c.id]);
    end if;
    perform outbox.record_history_d77b0074(c.account, c.campaign_id, c.id, c.attempt, 'erased', p_actor,
      cardinality(slots) || ' recipients');
  end if;
  return query select case when c.campaign_id is null then coalesce(c.root_id, c.id) end, c.campaign_id, c.first_position + s, not is_open
    from unnest(slots) s;
end $$;
create function outbox.redact_messages_d77b0074(p_account text, p_messages bigint[], p_evidence double precision) returns bigint[]
language plpgsql as $$
declare
  message bigint;
  part_ids bigint[];
  waiting bigint[] := '{}';
  chunks bigint[];
  locked int;
  is_waiting boolean;
  c outbox.chunk%rowtype;
begin
  for message in select m from unnest(p_messages) m order by m loop
    part_ids := array(
      select id from outbox.chunk where id = message and account = p_account and campaign_id is null
      union all select id from outbox.chunk where root_id = message and account = p_account and campaign_id is null);
    chunks := '{}';
    locked := 0;
    is_waiting := false;
    for c in select * from outbox.chunk w where w.id = any (part_ids) order by w.id for update skip locked loop
      locked := locked + 1;
      continue when c.redacted_at is not null;
      chunks := chunks || c.id;
      is_waiting := is_waiting or c.state not in ('completed', 'rejected', 'cancelled', 'abandoned', 'split')
        or c.unknown > 0 or c.held > 0
        or (c.abandoned > 0 or c.maybe_accepted and c.accepted = 0)
          and c.changed_at > statement_timestamp() - p_evidence * interval '1 millisecond';
    end loop;
    if is_waiting or locked < cardinality(part_ids) then
      waiting := waiting || message;
    elsif chunks <> '{}' then
      perform outbox.flush_result_d77b0074(f.id) from unnest(chunks) f (id);
      perform outbox.redact_chunks_d77b0074(chunks, true);
    end if;
  end loop;
  return waiting;
end $$;

create function outbox.is_subscribed_d77b0074(p_account text, p_topic text) returns boolean language sql stable as $$
  select exists (select from outbox.live_subscription where account = p_account and topic = p_topic)
$$;
create function outbox.record_event_d77b0074(c outbox.chunk, p_topic text, p_slots smallint[], p_code text, p_reason text)
returns void language plpgsql as $$
begin
  if coalesce(cardinality(p_slots), 0) = 0 or not outbox.is_subscribed_d77b0074(c.account, p_topic) then return; end if;
  insert into outbox.event (account, topic, campaign_id, root_id, chunk_id, slots, attempt, sent_at, code, reason)
    values (c.account, p_topic, c.campaign_id, coalesce(c.root_id, c.id), c.id, p_slots, c.attempt, c.sent_at, p_code, p_reason);
  perform outbox.notify_events_d77b0074();
end $$;
create function outbox.record_chunk_event_d77b0074(c outbox.chunk) returns void language plpgsql as $$
begin
  if not outbox.is_subscribed_d77b0074(c.account, c.state::text) then return; end if;
  perform outbox.record_event_d77b0074(c, c.state::text, array(
    select (s.at - 1)::smallint from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at)
      where s.number <> '' and not exists (select from outbox.recipient m where m.chunk_id = c.id and m.slot = s.at - 1)
      order by s.at), c.code, c.reason);
end $$;
create function outbox.record_recipient_events_d77b0074(c outbox.chunk, p_slots smallint[]) returns void language plpgsql as $$
begin
  if coalesce(cardinality(p_slots), 0) = 0 then return; end if;
  perform outbox.record_event_d77b0074(c, g.state, g.slots, g.code, g.reason) from (
    select m.state::text as state, m.code, m.reason, array_agg(m.slot order by m.slot) as slots
      from outbox.recipient m where m.chunk_id = c.id and m.slot = any (p_slots) and m.state::text <> c.state::text
      group by m.state, m.code, m.reason order by min(m.slot)) g;
end $$;
create function outbox.route_events_d77b0074(p_account text, p_limit int) returns int language plpgsql as $$
declare
  routed int;
begin
  if not exists (select from outbox.event where account = p_account) then return 0; end if;
  perform pg_advisory_xact_lock(hashtextextended('outbox:events ' || p_account, 0));
  with oldest as (
    select id from outbox.event where account = p_account order by id limit p_limit
  ), taken as (
    delete from outbox.event where account = p_account and id = any (array(select id from oldest)) returning *
  ), made as (
    insert into outbox.event_delivery (account, handler, event_id, topic, campaign_id, root_id, chunk_id, slots, attempt,
        sent_at, code, reason, recorded_at, due_at)
      select t.account, h.handler, t.id, t.topic, t.campaign_id, t.root_id, t.chunk_id, t.slots, t.attempt, t.sent_at, t.code,
        t.reason, t.recorded_at,
        greatest(clock_timestamp(), (select max(p.due_at) from outbox.event_delivery p
          where p.root_id = t.root_id and p.handler = h.handler and p.dead_at is null and p.claim is null))
      from taken t join outbox.event_handler h on h.account = t.account and h.topic = t.topic
      order by t.id
  )
  select count(*) into routed from taken;
  return routed;
end $$;
create function outbox.await_recorders_d77b0074(p_longest_ms double precision) returns void language plpgsql as $$
declare
  ends timestamptz := clock_timestamp() + p_longest_ms * interval '1 millisecond';
  running text[];
begin
  loop
    running := array(
      select distinct l.virtualtransaction from pg_locks l
      where l.locktype = 'relation' and l.relation = 'outbox.event_handler'::regclass and l.pid is distinct from pg_backend_pid()
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and (running is null or l.virtualtransaction = any (running)));
    exit when running = '{}' or clock_timestamp() > ends;
    perform pg_sleep(0.02);
  end loop;
end $$;
create function outbox.retry_events_d77b0074(p_account text, p_ids bigint[], p_handler text, p_actor text)
returns int language plpgsql as $$
declare
  d outbox.event_delivery%rowtype;
  retried int := 0;
begin
  for d in
    update outbox.event_delivery set dead_at = null, failures = 0, lost = 0, due_at = clock_timestamp()
      where account = p_account and dead_at is not null and (p_ids is null or id = any (p_ids))
        and (p_handler is null or handler = p_handler)
      returning *
  loop
    perform outbox.record_history_d77b0074(p_account, d.campaign_id, d.chunk_id, null, 'event retried', p_actor, d.handler);
    retried := retried + 1;
  end loop;
  if retried > 0 then perform outbox.notify_events_d77b0074(); end if;
  return retried;
end $$;

create function outbox.next_chunk_id_d77b0074() returns bigint language sql volatile security definer as $$
  select pg_catalog.nextval('outbox.chunk_id_seq'::pg_catalog.regclass)
$$;
create function outbox.next_chunk_ids_d77b0074(p_count int) returns setof bigint language sql volatile security definer as $$
  select pg_catalog.nextval('outbox.chunk_id_seq'::pg_catalog.regclass) from pg_catalog.generate_series(1, p_count)
$$;
create function outbox.next_campaign_id_d77b0074() returns bigint language sql volatile security definer as $$
  select pg_catalog.nextval('outbox.campaign_id_seq'::pg_catalog.regclass)
$$;


create function outbox.mark_overdue_d77b0074(p_account text, p_lease double precision, p_actor text, p_limit int)
returns table (changed_lane outbox.lane, recipients int) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  for c in
    select * from outbox.chunk w where w.account = p_account and w.state = 'sending'
      and w.changed_at < statement_timestamp() - p_lease * interval '1 millisecond'
    order by w.changed_at limit p_limit for update skip locked
  loop
    c.state := 'unknown';
    c.unknown := c.size - c.accepted;
    c.code := 'OUTBOX_WORKER_LOST';
    c.reason := 'no response was stored in time';
    perform outbox.transition_d77b0074(c, 'unknown', p_actor, c.code);
    changed_lane := c.lane;
    recipients := c.unknown;
    return next;
  end loop;
end $$;
create function outbox.end_grace_period_d77b0074(
  p_account text, p_lane outbox.lane, p_grace_period double precision, p_action outbox.unconfirmed_action,
  p_actor text, p_limit int
) returns table (changed_lane outbox.lane, recipients int, decided outbox.recipient_state) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  action outbox.unconfirmed_action;
  is_cancelled boolean;
  slots smallint[];
begin
  changed_lane := p_lane;
  for c in
    select * from outbox.chunk w where w.account = p_account and w.lane = p_lane and w.unknown > 0
      and w.changed_at < statement_timestamp() - p_grace_period * interval '1 millisecond'
    order by w.changed_at limit p_limit for update skip locked
  loop
    recipients := c.unknown;
    action := c.on_unconfirmed;
    is_cancelled := false;
    if c.campaign_id is not null then
      select coalesce(action, k.on_unconfirmed), k.state = 'cancelled' into action, is_cancelled
        from outbox.campaign k where k.id = c.campaign_id;
    end if;
    action := coalesce(action, p_action);
    if action = 'resend' and not is_cancelled and outbox.resend_d77b0074(c.id, 'unknown', p_actor, 'policy') > 0 then
      decided := null;
      return next;
      continue;
    end if;
    decided := case action when 'abandon' then 'abandoned' else 'held' end;
    slots := null;
    if c.state = 'unknown' then
      c.state := decided::text::outbox.chunk_state;
    else
      with changed as (
        update outbox.recipient m set state = decided where m.chunk_id = c.id and m.state = 'unknown' returning m.slot
      )
      select array_agg(slot) into slots from changed;
    end if;
    perform outbox.record_recipient_events_d77b0074(c, slots);
    if decided = 'held' then c.held := c.held + c.unknown; else c.abandoned := c.abandoned + c.unknown; end if;
    c.unknown := 0;
    perform outbox.transition_d77b0074(c, decided::text, p_actor);
    return next;
  end loop;
end $$;
create function outbox.expire_messages_d77b0074(p_account text, p_actor text, p_limit int)
returns table (changed_lane outbox.lane, recipients int, is_rejected boolean) language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  for c in
    select * from outbox.chunk w where w.account = p_account and w.state = 'pending' and w.expires_at <= statement_timestamp()
    order by w.expires_at limit p_limit for update skip locked
  loop
    c := outbox.rejected_d77b0074(c, 'OUTBOX_EXPIRED', 'not sent before sendBefore');
    perform outbox.transition_d77b0074(c, c.state::text, p_actor, c.code);
    changed_lane := c.lane;
    recipients := c.size;
    is_rejected := c.state = 'rejected';
    return next;
  end loop;
end $$;
create function outbox.cancel_chunk_d77b0074(c outbox.chunk, p_actor text) returns void language plpgsql as $$
begin
  c := outbox.without_counts_d77b0074(c);
  c.state := case when c.maybe_accepted then 'abandoned' else 'cancelled' end;
  if c.maybe_accepted then c.abandoned := c.size; end if;
  perform outbox.transition_d77b0074(c, c.state::text, p_actor);
end $$;
create function outbox.cancel_message_d77b0074(p_account text, p_message bigint, p_actor text) returns int language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  cancelled int := 0;
begin
  for c in
    select * from outbox.chunk w where w.account = p_account and (w.id = p_message or w.root_id = p_message)
      and w.campaign_id is null and w.state = 'pending' order by w.id for update
  loop
    perform outbox.cancel_chunk_d77b0074(c, p_actor);
    cancelled := cancelled + 1;
  end loop;
  return cancelled;
end $$;
create function outbox.cancel_campaign_chunks_d77b0074(p_campaign bigint, p_actor text, p_limit int) returns int
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  cancelled int := 0;
begin
  for c in
    select * from outbox.chunk w where w.campaign_id = p_campaign and w.state = 'pending' limit p_limit
    for update skip locked
  loop
    perform outbox.cancel_chunk_d77b0074(c, p_actor);
    cancelled := cancelled + 1;
  end loop;
  return cancelled;
end $$;
create function outbox.cancel_leftovers_d77b0074(p_account text, p_actor text, p_limit int) returns int language sql as $$
  select coalesce(sum(outbox.cancel_campaign_chunks_d77b0074(k.id, p_actor, p_limit)), 0)::int
    from outbox.campaign k where k.account = p_account and k.state = 'cancelled' and k.done_at is null
$$;
create function outbox.advance_campaigns_d77b0074(p_account text, p_actor text) returns void language plpgsql as $$
declare
  candidate bigint;
  k outbox.campaign%rowtype;
begin
  for candidate in
    update outbox.campaign set state = 'running', changed_at = clock_timestamp()
      where account = p_account and state = 'scheduled' and starts_at <= statement_timestamp() returning id
  loop
    perform outbox.record_history_d77b0074(p_account, candidate, null, null, 'running', p_actor);
  end loop;
  for candidate in select c.id from outbox.campaign c
    where c.account = p_account and (c.state = 'running' or c.state = 'cancelled' and c.done_at is null)
      and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state = 'pending')
      and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state in ('sending', 'unknown'))
    order by c.id
  loop
    perform from outbox.campaign where id = candidate for no key update skip locked;
    continue when not found;
    update outbox.campaign c set state = case c.state when 'running' then 'done' else c.state end, done_at = clock_timestamp(),
        changed_at = case c.state when 'running' then clock_timestamp() else c.changed_at end
      where c.id = candidate and (c.state = 'running' or c.state = 'cancelled' and c.done_at is null)
        and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state = 'pending')
        and not exists (select from outbox.chunk w where w.campaign_id = c.id and w.state in ('sending', 'unknown'))
      returning * into k;
    continue when not found or k.state <> 'done';
    perform outbox.record_history_d77b0074(p_account, candidate, null, null, 'done', p_actor);
    if outbox.is_subscribed_d77b0074(p_account, 'campaign done') then
      insert into outbox.event (account, topic, campaign_id) values (p_account, 'campaign done', candidate);
      perform outbox.notify_events_d77b0074();
    end if;
  end loop;
end $$;
create function outbox.fold_counts_d77b0074(p_limit int) returns int language plpgsql as $$
declare
  ids bigint[];
begin
  select array_agg(d.id) into ids
    from (select id from outbox.count_delta order by id limit p_limit for update skip locked) d;
  if ids is null then return 0; end if;
  insert into outbox.campaign_count as k (campaign_id, sending, accepted, delivered, failed, rejected, cancelled, unknown, held, abandoned)
    select campaign_id, sum(sending), sum(accepted), sum(delivered), sum(failed), sum(rejected), sum(cancelled), sum(unknown),
      sum(held), sum(abandoned)
    from outbox.count_delta where id = any (ids) group by campaign_id order by campaign_id
    on conflict (campaign_id) do update set sending = k.sending + excluded.sending, accepted = k.accepted + excluded.accepted,
      delivered = k.delivered + excluded.delivered, failed = k.failed + excluded.failed,
      rejected = k.rejected + excluded.rejected, cancelled = k.cancelled + excluded.cancelled,
      unknown = k.unknown + excluded.unknown, held = k.held + excluded.held, abandoned = k.abandoned + excluded.abandoned;
  with reported as (
    select chunk_id, sum(delivered)::int as delivered, sum(failed)::int as failed
    from outbox.count_delta where id = any (ids) and chunk_id is not null group by chunk_id
  ), locked as (
    select c.id, r.delivered, r.failed from reported r join outbox.chunk c on c.id = r.chunk_id order by c.id for no key update of c
  )
  update outbox.chunk c set delivered = c.delivered + l.delivered, failed = c.failed + l.failed from locked l where c.id = l.id;
  delete from outbox.count_delta where id = any (ids);
  return cardinality(ids);
end $$;
create function outbox.fold_costs_d77b0074(p_limit int) returns int language plpgsql as $$
declare
  ids bigint[];
begin
  select array_agg(d.id) into ids
    from (select id from outbox.cost_delta order by id limit p_limit for update skip locked) d;
  if ids is null then return 0; end if;
  insert into outbox.cost as k (account, day, mcc, country, currency, recipients, segments, total)
    select account, day, mcc, country, currency, sum(recipients), sum(segments), sum(total)
    from outbox.cost_delta where id = any (ids) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (account, day, mcc, country, currency) do update set recipients = k.recipients + excluded.recipients,
      segments = k.segments + excluded.segments, total = k.total + excluded.total;
  insert into outbox.price as p (account, day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing,
      first_at, last_at)
    select account, day, country, mcc, mnc, currency, unit, sum(recipients), sum(segments), sum(expected), sum(differing),
      coalesce(min(at) filter (where recipients > 0), min(at)), coalesce(max(at) filter (where recipients > 0), min(at))
    from outbox.cost_delta where id = any (ids) and unit is not null group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    on conflict (account, day, country, mcc, mnc, currency, unit) do update set
      recipients = p.recipients + excluded.recipients, segments = p.segments + excluded.segments,
      expected = p.expected + excluded.expected, differing = p.differing + excluded.differing,
      first_at = case when excluded.recipients > 0 then least(p.first_at, excluded.first_at) else p.first_at end,
      last_at = case when excluded.recipients > 0 then greatest(p.last_at, excluded.last_at) else p.last_at end;
  delete from outbox.price where account in (select account from outbox.cost_delta where id = any (ids))
    and day < (clock_timestamp() at time zone 'UTC')::date - 60;
  delete from outbox.cost_delta where id = any (ids);
  return cardinality(ids);
end $$;

create function outbox.notify_d77b0074(p_channel text, p_payload text) returns void language plpgsql as $$
begin
  if pg_notification_queue_usage() < 0.5 then
    perform pg_notify(p_channel, p_payload);
  end if;
end $$;
create function outbox.notify_outcome_d77b0074(c outbox.chunk) returns void language plpgsql as $$
begin
  if c.has_waiter then
    perform outbox.notify_d77b0074('outbox:outcome', coalesce(c.root_id, c.id)::text);
  end if;
end $$;
create function outbox.notify_events_d77b0074() returns void language sql as $$
  select outbox.notify_d77b0074('outbox:event', '') where exists (select from outbox.live_subscription where is_notified)
$$;
create function outbox.notify_due_d77b0074(p_account text, p_lane text) returns void language sql as $$
  select outbox.notify_d77b0074('outbox:due', p_lane || ':' || p_account)
$$;


create function outbox.next_opt_out_version_d77b0074(p_account text) returns bigint language sql as $$
  insert into outbox.opt_out_state as s (account, version) values (p_account, 1)
    on conflict (account) do update set version = s.version + 1 returning version
$$;
create function outbox.add_opt_outs_d77b0074(
  p_account text, p_numbers text[], p_sender text, p_reason text, p_actor text, p_revives boolean
) returns text[] language plpgsql as $$
declare
  next_version bigint := outbox.next_opt_out_version_d77b0074(p_account);
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
create function outbox.end_opt_out_d77b0074(p_account text, p_number text, p_sender text, p_actor text, p_consent text)
returns boolean language plpgsql as $$
declare
  next_version bigint := outbox.next_opt_out_version_d77b0074(p_account);
begin
  update outbox.opt_out o set ended_at = clock_timestamp(), ended_by = p_actor, consent = p_consent, version = next_version
    where o.account = p_account and o.number = p_number and (p_sender is null or o.sender = p_sender) and o.ended_at is null;
  return found;
end $$;


create function outbox.find_recipient_d77b0074(p_account text, p_chunk bigint, p_attempt int, p_slot smallint, p_number text)
returns bigint language sql stable strict as $$
  select f.id from outbox.chunk s cross join lateral (
    select s.id, 0 as is_moved where split_part(s.numbers, ',', p_slot + 1) = p_number
    union all
    select m.id, 1 from outbox.chunk m where (m.root_id = coalesce(s.root_id, s.id) or m.id = s.root_id) and m.id <> s.id
      and split_part(m.numbers, ',', p_slot + 1) = p_number
  ) f
  where s.id = p_chunk and s.account = p_account and p_attempt between 1 and s.attempt and p_number <> ''
  order by f.is_moved limit 1
$$;
create function outbox.was_resent_d77b0074(p_from bigint, p_to bigint) returns boolean language sql stable as $$
  with recursive way as (
    select c.id, c.parent_id, c.is_resent from outbox.chunk c where c.id = p_to
    union all
    select c.id, c.parent_id, c.is_resent from way w join outbox.chunk c on c.id = w.parent_id where w.id <> p_from
  )
  select coalesce(bool_or(is_resent), false) from way where id <> p_from
$$;
create function outbox.attempt_started_at_d77b0074(p_chunk bigint, p_attempt int) returns timestamptz language sql stable as $$
  select min(at) from outbox.history where chunk_id = p_chunk and attempt = p_attempt and event = 'sending'
$$;
create function outbox.stopped_d77b0074(c outbox.chunk, p_started_at timestamptz) returns outbox.chunk language plpgsql as $$
begin
  c.state := 'unknown';
  c.unknown := c.size - c.accepted;
  c.code := 'OUTBOX_CONTRADICTED';
  c.reason := outbox.contradiction_reason_d77b0074();
  c.sent_at := coalesce(least(c.sent_at, p_started_at), p_started_at);
  return c;
end $$;
create function outbox.stop_resending_d77b0074(p_chunk bigint, p_attempt int, p_except bigint, p_actor text) returns void
language plpgsql as $$
declare
  started_at timestamptz := outbox.attempt_started_at_d77b0074(p_chunk, p_attempt);
  other outbox.chunk%rowtype;
begin
  for other in
    with recursive family as (
      select c.id, coalesce(c.root_id, c.id) as root_id from outbox.chunk c where c.id = p_chunk
      union all
      select c.id, f.root_id from family f join outbox.chunk c on c.root_id = f.root_id and c.parent_id = f.id and not c.is_resent
        and (f.id <> p_chunk or c.created_at >= started_at)
    )
    select c.* from outbox.chunk c where c.id in (select id from family) and c.id <> p_except and c.state in ('pending', 'sending')
    order by c.id for no key update
  loop
    if other.state = 'sending' then
      update outbox.chunk set contradicted = true where id = other.id and (other.id <> p_chunk or other.attempt > p_attempt);
    else
      other := outbox.stopped_d77b0074(other, started_at);
      perform outbox.transition_d77b0074(other, 'unknown', p_actor, other.code);
    end if;
  end loop;
end $$;
create function outbox.move_reported_d77b0074(p_chunk bigint, p_slots smallint[], p_sent_at timestamptz, p_actor text) returns bigint
language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  part outbox.chunk%rowtype;
  moving record;
  part_id bigint;
begin
  select * into strict c from outbox.chunk where id = p_chunk for no key update;
  select string_agg(case when s.at - 1 = any (p_slots) then '' else s.number end, ',' order by s.at) as rest,
      string_agg(case when s.at - 1 = any (p_slots) then s.number else '' end, ',' order by s.at) as part,
      count(*) filter (where s.at - 1 = any (p_slots) and s.number <> '')::int as size
    into moving from unnest(string_to_array(c.numbers, ',')) with ordinality s (number, at);
  part := c;
  part.state := 'unknown';
  part.size := moving.size;
  part.numbers := moving.part;
  part.sent_at := p_sent_at;
  part.maybe_accepted := true;
  part.account_rejected_at := null;
  part.strikes := 0;
  part_id := outbox.add_part_d77b0074(part, p_actor);
  c.size := c.size - moving.size;
  c.numbers := moving.rest;
  if c.size = 0 then c.state := 'split'; end if;
  perform outbox.transition_d77b0074(c, 'not resent', p_actor, format('%s reported', moving.size));
  return part_id;
end $$;
create function outbox.find_caller_order_id_d77b0074(
  p_account text, p_order_id text, p_number text, out chunk_id bigint, out slot smallint, out sent_from bigint
) language sql stable strict as $$
  select min(p.id), min(p.at)::smallint, min(p.sent_from) from (
    select c.id, array_position(o.ids, p_order_id) - 1 as at, c.numbers,
      case when c.state = 'pending' and c.attempt = 0 then c.parent_id end as sent_from
    from outbox.caller_order_id o join outbox.chunk c on c.id = o.chunk_id
    where o.ids @> array[p_order_id] and c.account = p_account
      and (c.state in ('sending', 'completed', 'rejected', 'unknown', 'held', 'abandoned')
        or c.state = 'pending' and (c.attempt > 0 or c.parent_id is not null))
  ) p
  where split_part(p.numbers, ',', p.at + 1) = p_number
  having count(*) = 1
$$;
create function outbox.apply_reports_to_chunk_d77b0074(
  p_chunk bigint, p_places int[], p_reports outbox.report[], p_actor text, p_poll_after double precision
) returns int[] language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  m outbox.recipient%rowtype;
  r outbox.report;
  slots text[];
  place int := 0;
  waiting int[] := '{}';
  accepted_before int;
  confirmations int := 0;
  contradictions int := 0;
  delivered int := 0;
  failed int := 0;
  is_other boolean;
  is_stopped boolean := false;
  resent record;
  others record;
  changed smallint[] := '{}';
  state_before text;
begin
  select * into c from outbox.chunk where id = p_chunk for no key update;
  if not found then return p_places; end if;
  if c.state = 'pending' then
    select array_agg(p.place order by p.at) as places, array_agg(distinct p.slot) as slots, min(p.started_at) as started_at,
        array_agg(row(p.msg_id, p.order_id, p.number, p.state, p.reason, p.gateway_time, null, null, p.slot, null,
          p.received_at, p.charge)::outbox.report order by p.at) as reports,
        array_agg(p.at::int) as at
      into resent from (
        select q.*, p_places[q.at] as place, outbox.attempt_started_at_d77b0074(q.sent_from, q.attempt) as started_at
        from unnest(p_reports) with ordinality q (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at)
        where q.sent_from is not null and outbox.was_resent_d77b0074(q.sent_from, p_chunk)
      ) p;
    if resent.places is not null then
      waiting := outbox.apply_reports_to_chunk_d77b0074(outbox.move_reported_d77b0074(p_chunk, resent.slots, resent.started_at, p_actor),
        resent.places, resent.reports, p_actor, p_poll_after);
      select array_agg(p_places[q.at] order by q.at) as places, array_agg(p_reports[q.at] order by q.at) as reports
        into others from generate_subscripts(p_reports, 1) q (at) where q.at <> all (resent.at);
      p_places := others.places;
      p_reports := others.reports;
      if p_places is null then return waiting; end if;
      select * into strict c from outbox.chunk where id = p_chunk;
    end if;
  end if;
  perform outbox.flush_result_d77b0074(p_chunk);
  slots := string_to_array(c.numbers, ',');
  accepted_before := c.accepted;
  foreach r in array p_reports loop
    place := place + 1;
    is_other := r.sent_from is not null or coalesce(r.attempt <> c.attempt, false);
    if (is_other or c.state = 'pending' and c.attempt > 0)
        and not (r.sent_from is not null and outbox.was_resent_d77b0074(r.sent_from, p_chunk)) then
      perform outbox.stop_resending_d77b0074(coalesce(r.sent_from, p_chunk), coalesce(r.attempt, c.attempt), p_chunk, p_actor);
    end if;
    if c.state = 'pending' and (c.attempt > 0 or r.sent_from is not null) then
      is_stopped := true;
      c := outbox.stopped_d77b0074(c, outbox.attempt_started_at_d77b0074(coalesce(r.sent_from, p_chunk), r.attempt));
    elsif is_other and c.state = 'sending' then
      if not c.contradicted then contradictions := contradictions + 1; end if;
      c.contradicted := true;
      waiting := waiting || p_places[place];
      continue;
    end if;
    select * into m from outbox.recipient where chunk_id = p_chunk and slot = r.slot for no key update;
    if found then
      continue when m.msg_id <> r.msg_id and (r.attempt is null or r.order_id is null);
      if m.state in ('delivered', 'failed') or m.state = 'accepted' and (r.state = 'accepted' or is_other)
          or m.state = 'rejected' and r.state <> 'delivered' then
        if is_other then contradictions := contradictions + 1; end if;
        continue;
      end if;
      update outbox.recipient set state = r.state, msg_id = coalesce(m.msg_id, r.msg_id), code = null, reason = r.reason,
          reported_at = case when r.state <> 'accepted' then coalesce(r.received_at, clock_timestamp()) end,
          gateway_time = case when r.state <> 'accepted' then r.gateway_time end
        where chunk_id = p_chunk and slot = r.slot;
      state_before := m.state;
    elsif c.state in ('pending', 'cancelled', 'split') or c.numbers is not null and coalesce(slots[r.slot + 1], '') = '' then
      contradictions := contradictions + 1;
      continue;
    elsif c.state = 'sending' then
      waiting := waiting || p_places[place];
      continue;
    elsif c.state = 'rejected' and r.state <> 'delivered' then
      if is_other then contradictions := contradictions + 1; end if;
      continue;
    else
      insert into outbox.recipient (chunk_id, slot, state, msg_id, reason, reported_at, gateway_time)
        values (p_chunk, r.slot, r.state, r.msg_id, r.reason,
          case when r.state <> 'accepted' then coalesce(r.received_at, clock_timestamp()) end,
          case when r.state <> 'accepted' then r.gateway_time end);
      state_before := c.state;
    end if;
    changed := changed || r.slot;
    delivered := delivered + (r.state = 'delivered')::int;
    failed := failed + (r.state = 'failed')::int;
    continue when state_before = 'accepted';
    c.accepted := c.accepted + 1;
    case state_before
      when 'rejected' then c.rejected := c.rejected - 1;
      when 'held' then c.held := c.held - 1;
      when 'abandoned' then c.abandoned := c.abandoned - 1;
      else c.unknown := greatest(0, c.unknown - 1);
    end case;
    if state_before = 'rejected' or is_other or is_stopped then
      contradictions := contradictions + 1;
    else
      confirmations := confirmations + 1;
    end if;
  end loop;
  if delivered + failed > 0 and c.campaign_id is not null then
    insert into outbox.count_delta (campaign_id, chunk_id, delivered, failed) values (c.campaign_id, p_chunk, delivered, failed);
  end if;
  perform outbox.record_recipient_events_d77b0074(c, changed);
  if is_stopped then
    contradictions := greatest(1, contradictions);
    c := outbox.transition_d77b0074(c, 'unknown', p_actor, c.code);
  end if;
  if contradictions > 0 and c.state in ('sending', 'unknown', 'held', 'abandoned') then
    c.maybe_accepted := true;
  end if;
  if c.accepted > accepted_before and c.poll_at is null then
    c.poll_at := clock_timestamp() + p_poll_after * interval '1 millisecond';
  end if;
  if c.state in ('unknown', 'held', 'abandoned') and c.accepted >= c.size then
    c.state := 'completed';
    c.code := null;
    c.reason := null;
  end if;
  if confirmations > 0 then
    c := outbox.transition_d77b0074(c, 'confirmed', p_actor, format('%s of %s', c.accepted, c.size));
  end if;
  if contradictions > 0 then
    perform outbox.transition_d77b0074(c, 'contradicted', p_actor, format('%s reported although not sent', contradictions));
  end if;
  return waiting;
end $$;
create function outbox.apply_final_reports_d77b0074(
  p_account text, p_msg_ids text[], p_states text[], p_reasons text[],
  p_times text[],
  p_chunks text[], p_slots text[],
  p_charges text[] default null,
  p_received text[] default null
) returns int[]
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  found int[];
  has_handlers boolean := exists (select from outbox.live_subscription where topic in ('delivered', 'failed'));
  is_recorded boolean;
begin
  with first as (
    select distinct on (r.msg_id collate "C") r.msg_id collate "C" as msg_id, r.state, r.reason, r.gateway_time, r.received_at,
      nullif(r.chunk_id, '')::bigint as chunk_id, nullif(r.slot, '')::smallint as slot, r.place::int,
      r.charge <> '' as has_charge, nullif(r.charge, '')::outbox.charge as charge
    from unnest(p_msg_ids, p_states, p_reasons, p_times, p_chunks, p_slots, p_charges, p_received)
      with ordinality r (msg_id, state, reason, gateway_time, chunk_id, slot, charge, received_at, place)
    where r.state <> 'accepted' or r.charge <> '' order by r.msg_id collate "C", r.place
  ), known as (
    select f.place, f.state, f.reason, f.gateway_time, f.received_at, w.tid, w.is_waiting, w.is_repeated, w.charge_before,
      case when f.has_charge then row(coalesce((f.charge).price, (w.charge_before).price),
        coalesce((f.charge).currency, (w.charge_before).currency), coalesce((f.charge).segments, (w.charge_before).segments),
        coalesce((f.charge).mcc, (w.charge_before).mcc), coalesce((f.charge).mnc, (w.charge_before).mnc),
        coalesce((f.charge).country, (w.charge_before).country))::outbox.charge end as charge
    from first f cross join lateral (
      select s.ctid as tid, s.state = 'accepted' and f.state <> 'accepted' and (f.chunk_id is null or s.chunk_id = f.chunk_id) as is_waiting,
        s.state <> 'accepted' and f.state <> 'accepted' and s.chunk_id = f.chunk_id as is_repeated,
        case when f.has_charge then row(s.price, s.currency, s.segments, s.mcc, s.mnc, s.country)::outbox.charge end as charge_before
      from outbox.recipient s where s.msg_id = f.msg_id
        and (f.chunk_id is null and (s.state = 'accepted' or f.has_charge and s.state in ('delivered', 'failed'))
            and (select c.account from outbox.chunk c where c.id = s.chunk_id) = p_account
          or s.slot = f.slot and s.state in ('accepted', 'delivered', 'failed')
            and (s.chunk_id = f.chunk_id
              or f.has_charge and (select coalesce(c.root_id, c.id) from outbox.chunk c where c.id = s.chunk_id)
                = (select coalesce(c.root_id, c.id) from outbox.chunk c where c.id = f.chunk_id))) offset 0
    ) w
  ), stored as (
    update outbox.recipient m set
        state = case when t.is_waiting then t.state::outbox.recipient_state else m.state end,
        code = case when not t.is_waiting then m.code end,
        reason = case when t.is_waiting then nullif(t.reason, '') else m.reason end,
        reported_at = case when t.is_waiting then coalesce(t.received_at::timestamptz, clock_timestamp()) else m.reported_at end,
        gateway_time = case when t.is_waiting then to_timestamp(nullif(t.gateway_time, '')::double precision / 1000) else m.gateway_time end,
        price = coalesce((t.charge).price, m.price),
        currency = coalesce((t.charge).currency, m.currency),
        segments = coalesce((t.charge).segments, m.segments),
        mcc = coalesce((t.charge).mcc, m.mcc),
        mnc = coalesce((t.charge).mnc, m.mnc),
        country = coalesce((t.charge).country, m.country)
      from known t where m.ctid = t.tid and (t.is_waiting or t.charge is distinct from t.charge_before)
      returning t.place, t.is_waiting, t.is_repeated, t.charge_before, t.charge, m.chunk_id, m.slot, m.state
  ), counted as (
    insert into outbox.count_delta (campaign_id, chunk_id, delivered, failed)
      select c.campaign_id, c.id, g.delivered, g.failed
      from (
        select s.chunk_id, count(*) filter (where s.state = 'delivered') as delivered,
          count(*) filter (where s.state = 'failed') as failed
        from stored s where s.is_waiting group by s.chunk_id offset 0
      ) g join outbox.chunk c on c.id = g.chunk_id where c.campaign_id is not null
  ), charged as (
    insert into outbox.cost_delta (account, day, country, mcc, mnc, currency, unit, recipients, segments, total, expected, differing)
      select c.account, (coalesce(c.sent_at, c.created_at) at time zone 'UTC')::date, g.country, g.mcc, g.mnc, g.currency,
        trim_scale(round(g.price / nullif(g.segments, 0), 15)), sum(g.recipients), sum(g.recipients * g.segments),
        sum(g.recipients * g.price), sum(g.recipients * e.parts), sum(case when g.segments <> e.parts then g.recipients else 0 end)
      from (
        select s.chunk_id, coalesce((v.charge).country, '') as country, coalesce((v.charge).mcc, '') as mcc,
          coalesce((v.charge).mnc, '') as mnc, (v.charge).currency, (v.charge).price, (v.charge).segments,
          sum(v.recipients) as recipients
        from stored s cross join lateral (values (s.charge, 1), (s.charge_before, -1)) v (charge, recipients)
        where (v.charge).price is not null
        group by s.chunk_id, coalesce((v.charge).country, ''), coalesce((v.charge).mcc, ''), coalesce((v.charge).mnc, ''),
          (v.charge).currency, (v.charge).price, (v.charge).segments offset 0
      ) g join outbox.chunk c on c.id = g.chunk_id cross join lateral (
        select coalesce(c.parts, (select k.parts from outbox.campaign k where k.id = c.campaign_id), g.segments) as parts offset 0
      ) e
      group by 1, 2, 3, 4, 5, 6, 7
      having sum(g.recipients) <> 0 or sum(g.recipients * g.segments) <> 0 or sum(g.recipients * g.price) <> 0
        or sum(g.recipients * e.parts) <> 0 or sum(case when g.segments <> e.parts then g.recipients else 0 end) <> 0
  ), recorded as (
    insert into outbox.event (account, topic, campaign_id, root_id, chunk_id, slots, attempt, sent_at)
      select c.account, g.state::text, c.campaign_id, coalesce(c.root_id, c.id), c.id, g.slots, c.attempt, c.sent_at
      from (
        select s.chunk_id, s.state, array_agg(s.slot order by s.slot) as slots from stored s
        where has_handlers and s.is_waiting group by s.chunk_id, s.state
      ) g join outbox.chunk c on c.id = g.chunk_id
      where (c.account, g.state::text) in (select account, topic from outbox.live_subscription)
      returning 1
  )
  select b.found, r.events > 0 into found, is_recorded
    from (
      select array_agg(distinct place) as found
        from (
          select place from stored where is_waiting or is_repeated
          union all select place from known where is_repeated and charge is not distinct from charge_before
        ) p
    ) b, (select count(*) as events from recorded) r;
  if is_recorded then perform outbox.notify_events_d77b0074(); end if;
  return case when cardinality(found) = cardinality(p_msg_ids) then null else coalesce(found, '{}') end;
end $$;
create function outbox.match_reports_d77b0074(p_account text, p_reports outbox.report[], p_actor text, p_poll_after double precision)
returns int[] language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  open int[];
  waiting int[] := '{}';
  target record;
begin
  select array_agg(r.at::int) into open
    from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at)
    where not exists (select from outbox.recipient m where m.msg_id = r.msg_id
      and (r.chunk_id is null or m.chunk_id = r.chunk_id and m.slot = r.slot)
      and (m.state in ('accepted', 'delivered', 'failed') or m.state = 'rejected' and r.state <> 'delivered') offset 0);
  if open is not null then
    for target in
      select p.chunk_id, array_agg(p.at order by p.at) as places, array_agg(p.report order by p.at) as reports from (
        select r.at::int as at, coalesce(m.chunk_id, n.chunk_id, o.chunk_id) as chunk_id,
          row(r.msg_id, r.order_id, r.number, r.state, r.reason, r.gateway_time, null,
            case when m.chunk_id is null then coalesce(r.attempt, s.attempt) end, coalesce(m.slot, r.slot, o.slot),
            case when m.chunk_id is not null then null when n.chunk_id <> r.chunk_id then r.chunk_id else s.id end,
            r.received_at, r.charge)::outbox.report as report
        from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at)
        cross join lateral outbox.find_recipient_d77b0074(p_account, r.chunk_id, r.attempt, r.slot, r.number) n (chunk_id)
        left join lateral (
          select f.chunk_id, f.slot from (select * from outbox.recipient w where w.msg_id = r.msg_id offset 0) f
          where (select c.account from outbox.chunk c where c.id = f.chunk_id) = p_account
          order by f.chunk_id = n.chunk_id and f.slot = r.slot desc, f.chunk_id, f.slot limit 1
        ) m on true
        cross join lateral outbox.find_caller_order_id_d77b0074(p_account, case when coalesce(m.chunk_id, n.chunk_id) is null then r.order_id end, r.number) o
        left join outbox.chunk s on s.id = o.sent_from
        where r.at = any (open)
      ) p group by p.chunk_id order by p.chunk_id
    loop
      if target.chunk_id is null then
        waiting := waiting || target.places;
      else
        waiting := waiting || outbox.apply_reports_to_chunk_d77b0074(target.chunk_id, target.places, target.reports, p_actor, p_poll_after);
      end if;
    end loop;
  end if;
  perform outbox.apply_final_reports_d77b0074(p_account, array_agg(r.msg_id order by r.at), array_agg(r.state::text order by r.at),
      array_agg(r.reason order by r.at), array_agg((extract(epoch from r.gateway_time) * 1000)::text order by r.at),
      array_agg(r.chunk_id::text order by r.at), array_agg(r.slot::text order by r.at),
      array_agg(r.charge::text order by r.at), array_agg(r.received_at::text order by r.at))
    from unnest(p_reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, at);
  return waiting;
end $$;
create function outbox.store_reports_d77b0074(
  p_account text, p_actor text, p_poll_after double precision, p_keep boolean, p_msg_ids text[], p_order_ids text[],
  p_numbers text[], p_states text[], p_reasons text[], p_times timestamptz[], p_chunks bigint[], p_attempts int[],
  p_slots smallint[], p_charges text[] default null
) returns void language plpgsql as $$
declare
  reports outbox.report[] := array(
    select row(r.msg_id, case when r.chunk_id is null or f.id is not null then r.order_id end, r.number, r.state, r.reason, r.at,
      case when f.id is not null then r.chunk_id end, case when f.id is not null then r.attempt end,
      case when f.id is not null then r.slot end, null, null, nullif(r.charge, '')::outbox.charge)::outbox.report
    from unnest(p_msg_ids, p_order_ids, p_numbers, p_states::outbox.recipient_state[], p_reasons, p_times, p_chunks,
      p_attempts, p_slots, p_charges)
      with ordinality r (msg_id, order_id, number, state, reason, at, chunk_id, attempt, slot, charge, place)
    cross join lateral outbox.find_recipient_d77b0074(p_account, r.chunk_id, r.attempt, r.slot, r.number) f (id) order by r.place);
  waiting int[] := outbox.match_reports_d77b0074(p_account, reports, p_actor, p_poll_after);
begin
  if p_keep and waiting <> '{}' then
    insert into outbox.unmatched_report (account, msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, charge, try_at)
      select p_account, r.msg_id, r.order_id, r.number, r.state, r.reason, r.gateway_time, r.chunk_id, r.attempt, r.slot, r.charge,
        clock_timestamp() + interval '200 milliseconds'
      from unnest(reports) with ordinality r (msg_id, order_id, number, state, reason, gateway_time, chunk_id, attempt, slot, sent_from, received_at, charge, place)
      where r.place = any (waiting) order by r.place;
  end if;
end $$;
create function outbox.retry_reports_d77b0074(p_account text, p_actor text, p_poll_after double precision, p_limit int)
returns int language plpgsql as $$
declare
  ids bigint[];
  kept bigint[];
  reports outbox.report[];
  given_up int;
begin
  select array_agg(e.id order by e.id),
      array_agg(row(e.msg_id, e.order_id, e.number, e.state, e.reason, e.gateway_time, e.chunk_id, e.attempt, e.slot, null, e.received_at, e.charge)::outbox.report
        order by e.id)
    into ids, reports
    from (select * from outbox.unmatched_report where account = p_account and try_at <= statement_timestamp() order by try_at limit p_limit for update skip locked) e;
  if ids is null then return 0; end if;
  select coalesce(array_agg(ids[place]), '{}') into kept
    from unnest(outbox.match_reports_d77b0074(p_account, reports, p_actor, p_poll_after)) place;
  with gone as (
    delete from outbox.unmatched_report where id = any (ids)
      and (id <> all (kept) or received_at < clock_timestamp() - interval '24 hours') returning id
  )
  select count(*) filter (where id = any (kept)) into given_up from gone;
  update outbox.unmatched_report set tries = tries + 1,
      try_at = clock_timestamp() + 0.2 * power(2, least(tries + 1, 30)) * interval '1 second'
    where id = any (kept);
  if given_up > 0 then
    perform outbox.record_history_d77b0074(p_account, null, null, null, 'reports given up', p_actor,
      format('%s of messages that are not known here', given_up));
  end if;
  return cardinality(ids);
end $$;
create function outbox.claim_report_polls_d77b0074(
  p_account text, p_reports_after double precision, p_pauses double precision[], p_limit int, p_recipients int
) returns table (chunk_id bigint, msg_ids text[]) language plpgsql as $$
declare
  due record;
begin
  for due in
    select l.id, l.polls from (
      select d.id, d.polls, sum(d.size) over (order by d.poll_at, d.id) - d.size as before from (
        select c.id, c.polls, c.poll_at, c.size from outbox.chunk c where c.account = p_account and c.poll_at <= statement_timestamp()
        order by c.poll_at limit p_limit for no key update skip locked
      ) d
    ) l where l.before < p_recipients order by l.id
  loop
    perform outbox.flush_result_d77b0074(due.id);
    chunk_id := due.id;
    msg_ids := array(select m.msg_id from outbox.recipient m where m.chunk_id = due.id
      and m.state in ('accepted', 'unknown', 'held', 'abandoned') and m.msg_id ~ '^[0-9]{1,32}$');
    update outbox.chunk c set polls = due.polls + 1,
        poll_at = case when msg_ids <> '{}' then clock_timestamp() + p_pauses[due.polls + 1] * p_reports_after * interval '1 millisecond' end
      where c.id = due.id;
    return next;
  end loop;
end $$;

create function outbox.mark_restored_d77b0074(p_backup_at timestamptz, p_except bigint[], p_limit int) returns setof int
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
    c.attempt := c.attempt + 1;
    c.sent_at := p_backup_at;
    c.code := 'OUTBOX_WORKER_LOST';
    c.reason := 'restored from a backup';
    perform outbox.transition_d77b0074(c, 'unknown', 'restore', c.code);
    return next c.size;
  end loop;
end $$;


create function outbox.flush_result_d77b0074(p_chunk bigint) returns void language sql as $$
  with gone as (delete from outbox.pending_result where chunk_id = p_chunk returning *)
  insert into outbox.recipient (chunk_id, slot, state, msg_id)
    select g.chunk_id, coalesce(m.slot::smallint, m.at - 1)::smallint, 'accepted', m.msg_id
    from gone g cross join lateral unnest(string_to_array(g.msg_ids, ','), string_to_array(g.slots, ',')) with ordinality m (msg_id, slot, at)
    on conflict (chunk_id, slot) do update set msg_id = excluded.msg_id,
      state = case when recipient.state in ('delivered', 'failed') then recipient.state else excluded.state end
$$;
create function outbox.flush_oldest_results_d77b0074(p_limit int) returns int language plpgsql as $$
declare
  chunks bigint[];
  chunk_id bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('outbox:results', 0));
  select array_agg(o.chunk_id) into chunks
    from (select a.chunk_id from outbox.pending_result a order by a.at limit p_limit for update skip locked) o;
  begin
    with gone as (delete from outbox.pending_result a where a.chunk_id = any (chunks) returning *)
    insert into outbox.recipient (chunk_id, slot, state, msg_id)
      select g.chunk_id, coalesce(m.slot::smallint, m.at - 1)::smallint, 'accepted', m.msg_id
      from gone g cross join lateral unnest(string_to_array(g.msg_ids, ','), string_to_array(g.slots, ',')) with ordinality m (msg_id, slot, at);
  exception when unique_violation then
    foreach chunk_id in array chunks loop
      perform outbox.flush_result_d77b0074(chunk_id);
    end loop;
  end;
  return coalesce(cardinality(chunks), 0);
end $$;
create function outbox.with_counts_d77b0074(c outbox.chunk) returns outbox.chunk language plpgsql as $$
begin
  select count(*) filter (where state in ('accepted', 'delivered', 'failed')),
      count(*) filter (where state = 'rejected' and reported_at is null),
      count(*) filter (where state = 'unknown'), count(*) filter (where state = 'held'),
      count(*) filter (where state = 'abandoned')
    into c.accepted, c.rejected, c.unknown, c.held, c.abandoned
    from outbox.recipient where chunk_id = c.id;
  return c;
end $$;
create function outbox.without_counts_d77b0074(c outbox.chunk) returns outbox.chunk language plpgsql as $$
begin
  c.accepted := 0; c.rejected := 0; c.unknown := 0; c.held := 0; c.abandoned := 0;
  return c;
end $$;
create function outbox.record_response_d77b0074(c outbox.chunk, p_is_accepted boolean) returns void language plpgsql as $$
declare
  a outbox.account%rowtype;
begin
  select * into a from outbox.account where id = c.account;
  if a.backoff_level > 0 and coalesce(a.backoff_until, '-infinity') <= c.sent_at then
    update outbox.account set backoff_level = 0 where id = c.account;
  end if;
  if not p_is_accepted or a.rejected_at is null then return; end if;
  if c.campaign_id is not null then
    select account_rejected_at into c.account_rejected_at from outbox.campaign where id = c.campaign_id;
    if c.account_rejected_at < c.sent_at then
      update outbox.campaign set account_rejected_at = null, strikes = 0, retry_at = null
        where id = c.campaign_id and account_rejected_at < c.sent_at and (c.size > 1 or chunk_size = 1);
    end if;
  end if;
  if a.rejected_at < c.sent_at and (a.accepted_at is null or a.accepted_at < a.rejected_at)
      and (c.account_rejected_at is null or c.account_rejected_at < a.rejected_at) then
    update outbox.account set accepted_at = clock_timestamp() where id = c.account;
  end if;
end $$;
create function outbox.add_outcomes_d77b0074(
  c outbox.chunk, p_slots smallint[], p_states text[], p_codes text[], p_reasons text[], p_msg_ids text[]
) returns smallint[] language sql as $$
  with added as (
    insert into outbox.recipient (chunk_id, slot, state, code, reason, msg_id)
      select c.id, o.slot,
        case when c.maybe_accepted and o.state = 'rejected' then 'abandoned' else o.state end::outbox.recipient_state,
        o.code, o.reason, o.msg_id
      from unnest(p_slots, p_states, p_codes, p_reasons, p_msg_ids) o (slot, state, code, reason, msg_id)
      on conflict (chunk_id, slot) do nothing returning slot
  )
  select array_agg(slot) from added
$$;
create function outbox.complete_chunk_d77b0074(
  p_chunk bigint, p_attempt int, p_actor text, p_result_slots text, p_result_msg_ids text, p_slots smallint[],
  p_states text[], p_codes text[], p_reasons text[], p_msg_ids text[], p_poll_after double precision
) returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
  added smallint[];
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt
    and state in ('sending', 'unknown', 'held', 'abandoned') for no key update;
  if not found then
    if outbox.is_stored_d77b0074(p_chunk, p_attempt, p_actor, '{completed}') then return true; end if;
    perform outbox.record_stale_result_d77b0074(p_chunk, p_attempt, 'late response', p_actor, null);
    return false;
  end if;
  if p_result_msg_ids <> '' then
    if outbox.is_subscribed_d77b0074(c.account, 'accepted') then
      perform outbox.record_event_d77b0074(c, 'accepted', array(
        select s.slot from (
          select coalesce(i.slot::smallint, i.at - 1)::smallint as slot
          from unnest(string_to_array(p_result_msg_ids, ','), string_to_array(p_result_slots, ',')) with ordinality i (msg_id, slot, at)
        ) s where s.slot <> all (array(
          select m.slot from outbox.recipient m where m.chunk_id = p_chunk and m.state in ('accepted', 'delivered', 'failed')))
      ), null, null);
    end if;
    insert into outbox.pending_result (chunk_id, slots, msg_ids) values (p_chunk, p_result_slots, p_result_msg_ids);
    if c.size < 100 or exists (select from outbox.recipient where chunk_id = p_chunk) then
      perform outbox.flush_result_d77b0074(p_chunk);
    end if;
  end if;
  if p_slots <> '{}' then
    added := outbox.add_outcomes_d77b0074(c, p_slots, p_states, p_codes, p_reasons, p_msg_ids);
    perform outbox.record_recipient_events_d77b0074(c, added);
  end if;
  c := outbox.with_counts_d77b0074(c);
  c.accepted := c.size - c.rejected - c.unknown - c.held - c.abandoned;
  c.state := 'completed';
  c.code := null;
  c.reason := null;
  c.poll_at := case when c.accepted > 0 then clock_timestamp() + p_poll_after * interval '1 millisecond' end;
  perform outbox.transition_d77b0074(c, 'completed', p_actor);
  perform outbox.record_response_d77b0074(c, p_result_msg_ids <> '');
  return true;
end $$;
create function outbox.rejected_d77b0074(c outbox.chunk, p_code text, p_reason text) returns outbox.chunk language plpgsql as $$
begin
  c := outbox.without_counts_d77b0074(c);
  c.state := case when c.maybe_accepted then 'abandoned' else 'rejected' end;
  c.code := p_code;
  c.reason := p_reason;
  if c.maybe_accepted then c.abandoned := c.size; else c.rejected := c.size; end if;
  return c;
end $$;
create function outbox.reject_chunk_d77b0074(p_chunk bigint, p_attempt int, p_actor text, p_code text, p_reason text)
returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt
    and state in ('sending', 'unknown', 'held', 'abandoned') and accepted = 0 for no key update;
  if not found then
    if outbox.is_stored_d77b0074(p_chunk, p_attempt, p_actor, '{rejected}') then return true; end if;
    perform outbox.record_stale_result_d77b0074(p_chunk, p_attempt, 'late rejection', p_actor, p_code);
    return false;
  end if;
  c := outbox.rejected_d77b0074(c, p_code, p_reason);
  perform outbox.transition_d77b0074(c, c.state::text, p_actor, p_code);
  perform outbox.record_response_d77b0074(c, false);
  return true;
end $$;
create function outbox.mark_unknown_d77b0074(p_chunk bigint, p_attempt int, p_actor text, p_code text, p_reason text)
returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt and state = 'sending' for no key update;
  if not found then return false; end if;
  c.state := 'unknown';
  c.unknown := c.size - c.accepted;
  c.code := p_code;
  c.reason := p_reason;
  perform outbox.transition_d77b0074(c, 'unknown', p_actor, p_code);
  return true;
end $$;
create function outbox.contradiction_reason_d77b0074() returns text language sql immutable as $$
  select 'a report came of an attempt that counted as not sent'
$$;
create function outbox.release_chunk_d77b0074(
  p_chunk bigint, p_attempt int, p_actor text, p_code text, p_reason text, p_delay double precision, p_is_number boolean
) returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt for no key update;
  if c.contradicted then
    perform outbox.record_stale_result_d77b0074(p_chunk, p_attempt, 'late release', p_actor, p_code);
    perform outbox.mark_unknown_d77b0074(p_chunk, p_attempt, p_actor, 'OUTBOX_CONTRADICTED', outbox.contradiction_reason_d77b0074());
    return false;
  end if;
  if c.id is null or c.state not in ('sending', 'unknown', 'held') or c.accepted > 0 then
    if outbox.is_stored_d77b0074(p_chunk, p_attempt, p_actor, '{released}') then return true; end if;
    perform outbox.record_stale_result_d77b0074(p_chunk, p_attempt, 'late release', p_actor, p_code);
    return false;
  end if;
  c := outbox.without_counts_d77b0074(c);
  c.state := 'pending';
  c.code := p_code;
  c.reason := p_reason;
  c.number_retries := c.number_retries + p_is_number::int;
  c.worker := null;
  c.due_at := clock_timestamp() + p_delay * interval '1 millisecond';
  perform outbox.transition_d77b0074(c, 'released', p_actor, p_code);
  return true;
end $$;
create function outbox.split_chunk_d77b0074(
  p_chunk bigint, p_attempt int, p_actor text, p_rest text, p_numbers text[], p_sizes int[], p_slots smallint[],
  p_states text[], p_codes text[], p_reasons text[], p_msg_ids text[], p_code text
) returns boolean language plpgsql as $$
declare
  c outbox.chunk%rowtype;
begin
  select * into c from outbox.chunk where id = p_chunk and attempt = p_attempt and state in ('sending', 'unknown', 'held')
    for no key update;
  if c.id is null or c.accepted > 0 or c.contradicted then
    if outbox.is_stored_d77b0074(p_chunk, p_attempt, p_actor, '{split}') then return true; end if;
    perform outbox.record_stale_result_d77b0074(p_chunk, p_attempt, 'late split', p_actor, p_code);
    if c.contradicted then
      perform outbox.mark_unknown_d77b0074(p_chunk, p_attempt, p_actor, 'OUTBOX_CONTRADICTED', outbox.contradiction_reason_d77b0074());
    end if;
    return false;
  end if;
  perform outbox.record_recipient_events_d77b0074(c, outbox.add_outcomes_d77b0074(c, p_slots, p_states, p_codes, p_reasons, p_msg_ids));
  perform outbox.move_recipients_d77b0074(c, p_rest, p_numbers, p_sizes, 'split', p_actor, p_code);
  return true;
end $$;
create function outbox.move_recipients_d77b0074(
  c outbox.chunk, p_rest text, p_numbers text[], p_sizes int[], p_event text, p_actor text, p_detail text,
  p_maybe_accepted boolean default false
) returns void language plpgsql as $$
declare
  part outbox.chunk%rowtype := c;
begin
  part.state := 'pending';
  part.due_at := clock_timestamp();
  part.sent_at := null;
  part.is_split := c.is_split or p_event = 'split';
  part.is_resent := p_maybe_accepted;
  part.maybe_accepted := c.maybe_accepted or p_maybe_accepted;
  part.account_rejected_at := null;
  part.strikes := 0;
  for i in 1..cardinality(p_numbers) loop
    part.numbers := p_numbers[i];
    part.size := p_sizes[i];
    perform outbox.add_part_d77b0074(part, p_actor);
    c.size := c.size - p_sizes[i];
  end loop;
  c := outbox.with_counts_d77b0074(c);
  c.state := case when c.size > 0 then 'completed' else 'split' end;
  c.numbers := p_rest;
  c.code := null;
  c.reason := null;
  perform outbox.transition_d77b0074(c, p_event, p_actor, p_detail);
end $$;
create function outbox.store_results_d77b0074(p_actor text, p_results json, p_poll_after double precision) returns boolean[]
language plpgsql as $$
declare
  r record;
  stored boolean[] := '{}';
begin
  for r in
    select * from rows from (json_to_recordset(p_results) as (type text, chunk_id bigint, attempt int, result_slots text,
      result_msg_ids text, slots smallint[], states text[], codes text[], reasons text[], msg_ids text[], code text, reason text,
      delay_ms double precision, is_number boolean, rest text, numbers text[], sizes int[])) with ordinality
    order by chunk_id, ordinality
  loop
    stored[r.ordinality] := case r.type
      when 'completed' then outbox.complete_chunk_d77b0074(r.chunk_id, r.attempt, p_actor, r.result_slots, r.result_msg_ids, r.slots,
        r.states, r.codes, r.reasons, r.msg_ids, p_poll_after)
      when 'rejected' then outbox.reject_chunk_d77b0074(r.chunk_id, r.attempt, p_actor, r.code, r.reason)
      when 'unknown' then outbox.mark_unknown_d77b0074(r.chunk_id, r.attempt, p_actor, r.code, r.reason)
      when 'released' then outbox.release_chunk_d77b0074(r.chunk_id, r.attempt, p_actor, r.code, r.reason, r.delay_ms, r.is_number)
      when 'split' then outbox.split_chunk_d77b0074(r.chunk_id, r.attempt, p_actor, r.rest, r.numbers, r.sizes, r.slots, r.states, r.codes,
        r.reasons, r.msg_ids, r.code)
    end;
  end loop;
  return stored;
end $$;


create function outbox.redact_chunks_d77b0074(p_chunks bigint[], p_keeps_keyed boolean default false) returns int language plpgsql as $$
begin
  update outbox.recipient set reason = null where chunk_id = any (p_chunks) and reason is not null;
  update outbox.event set reason = null where chunk_id = any (p_chunks) and reason is not null;
  update outbox.event_delivery set reason = null where chunk_id = any (p_chunks) and reason is not null;
  update outbox.invalid_entry set reason = null, input = null
    where chunk_id = any (p_chunks) and (reason is not null or input is not null);
  update outbox.chunk set numbers = null, content = null, reference = null, reason = null,
      fingerprint = case when p_keeps_keyed and fingerprint like '%.%' then fingerprint end,
      redacted_at = clock_timestamp(),
      ended_at = case when campaign_id is null and root_id is null then changed_at else ended_at end
    where id = any (p_chunks);
  return cardinality(p_chunks);
end $$;
create function outbox.delete_chunks_d77b0074(p_chunks bigint[]) returns void language plpgsql as $$
begin
  delete from outbox.pending_result where chunk_id = any (p_chunks);
  delete from outbox.recipient where chunk_id = any (p_chunks);
  delete from outbox.caller_order_id where chunk_id = any (p_chunks);
  delete from outbox.invalid_entry where chunk_id = any (p_chunks);
  delete from outbox.event where chunk_id = any (p_chunks);
  delete from outbox.history where chunk_id = any (p_chunks);
  delete from outbox.chunk where id = any (p_chunks);
end $$;
create function outbox.delete_messages_d77b0074(p_account text, p_delete_after double precision, p_limit int, p_recipients int)
returns int language plpgsql as $$
declare
  ended_before timestamptz := statement_timestamp() - p_delete_after * interval '1 millisecond';
  look_again_at timestamptz := ended_before + least(p_delete_after / 10 * interval '1 millisecond', interval '1 day');
  roots bigint[];
  waiting bigint[];
begin
  select array_agg(s.id) into roots from (
    select l.id, sum(l.size) over (order by l.ended_at, l.id) - l.size as before from (
      select c.id, c.ended_at, c.size from outbox.chunk c where c.account = p_account and c.ended_at < ended_before
      order by c.ended_at limit p_limit for update skip locked
    ) l
  ) s where s.before < p_recipients;
  if roots is null then return 0; end if;
  with unfinished as (
    select p.root_id as id, case when bool_or(p.redacted_at is null) then look_again_at else max(p.changed_at) end as ended_at
    from outbox.chunk p where p.root_id = any (roots) and (p.redacted_at is null or p.changed_at >= ended_before)
    group by p.root_id
  ), postponed as (
    update outbox.chunk c set ended_at = u.ended_at from unfinished u where c.id = u.id returning c.id
  )
  select array_agg(id) into waiting from postponed;
  roots := array(select unnest(roots) except select unnest(waiting));
  perform from outbox.chunk where root_id = any (roots) order by id for update;
  update outbox.idempotency_key k set kept_from = greatest(k.kept_from, c.ended_at) from outbox.chunk c
    where c.id = any (roots) and k.kind = 'message' and k.id = c.id;
  perform outbox.delete_chunks_d77b0074(roots || array(select id from outbox.chunk where root_id = any (roots)));
  return cardinality(roots) + coalesce(cardinality(waiting), 0);
end $$;
create function outbox.delete_campaigns_d77b0074(p_account text, p_delete_after double precision, p_limit int, p_recipients int)
returns int language plpgsql as $$
declare
  k outbox.campaign%rowtype;
  chunks bigint[];
begin
  select * into k from outbox.campaign c where c.account = p_account and c.redacted_at is not null
      and coalesce(c.done_at, c.changed_at) < statement_timestamp() - p_delete_after * interval '1 millisecond'
    order by coalesce(c.done_at, c.changed_at) limit 1 for update skip locked;
  if not found then return 0; end if;
  select array_agg(s.id) into chunks from (
    select l.id, sum(l.weight) over (order by l.first_position, l.id) - l.weight as before from (
      select c.id, c.first_position, c.size + c.invalid as weight from outbox.chunk c where c.campaign_id = k.id
      order by c.first_position, c.id limit p_limit for update
    ) l
  ) s where s.before < p_recipients;
  if chunks is not null then
    perform outbox.delete_chunks_d77b0074(chunks);
    return cardinality(chunks);
  end if;
  update outbox.idempotency_key i set kept_from = greatest(i.kept_from, k.done_at, k.changed_at)
    where i.kind = 'campaign' and i.id = k.id;
  delete from outbox.count_delta where campaign_id = k.id;
  delete from outbox.campaign_count where campaign_id = k.id;
  delete from outbox.history where campaign_id = k.id;
  delete from outbox.campaign where id = k.id;
  return 1;
end $$;
create function outbox.delete_account_history_d77b0074(p_account text, p_delete_after double precision, p_limit int) returns int
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  old bigint[];
begin
  select array_agg(h.id) into old from (
    select id from outbox.history where account = p_account and chunk_id is null and campaign_id is null
      and at < statement_timestamp() - p_delete_after * interval '1 millisecond'
    order by at limit p_limit for update skip locked
  ) h;
  delete from outbox.history where id = any (old);
  return coalesce(cardinality(old), 0);
end $$;
create function outbox.ended_at_d77b0074(p_kind text, p_id bigint) returns timestamptz language sql stable as $$
  select case p_kind when 'message' then (
    select case when count(*) = 0 then '-infinity'
        when bool_or(c.state in ('pending', 'sending') or c.unknown > 0 or c.held > 0) then 'infinity'
        else max(c.changed_at) end
      from (select * from outbox.chunk where id = p_id union all select * from outbox.chunk where root_id = p_id) c
  ) else coalesce((
    select case when k.state in ('done', 'cancelled') then coalesce(k.done_at, 'infinity') else 'infinity' end
      from outbox.campaign k where k.id = p_id
  ), '-infinity') end
$$;
create function outbox.delete_idempotency_keys_d77b0074(p_account text, p_kept double precision, p_limit int) returns int
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  ended_before timestamptz := statement_timestamp() - p_kept * interval '1 millisecond';
  looked_at int := 0;
  due record;
begin
  for due in
    select k.kind, k.key, outbox.ended_at_d77b0074(k.kind, k.id) as ended_at from outbox.idempotency_key k
    where k.account = p_account and k.kept_from < ended_before - p_kept / 20 * interval '1 millisecond'
    order by k.kept_from limit p_limit for update skip locked
  loop
    looked_at := looked_at + 1;
    if due.ended_at < ended_before then
      delete from outbox.idempotency_key where account = p_account and kind = due.kind and key = due.key;
    else
      update outbox.idempotency_key set kept_from = least(due.ended_at, statement_timestamp())
        where account = p_account and kind = due.kind and key = due.key;
    end if;
  end loop;
  return looked_at;
end $$;


create function outbox.put_template_d77b0074(
  p_account text, p_name text, p_texts json, p_default_locale text, p_max_parts int, p_keeps_line_ends boolean, p_actor text,
  out current_version int, out is_new boolean
) language plpgsql as $$
declare
  found_template outbox.template%rowtype;
begin
  insert into outbox.template (account, name) values (p_account, p_name) on conflict do nothing;
  select * into strict found_template from outbox.template t where t.account = p_account and t.name = p_name for update;
  current_version := found_template.version;
  is_new := found_template.archived_at is not null or not exists (
    select from outbox.template_version v
    where v.template_id = found_template.id and v.version = found_template.version and v.texts = p_texts::jsonb
      and v.default_locale = p_default_locale and v.max_parts is not distinct from p_max_parts
      and v.keeps_line_ends = p_keeps_line_ends
  );
  if not is_new then return; end if;
  current_version := current_version + 1;
  insert into outbox.template_version (template_id, version, texts, default_locale, max_parts, keeps_line_ends, created_by)
    values (found_template.id, current_version, p_texts::jsonb, p_default_locale, p_max_parts, p_keeps_line_ends, p_actor);
  update outbox.template t set version = current_version, archived_at = null where t.id = found_template.id;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'template changed', p_actor,
    format('%s: version %s', p_name, current_version));
  perform outbox.notify_d77b0074('outbox:template', p_account);
end $$;
create function outbox.archive_template_d77b0074(p_account text, p_name text, p_actor text) returns boolean language plpgsql as $$
declare
  found_template outbox.template%rowtype;
begin
  select * into found_template from outbox.template t where t.account = p_account and t.name = p_name for update;
  if found_template.id is null then return null; end if;
  if found_template.archived_at is not null then return false; end if;
  update outbox.template t set archived_at = clock_timestamp() where t.id = found_template.id;
  perform outbox.record_history_d77b0074(p_account, null, null, null, 'template archived', p_actor, p_name);
  perform outbox.notify_d77b0074('outbox:template', p_account);
  return true;
end $$;


create function outbox.legal_transitions_d77b0074()
returns table (event text, from_states outbox.chunk_state[], to_states outbox.chunk_state[])
language sql immutable as $$
  values
    ('sending', '{pending}'::outbox.chunk_state[], '{sending}'::outbox.chunk_state[]),
    ('completed', '{sending,unknown,held,abandoned}', '{completed}'),
    ('rejected', '{sending,unknown,held,abandoned,pending}', '{rejected}'),
    ('released', '{sending,unknown,held}', '{pending}'),
    ('split', '{sending,unknown,held,pending}', '{completed,split}'),
    ('unknown', '{sending,pending}', '{unknown}'),
    ('held', '{unknown,completed}', '{held,completed}'),
    ('abandoned', '{sending,unknown,held,abandoned,pending,completed}', '{abandoned,completed}'),
    ('cancelled', '{pending}', '{cancelled}'),
    ('resent', '{unknown,held,completed,rejected}', '{completed,split}'),
    ('marked as sent', '{held,completed}', '{completed}'),
    ('not resent', '{pending}', '{pending,split}'),
    ('confirmed', '{sending,unknown,held,abandoned,completed,rejected}', '{sending,unknown,held,abandoned,completed,rejected}'),
    ('contradicted', '{pending,sending,unknown,held,abandoned,completed,rejected,cancelled,split}',
      '{pending,sending,unknown,held,abandoned,completed,rejected,cancelled,split}')
$$;
create function outbox.is_legal_d77b0074(p_event text, p_from outbox.chunk_state, p_to outbox.chunk_state) returns boolean
language sql immutable as $$
  select exists (
    select from outbox.legal_transitions_d77b0074() t
    where t.event = p_event and p_from = any (t.from_states) and p_to = any (t.to_states)
      and (p_event not in ('confirmed', 'contradicted') or p_to = p_from
        or p_to = 'completed' and p_from in ('unknown', 'held', 'abandoned')))
$$;
create function outbox.record_history_d77b0074(
  p_account text, p_campaign bigint, p_chunk bigint, p_attempt int, p_event text, p_actor text, p_detail text default null
) returns void language sql as $$
  insert into outbox.history (account, campaign_id, chunk_id, attempt, event, actor, detail)
    values (p_account, p_campaign, p_chunk, p_attempt, p_event, p_actor, p_detail)
$$;
create function outbox.record_stale_result_d77b0074(p_chunk bigint, p_attempt int, p_event text, p_actor text, p_detail text)
returns void language sql as $$
  select outbox.record_history_d77b0074(c.account, c.campaign_id, c.id, p_attempt, p_event, p_actor, p_detail)
    from outbox.chunk c where c.id = p_chunk
$$;
create function outbox.is_stored_d77b0074(p_chunk bigint, p_attempt int, p_actor text, p_events text[]) returns boolean
language sql stable as $$
  select exists (select from outbox.history
    where chunk_id = p_chunk and attempt = p_attempt and actor = p_actor and event = any (p_events))
$$;
create function outbox.record_counts_d77b0074(before outbox.chunk, after outbox.chunk) returns void language plpgsql as $$
declare
  sending int := case after.state when 'sending' then after.size else 0 end
    - case before.state when 'sending' then before.size else 0 end;
  cancelled int := case after.state when 'cancelled' then after.size else 0 end
    - case before.state when 'cancelled' then before.size else 0 end;
begin
  if after.campaign_id is null or sending = 0 and cancelled = 0
      and (before.accepted, before.rejected, before.unknown, before.held, before.abandoned)
        = (after.accepted, after.rejected, after.unknown, after.held, after.abandoned) then
    return;
  end if;
  insert into outbox.count_delta (campaign_id, sending, cancelled, accepted, rejected, unknown, held, abandoned)
    values (after.campaign_id, sending, cancelled, after.accepted - before.accepted, after.rejected - before.rejected,
      after.unknown - before.unknown, after.held - before.held, after.abandoned - before.abandoned);
end $$;
create function outbox.reopen_campaign_d77b0074(p_campaign bigint, p_actor text) returns void language plpgsql as $$
declare
  k outbox.campaign%rowtype;
begin
  select * into k from outbox.campaign where id = p_campaign for no key update;
  if k.done_at is null then return; end if;
  update outbox.campaign set state = case state when 'done' then 'running' else state end, changed_at = clock_timestamp(), done_at = null
    where id = p_campaign;
  if k.state = 'done' then
    perform outbox.record_history_d77b0074(k.account, k.id, null, null, 'running', p_actor);
  end if;
end $$;
create function outbox.transition_d77b0074(c outbox.chunk, p_event text, p_actor text, p_detail text default null)
returns outbox.chunk language plpgsql as $$
declare
  before outbox.chunk%rowtype;
begin
  select * into strict before from outbox.chunk where id = c.id;
  if not outbox.is_legal_d77b0074(p_event, before.state, c.state) then
    raise exception 'a chunk that is % cannot become % (%)', before.state, c.state, p_event using errcode = 'data_exception';
  end if;
  if c.state <> before.state or p_event not in ('confirmed', 'contradicted') then
    c.changed_at := clock_timestamp();
  end if;
  update outbox.chunk set state = c.state, changed_at = c.changed_at, attempt = c.attempt, size = c.size,
      due_at = c.due_at, sent_at = c.sent_at, worker = c.worker, code = c.code, reason = c.reason,
      number_retries = c.number_retries, maybe_accepted = c.maybe_accepted, contradicted = c.contradicted,
      accepted = c.accepted, rejected = c.rejected, unknown = c.unknown, held = c.held, abandoned = c.abandoned,
      poll_at = c.poll_at
    where id = c.id;
  if p_event in ('split', 'resent', 'not resent') then
    update outbox.chunk set numbers = c.numbers where id = c.id;
  end if;
  if c.seal_key_id is not null and c.unknown = 0 and c.held = 0
      and c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') then
    update outbox.chunk set content = null where id = c.id and content is not null;
  end if;
  perform outbox.record_history_d77b0074(c.account, c.campaign_id, c.id, c.attempt, p_event, p_actor, p_detail);
  perform outbox.record_counts_d77b0074(before, c);
  if c.state = before.state then return c; end if;
  if c.state in ('rejected', 'unknown', 'held', 'abandoned', 'cancelled') then
    perform outbox.record_chunk_event_d77b0074(c);
  end if;
  if c.state not in ('pending', 'sending', 'split') then
    perform outbox.notify_outcome_d77b0074(c);
  end if;
  if c.state = 'pending' and c.campaign_id is not null then
    perform outbox.reopen_campaign_d77b0074(c.campaign_id, p_actor);
  end if;
  return c;
end $$;
create function outbox.add_part_d77b0074(c outbox.chunk, p_actor text) returns bigint language plpgsql as $$
declare
  part bigint;
begin
  insert into outbox.chunk (account, campaign_id, lane, state, root_id, parent_id, first_position, size, numbers,
      order_ids, content, parts, seal_key_id, sender_id, due_at, expires_at, sent_at, is_split, is_resent, maybe_accepted, has_waiter,
      reference, on_unconfirmed, purpose, account_rejected_at, strikes, root_created_at, unknown)
    values (c.account, c.campaign_id, c.lane, c.state, coalesce(c.root_id, c.id), c.id, c.first_position, c.size,
      c.numbers, c.order_ids, c.content, c.parts, c.seal_key_id, c.sender_id, c.due_at, c.expires_at, c.sent_at, c.is_split, c.is_resent,
      c.maybe_accepted, c.has_waiter, c.reference, c.on_unconfirmed, c.purpose, c.account_rejected_at, c.strikes,
      coalesce(c.root_created_at, c.created_at), case c.state when 'unknown' then c.size else 0 end)
    returning id into part;
  if c.order_ids is not null then
    insert into outbox.caller_order_id values (part, string_to_array(c.order_ids, ','));
  end if;
  if c.campaign_id is not null then
    if c.state = 'unknown' then
      insert into outbox.count_delta (campaign_id, unknown) values (c.campaign_id, c.size);
    end if;
    perform outbox.reopen_campaign_d77b0074(c.campaign_id, p_actor);
  end if;
  return part;
end $$;


create function outbox.recipient_columns_d77b0074(p_chunk bigint) returns json language sql stable as $$
  select case when count(*) > 0 then json_build_object(
      'slot', json_agg(m.slot order by m.slot), 'state', json_agg(m.state order by m.slot),
      'msgId', json_agg(m.msg_id order by m.slot), 'code', json_agg(m.code order by m.slot),
      'reason', json_agg(m.reason order by m.slot), 'reportedAt', json_agg(m.reported_at order by m.slot),
      'gatewayTime', json_agg(m.gateway_time order by m.slot),
      'charges', json_agg(json_build_array(m.slot, m.price::text, m.currency, m.segments, m.mcc, m.mnc))
        filter (where m.price is not null or m.mcc is not null or m.mnc is not null)) end
  from (
    select slot, state, msg_id, code, reason, reported_at, gateway_time, price, currency, segments, mcc, mnc
      from outbox.recipient where chunk_id = p_chunk
    union all
    select coalesce(i.slot::smallint, i.at - 1)::smallint, 'accepted', i.msg_id, null, null, null, null, null, null, null, null, null
      from outbox.pending_result a
      cross join lateral unnest(string_to_array(a.msg_ids, ','), string_to_array(a.slots, ',')) with ordinality i (msg_id, slot, at)
      where a.chunk_id = p_chunk
  ) m
$$;
create function outbox.invalid_columns_d77b0074(p_chunk bigint) returns json language sql stable as $$
  select case when count(*) > 0 then json_build_object(
      'slot', json_agg(e.slot order by e.slot), 'code', json_agg(e.code order by e.slot),
      'reason', json_agg(e.reason order by e.slot), 'line', json_agg(e.line order by e.slot),
      'orderId', json_agg(e.order_id order by e.slot), 'input', json_agg(e.input order by e.slot)) end
  from outbox.invalid_entry e where e.chunk_id = p_chunk
$$;`,
};

export const findCampaign: Statement<{ account: string; id: Exact }, { id: string; name: string; content: string | null; sender_id: string | null; state: CampaignState; priority: number; stored_entries: string; idempotency_key: string | null; created_at: Date; starts_at: Date | null; done_at: Date | null; paused_code: string | null; paused_reason: string | null; on_unconfirmed: UnconfirmedAction | null }> = {
  params: ['account', 'id'],
  text: `select k.id, k.name, k.content, k.sender_id, k.state, k.priority, k.stored_entries, k.idempotency_key,
  k.created_at, k.starts_at, k.done_at, k.paused_code, k.paused_reason, k.on_unconfirmed
from outbox.campaign k where k.account = $1 and k.id = $2`,
};
/** The newest of each state, and of these the newest. So a state or a name with few campaigns is found without the others. The comparisons of whole rows let no other index than the one for this seem as good. */
export const listCampaigns: Statement<{ account: string; state: string | null; name: string | null; before: Exact | null; limit: Exact }, { id: string; name: string; content: string | null; sender_id: string | null; state: CampaignState; priority: number; stored_entries: string; idempotency_key: string | null; created_at: Date; starts_at: Date | null; done_at: Date | null; paused_code: string | null; paused_reason: string | null; on_unconfirmed: UnconfirmedAction | null }> = {
  params: ['account', 'state', 'name', 'before', 'limit'],
  text: `select k.id, k.name, k.content, k.sender_id, k.state, k.priority, k.stored_entries, k.idempotency_key,
  k.created_at, k.starts_at, k.done_at, k.paused_code, k.paused_reason, k.on_unconfirmed
from unnest(case when $2::text is null then enum_range(null::outbox.campaign_state)
    else array[$2::text::outbox.campaign_state] end) s (state)
  cross join lateral (
    (select c.id from outbox.campaign c where $3::text is null and c.account = $1 and c.state >= s.state
        and (c.state, c.id) < (s.state, coalesce($4::bigint, 9223372036854775807))
      order by c.state desc, c.id desc limit $5)
    union all
    (select c.id from outbox.campaign c where c.account = $1 and c.name = $3::text and c.state >= s.state
        and (c.state, c.id) < (s.state, coalesce($4::bigint, 9223372036854775807))
      order by c.state desc, c.id desc limit $5)
  ) f cross join lateral (select * from outbox.campaign where id = f.id limit 1) k
order by k.id desc limit $5`,
};
/** Reads counts only. One statement sees one moment, so they add up. */
export const readProgress: Statement<{ account: string; id: Exact }, { state: CampaignState; starts_at: Date | null; done_at: Date | null; stored_entries: string; invalid_entries: string; has_started: boolean; sending: string; accepted: string; delivered: string; failed: string; rejected: string; cancelled: string; unknown: string; held: string; abandoned: string }> = {
  params: ['account', 'id'],
  text: `select k.state, k.starts_at, k.done_at, k.stored_entries, k.invalid_entries,
  coalesce(k.starts_at <= clock_timestamp() and k.state not in ('creating', 'draft'), false) as has_started,
  (coalesce(n.sending, 0) + d.sending)::bigint as sending, (coalesce(n.accepted, 0) + d.accepted)::bigint as accepted,
  (coalesce(n.delivered, 0) + d.delivered)::bigint as delivered, (coalesce(n.failed, 0) + d.failed)::bigint as failed,
  (coalesce(n.rejected, 0) + d.rejected)::bigint as rejected, (coalesce(n.cancelled, 0) + d.cancelled)::bigint as cancelled,
  (coalesce(n.unknown, 0) + d.unknown)::bigint as unknown, (coalesce(n.held, 0) + d.held)::bigint as held,
  (coalesce(n.abandoned, 0) + d.abandoned)::bigint as abandoned
from outbox.campaign k left join outbox.campaign_count n on n.campaign_id = k.id cross join (
  select coalesce(sum(sending), 0) as sending, coalesce(sum(accepted), 0) as accepted, coalesce(sum(delivered), 0) as delivered,
    coalesce(sum(failed), 0) as failed, coalesce(sum(rejected), 0) as rejected, coalesce(sum(cancelled), 0) as cancelled,
    coalesce(sum(unknown), 0) as unknown, coalesce(sum(held), 0) as held, coalesce(sum(abandoned), 0) as abandoned
  from outbox.count_delta where campaign_id = $2
) d
where k.account = $1 and k.id = $2`,
};
/** Only the id if the campaign was deleted. */
export const findCampaignByKey: Statement<{ account: string; idempotencyKey: string }, { id: string; state: CampaignState | null; fingerprint: string | null; digest: string | null; stored_entries: string | null; chunk_size: number | null }> = {
  params: ['account', 'idempotencyKey'],
  text: `select k.id, c.state as state, c.fingerprint as fingerprint, c.digest as digest, c.stored_entries as stored_entries,
  c.chunk_size as chunk_size
from outbox.idempotency_key k left join outbox.campaign c on c.id = k.id
where k.account = $1 and k.kind = 'campaign' and k.key = $2`,
};
/** No row if another call has used the key in the meantime. Its chunks have the size of the requests that the rate allows now. */
export const addCampaign: Statement<{ account: string; name: string; content: string; senderId: string | null; priority: number; idempotencyKey: string | null; fingerprint: string; actor: string; creator: string; onUnconfirmed: UnconfirmedAction | null; recipientsPerSecond: number | null; requestsPerSecond: number | null; burst: number; priorityShare: number; largest: number; parts: number }, { id: string; chunk_size: number; done: string | null }> = {
  params: ['account', 'name', 'content', 'senderId', 'priority', 'idempotencyKey', 'fingerprint', 'actor', 'creator', 'onUnconfirmed', 'recipientsPerSecond', 'requestsPerSecond', 'burst', 'priorityShare', 'largest', 'parts'],
  text: `with campaign as materialized (
  select outbox.next_campaign_id_d77b0074() as id
), with_key as (
  insert into outbox.idempotency_key (account, kind, key, id)
    select $1, 'campaign', $6, id from campaign where $6::text is not null
    on conflict (account, kind, key) do nothing
    returning id
), added as (
  insert into outbox.campaign (id, account, name, content, sender_id, priority, chunk_size, idempotency_key, fingerprint,
      creator, creator_seen_at, on_unconfirmed, parts) overriding system value
    select c.id, $1, $2, $3, $4, $5, outbox.largest_request_d77b0074('bulk', $11, $12, $13, $14, $15), $6, $7, $9, clock_timestamp(), $10,
      $16
    from campaign c where $6::text is null or exists (select from with_key)
    returning id, account, chunk_size
)
select id as id, chunk_size as chunk_size, outbox.record_history_d77b0074(account, id, null, null, 'creating', $8)::text as done
from added`,
};
/** Continues the creation of a campaign whose creator has ended, or has given no sign of life for longer than its lease. */
export const takeOverCreation: Statement<{ id: Exact; creator: string; leaseMs: number }, { stored_entries: string }> = {
  params: ['id', 'creator', 'leaseMs'],
  text: `update outbox.campaign set creator = $2, creator_seen_at = clock_timestamp()
where id = $1 and state = 'creating'
  and (creator is null or creator_seen_at < clock_timestamp() - $3::float8 * interval '1 millisecond')
returning stored_entries`,
};
export const renewCreations: Statement<{ ids: readonly (Exact | null)[]; creators: readonly (string | null)[] }, Nothing> = {
  params: ['ids', 'creators'],
  text: `update outbox.campaign k set creator_seen_at = clock_timestamp()
from unnest($1::bigint[], $2::text[]) held (id, creator)
where k.id = held.id and k.creator = held.creator and k.state = 'creating'`,
};
export const releaseCreation: Statement<{ id: Exact; creator: string }, Nothing> = {
  params: ['id', 'creator'],
  text: `update outbox.campaign set creator = null where id = $1 and creator = $2 and state = 'creating'`,
};
/** Stores consecutive chunks of the source, all or none. stored: the position of the first. No row if the call is no longer the creator. */
export const appendToCampaign: Statement<{ id: Exact; creator: string; stored: Exact; entries: Exact; positions: readonly (Exact | null)[]; sizes: readonly (number | null)[]; numbers: readonly (string | null)[]; orderIds: readonly (string | null)[]; invalid: readonly (number | null)[]; invalidPositions: readonly (Exact | null)[]; invalidSlots: readonly (number | null)[]; invalidCodes: readonly (string | null)[]; invalidReasons: readonly (string | null)[]; invalidLines: readonly (Exact | null)[]; invalidOrderIds: readonly (string | null)[]; invalidInputs: readonly (string | null)[] }, { id: string }> = {
  name: 'appendToCampaign',
  params: ['id', 'creator', 'stored', 'entries', 'positions', 'sizes', 'numbers', 'orderIds', 'invalid', 'invalidPositions', 'invalidSlots', 'invalidCodes', 'invalidReasons', 'invalidLines', 'invalidOrderIds', 'invalidInputs'],
  text: `with place as (
  update outbox.campaign set stored_entries = stored_entries + $4::bigint, changed_at = clock_timestamp(), creator_seen_at = clock_timestamp(),
    invalid_entries = invalid_entries + cardinality($10::bigint[])
  where id = $1 and creator = $2 and state = 'creating' and stored_entries = $3::bigint returning id, account
), added as (
  insert into outbox.chunk (account, campaign_id, lane, state, first_position, size, numbers, order_ids, invalid)
    select p.account, p.id, 'bulk', case when c.size > 0 then 'pending' else 'completed' end::outbox.chunk_state,
      c.first_position, c.size, c.numbers, c.order_ids, c.invalid
    from place p, unnest($5::bigint[], $6::int[], $7::text[], $8::text[], $9::int[]) c (first_position, size, numbers, order_ids, invalid)
    order by c.first_position
    returning id, first_position, order_ids
), with_ids as (
  insert into outbox.caller_order_id select id, string_to_array(order_ids, ',') from added where order_ids is not null
), invalid as (
  insert into outbox.invalid_entry (chunk_id, slot, code, reason, line, order_id, input)
    select a.id, e.slot, e.code, e.reason, e.line, e.order_id, e.input
    from unnest($10::bigint[], $11::smallint[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::text[])
      e (first_position, slot, code, reason, line, order_id, input)
    join added a on a.first_position = e.first_position
)
select id as id from place`,
};
export const readStoredChunks: Statement<{ id: Exact; first: Exact; last: Exact }, { first_position: string; numbers: string | null; order_ids: string | null }> = {
  params: ['id', 'first', 'last'],
  text: `select c.first_position, c.numbers, c.order_ids from outbox.chunk c
where c.campaign_id = $1 and c.first_position >= $2::bigint and c.first_position <= $3::bigint order by c.first_position`,
};
/** Ends the creation when all recipients are stored. No row if the call is no longer the creator. */
export const completeCampaign: Statement<{ id: Exact; isStarted: boolean; startsAt: Date | string | null; digest: string; actor: string; creator: string }, { id: string; recorded: string | null }> = {
  params: ['id', 'isStarted', 'startsAt', 'digest', 'actor', 'creator'],
  text: `with moved as (
  update outbox.campaign set changed_at = clock_timestamp(), digest = $4, creator = null,
    state = case when not $2::boolean then 'draft' when coalesce($3::timestamptz <= clock_timestamp(), true)
      then 'running' else 'scheduled' end::outbox.campaign_state,
    starts_at = case when $2::boolean then coalesce($3::timestamptz, clock_timestamp()) end
  where id = $1 and creator = $6 and state = 'creating' returning id, account, state
)
select id as id, outbox.record_history_d77b0074(account, id, null, null, state::text, $5)::text as recorded from moved`,
};
export const startCampaign: Statement<{ account: string; id: Exact; actor: string }, { id: string; recorded: string | null }> = {
  params: ['account', 'id', 'actor'],
  text: `with moved as (
  update outbox.campaign set state = 'running', starts_at = clock_timestamp(), changed_at = clock_timestamp()
  where account = $1 and id = $2 and state in ('draft', 'scheduled') returning id, account, state
)
select id as id, outbox.record_history_d77b0074(account, id, null, null, state::text, $3)::text as recorded from moved`,
};
export const pauseCampaign: Statement<{ account: string; id: Exact; actor: string }, { id: string; recorded: string | null }> = {
  params: ['account', 'id', 'actor'],
  text: `with moved as (
  update outbox.campaign set state = 'paused', changed_at = clock_timestamp()
  where account = $1 and id = $2 and state in ('scheduled', 'running') returning id, account, state
)
select id as id, outbox.record_history_d77b0074(account, id, null, null, state::text, $3)::text as recorded from moved`,
};
export const resumeCampaign: Statement<{ account: string; id: Exact; actor: string }, { id: string; recorded: string | null }> = {
  params: ['account', 'id', 'actor'],
  text: `with moved as (
  update outbox.campaign set state = case when starts_at <= clock_timestamp() then 'running' else 'scheduled' end::outbox.campaign_state,
    paused_code = null, paused_reason = null, changed_at = clock_timestamp()
  where account = $1 and id = $2 and state = 'paused' returning id, account, state
)
select id as id, outbox.record_history_d77b0074(account, id, null, null, state::text, $3)::text as recorded from moved`,
};
export const cancelCampaign: Statement<{ account: string; id: Exact; actor: string }, { id: string; recorded: string | null }> = {
  params: ['account', 'id', 'actor'],
  text: `with moved as (
  update outbox.campaign set state = 'cancelled', paused_code = null, paused_reason = null, changed_at = clock_timestamp()
  where account = $1 and id = $2 and state in ('creating', 'draft', 'scheduled', 'running', 'paused')
  returning id, account, state
)
select id as id, outbox.record_history_d77b0074(account, id, null, null, state::text, $3)::text as recorded from moved`,
};
export const cancelCampaignChunks: Statement<{ id: Exact; actor: string; limit: number }, { count: number }> = {
  params: ['id', 'actor', 'limit'],
  text: `select outbox.cancel_campaign_chunks_d77b0074($1, $2, $3) as count`,
};
export const findCampaignState: Statement<{ account: string; id: Exact }, { state: CampaignState; stored_entries: string; chunk_size: number }> = {
  params: ['account', 'id'],
  text: `select state, stored_entries, chunk_size from outbox.campaign where account = $1 and id = $2`,
};
/** The chunks of the next range of the source that may contain recipients in this state, however they were split. span: the number of entries in the range. */
export const readResults: Statement<{ id: Exact; first: Exact; span: number; state: string | null }, { id: string; attempt: number; state: ChunkState; first_position: string; size: number; numbers: string | null; order_ids: string | null; code: string | null; reason: string | null; sent_at: Date | null; recipients: RecipientColumns | null; invalid: InvalidColumns | null }> = {
  params: ['id', 'first', 'span', 'state'],
  text: `with matching as not materialized (
  select c.id, c.first_position from outbox.chunk c join outbox.campaign k on k.id = c.campaign_id
  where c.campaign_id = $1 and c.first_position >= $2::bigint and case $4::text
    when 'pending' then c.state = 'pending' and k.state <> 'cancelled'
    when 'sending' then c.state = 'sending'
    when 'accepted' then c.accepted > 0
    when 'delivered' then c.accepted > 0
    when 'failed' then c.accepted > 0
    when 'rejected' then c.rejected > 0
    when 'invalid' then c.invalid > 0
    when 'cancelled' then c.state = 'cancelled' or c.state = 'pending' and k.state = 'cancelled'
    when 'unknown' then c.unknown > 0
    when 'held' then c.held > 0
    when 'abandoned' then c.abandoned > 0
    else true end
), next_range as (
  select m.first_position from matching m order by m.first_position limit 1
)
select c.id, c.attempt, case when c.state = 'pending' and k.state = 'cancelled' then 'cancelled' else c.state end as state,
  c.first_position, c.size, c.numbers, c.order_ids, c.code, c.reason, c.sent_at,
  outbox.recipient_columns_d77b0074(c.id) as recipients,
  case when c.invalid > 0 then outbox.invalid_columns_d77b0074(c.id) end as invalid
from matching m join outbox.chunk c on c.id = m.id join outbox.campaign k on k.id = c.campaign_id
where m.first_position >= (select first_position from next_range)
  and m.first_position < (select first_position from next_range) + $3::int
order by c.id`,
};
/** What is added up, and what is not added up yet. */
export const readCosts: Statement<{ account: string; from: string; to: string }, { day: string; mcc: string; currency: string; recipients: string; segments: string; total: string }> = {
  params: ['account', 'from', 'to'],
  text: `select c.day::text as day, c.mcc as mcc, c.currency as currency, sum(c.recipients)::bigint as recipients,
  sum(c.segments)::bigint as segments, trim_scale(sum(c.total)) as total
from (
  select day, mcc, currency, recipients, segments, total from outbox.cost
  where account = $1 and day between $2::text::date and $3::text::date
  union all
  select day, mcc, currency, recipients, segments, total from outbox.cost_delta
  where account = $1 and day between $2::text::date and $3::text::date
) c
group by c.day, c.mcc, c.currency having sum(c.recipients) <> 0 or sum(c.total) <> 0
order by c.day, c.mcc, c.currency`,
};
/** The same sums by day, country or currency. */
export const readSpending: Statement<{ account: string; from: string; to: string; groupBy: string }, { group: string; currency: string; recipients: string; segments: string; total: string }> = {
  params: ['account', 'from', 'to', 'groupBy'],
  text: `select case $4::text when 'day' then c.day::text when 'country' then c.country else '' end as group, c.currency as currency,
  sum(c.recipients)::bigint as recipients, sum(c.segments)::bigint as segments, trim_scale(sum(c.total)) as total
from (
  select day, country, currency, recipients, segments, total from outbox.cost
  where account = $1 and day between $2::text::date and $3::text::date
  union all
  select day, country, currency, recipients, segments, total from outbox.cost_delta
  where account = $1 and day between $2::text::date and $3::text::date
) c
group by 1, 2 having sum(c.recipients) <> 0 or sum(c.total) <> 0
order by 1, 2`,
};
/** The prices of the last 30 days, today among them. */
export const readPrices: Statement<{ account: string }, { country: string; mcc: string; mnc: string; currency: string; unit: string; recipients: string; segments: string; expected: string; differing: string; first_at: Date; last_at: Date }> = {
  params: ['account'],
  text: `select c.country as country, c.mcc as mcc, c.mnc as mnc, c.currency as currency, trim_scale(c.unit) as unit,
  sum(c.recipients)::bigint as recipients, sum(c.segments)::bigint as segments, sum(c.expected)::bigint as expected,
  sum(c.differing)::bigint as differing, min(c.first_at) as first_at, max(c.last_at) as last_at
from (
  select day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing, first_at, last_at from outbox.price
  where account = $1 and day > (statement_timestamp() at time zone 'UTC')::date - 30
  union all
  select day, country, mcc, mnc, currency, unit, recipients, segments, expected, differing,
    case when recipients > 0 then at end, case when recipients > 0 then at end from outbox.cost_delta
  where account = $1 and day > (statement_timestamp() at time zone 'UTC')::date - 30 and unit is not null
) c
group by c.country, c.mcc, c.mnc, c.currency, c.unit having sum(c.recipients) > 0
order by c.country, c.mcc, c.mnc, c.currency, c.unit`,
};
/** Looks at the next chunks after an id, of all accounts. No lastId: there are no more. */
export const findNumber: Statement<{ account: string; number: string; after: Exact; limit: Exact }, { last_id: string | null; chunk_ids: readonly string[] | null }> = {
  params: ['account', 'number', 'after', 'limit'],
  text: `with looked as (
  select c.id, c.account = $1 and position($2 in c.numbers) > 0 as has_number from outbox.chunk c
  where c.id > $3::bigint order by c.id limit $4
)
select max(id) as last_id, array_agg(id order by id) filter (where has_number) as chunk_ids from looked`,
};
export const eraseNumber: Statement<{ chunkId: Exact; number: string; actor: string }, { message_id: string | null; campaign_id: string | null; position: string; is_erased: boolean }> = {
  params: ['chunkId', 'number', 'actor'],
  text: `select message_id, campaign_id, place as position, is_erased as is_erased
from outbox.erase_number_d77b0074($1::bigint, $2, $3)`,
};
/** A number that occurred twice, or was not written as one. */
export const eraseInvalidEntries: Statement<{ account: string; number: string; after: Exact; last: Exact }, Nothing> = {
  params: ['account', 'number', 'after', 'last'],
  text: `update outbox.invalid_entry e set input = null, reason = null, order_id = null
from outbox.chunk c
where e.chunk_id > $3::bigint and e.chunk_id <= $4::bigint and c.id = e.chunk_id and c.account = $1
  and position($2 in regexp_replace(e.input, '\\D', '', 'g')) > 0`,
};
/** Reports without a message, and pushes that could not be read. */
export const eraseUnassigned: Statement<{ account: string; number: string }, Nothing> = {
  params: ['account', 'number'],
  text: `with reports as (
  delete from outbox.unmatched_report where account = $1 and number = $2
)
delete from outbox.unreadable_push where account = $1 and position(convert_to($2, 'UTF8') in body) > 0`,
};
export const redactFinishedMessages: Statement<{ account: string; ids: readonly (Exact | null)[]; evidenceMs: number }, { waiting: readonly string[] }> = {
  params: ['account', 'ids', 'evidenceMs'],
  text: `select outbox.redact_messages_d77b0074($1, $2::bigint[], $3) as waiting`,
};
/** Pairs of a handler and one of its topics. Tells whether one of these topics was not recorded before. */
export const registerHandlers: Statement<{ account: string; handlers: readonly (string | null)[]; topics: readonly (string | null)[]; isNotified: boolean }, { has_new_topics: boolean }> = {
  params: ['account', 'handlers', 'topics', 'isNotified'],
  text: `with recorded as (
  select topic from outbox.live_subscription where account = $1
), registered as (
  insert into outbox.event_handler (account, topic, handler, is_notified)
    select distinct $1, h.topic, h.handler, $4::boolean from unnest($2::text[], $3::text[]) h (handler, topic)
    order by h.topic, h.handler
    on conflict (account, topic, handler) do update
      set seen_at = excluded.seen_at, is_notified = excluded.is_notified
    returning topic
)
select count(*) filter (where topic not in (select topic from recorded)) > 0 as has_new_topics from registered`,
};
export const awaitRecorders: Statement<{ longestMs: number }, { done: string | null }> = {
  params: ['longestMs'],
  text: `select outbox.await_recorders_d77b0074($1)::text as done`,
};
export const routeEvents: Statement<{ account: string; limit: number }, { routed: number }> = {
  params: ['account', 'limit'],
  text: `select outbox.route_events_d77b0074($1, $2) as routed`,
};
/** The deliveries of messages and campaigns to handlers. handlers, topics, limits: one row for each topic of a handler. The first delivery of a message to a handler stays until it is handled, so a process that finds a later one leaves it alone. lost: how often its process died before there was a result. */
export const claimEvents: Statement<{ account: string; handlers: readonly (string | null)[]; topics: readonly (string | null)[]; limits: readonly (number | null)[]; claim: string; leaseMs: number; perMessage: Exact }, { id: string; handler: string; event_id: string; topic: string; root_id: string | null; campaign_id: string | null; failures: number; lost: number }> = {
  params: ['account', 'handlers', 'topics', 'limits', 'claim', 'leaseMs', 'perMessage'],
  text: `with moment as materialized (
  select clock_timestamp() as now
), wanted as (
  select w.handler, array_agg(w.topic) as topics, max(w.most) as most
  from unnest($2::text[], $3::text[], $4::int[]) w (handler, topic, most) group by w.handler
), head as (
  select h.id, h.root_id, h.event_id, w.handler, w.topics from wanted w cross join lateral (
    select d.id, d.root_id, d.event_id from outbox.event_delivery d
    where d.account = $1 and d.handler = w.handler and d.dead_at is null and d.due_at <= (select now from moment)
      and d.topic = any (w.topics)
      and not exists (select from outbox.event_delivery p where p.root_id = d.root_id and p.handler = d.handler
        and p.event_id < d.event_id and p.dead_at is null and p.topic = any (w.topics))
    order by d.due_at, d.id limit w.most for no key update of d skip locked
  ) h
), later as (
  -- The next ones of the message, up to the first that is not due.
  select n.id from head h cross join lateral (
    select f.id, bool_and(f.due_at <= (select now from moment)) over (order by f.event_id) as is_due from (
      select d.id, d.event_id, d.due_at from outbox.event_delivery d
      where d.root_id = h.root_id and d.handler = h.handler and d.event_id > h.event_id and d.dead_at is null
        and d.topic = any (h.topics)
      order by d.event_id limit $7
    ) f
  ) n where n.is_due
)
update outbox.event_delivery d set claim = $5::uuid, due_at = (select now from moment) + $6::float8 * interval '1 millisecond',
  lost = d.lost + (d.id = any (array(select id from head)))::int
where d.id = any (array(select id from head union all select id from later)) and d.due_at <= (select now from moment)
  and d.dead_at is null
returning d.id, d.handler, d.event_id, d.topic, d.root_id, d.campaign_id, d.failures,
  d.lost - (d.id = any (array(select id from head)))::int as lost`,
};
export const renewEvents: Statement<{ ids: readonly (Exact | null)[]; claim: string; leaseMs: number }, Nothing> = {
  params: ['ids', 'claim', 'leaseMs'],
  text: `update outbox.event_delivery set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
where id = any ($1::bigint[]) and claim = $2::uuid`,
};
export const finishEvents: Statement<{ ids: readonly (Exact | null)[]; claim: string }, Nothing> = {
  params: ['ids', 'claim'],
  text: `delete from outbox.event_delivery where id = any ($1::bigint[]) and claim = $2::uuid`,
};
/** All later ones of the message wait as long, so they are not looked at before. */
export const postponeEvents: Statement<{ ids: readonly (Exact | null)[]; claim: string; delayMs: number; failedIds: readonly (Exact | null)[]; error: string }, Nothing> = {
  params: ['ids', 'claim', 'delayMs', 'failedIds', 'error'],
  text: `with postponed as (
  update outbox.event_delivery d set claim = null, lost = 0, failures = d.failures + f.failed::int,
    error = case when f.failed then $5 else d.error end,
    first_failed_at = case when f.failed then coalesce(d.first_failed_at, f.now) else d.first_failed_at end,
    last_failed_at = case when f.failed then f.now else d.last_failed_at end,
    due_at = f.now + $3::float8 * interval '1 millisecond'
  from (select id, id = any ($4::bigint[]) as failed, clock_timestamp() as now from unnest($1::bigint[]) id) f
  where d.id = f.id and d.claim = $2::uuid
  returning d.root_id, d.handler, d.event_id, d.due_at
), newest as (
  select root_id, handler, max(event_id) as event_id, min(due_at) as due_at from postponed group by root_id, handler
)
update outbox.event_delivery d set due_at = n.due_at from newest n
where d.root_id = n.root_id and d.handler = n.handler and d.event_id > n.event_id and d.dead_at is null and d.claim is null
  and d.due_at < n.due_at`,
};
/** wasCalled: whether the handler failed once more just now. */
export const giveUpEvents: Statement<{ ids: readonly (Exact | null)[]; claim: string; error: string; wasCalled: boolean }, Nothing> = {
  params: ['ids', 'claim', 'error', 'wasCalled'],
  text: `update outbox.event_delivery set claim = null, failures = failures + $4::boolean::int,
  lost = case when $4 then 0 else greatest(0, lost - 1) end, error = $3, dead_at = clock_timestamp(),
  first_failed_at = coalesce(first_failed_at, clock_timestamp()), last_failed_at = clock_timestamp()
where id = any ($1::bigint[]) and claim = $2::uuid`,
};
export const releaseEvents: Statement<{ ids: readonly (Exact | null)[]; claim: string }, Nothing> = {
  params: ['ids', 'claim'],
  text: `update outbox.event_delivery set claim = null, lost = 0, due_at = clock_timestamp()
where id = any ($1::bigint[]) and claim = $2::uuid`,
};
/** A deleted chunk has no events. */
export const readEvents: Statement<{ ids: readonly (Exact | null)[] }, { id: string; topic: string; root_id: string; chunk_id: string; campaign_id: string | null; slots: readonly number[]; attempt: number; sent_at: Date | null; code: string | null; reason: string | null; lane: Lane; reference: string | null; first_position: string; numbers: string | null; order_ids: string | null; recipients: RecipientColumns | null }> = {
  params: ['ids'],
  text: `select d.id, d.topic, d.root_id as root_id, d.chunk_id as chunk_id, d.campaign_id, d.slots as slots, d.attempt as attempt,
  d.sent_at, d.code, d.reason, c.lane as lane, c.reference, c.first_position, c.numbers, c.order_ids,
  outbox.recipient_columns_d77b0074(d.chunk_id) as recipients
from outbox.event_delivery d join outbox.chunk c on c.id = d.chunk_id
where d.id = any ($1::bigint[])`,
};
export const readMovedNumbers: Statement<{ messageIds: readonly (Exact | null)[] }, { root_id: string; numbers: string }> = {
  params: ['messageIds'],
  text: `select coalesce(root_id, id) as root_id, numbers as numbers from outbox.chunk
where (id = any ($1::bigint[]) or root_id = any ($1::bigint[])) and numbers is not null`,
};
/** Dead letters, newest first. */
export const listFailedEvents: Statement<{ account: string; handler: string | null; before: Exact | null; limit: Exact }, { id: string; handler: string; topic: string; root_id: string | null; campaign_id: string | null; recipients: number; error: string; tries: number; recorded_at: Date; first_failed_at: Date; last_failed_at: Date }> = {
  params: ['account', 'handler', 'before', 'limit'],
  text: `select id, handler, topic, root_id, campaign_id, coalesce(cardinality(slots), 0) as recipients, error as error,
  failures + lost as tries, recorded_at, first_failed_at as first_failed_at, last_failed_at as last_failed_at
from outbox.event_delivery
where account = $1 and dead_at is not null and ($2::text is null or handler = $2) and ($3::bigint is null or id < $3::bigint)
order by id desc limit $4`,
};
export const retryFailedEvents: Statement<{ account: string; ids: readonly (Exact | null)[] | null; handler: string | null; actor: string }, { count: number }> = {
  params: ['account', 'ids', 'handler', 'actor'],
  text: `select outbox.retry_events_d77b0074($1, $2::bigint[], $3, $4) as count`,
};
/** No process with handlers has been running for 7 days. */
export const removeUnroutedEvents: Statement<{ account: string }, { topic: string; events: number }> = {
  params: ['account'],
  text: `with removed as (
  delete from outbox.event where account = $1 and recorded_at < statement_timestamp() - interval '7 days' returning topic
)
select topic as topic, count(*)::int as events from removed group by topic order by topic`,
};
/** Handlers that no process has had for 7 days. Their deliveries end with the next statement. */
export const removeGoneHandlers: Statement<{ account: string }, Nothing> = {
  params: ['account'],
  text: `delete from outbox.event_handler where account = $1 and seen_at < clock_timestamp() - interval '7 days'`,
};
export const removeHandlerlessEvents: Statement<{ account: string }, { handler: string; events: number }> = {
  params: ['account'],
  text: `with removed as (
  delete from outbox.event_delivery d where d.account = $1 and not exists (
    select from outbox.event_handler h where h.account = d.account and h.topic = d.topic and h.handler = d.handler)
  returning d.handler
)
select handler as handler, count(*)::int as events from removed group by handler order by handler`,
};
export const removeOldFailedEvents: Statement<{ account: string; keptMs: number }, { handler: string; events: number }> = {
  params: ['account', 'keptMs'],
  text: `with removed as (
  delete from outbox.event_delivery
  where account = $1 and dead_at is not null and dead_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  returning handler
)
select handler as handler, count(*)::int as events from removed group by handler order by handler`,
};
/** The chunks of messages and campaigns with recipients on hold, oldest first. from: the id of the first chunk. */
export const listHeld: Statement<{ account: string; from: Exact; limit: Exact }, { id: string; attempt: number; state: ChunkState; first_position: string; size: number; numbers: string | null; order_ids: string | null; code: string | null; reason: string | null; sent_at: Date | null; campaign_id: string | null; message_id: string; reference: string | null; seal_key_id: string | null; recipients: RecipientColumns | null; invalid: InvalidColumns | null }> = {
  params: ['account', 'from', 'limit'],
  text: `select c.id, c.attempt, c.state as state, c.first_position, c.size, c.numbers, c.order_ids, c.code, c.reason,
  c.sent_at, c.campaign_id, coalesce(c.root_id, c.id) as message_id, c.reference, c.seal_key_id,
  outbox.recipient_columns_d77b0074(c.id) as recipients, null::json as invalid
from outbox.chunk c
where c.account = $1 and c.id >= $2::bigint and c.held > 0
order by c.id limit $3`,
};
export const findHeldOfMessage: Statement<{ account: string; messageId: Exact }, { id: string; first_position: string }> = {
  params: ['account', 'messageId'],
  text: `select c.id, c.first_position from outbox.chunk c
where c.account = $1 and (c.id = $2::bigint or c.root_id = $2::bigint) and c.campaign_id is null and c.held > 0
order by c.id`,
};
export const findHeldOfCampaign: Statement<{ account: string; campaignId: Exact }, { id: string; first_position: string }> = {
  params: ['account', 'campaignId'],
  text: `select c.id, c.first_position from outbox.chunk c where c.account = $1 and c.campaign_id = $2 and c.held > 0 order by c.id`,
};
export const findRejectedOfCampaign: Statement<{ account: string; campaignId: Exact }, { id: string }> = {
  params: ['account', 'campaignId'],
  text: `select c.id from outbox.chunk c where c.account = $1 and c.campaign_id = $2 and c.rejected > 0 order by c.id`,
};
export const resolveHeld: Statement<{ ids: readonly (Exact | null)[]; decision: string; positions: readonly (Exact | null)[] | null; actor: string }, { count: number }> = {
  params: ['ids', 'decision', 'positions', 'actor'],
  text: `select coalesce(sum(outbox.resolve_held_d77b0074(t.id, $2, $3::bigint[], $4)), 0)::int as count
from (select id from unnest($1::bigint[]) c (id) order by id) t`,
};
export const resendRejected: Statement<{ ids: readonly (Exact | null)[]; actor: string }, { count: number }> = {
  params: ['ids', 'actor'],
  text: `select coalesce(sum(outbox.resend_d77b0074(t.id, 'rejected', $2, 'rejected')), 0)::int as count
from (select id from unnest($1::bigint[]) c (id) order by id) t`,
};
/** The entries of a message and of the chunks that it was split into. */
export const historyOfMessage: Statement<{ account: string; id: Exact; after: Exact; limit: Exact }, { id: string; at: Date; event: string; actor: string; chunk_id: string | null; attempt: number | null; detail: string | null }> = {
  params: ['account', 'id', 'after', 'limit'],
  text: `select h.id, h.at, h.event, h.actor, h.chunk_id, h.attempt, h.detail from outbox.history h
where h.chunk_id in (select c.id from outbox.chunk c
    where c.account = $1 and c.campaign_id is null and (c.id = $2::bigint or c.root_id = $2::bigint))
  and h.id > $3::bigint
order by h.id limit $4`,
};
/** The first entry of a message. It has no row of its own in the history. */
export const beginningOfMessage: Statement<{ account: string; id: Exact }, { created_at: Date; created_by: string; id: string; seal_key_id: string | null }> = {
  params: ['account', 'id'],
  text: `select c.created_at, c.created_by as created_by, c.id, c.seal_key_id from outbox.chunk c
where c.account = $1 and c.id = $2::bigint and c.campaign_id is null and c.created_by is not null`,
};
export const historyOfCampaign: Statement<{ account: string; id: Exact; after: Exact; limit: Exact }, { id: string; at: Date; event: string; actor: string; chunk_id: string | null; attempt: number | null; detail: string | null }> = {
  params: ['account', 'id', 'after', 'limit'],
  text: `select h.id, h.at, h.event, h.actor, h.chunk_id, h.attempt, h.detail from outbox.history h
where h.account = $1 and h.campaign_id = $2::bigint and h.id > $3::bigint
order by h.id limit $4`,
};
/** Newest first. index: what finds the messages to look at: 'number', 'reference', 'problem' or 'lane'. At most `look` of them are compared with the other filters, so no page reads more. looked_up_to: the last of these, if there may be more. A cursor whose message was deleted stands for the time of the one before it. */
export const listMessages: Statement<{ account: string; lane: string | null; state: string | null; number: Exact | null; reference: string | null; from: Date | string | null; to: Date | string | null; before: Exact | null; index: string; look: Exact; limit: Exact }, { looked_up_to: string | null; id: string | null; lane: Lane; reference: string | null; created_at: Date; due_at: Date; changed_at: Date; attempts: number; number: string | null; recipients: number; pending: number; sending: number; cancelled: number; accepted: number; delivered: number; failed: number; rejected: number; unknown: number; held: number; abandoned: number }> = {
  params: ['account', 'lane', 'state', 'number', 'reference', 'from', 'to', 'before', 'index', 'look', 'limit'],
  text: `with beginning as materialized (
  select coalesce($8::bigint, 9223372036854775807) as id,
    case when $8::bigint is null then 'infinity' else coalesce(
      (select b.created_at from outbox.chunk b where b.id <= $8::bigint order by b.id desc limit 1), '-infinity') end as at
), page as materialized (
  -- One bound at each end: of two at the newer end, an index scan would begin at the one that says less.
  select coalesce($6::timestamptz, '-infinity') as from_at,
    case when $7::timestamptz <= c.at then $7::timestamptz else c.at end as at,
    case when $7::timestamptz <= c.at then 0 else c.id end as id
  from beginning c
), looked_at as materialized (
  select s.at, s.id from (
    (select c.created_at as at, c.id
      from page p cross join unnest(case when $2::text is null then enum_range(null::outbox.lane)
          else array[$2::text::outbox.lane] end) l (lane)
        cross join lateral (
          select c.created_at, c.id from outbox.chunk c
          where $9::text = 'lane' and c.account = $1 and c.lane = l.lane and c.campaign_id is null and c.root_id is null
            and c.created_at >= p.from_at and (c.created_at, c.id) < (p.at, p.id)
          order by c.created_at desc, c.id desc limit $10
        ) c)
    union all
    (select c.* from page p cross join lateral (
        select coalesce(c.root_created_at, c.created_at) as at, coalesce(c.root_id, c.id) as id from outbox.chunk c
        where $9::text = 'number' and c.account = $1 and c.numbers::bigint = $4::bigint and c.campaign_id is null
          and c.size = 1 and c.numbers not like '%,%' and c.state <> 'sending'
          and coalesce(c.root_created_at, c.created_at) >= p.from_at
          and (coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)) < (p.at, p.id)
        order by coalesce(c.root_created_at, c.created_at) desc, coalesce(c.root_id, c.id) desc limit $10
      ) c)
    union all
    (select coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)
      from page p join outbox.chunk c on coalesce(c.root_created_at, c.created_at) >= p.from_at
        and (coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)) < (p.at, p.id)
      where $9::text = 'number' and c.account = $1 and c.state = 'sending' and c.campaign_id is null and c.size = 1
        and c.numbers = $4::bigint::text)
    union all
    (select c.* from page p cross join lateral (
        select c.created_at as at, c.id from outbox.chunk c
        where $9::text = 'reference' and c.account = $1 and c.reference = $5::text and c.campaign_id is null
          and c.root_id is null and c.created_at >= p.from_at
          and (c.created_at, c.id) < (p.at, p.id)
        order by c.created_at desc, c.id desc limit $10
      ) c)
    union all
    (select c.* from page p cross join lateral (
        select coalesce(c.root_created_at, c.created_at) as at, coalesce(c.root_id, c.id) as id from outbox.chunk c
        where $9::text = 'problem' and c.account = $1 and c.campaign_id is null
          and (c.rejected > 0 or c.unknown > 0 or c.held > 0 or c.abandoned > 0 or c.state = 'cancelled')
          and coalesce(c.root_created_at, c.created_at) >= p.from_at
          and (coalesce(c.root_created_at, c.created_at), coalesce(c.root_id, c.id)) < (p.at, p.id)
        order by coalesce(c.root_created_at, c.created_at) desc, coalesce(c.root_id, c.id) desc limit $10
      ) c)
  ) s order by s.at desc, s.id desc limit $10
), found as (
  select distinct l.at, l.id from looked_at l cross join lateral (select * from outbox.chunk where id = l.id limit 1) r
  where ($2::text is null or r.lane = $2::text::outbox.lane) and ($5::text is null or r.reference = $5::text)
    and ($3::text is null or exists (
      select from (select * from outbox.chunk where id = l.id union all select * from outbox.chunk where root_id = l.id) c
      where case $3::text
        when 'rejected' then c.rejected > 0
        when 'unknown' then c.unknown > 0
        when 'held' then c.held > 0
        when 'abandoned' then c.abandoned > 0
        when 'accepted' then c.accepted > 0 and (exists (select from outbox.pending_result where chunk_id = c.id)
          or exists (select from outbox.recipient where chunk_id = c.id and state = 'accepted'))
        when 'delivered' then c.accepted > 0
          and exists (select from outbox.recipient where chunk_id = c.id and state = 'delivered')
        when 'failed' then c.accepted > 0
          and exists (select from outbox.recipient where chunk_id = c.id and state = 'failed')
        else c.state::text = $3::text and c.size > c.accepted + c.rejected + c.unknown + c.held + c.abandoned
      end))
  order by l.at desc, l.id desc limit $11
)
select w.looked_up_to as looked_up_to, f.id as id, r.lane as lane, r.reference, r.created_at as created_at,
  r.due_at as due_at, n.changed_at as changed_at, n.attempts as attempts, n.number as number,
  n.recipients as recipients, n.pending as pending, n.sending as sending, n.cancelled as cancelled,
  (n.accepted - n.delivered - n.failed)::int as accepted, n.delivered as delivered, n.failed as failed,
  n.rejected as rejected, n.unknown as unknown, n.held as held, n.abandoned as abandoned
from (
  select (select l.id from looked_at l order by l.at desc, l.id desc offset $10 - 1 limit 1) as looked_up_to
) w left join found f on true
  left join lateral (select * from outbox.chunk where id = f.id limit 1) r on true
  left join lateral (
    select max(c.changed_at) as changed_at, max(c.attempt) as attempts, sum(c.size)::int as recipients,
      coalesce(sum(o.open) filter (where c.state = 'pending'), 0)::int as pending,
      coalesce(sum(o.open) filter (where c.state = 'sending'), 0)::int as sending,
      coalesce(sum(o.open) filter (where c.state = 'cancelled'), 0)::int as cancelled,
      sum(c.accepted)::int as accepted, sum(c.rejected)::int as rejected, sum(c.unknown)::int as unknown,
      sum(c.held)::int as held, sum(c.abandoned)::int as abandoned,
      sum(o.delivered)::int as delivered, sum(o.failed)::int as failed,
      -- The first slots of a part may be empty.
      (array_agg(split_part(ltrim(c.numbers, ','), ',', 1) order by length(c.numbers) - length(ltrim(c.numbers, ',')))
        filter (where ltrim(c.numbers, ',') <> ''))[1] as number
    from (select * from outbox.chunk where id = f.id union all select * from outbox.chunk where root_id = f.id) c
      cross join lateral (
        select count(*) filter (where m.state = 'delivered') as delivered,
          count(*) filter (where m.state = 'failed') as failed,
          c.size - c.accepted - c.rejected - c.unknown - c.held - c.abandoned as open
        from outbox.recipient m where m.chunk_id = c.id and c.accepted > 0
      ) o
  ) n on true
order by f.at desc, f.id desc`,
};
/** Newest first: the entries of a campaign, of a message, or of everything without two events that every message has. At most `look` entries are compared with the filters. looked_up_to: the last of these, if there may be more. */
export const listHistory: Statement<{ account: string; campaignId: Exact | null; messageId: Exact | null; event: string | null; actor: string | null; from: Date | string | null; to: Date | string | null; before: Exact | null; look: Exact; limit: Exact }, { looked_up_to: string | null; id: string | null; at: Date; event: string; actor: string; campaign_id: string | null; chunk_id: string | null; attempt: number | null; detail: string | null; message_id: string | null }> = {
  params: ['account', 'campaignId', 'messageId', 'event', 'actor', 'from', 'to', 'before', 'look', 'limit'],
  text: `with beginning as materialized (
  select coalesce($8::bigint, 9223372036854775807) as id,
    case when $8::bigint is null then 'infinity' else coalesce(
      (select b.at from outbox.history b where b.id <= $8::bigint order by b.id desc limit 1), '-infinity') end as at
), page as materialized (
  -- One bound at each end, as above.
  select c.id, coalesce($6::timestamptz, '-infinity') as from_at, coalesce($7::timestamptz, 'infinity') as to_at,
    case when $7::timestamptz <= c.at then $7::timestamptz else c.at end as last_at,
    case when $7::timestamptz <= c.at then 0 else c.id end as last_id
  from beginning c
), looked_at as materialized (
  select s.at, s.id from (
    (select h.* from page p cross join lateral (
        select h.at, h.id from outbox.history h
        where $2::bigint is null and $3::bigint is null and h.account = $1 and h.event not in ('sending', 'completed')
          and h.at >= p.from_at and (h.at, h.id) < (p.last_at, p.last_id)
        order by h.at desc, h.id desc limit $9
      ) h)
    union all
    (select 'infinity', h.id from page p cross join lateral (
        select h.id from outbox.history h where h.account = $1 and h.campaign_id = $2::bigint and h.id < p.id
        order by h.id desc limit $9
      ) h)
    union all
    (select 'infinity', h.id from page p cross join (
        select id from outbox.chunk where id = $3::bigint and account = $1 and campaign_id is null
        union all select id from outbox.chunk where root_id = $3::bigint and account = $1 and campaign_id is null
      ) c cross join lateral (
        select h.id from outbox.history h where h.chunk_id = c.id and h.id < p.id order by h.id desc limit $9
      ) h)
  ) s order by s.at desc, s.id desc limit $9
), found as (
  select l.at as place, h.* from looked_at l cross join lateral (select * from outbox.history where id = l.id limit 1) h, page p
  where ($4::text is null or h.event = $4::text) and ($5::text is null or h.actor = $5::text)
    and h.at >= p.from_at and h.at < p.to_at
  order by l.at desc, l.id desc limit $10
)
select w.looked_up_to as looked_up_to, f.id as id, f.at as at, f.event as event, f.actor as actor,
  f.campaign_id as campaign_id, f.chunk_id as chunk_id, f.attempt as attempt, f.detail as detail,
  case when f.campaign_id is null then (select coalesce(c.root_id, c.id) from outbox.chunk c where c.id = f.chunk_id) end as message_id
from (
  select (select l.id from looked_at l order by l.at desc, l.id desc offset $9 - 1 limit 1) as looked_up_to
) w left join found f on true
order by f.place desc, f.id desc`,
};
export const markOverdue: Statement<{ account: string; leaseMs: number; actor: string; limit: number }, { lane: Lane; recipients: number }> = {
  params: ['account', 'leaseMs', 'actor', 'limit'],
  text: `select changed_lane as lane, recipients as recipients from outbox.mark_overdue_d77b0074($1, $2, $3, $4)`,
};
export const endGracePeriod: Statement<{ account: string; lane: Lane; gracePeriodMs: number; action: UnconfirmedAction; actor: string; limit: number }, { lane: Lane; recipients: number; decided: RecipientState | null }> = {
  params: ['account', 'lane', 'gracePeriodMs', 'action', 'actor', 'limit'],
  text: `select changed_lane as lane, recipients as recipients, decided as decided
from outbox.end_grace_period_d77b0074($1, $2, $3, $4, $5, $6)`,
};
export const expireMessages: Statement<{ account: string; actor: string; limit: number }, { lane: Lane; recipients: number; is_rejected: boolean }> = {
  params: ['account', 'actor', 'limit'],
  text: `select changed_lane as lane, recipients as recipients, is_rejected as is_rejected
from outbox.expire_messages_d77b0074($1, $2, $3)`,
};
export const cancelLeftovers: Statement<{ account: string; actor: string; limit: number }, { count: number }> = {
  params: ['account', 'actor', 'limit'],
  text: `select outbox.cancel_leftovers_d77b0074($1, $2, $3) as count`,
};
/** Cancels campaigns whose creator is gone: without a key no other call can continue them. Those with a key wait longer, or for ever. */
export const cancelLostCreations: Statement<{ account: string; actor: string; lostAfterMs: number; keyedAfterMs: number | null }, { id: string; recorded: string | null }> = {
  params: ['account', 'actor', 'lostAfterMs', 'keyedAfterMs'],
  text: `with moved as (
  update outbox.campaign set state = 'cancelled', changed_at = clock_timestamp(), creator = null
  where account = $1 and state = 'creating' and creator_seen_at < clock_timestamp() - interval '1 millisecond'
    * case when idempotency_key is null then $3::float8 else $4::float8 end
  returning id, account
)
select id as id, outbox.record_history_d77b0074(account, id, null, null, 'cancelled', $2)::text as recorded from moved`,
};
export const advanceCampaigns: Statement<{ account: string; actor: string }, { done: string | null }> = {
  params: ['account', 'actor'],
  text: `select outbox.advance_campaigns_d77b0074($1, $2)::text as done`,
};
export const foldCounts: Statement<{ limit: number }, { count: number }> = {
  params: ['limit'],
  text: `select greatest(outbox.fold_counts_d77b0074($1), outbox.fold_costs_d77b0074($1)) as count`,
};
/** All but the newest, which counts. */
export const removeOldGrants: Statement<{ account: string }, Nothing> = {
  params: ['account'],
  text: `delete from outbox.rate_grant where account = $1 and id < (select max(id) from outbox.rate_grant where account = $1)`,
};
/** Unless sending has priority. Then results are flushed only if some have waited for too long. */
export const flushSomeResults: Statement<{ isBusy: boolean; longestWaitMs: number; limit: number }, { flushed: number | null }> = {
  params: ['isBusy', 'longestWaitMs', 'limit'],
  text: `select case when not $1::boolean
    or exists (select from outbox.pending_result where at < statement_timestamp() - $2::float8 * interval '1 millisecond')
  then outbox.flush_oldest_results_d77b0074($3) end as flushed`,
};
export const flushOldestResults: Statement<{ limit: number }, { flushed: number }> = {
  params: ['limit'],
  text: `select outbox.flush_oldest_results_d77b0074($1) as flushed`,
};
/** Returns a row if no process has done this for an interval. Then this process does it on behalf of all. */
export const takeTurn: Statement<{ account: string; task: string; intervalMs: number }, { task: string }> = {
  params: ['account', 'task', 'intervalMs'],
  text: `with taken as (
  update outbox.turn set taken_at = clock_timestamp()
  where account = $1 and task = $2 and taken_at <= clock_timestamp() - $3::float8 * interval '1 millisecond' returning task
), added as (
  insert into outbox.turn select $1, $2, clock_timestamp()
  where not exists (select from outbox.turn where account = $1 and task = $2)
  on conflict do nothing returning task
)
select task as task from taken union all select task from added`,
};
/** The insert takes this lock anyway. Outside a transaction it is an error, before anything is stored. */
export const lockChunks: Statement<Nothing, Nothing> = {
  params: [],
  text: `lock table outbox.chunk in row exclusive mode`,
};
/** Runs in the transaction of the app, whose driver passes every parameter as text. notifies: whether workers are notified when it commits; never if it is rolled back. */
export const addMessage: Statement<{ account: string; lane: string; size: string; numbers: string; orderIds: string | null; content: string; senderId: string | null; dueAt: string | null; expiresAt: string | null; idempotencyKey: string | null; fingerprint: string | null; hasWaiter: string; reference: string | null; actor: string; notifies: string; onUnconfirmed: string | null; sealKeyId: string | null; purpose: string | null; parts: string }, { id: string; called: string | null }> = {
  name: 'addMessage',
  params: ['account', 'lane', 'size', 'numbers', 'orderIds', 'content', 'senderId', 'dueAt', 'expiresAt', 'idempotencyKey', 'fingerprint', 'hasWaiter', 'reference', 'actor', 'notifies', 'onUnconfirmed', 'sealKeyId', 'purpose', 'parts'],
  text: `with message as materialized (
  select outbox.next_chunk_id_d77b0074() as id
), with_key as (
  insert into outbox.idempotency_key (account, kind, key, id)
    select $1::text, 'message', $10::text, id from message where $10::text is not null
    on conflict (account, kind, key) do nothing
    returning id
), added as (
  insert into outbox.chunk (id, account, lane, size, numbers, order_ids, content, sender_id, due_at, expires_at,
      fingerprint, has_waiter, reference, created_by, on_unconfirmed, seal_key_id, purpose, parts) overriding system value
    select m.id, $1::text, $2::text::outbox.lane, $3::text::int, $4::text, $5::text, $6::text, $7::text,
      coalesce($8::text::timestamptz, clock_timestamp()), $9::text::timestamptz, $11::text, $12::text::boolean,
      $13::text, $14::text, $16::text::outbox.unconfirmed_action, $17::text, $18::text::outbox.purpose, $19::text::smallint
    from message m where $10::text is null or exists (select from with_key)
    returning id, due_at
), with_ids as (
  insert into outbox.caller_order_id select id, string_to_array($5::text, ',') from added where $5::text is not null
)
select added.id::text as id,
  case when $15::text::boolean and added.due_at <= clock_timestamp() then outbox.notify_due_d77b0074($1::text, $2::text)::text end as called
from added`,
};
/** The same for many messages, each without a waiter. Each list is a JSON array with one text or null for each message, or null if there is nothing in it. notified: the lanes whose workers are notified when it commits, joined by commas. Returns the ids in the same order; empty for messages whose key was used before. */
export const addMessages: Statement<{ account: string; lane: string; actor: string; count: string; lanes: string | null; sizes: string | null; numbers: string; orderIds: string | null; contents: string; senderIds: string | null; dueAts: string | null; expiresAts: string | null; idempotencyKeys: string | null; fingerprints: string | null; references: string | null; actors: string | null; notified: string | null; onUnconfirmed: string | null; sealKeyIds: string | null; purposes: string | null; parts: string | null }, { ids: string; called: string | null }> = {
  name: 'addMessages',
  params: ['account', 'lane', 'actor', 'count', 'lanes', 'sizes', 'numbers', 'orderIds', 'contents', 'senderIds', 'dueAts', 'expiresAts', 'idempotencyKeys', 'fingerprints', 'references', 'actors', 'notified', 'onUnconfirmed', 'sealKeyIds', 'purposes', 'parts'],
  text: `with message as materialized (
  select m.* from rows from (
    outbox.next_chunk_ids_d77b0074($4::text::int),
    json_array_elements_text($5::text::json), json_array_elements_text($6::text::json),
    json_array_elements_text($7::text::json), json_array_elements_text($8::text::json),
    json_array_elements_text($9::text::json), json_array_elements_text($10::text::json),
    json_array_elements_text($11::text::json), json_array_elements_text($12::text::json),
    json_array_elements_text($13::text::json), json_array_elements_text($14::text::json),
    json_array_elements_text($15::text::json), json_array_elements_text($16::text::json),
    json_array_elements_text($18::text::json), json_array_elements_text($19::text::json),
    json_array_elements_text($20::text::json), json_array_elements_text($21::text::json)
  ) m (id, lane, size, numbers, order_ids, content, sender_id, due_at, expires_at, idempotency_key, fingerprint, reference,
    actor, on_unconfirmed, seal_key_id, purpose, parts)
), with_key as (
  insert into outbox.idempotency_key (account, kind, key, id)
    select $1::text, 'message', m.idempotency_key, m.id from message m
    where $13::text is not null and m.idempotency_key is not null
    on conflict (account, kind, key) do nothing
    returning id
), added as (
  insert into outbox.chunk (id, account, lane, size, numbers, order_ids, content, sender_id, due_at, expires_at,
      fingerprint, reference, created_by, on_unconfirmed, seal_key_id, purpose, parts) overriding system value
    select m.id, $1::text, coalesce(m.lane, $2::text)::outbox.lane, coalesce(m.size::int, 1), m.numbers, m.order_ids,
      m.content, m.sender_id, coalesce(m.due_at::timestamptz, clock_timestamp()), m.expires_at::timestamptz,
      m.fingerprint, m.reference, coalesce(m.actor, $3::text), m.on_unconfirmed::outbox.unconfirmed_action, m.seal_key_id,
      m.purpose::outbox.purpose, coalesce(m.parts::smallint, 1)
    from message m where m.idempotency_key is null or m.id in (select id from with_key)
    returning id, order_ids
), with_ids as (
  insert into outbox.caller_order_id select id, string_to_array(order_ids, ',') from added
    where $8::text is not null and order_ids is not null
)
select
  string_agg(case when m.idempotency_key is null or k.id is not null then m.id::text else '' end, ',' order by m.id) as ids,
  (select string_agg(outbox.notify_due_d77b0074($1::text, n.lane)::text, '') from unnest(string_to_array($17::text, ',')) n (lane)) as called
from message m left join with_key k on k.id = m.id`,
};
/** Runs in the transaction of the app. Without a fingerprint if the message has been redacted or deleted. */
export const findMessageByKey: Statement<{ account: string; idempotencyKey: string | null }, { id: string; fingerprint: string | null }> = {
  name: 'findMessageByKey',
  params: ['account', 'idempotencyKey'],
  text: `select k.id::text as id, c.fingerprint as fingerprint from outbox.idempotency_key k left join outbox.chunk c on c.id = k.id
where k.account = $1::text and k.kind = 'message' and k.key = $2::text`,
};
/** Runs in the transaction of the app. The lateral joins look each key up by index, even if the statistics of the tables are outdated. Without a fingerprint as above. */
export const findMessagesByKeys: Statement<{ account: string; idempotencyKeys: string }, { id: string; idempotency_key: string; fingerprint: string | null }> = {
  params: ['account', 'idempotencyKeys'],
  text: `select k.id::text as id, k.key as idempotency_key, c.fingerprint as fingerprint
from json_array_elements_text($2::text::json) w (key) cross join lateral (
  select * from outbox.idempotency_key where account = $1::text and kind = 'message' and key = w.key limit 1
) k left join lateral (select * from outbox.chunk where id = k.id limit 1) c on true`,
};
/** A message with the chunks that it was split into. The id of a part finds that part. */
export const findMessage: Statement<{ account: string; id: Exact }, { id: string; attempt: number; state: ChunkState; first_position: string; size: number; numbers: string | null; order_ids: string | null; code: string | null; reason: string | null; sent_at: Date | null; campaign_id: string | null; reference: string | null; lane: Lane; created_at: Date; due_at: Date; on_unconfirmed: UnconfirmedAction | null; seal_key_id: string | null; recipients: RecipientColumns | null; invalid: InvalidColumns | null }> = {
  params: ['account', 'id'],
  text: `select c.id, c.attempt, c.state as state, c.first_position, c.size, c.numbers, c.order_ids, c.code, c.reason,
  c.sent_at, c.campaign_id, c.reference, c.lane as lane, c.created_at, c.due_at, c.on_unconfirmed, c.seal_key_id,
  outbox.recipient_columns_d77b0074(c.id) as recipients,
  case when c.invalid > 0 then outbox.invalid_columns_d77b0074(c.id) end as invalid
from outbox.chunk c
where c.account = $1 and (c.id = $2::bigint or c.root_id = $2::bigint)
order by c.id`,
};
/** Those messages with nothing pending or being sent. A lateral join looks each one up by index, even if the table's statistics are outdated. */
export const findDecidedMessages: Statement<{ account: string; ids: readonly (Exact | null)[] }, { message_id: string; id: string; attempt: number; state: ChunkState; first_position: string; size: number; numbers: string | null; order_ids: string | null; code: string | null; reason: string | null; sent_at: Date | null; campaign_id: string | null; reference: string | null; lane: Lane; created_at: Date; due_at: Date; on_unconfirmed: UnconfirmedAction | null; seal_key_id: string | null; recipients: RecipientColumns | null; invalid: InvalidColumns | null }> = {
  params: ['account', 'ids'],
  text: `with decided as (
  select w.id from unnest($2::bigint[]) w (id)
  where not exists (select from outbox.chunk c where c.id = w.id and c.state in ('pending', 'sending'))
    and not exists (select from outbox.chunk c where c.root_id = w.id and c.state in ('pending', 'sending'))
)
select d.id as message_id, c.id as id, c.attempt as attempt, c.state as state, c.first_position as first_position,
  c.size as size, c.numbers, c.order_ids, c.code, c.reason, c.sent_at, c.campaign_id, c.reference, c.lane as lane,
  c.created_at as created_at, c.due_at as due_at, c.on_unconfirmed, c.seal_key_id,
  outbox.recipient_columns_d77b0074(c.id) as recipients,
  case when c.invalid > 0 then outbox.invalid_columns_d77b0074(c.id) end as invalid
from decided d cross join lateral (
  select * from outbox.chunk where id = d.id union all select * from outbox.chunk where root_id = d.id
) c
where c.account = $1 order by d.id, c.id`,
};
/** The parts of messages to one recipient: whether their outcome is open, and the message id once the gateway accepted them. */
export const readAcceptances: Statement<{ account: string; ids: readonly (Exact | null)[] }, { id: string; number: string | null; is_open: boolean; msg_id: string | null }> = {
  params: ['account', 'ids'],
  text: `select coalesce(c.root_id, c.id) as id, trim(both ',' from c.numbers) as number,
  c.state in ('pending', 'sending') or c.unknown > 0 or c.held > 0 as is_open, m.msg_id
from (select id from outbox.chunk where id = any ($2::bigint[]) union all select id from outbox.chunk where root_id = any ($2::bigint[])) f
  join outbox.chunk c on c.id = f.id
  -- A rejected message may have a message id too.
  left join lateral (
    select msg_id from outbox.recipient where chunk_id = c.id and state in ('accepted', 'delivered', 'failed')
    union all select msg_ids from outbox.pending_result where chunk_id = c.id limit 1
  ) m on true
where c.account = $1 and c.campaign_id is null`,
};
/** The message that a chunk belongs to. */
export const findMessageOfChunk: Statement<{ account: string; chunkId: Exact }, { message_id: string }> = {
  params: ['account', 'chunkId'],
  text: `select coalesce(c.root_id, c.id) as message_id from outbox.chunk c where c.account = $1 and c.id = $2::bigint`,
};
/** offset 0: the server cannot tell how few chunks have this id, and would read all of them in their order. */
export const findMessageByOrderId: Statement<{ account: string; orderId: string }, { message_id: string }> = {
  params: ['account', 'orderId'],
  text: `select coalesce(c.root_id, c.id) as message_id
from (select o.chunk_id from outbox.caller_order_id o where o.ids @> array[$2::text] offset 0) f
  cross join lateral (select * from outbox.chunk where id = f.chunk_id offset 0) c
where c.account = $1 order by c.id limit 1`,
};
export const cancelMessage: Statement<{ account: string; id: Exact; actor: string }, { cancelled: number }> = {
  params: ['account', 'id', 'actor'],
  text: `select outbox.cancel_message_d77b0074($1, $2, $3) as cancelled`,
};
/** sealKeyIds: leaves out messages that are sealed with another key. */
export const countDue: Statement<{ account: string; max: Exact; sealKeyIds: readonly (string | null)[] | null }, { count: number }> = {
  params: ['account', 'max', 'sealKeyIds'],
  text: `select count(*)::int as count from (
  select from outbox.chunk where account = $1 and lane = 'priority' and state = 'pending'
    and campaign_id is null and is_list in (false, true) and due_at <= statement_timestamp()
    and ($3::text[] is null or seal_key_id is null or seal_key_id = any ($3::text[])) limit $2
) due`,
};
export const notifyDue: Statement<{ account: string; lane: string }, { done: string | null }> = {
  name: 'notifyDue',
  params: ['account', 'lane'],
  text: `select outbox.notify_due_d77b0074($1, $2)::text as done`,
};
export const addOptOuts: Statement<{ account: string; numbers: readonly (string | null)[]; sender: string; reason: string; actor: string; revives: boolean }, { added: readonly string[] }> = {
  params: ['account', 'numbers', 'sender', 'reason', 'actor', 'revives'],
  text: `select outbox.add_opt_outs_d77b0074($1, $2, $3, $4, $5, $6) as added`,
};
export const endOptOut: Statement<{ account: string; number: string; sender: string | null; actor: string; consent: string | null }, { changed: boolean }> = {
  params: ['account', 'number', 'sender', 'actor', 'consent'],
  text: `select outbox.end_opt_out_d77b0074($1, $2, $3, $4, $5) as changed`,
};
export const readOptOutVersion: Statement<{ account: string }, { version: string }> = {
  params: ['account'],
  text: `select version as version from outbox.opt_out_state where account = $1`,
};
/** Changes after one of them, in the order of versions. One version may have many numbers. */
export const readOptOutChanges: Statement<{ account: string; after: Exact; afterNumber: string; afterSender: string; limit: Exact }, { number: string; sender: string; is_active: boolean; version: string }> = {
  params: ['account', 'after', 'afterNumber', 'afterSender', 'limit'],
  text: `select o.number as number, o.sender as sender, o.ended_at is null as is_active, o.version as version
from outbox.opt_out o
where o.account = $1 and o.version >= $2 and (o.version, o.number, o.sender) > ($2::bigint, $3::text, $4::text)
order by o.version, o.number, o.sender limit $5`,
};
/** Those that are active. */
export const findOptOuts: Statement<{ account: string; numbers: readonly (string | null)[] }, { number: string; sender: string; reason: string; actor: string; since: Date }> = {
  params: ['account', 'numbers'],
  text: `select o.number, o.sender, o.reason, o.actor, o.since from outbox.opt_out o
where o.account = $1 and o.number = any ($2::text[]) and o.ended_at is null order by o.number, o.sender`,
};
export const listOptOuts: Statement<{ account: string; number: string | null; afterNumber: string; afterSender: string; limit: Exact }, { number: string; sender: string; reason: string; actor: string; since: Date; ended_at: Date | null; ended_by: string | null; consent: string | null }> = {
  params: ['account', 'number', 'afterNumber', 'afterSender', 'limit'],
  text: `select o.number, o.sender, o.reason, o.actor, o.since, o.ended_at, o.ended_by, o.consent from outbox.opt_out o
where o.account = $1 and (o.number, o.sender) > ($3, $4) and ($2::text is null or o.number = $2)
order by o.number, o.sender limit $5`,
};
/** A message that is listed has no id of the platform. It is the one that was pushed with the same text at the same time. */
export const addInbound: Statement<{ account: string; key: string; number: string; receiver: string | null; content: string; type: string; gatewayTime: Date | string | null }, { id: string }> = {
  params: ['account', 'key', 'number', 'receiver', 'content', 'type', 'gatewayTime'],
  text: `insert into outbox.inbound (account, key, number, receiver, content, type, gateway_time)
  values ($1, $2, $3, $4, $5, $6::text::outbox.reply_type, $7)
  on conflict (account, key) do nothing
  returning id as id`,
};
export const listInbound: Statement<{ account: string; type: string | null; number: string | null; before: Exact | null; limit: Exact }, { id: string; number: string | null; receiver: string | null; content: string | null; type: ReplyType; gateway_time: Date | null; received_at: Date; reviewed_by: string | null }> = {
  params: ['account', 'type', 'number', 'before', 'limit'],
  text: `select i.id as id, i.number, i.receiver, i.content, i.type as type, i.gateway_time, i.received_at as received_at, i.reviewed_by
from outbox.inbound i
where i.account = $1 and ($2::text is null or i.type = $2::text::outbox.reply_type) and ($3::text is null or i.number = $3)
  and ($4::bigint is null or i.id < $4)
order by i.id desc limit $5`,
};
export const findInbound: Statement<{ account: string; id: Exact }, { id: string; number: string | null; receiver: string | null; content: string | null; type: ReplyType; gateway_time: Date | null; received_at: Date; reviewed_by: string | null }> = {
  params: ['account', 'id'],
  text: `select i.id as id, i.number, i.receiver, i.content, i.type as type, i.gateway_time, i.received_at as received_at, i.reviewed_by
from outbox.inbound i where i.account = $1 and i.id = $2`,
};
export const reviewInbound: Statement<{ account: string; id: Exact; type: string; actor: string }, { number: string; receiver: string | null }> = {
  params: ['account', 'id', 'type', 'actor'],
  text: `update outbox.inbound set type = $3::text::outbox.reply_type, reviewed_by = $4
  where account = $1 and id = $2 and type = 'unclear' and number is not null
  returning number as number, receiver`,
};
/** The period to list, if that is due and no other worker has the turn. */
export const takeInboundTurn: Statement<{ account: string; intervalMs: number }, { from: Date; to: Date }> = {
  params: ['account', 'intervalMs'],
  text: `update outbox.account a set inbound_turn_at = clock_timestamp()
  where a.id = $1 and a.inbound_turn_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
  returning a.inbound_listed_at as from, clock_timestamp() as to`,
};
export const finishInboundTurn: Statement<{ account: string; to: Date | string }, Nothing> = {
  params: ['account', 'to'],
  text: `update outbox.account set inbound_listed_at = $2 where id = $1`,
};
export const redactInbound: Statement<{ account: string; retentionMs: number; limit: Exact }, { count: number }> = {
  params: ['account', 'retentionMs', 'limit'],
  text: `with due as (
  select id from outbox.inbound
  where account = $1 and number is not null and received_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  order by received_at limit $3 for update skip locked
), redacted as (
  update outbox.inbound set number = null, content = null where id = any (array(select id from due)) returning 1
)
select count(*)::int as count from redacted`,
};
export const deleteInbound: Statement<{ account: string; deleteAfterMs: number; limit: Exact }, { count: number }> = {
  params: ['account', 'deleteAfterMs', 'limit'],
  text: `with due as (
  select id from outbox.inbound
  where account = $1 and number is null and received_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  order by received_at limit $3 for update skip locked
), deleted as (
  delete from outbox.inbound where id = any (array(select id from due)) returning 1
)
select count(*)::int as count from deleted`,
};
/** The opt-out of the number stays: without it, the person would get messages again. */
export const eraseInbound: Statement<{ account: string; number: string }, { changed: boolean }> = {
  params: ['account', 'number'],
  text: `update outbox.inbound set number = null, content = null where account = $1 and number = $2 returning true as changed`,
};
/** Each list is one text, whose values are separated by the character 30. Splitting it here is cheaper than an array, on both sides. */
export const applyFinalReports: Statement<{ account: string; msgIds: string; states: string; reasons: string; gatewayTimes: string; chunkIds: string; slots: string; charges: string | null }, { found: readonly number[] | null }> = {
  name: 'applyFinalReports',
  params: ['account', 'msgIds', 'states', 'reasons', 'gatewayTimes', 'chunkIds', 'slots', 'charges'],
  text: `select outbox.apply_final_reports_d77b0074($1, string_to_array($2, chr(30)), string_to_array($3, chr(30)),
  string_to_array($4, chr(30)), string_to_array($5, chr(30)), string_to_array($6, chr(30)),
  string_to_array($7, chr(30)), string_to_array($8, chr(30))) as found`,
};
export const storeReports: Statement<{ account: string; actor: string; pollAfterMs: number | null; keepsUnmatched: boolean; msgIds: readonly (string | null)[]; orderIds: readonly (string | null)[]; numbers: readonly (string | null)[]; states: readonly (string | null)[]; reasons: readonly (string | null)[]; gatewayTimes: readonly (Date | string | null)[]; chunkIds: readonly (Exact | null)[]; attempts: readonly (number | null)[]; slots: readonly (number | null)[]; charges: readonly (string | null)[] | null }, { done: string | null }> = {
  params: ['account', 'actor', 'pollAfterMs', 'keepsUnmatched', 'msgIds', 'orderIds', 'numbers', 'states', 'reasons', 'gatewayTimes', 'chunkIds', 'attempts', 'slots', 'charges'],
  text: `select outbox.store_reports_d77b0074($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)::text as done`,
};
export const retryReports: Statement<{ account: string; actor: string; pollAfterMs: number | null; limit: number }, { tried: number }> = {
  params: ['account', 'actor', 'pollAfterMs', 'limit'],
  text: `select outbox.retry_reports_d77b0074($1, $2, $3, $4) as tried`,
};
/** Chunks whose reports were not pushed, with the ids of their recipients without a final state. pauses: the pauses between fetches, as multiples of the first one. */
export const claimReportPolls: Statement<{ account: string; reportsAfterMs: number; pauses: readonly (number | null)[]; limit: number; recipients: number }, { id: string; msg_ids: readonly string[] }> = {
  params: ['account', 'reportsAfterMs', 'pauses', 'limit', 'recipients'],
  text: `select chunk_id as id, msg_ids as msg_ids from outbox.claim_report_polls_d77b0074($1, $2, $3, $4, $5)`,
};
export const releaseReportPolls: Statement<{ chunkIds: readonly (Exact | null)[]; delayMs: number }, Nothing> = {
  params: ['chunkIds', 'delayMs'],
  text: `update outbox.chunk set polls = greatest(0, polls - 1), poll_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
where id = any ($1::bigint[])`,
};
/** The period to look up, if a lookup is due and no other worker has the turn. A message is looked up as soon as it is unknown, each time its age has doubled, and shortly before the grace period ends. */
export const takeLookupTurn: Statement<{ account: string; intervalMs: number; gracePeriodMs: number }, { from: Date; to: Date }> = {
  params: ['account', 'intervalMs', 'gracePeriodMs'],
  text: `with candidates as (
  select c.sent_at, c.changed_at, a.looked_up_at, clock_timestamp() as now,
    extract(epoch from clock_timestamp() - c.sent_at) * 1000 / $2::float8 as intervals,
    $2::float8 * interval '1 millisecond' as one, $3::float8 * interval '1 millisecond' as grace
  from outbox.chunk c join outbox.account a on a.id = c.account
  where c.account = $1 and c.unknown > 0
), due as (
  select min(sent_at) as since from candidates where looked_up_at is null or looked_up_at < changed_at
    or looked_up_at < sent_at + one * power(2, floor(ln(greatest(1, intervals)) / ln(2))) and intervals >= 1
    or looked_up_at < changed_at + grace - 1.5 * one and now >= changed_at + grace - 1.5 * one
)
update outbox.account a set lookup_alive_at = clock_timestamp() from due d
where a.id = $1 and d.since is not null
  and (a.lookup_alive_at is null or a.lookup_alive_at <= clock_timestamp() - $2::float8 * interval '1 millisecond')
returning d.since as from, a.lookup_alive_at as to`,
};
export const keepLookupTurn: Statement<{ account: string }, Nothing> = {
  params: ['account'],
  text: `update outbox.account set lookup_alive_at = clock_timestamp() where id = $1`,
};
export const finishLookup: Statement<{ account: string; to: Date | string }, Nothing> = {
  params: ['account', 'to'],
  text: `update outbox.account set looked_up_at = $2 where id = $1`,
};
/** Those message ids that belong to no message here. */
export const findForeignIds: Statement<{ msgIds: readonly (string | null)[] }, { msg_id: string }> = {
  params: ['msgIds'],
  text: `select a.msg_id as msg_id from unnest($1::text[]) a (msg_id)
where not exists (select from outbox.recipient m where m.msg_id = a.msg_id)`,
};
/** Chunks with recipients that the gateway may have accepted without telling their ids. */
export const findOpenChunks: Statement<{ account: string; longestDeliveryMs: number }, { id: string }> = {
  params: ['account', 'longestDeliveryMs'],
  text: `with lately as (
  select statement_timestamp() - $2::float8 * interval '1 millisecond' as since
)
select c.id as id from outbox.chunk c, lately where c.account = $1 and c.sent_at >= since and c.state = 'sending'
union select c.id from outbox.chunk c, lately where c.account = $1 and c.sent_at >= since and c.unknown > 0
union select c.id from outbox.chunk c, lately where c.account = $1 and c.sent_at >= since and c.held > 0`,
};
export const readOpenChunks: Statement<{ ids: readonly (Exact | null)[] }, { id: string; attempt: number; is_sending: boolean; numbers: string; sent_at: Date; decided_slots: readonly number[] }> = {
  params: ['ids'],
  text: `select c.id, c.attempt, c.state = 'sending' as is_sending, c.numbers as numbers, c.sent_at as sent_at,
  array(select m.slot from outbox.recipient m where m.chunk_id = c.id
    and m.state not in ('unknown', 'held', 'abandoned')) as decided_slots
from outbox.chunk c where c.id = any ($1::bigint[]) and c.numbers is not null
  and c.state in ('sending', 'completed', 'unknown', 'held', 'abandoned')`,
};
export const keepUnreadablePush: Statement<{ account: string; route: string; reason: string; body: Buffer; digest: Buffer; maxKept: number }, Nothing> = {
  params: ['account', 'route', 'reason', 'body', 'digest', 'maxKept'],
  text: `with kept as (
  insert into outbox.unreadable_push (account, route, reason, body, digest) values ($1, $2, $3, $4, $5)
  on conflict (account, route, digest) do nothing
)
delete from outbox.unreadable_push where account = $1 and id <= (
  select id from outbox.unreadable_push where account = $1 order by id desc offset $6::int - 1 limit 1
)`,
};
export const listUnreadablePushes: Statement<{ account: string; before: Exact | null; limit: Exact }, { id: string; received_at: Date; route: string; reason: string; body: Buffer }> = {
  params: ['account', 'before', 'limit'],
  text: `select id, received_at, route, reason, body from outbox.unreadable_push
where account = $1 and ($2::bigint is null or id < $2::bigint) order by id desc limit $3`,
};
export const hasRecentWorker: Statement<Nothing, { is_running: boolean }> = {
  params: [],
  text: `select exists (select from outbox.turn where taken_at > clock_timestamp() - interval '30 seconds') as is_running`,
};
/** The server gave these ids to messages that are lost, and order ids contain them. As its owner. */
export const skipRestoredIds: Statement<Nothing, { chunk: string | null; campaign: string | null }> = {
  params: [],
  text: `select setval('outbox.chunk_id_seq'::regclass, greatest((select last_value from outbox.chunk_id_seq),
    (select coalesce(max(id), 0) from outbox.chunk) + 1000000000))::text as chunk,
  setval('outbox.campaign_id_seq'::regclass, greatest((select last_value from outbox.campaign_id_seq),
    (select coalesce(max(id), 0) from outbox.campaign) + 1000000000))::text as campaign`,
};
/** Whatever its own choice, its campaign's or the lane's is: that was made for a request that got no response. */
export const holdUnknown: Statement<Nothing, Nothing> = {
  params: [],
  text: `update outbox.chunk set on_unconfirmed = 'hold' where state = 'sending' or unknown > 0`,
};
export const markRestored: Statement<{ backupAt: Date | string; except: readonly (Exact | null)[]; limit: number }, { recipients: number }> = {
  params: ['backupAt', 'except', 'limit'],
  text: `select outbox.mark_restored_d77b0074($1, $2::bigint[], $3) as recipients`,
};
/** Messages that belong to no campaign. */
export const redactMessages: Statement<{ account: string; retentionMs: number; limit: Exact }, { count: number }> = {
  params: ['account', 'retentionMs', 'limit'],
  text: `with ended as (
  select c.id from outbox.chunk c where c.account = $1 and c.campaign_id is null and c.redacted_at is null
    and c.changed_at < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') and c.unknown = 0 and c.held = 0
  order by c.changed_at limit $3 for no key update skip locked
)
select outbox.redact_chunks_d77b0074(array(select id from ended)) as count`,
};
/** Chunks of campaigns that were done or cancelled before. */
export const redactCampaignChunks: Statement<{ account: string; retentionMs: number; limit: Exact }, { count: number }> = {
  params: ['account', 'retentionMs', 'limit'],
  text: `with ended as (
  select c.id from outbox.campaign k join outbox.chunk c on c.campaign_id = k.id
  where k.account = $1 and k.state in ('done', 'cancelled') and k.redacted_at is null
    and coalesce(k.done_at, k.changed_at) < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and c.redacted_at is null and c.unknown + c.held = 0
    and (c.state in ('completed', 'rejected', 'cancelled', 'abandoned', 'split') or c.state = 'pending' and k.state = 'cancelled')
  limit $3 for no key update of c skip locked
)
select outbox.redact_chunks_d77b0074(array(select id from ended)) as count`,
};
/** The texts of campaigns without any remaining chunk that might be sent. Each is looked up by itself: a join would read the chunks of all campaigns. */
export const redactCampaigns: Statement<{ account: string; retentionMs: number; limit: Exact }, { id: string }> = {
  params: ['account', 'retentionMs', 'limit'],
  text: `with ended as (
  select k.id from outbox.campaign k where k.account = $1 and k.state in ('done', 'cancelled') and k.redacted_at is null
    and coalesce(k.done_at, k.changed_at) < statement_timestamp() - $2::float8 * interval '1 millisecond'
    and (select c.id from outbox.chunk c where c.campaign_id = k.id and c.redacted_at is null limit 1) is null
  limit $3 for no key update skip locked
)
update outbox.campaign k set content = null, fingerprint = null, digest = null, redacted_at = clock_timestamp()
where k.id = any (array(select id from ended)) returning k.id`,
};
export const removeUnreadablePushes: Statement<{ account: string; retentionMs: number }, Nothing> = {
  params: ['account', 'retentionMs'],
  text: `delete from outbox.unreadable_push
where account = $1 and received_at < statement_timestamp() - $2::float8 * interval '1 millisecond'`,
};
export const deleteMessages: Statement<{ account: string; deleteAfterMs: number; limit: number; recipients: number }, { count: number }> = {
  params: ['account', 'deleteAfterMs', 'limit', 'recipients'],
  text: `select outbox.delete_messages_d77b0074($1, $2, $3, $4) as count`,
};
export const deleteCampaigns: Statement<{ account: string; deleteAfterMs: number; limit: number; recipients: number }, { count: number }> = {
  params: ['account', 'deleteAfterMs', 'limit', 'recipients'],
  text: `select outbox.delete_campaigns_d77b0074($1, $2, $3, $4) as count`,
};
export const deleteAccountHistory: Statement<{ account: string; deleteAfterMs: number; limit: number }, { count: number }> = {
  params: ['account', 'deleteAfterMs', 'limit'],
  text: `select outbox.delete_account_history_d77b0074($1, $2, $3) as count`,
};
export const deleteIdempotencyKeys: Statement<{ account: string; keptMs: number; limit: number }, { count: number }> = {
  params: ['account', 'keptMs', 'limit'],
  text: `select outbox.delete_idempotency_keys_d77b0074($1, $2, $3) as count`,
};
/** Reads open rows only. Each part is written so that a partial index covers it and nothing else. */
export const readStats: Statement<{ account: string }, { backlog: string; scheduled: string; oldest: number; oldest_priority: number; sending: string; unknown: string; held: string; failed_events: string; paused_at: Date | null; paused_code: string | null; paused_reason: string | null; probe_at: Date | null; message_id: string | null; campaign_id: string | null }> = {
  params: ['account'],
  text: `with moment as materialized (
  select clock_timestamp() as now
), waiting as (
  -- A chunk that was delayed by a rejection of the account still counts as waiting.
  select lane, size, least(due_at, account_rejected_at) as due_at from outbox.chunk
  where account = $1 and state = 'pending' and campaign_id is null
  union all
  select c.lane, c.size, greatest(c.due_at, k.starts_at)
  from outbox.campaign k join outbox.chunk c on c.campaign_id = k.id and c.state = 'pending'
  where k.account = $1 and k.state in ('scheduled', 'running')
), pending as (
  select coalesce(sum(size) filter (where due_at <= now), 0) as backlog,
    coalesce(sum(size) filter (where due_at > now), 0) as scheduled,
    greatest(0, extract(epoch from max(now) - min(due_at)))::float8 as oldest,
    greatest(0, extract(epoch from max(now) - min(due_at) filter (where lane = 'priority')))::float8 as oldest_priority
  from waiting, moment
)
select p.backlog as backlog, p.scheduled as scheduled, p.oldest as oldest, p.oldest_priority as oldest_priority,
  (select coalesce(sum(c.size), 0) from outbox.chunk c where c.account = $1 and c.state = 'sending') as sending,
  (select coalesce(sum(c.unknown), 0) from outbox.chunk c where c.account = $1 and c.unknown > 0) as unknown,
  (select coalesce(sum(c.held), 0) from outbox.chunk c where c.account = $1 and c.held > 0) as held,
  (select count(*) from outbox.event_delivery d where d.account = $1 and d.dead_at is not null) as failed_events,
  a.paused_at, a.paused_code, a.paused_reason, a.probe_at,
  (select coalesce(b.root_id, b.id) from outbox.chunk b where b.id = a.paused_chunk_id and b.campaign_id is null) as message_id,
  (select b.campaign_id from outbox.chunk b where b.id = a.paused_chunk_id) as campaign_id
from outbox.account a, pending p where a.id = $1`,
};
export const readLaneLimits: Statement<{ account: string }, { lane: Lane; max_size: number; reason: string; since: Date; probe_at: Date }> = {
  params: ['account'],
  text: `select lane, max_size, reason, since, probe_at from outbox.lane_limit where account = $1 order by lane`,
};
export const readLaneControls: Statement<{ account: string }, { lane: Lane; paused_at: Date | null; paused_by: string | null; paused_reason: string | null; slots: number | null; slots_set_at: Date | null; slots_set_by: string | null }> = {
  params: ['account'],
  text: `select lane, paused_at, paused_by, paused_reason, slots, slots_set_at, slots_set_by from outbox.lane_control
where account = $1 and (paused_at is not null or slots is not null) order by lane`,
};
/** The keys of sealed contents that are still stored, and of how many recipients. */
export const readSealedContents: Statement<{ account: string }, { key_id: string; recipients: string }> = {
  params: ['account'],
  text: `select seal_key_id as key_id, sum(size) as recipients from outbox.chunk
where account = $1 and seal_key_id is not null and content is not null group by seal_key_id order by seal_key_id`,
};
/** The keys of sealed contents that are not among these. Reads one index entry for each key, however many contents there are. */
export const findMissingSealKeys: Statement<{ account: string; sealKeyIds: readonly (string | null)[] }, { key_id: string }> = {
  params: ['account', 'sealKeyIds'],
  text: `with recursive used as (
  (select c.seal_key_id as id from outbox.chunk c where c.account = $1 and c.seal_key_id is not null and c.content is not null
    order by c.seal_key_id limit 1)
  union all
  select (select c.seal_key_id from outbox.chunk c where c.account = $1 and c.seal_key_id is not null
      and c.content is not null and c.seal_key_id > u.id order by c.seal_key_id limit 1)
  from used u where u.id is not null
)
select u.id as key_id from used u where u.id is not null and u.id <> all ($2::text[]) order by u.id`,
};
export const notificationQueueUsage: Statement<Nothing, { usage: number }> = {
  params: [],
  text: `select pg_notification_queue_usage() as usage`,
};
/** Writes that affect no rows. The server still checks that it is not a replica, accepts writes, and allows them to this role. */
export const probeEnqueuing: Statement<Nothing, { one: number }> = {
  params: [],
  text: `with w1 as (insert into outbox.chunk (account, lane, size) select '', 'bulk', 0 where false),
  w2 as (insert into outbox.caller_order_id (chunk_id, ids) select 0, '{}' where false),
  w3 as (insert into outbox.idempotency_key (account, kind, key, id) select '', '', '', 0 where false)
select 1 as one`,
};
/** A process that sends needs more rights than one that only enqueues. */
export const probeSending: Statement<Nothing, { one: number }> = {
  params: [],
  text: `with w1 as (update outbox.account set id = id where false),
  w2 as (update outbox.chunk set size = size where false),
  w3 as (insert into outbox.recipient (chunk_id, slot, state) select 0, 0, 'unknown' where false),
  w4 as (insert into outbox.pending_result (chunk_id, msg_ids) select 0, '' where false),
  w5 as (delete from outbox.pending_result where false),
  w6 as (insert into outbox.count_delta (campaign_id) select 0 where false),
  w7 as (insert into outbox.history (event, actor) select '', '' where false)
select 1 as one`,
};
export const readInstallation: Statement<{ account: string }, { order_id_prefix: string; is_known: boolean }> = {
  params: ['account'],
  text: `select i.order_id_prefix, exists (select from outbox.account where id = $1) as is_known from outbox.installation i`,
};
export const addAccount: Statement<{ account: string }, Nothing> = {
  params: ['account'],
  text: `insert into outbox.account (id) values ($1) on conflict do nothing`,
};
export const listAccounts: Statement<Nothing, { id: string }> = {
  params: [],
  text: `select a.id from outbox.account a order by a.id`,
};
export const putTemplate: Statement<{ account: string; name: string; texts: string; defaultLocale: string; maxParts: number | null; keepsLineEnds: boolean; actor: string }, { version: number; is_new: boolean }> = {
  params: ['account', 'name', 'texts', 'defaultLocale', 'maxParts', 'keepsLineEnds', 'actor'],
  text: `select p.current_version as version, p.is_new as is_new from outbox.put_template_d77b0074($1, $2, $3::json, $4, $5, $6, $7) p`,
};
export const archiveTemplate: Statement<{ account: string; name: string; actor: string }, { changed: boolean | null }> = {
  params: ['account', 'name', 'actor'],
  text: `select outbox.archive_template_d77b0074($1, $2, $3) as changed`,
};
/** version: null for the current one. */
export const findTemplate: Statement<{ account: string; name: string; version: number | null }, { name: string; version: number; texts: string; default_locale: string; max_parts: number | null; keeps_line_ends: boolean; created_by: string; created_at: Date; changed_at: Date; archived_at: Date | null }> = {
  params: ['account', 'name', 'version'],
  text: `select t.name, v.version, v.texts::text as texts, v.default_locale, v.max_parts, v.keeps_line_ends, v.created_by,
  t.created_at, v.created_at as changed_at, t.archived_at
from outbox.template t join outbox.template_version v on v.template_id = t.id
where t.account = $1 and t.name = $2 and v.version = coalesce($3::int, t.version)`,
};
/** The current versions, by name. after: the last name of the page before, or an empty text. */
export const listTemplates: Statement<{ account: string; includesArchived: boolean; after: string; limit: number }, { name: string; version: number; texts: string; default_locale: string; max_parts: number | null; keeps_line_ends: boolean; created_by: string; created_at: Date; changed_at: Date; archived_at: Date | null }> = {
  params: ['account', 'includesArchived', 'after', 'limit'],
  text: `select t.name, v.version, v.texts::text as texts, v.default_locale, v.max_parts, v.keeps_line_ends, v.created_by,
  t.created_at, v.created_at as changed_at, t.archived_at
from outbox.template t join outbox.template_version v on v.template_id = t.id and v.version = t.version
where t.account = $1 and ($2::boolean or t.archived_at is null) and t.name > $3
order by t.name limit $4::int`,
};
export const claimChunks: Statement<{ account: string; worker: string; lane: Lane; limit: number; recipientsPerSecond: number | null; requestsPerSecond: number | null; burst: number; priorityShare: number; largest: number; startWithinMs: number; lastCampaignId: Exact; floors: readonly (Date | string | null)[]; campaignIds: readonly (Exact | null)[]; inFlight: number; sealKeyIds: readonly (string | null)[] }, { chunk_id: string | null; attempt: number; campaign_id: string | null; size: number; due_at: Date | null; numbers: string; order_ids: string | null; content: string; seal_key_id: string | null; sender_id: string | null; number_retries: number; splits_left: number; is_probe: boolean; wait_ms: number | null; waited_ms: number; expires_in_ms: number | null; maybe_accepted: boolean; is_lane_probe: boolean; lane_slots: number | null; purpose: Purpose | null; opt_outs: string | null }> = {
  name: 'claimChunks',
  params: ['account', 'worker', 'lane', 'limit', 'recipientsPerSecond', 'requestsPerSecond', 'burst', 'priorityShare', 'largest', 'startWithinMs', 'lastCampaignId', 'floors', 'campaignIds', 'inFlight', 'sealKeyIds'],
  text: `select chunk_id, chunk_attempt as attempt, chunk_campaign as campaign_id, chunk_size as size, chunk_due_at as due_at,
  chunk_numbers as numbers,
  chunk_order_ids as order_ids, chunk_content as content, chunk_seal_key as seal_key_id,
  chunk_sender as sender_id,
  chunk_number_retries as number_retries, splits_left as splits_left, is_probe as is_probe, wait_ms,
  waited_ms as waited_ms, expires_in_ms, maybe_accepted as maybe_accepted, is_lane_probe as is_lane_probe,
  lane_slots, chunk_purpose as purpose, opt_outs
from outbox.claim_chunks_d77b0074($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
};
export const storeResults: Statement<{ actor: string; results: string; pollAfterMs: number | null }, { stored: readonly boolean[] }> = {
  name: 'storeResults',
  params: ['actor', 'results', 'pollAfterMs'],
  text: `select outbox.store_results_d77b0074($1, $2, $3) as stored`,
};
export const recordAccountRejection: Statement<{ account: string; chunkId: Exact; actor: string; isProbe: boolean; code: string; reason: string; firstProbeMs: number; maxStrikes: number }, { verdict: string; delay: number }> = {
  params: ['account', 'chunkId', 'actor', 'isProbe', 'code', 'reason', 'firstProbeMs', 'maxStrikes'],
  text: `select verdict as verdict, delay as delay from outbox.record_account_rejection_d77b0074($1, $2, $3, $4, $5, $6, $7, $8)`,
};
export const pauseAccount: Statement<{ account: string; code: string; reason: string; firstProbeMs: number }, { changed: boolean }> = {
  params: ['account', 'code', 'reason', 'firstProbeMs'],
  text: `select outbox.pause_account_d77b0074($1, $2, $3, $4) as changed`,
};
export const resumeAccount: Statement<{ account: string; actor: string }, { changed: boolean }> = {
  params: ['account', 'actor'],
  text: `select outbox.resume_account_d77b0074($1, $2) as changed`,
};
export const pauseLane: Statement<{ account: string; lane: Lane; chunkId: Exact; targetSize: number; reason: string; firstProbeMs: number }, { changed: boolean }> = {
  params: ['account', 'lane', 'chunkId', 'targetSize', 'reason', 'firstProbeMs'],
  text: `select outbox.pause_lane_d77b0074($1, $2, $3, $4, $5, $6) as changed`,
};
export const endLaneProbe: Statement<{ account: string; lane: Lane; size: number; isAnswered: boolean | null; reason: string; firstProbeMs: number }, { changed: boolean }> = {
  params: ['account', 'lane', 'size', 'isAnswered', 'reason', 'firstProbeMs'],
  text: `select outbox.end_lane_probe_d77b0074($1, $2, $3, $4, $5, $6) as changed`,
};
export const resumeLanes: Statement<{ account: string; actor: string }, { changed: boolean }> = {
  params: ['account', 'actor'],
  text: `select outbox.resume_lanes_d77b0074($1, $2) as changed`,
};
export const backOff: Statement<{ account: string; delayMs: number }, { done: string | null }> = {
  params: ['account', 'delayMs'],
  text: `select outbox.back_off_d77b0074($1, $2)::text as done`,
};
export const pauseLaneManually: Statement<{ account: string; lane: Lane; actor: string; reason: string | null }, { changed: boolean }> = {
  params: ['account', 'lane', 'actor', 'reason'],
  text: `select outbox.pause_lane_manually_d77b0074($1, $2, $3, $4) as changed`,
};
export const resumeLaneManually: Statement<{ account: string; lane: Lane; actor: string }, { changed: boolean }> = {
  params: ['account', 'lane', 'actor'],
  text: `select outbox.resume_lane_manually_d77b0074($1, $2, $3) as changed`,
};
export const setLaneSlots: Statement<{ account: string; lane: Lane; slots: number | null; actor: string }, { changed: boolean }> = {
  params: ['account', 'lane', 'slots', 'actor'],
  text: `select outbox.set_lane_slots_d77b0074($1, $2, $3, $4) as changed`,
};
