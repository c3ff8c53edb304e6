-- breaking
--
-- The tables. All times are the server's. `verify` stands for the schema that the app configures.

-- One row for each number of a tenant. It outlives verifications, so a new code does not reset failures and limits.
create table verify.phone (
  tenant text not null,
  -- A keyed digest of the number.
  number_key bytea not null,
  -- Theoretical arrival times: when an hour's and a day's messages are all used up, they are an hour and a day ahead.
  hour_tat timestamptz not null default '-infinity',
  day_tat timestamptz not null default '-infinity',
  -- How many messages it got in a row, each within an hour of the one before, and when the next one may follow.
  streak int not null default 0,
  sent_at timestamptz,
  next_send_at timestamptz not null default '-infinity',
  -- Wrong codes since the last right one, and how often they locked it.
  failures int not null default 0,
  locks int not null default 0,
  locked_until timestamptz not null default '-infinity',
  suspended_at timestamptz,
  -- When it was last verified. Since then it is known for a while.
  approved_at timestamptz,
  -- When its ranges last counted it. Null if they have not, or that was taken back.
  counted_at timestamptz,
  seen_at timestamptz not null,
  primary key (tenant, number_key)
) with (fillfactor = 70);
-- Numbers with failures are kept, or a pause would forgive them.
create index phone_seen on verify.phone (seen_at) where failures = 0 and suspended_at is null;

create type verify.verification_state as enum ('pending', 'matched', 'approved', 'failed', 'expired', 'cancelled');

-- 'decoy' and 'pretended' look like a verification, but send no message and can never be approved: the app asked for it, or the
-- guard would have rejected it. 'test' sends no message and has a fixed code.
create type verify.verification_kind as enum ('sms', 'decoy', 'pretended', 'test');

create table verify.verification (
  id uuid primary key,
  kind verify.verification_kind not null,
  tenant text not null,
  purpose text not null,
  number_key bytea not null,
  -- A keyed digest of what the app knows its visitor by. A random one if it says nothing.
  session_key bytea not null,
  -- A digest of what the code is good for. Empty if it is not bound to anything.
  binding bytea not null,
  -- Null once it is over.
  number text,
  country text not null,
  -- Whether the number was verified before its start.
  is_known boolean not null,
  -- Whether the traffic of its country does not count it, because messages did not arrive when it was started.
  is_excused boolean not null,
  -- The key of the digests. Its code is derived from id and generation, and stored nowhere.
  key_id text not null,
  generation int not null default 1,
  digest bytea not null,
  expires_at timestamptz not null,
  -- The code before, which stays good for its own time.
  old_digest bytea,
  old_expires_at timestamptz,
  attempts int not null default 0,
  max_attempts int not null,
  sends int not null default 0,
  state verify.verification_state not null default 'pending',
  -- The rules that would have rejected it, if they were not in shadow.
  would text[] not null default '{}',
  -- The ranges of its number and source, and what its start adds to their scores.
  ranges text[] not null default '{}',
  gain double precision not null default 0,
  -- The last message, and all of those in the outbox that may still contain the number.
  message_id bigint,
  message_ids bigint[] not null default '{}',
  -- The account that sent the last message. Null if there was none.
  account text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  approved_at timestamptz,
  redeemed_at timestamptz,
  -- When to tell the platform that its message was used, and how often that failed.
  convert_at timestamptz,
  conversion_tries int not null default 0,
  -- When to erase the number in the outbox, once it is over. Null after that.
  redact_at timestamptz default '-infinity'
) with (fillfactor = 70);
-- The open verification of a session. Two starts at once find the same one.
create unique index verification_open on verify.verification (tenant, number_key, purpose, session_key, binding)
  where state in ('pending', 'matched');
create index verification_expiring on verify.verification (greatest(expires_at, old_expires_at))
  where state in ('pending', 'matched');
create index verification_convert on verify.verification (convert_at) where convert_at is not null;
create index verification_redact on verify.verification (redact_at)
  where redact_at is not null and convert_at is null and state not in ('pending', 'matched');
-- Nothing is left to do for these.
create index verification_changed on verify.verification (changed_at) where redact_at is null;

-- What a decoy writes instead of a message, so that both take as long.
create table verify.decoy_message (
  id bigint primary key,
  key text not null unique,
  content text not null,
  at timestamptz not null
);
create index decoy_message_at on verify.decoy_message (at);

-- The event handlers in some process of the app.
create table verify.approval_handler (
  -- A name that stays the same over releases: `Module/Class.method`, or one that the app chose.
  handler text primary key,
  -- When a process with this handler last said so.
  seen_at timestamptz not null
);

-- An approval for one handler, until the handler succeeds. It outlives its verification.
create table verify.approval_delivery (
  id bigint generated always as identity primary key,
  handler text not null,
  verification_id uuid not null,
  purpose text not null,
  tenant text not null,
  country text not null,
  -- Null after a day. The verification has forgotten it at once.
  number text,
  approved_at timestamptz not null,
  -- With a claim: until when it belongs to the process that calls the handler now.
  due_at timestamptz not null,
  claim uuid,
  -- How often the handler was called, or was about to be when its process died.
  tries int not null default 0
);
create index approval_delivery_due on verify.approval_delivery (handler, due_at);
create index approval_delivery_number on verify.approval_delivery (approved_at) where number is not null;

-- What sources of requests and tenants have used up of an hour: messages, and wrong codes.
create table verify.quota (
  key bytea primary key,
  -- The theoretical arrival time: when all of the hour is used up, it is an hour ahead.
  tat timestamptz not null
);
create index quota_tat on verify.quota (tat);

-- Scores of ranges of numbers: how likely their starts are fraud. A high score blocks the range for a while.
create table verify.number_range (
  key text primary key,
  score double precision not null,
  -- How many numbers were approved, which fades as the score does.
  approvals double precision not null default 0,
  at timestamptz not null,
  blocked_until timestamptz not null default '-infinity',
  -- How often it was blocked in a row.
  blocks int not null default 0,
  -- The countries of the numbers since the last approval. Only for the range of a source.
  countries text[] not null default '{}'
);
create index number_range_at on verify.number_range (at);
create index number_range_blocked on verify.number_range (blocked_until) where blocked_until > '-infinity';

-- What has changed and is not yet added to `traffic`. Each start would wait for the one before it otherwise.
create table verify.traffic_delta (
  country text not null,
  is_known boolean not null,
  -- The time of the start, also for an approval: the share of approvals is that of the same people.
  at timestamptz not null,
  starts int not null default 0,
  approvals int not null default 0,
  -- Starts that are not counted, because messages did not arrive.
  excused int not null default 0,
  messages int not null default 0,
  spent double precision not null default 0
);

create type verify.traffic_span as enum ('minute', 'hour');

-- Starts, their approvals, messages and their cost by country, apart for numbers that were verified before. Minutes are kept
-- for some hours, hours for some weeks.
create table verify.traffic (
  span verify.traffic_span not null,
  at timestamptz not null,
  country text not null,
  is_known boolean not null,
  starts int not null,
  approvals int not null,
  excused int not null,
  messages int not null,
  spent double precision not null,
  primary key (span, at, country, is_known)
) with (fillfactor = 50);

create type verify.verdict as enum ('allow', 'deny');

-- Numbers, beginnings of numbers, and countries that an operator has allowed or denied.
create table verify.listed (
  -- 'number': `key` is its digest in hexadecimal. 'prefix': its digits with '+'. 'country': its code.
  kind text not null,
  key text not null,
  -- What people see of it: a number is masked.
  label text not null,
  verdict verify.verdict not null,
  until timestamptz not null default 'infinity',
  actor text not null,
  listed_at timestamptz not null,
  primary key (kind, key)
);

-- Every change that operators made to the list.
create table verify.operator_change (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  kind text not null,
  label text not null,
  -- Null if it was taken off the list.
  verdict verify.verdict,
  until timestamptz not null default 'infinity'
);
create index operator_change_at on verify.operator_change (at);

-- What rules have rejected, or would have rejected in shadow. Equal ones of a short time are one row.
create table verify.decision (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  tenant text not null,
  purpose text not null,
  country text not null,
  rule text not null,
  is_shadow boolean not null,
  -- The digest of the number. Null if there were many.
  number_key bytea,
  count int not null
);
create index decision_at on verify.decision (at);

-- What operators have to know. An alarm is over when nothing has raised it for an hour.
create table verify.alarm (
  id bigint generated always as identity primary key,
  type text not null,
  -- What it is about, such as a country.
  scope text not null,
  raised_at timestamptz not null,
  last_at timestamptz not null,
  count int not null,
  -- When to tell the app: with a claim, again when the process that was telling it has died. Null when it was told.
  tell_at timestamptz,
  tell_tries int not null default 0
);
create index alarm_last on verify.alarm (type, scope, last_at);
create index alarm_tell on verify.alarm (tell_at) where tell_at is not null;

-- A request to start a verification.
create type verify.start_request as (
  id uuid,
  -- Whether another start with this id is the same one.
  is_idempotent boolean,
  kind verify.verification_kind,
  tenant text,
  purpose text,
  -- The digests of the number by each key, the current one first. A row that an older key made is found.
  number_keys bytea[],
  -- The same as the list of operators has them.
  listed_keys text[],
  number text,
  country text,
  session bytea,
  binding bytea,
  key_id text,
  digest bytea,
  lifetime_ms double precision,
  max_attempts int,
  -- What its message is expected to cost, and the account that sends it.
  cost double precision,
  account text,
  -- The pauses after the first, second, … message of an hour.
  cooldowns_ms double precision[],
  per_hour int,
  per_day int,
  -- What its messages use up: the rule that rejects when it is used up, the key in `quota`, and the number in an hour.
  quota_rules text[],
  quota_keys bytea[],
  quota_limits int[],
  known_ms double precision,
  -- The ranges of the number and of its source in the order of their keys, and the scores at which they are blocked.
  ranges text[],
  trips double precision[],
  -- What a start adds to each score, and the time in which a score halves.
  gain double precision,
  half_life_ms double precision,
  -- The more approvals a range has, the higher is its score when it is blocked: by 1 for each e-fold of these.
  approvals_scale double precision,
  block_ms double precision,
  longest_block_ms double precision,
  -- The range of its source. If its numbers have more countries without an approval, it is blocked at half of its score.
  source_range text,
  max_countries int,
  -- A rule that rejects every number, because of what the process knows. `suspicion`: the same for numbers that were not
  -- verified before.
  rejection text,
  suspicion text,
  -- Whether suspicion does not matter, because the visitor has passed a challenge.
  is_trusted boolean,
  is_excused boolean,
  -- Whether a start that suspicion would reject becomes a decoy.
  pretends boolean,
  -- The rules that only note that they would reject.
  shadow text[],
  -- Null for the server's time. A test may have a time of its own.
  now timestamptz
);

-- The end of a start or a resend. `would`: the rules in shadow that would have rejected it.
create type verify.start_outcome as (
  -- 'sent': with a message, if it has one. 'waiting': the open verification goes on without one. 'open': it needs a message,
  -- with the code that it has. 'changed': another call was faster, so the message has another code. 'rejected': by `rule`.
  result text,
  rule text,
  retry_after double precision,
  would text[],
  id uuid,
  key_id text,
  generation int,
  is_new boolean,
  sends int,
  attempts_left int,
  expires_in double precision,
  resend_in double precision,
  is_known boolean,
  kind verify.verification_kind
);

-- The end of a check.
create type verify.check_outcome as (
  -- 'approved', 'matched' (approved when the caller's transaction commits), 'wrong', 'over', or 'limited': its source has
  -- entered too many wrong codes.
  result text,
  attempts_left int,
  retry_after double precision,
  number text,
  country text,
  approved_at timestamptz
);
