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
create index phone_seen on verify.phone (seen_at);

create type verify.verification_state as enum ('pending', 'matched', 'approved', 'failed', 'expired', 'cancelled');

create table verify.verification (
  id uuid primary key,
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
  -- The ranges of its number and source, and what a start adds to their scores. None for a number that is known.
  ranges text[] not null default '{}',
  gain double precision not null default 0,
  message_id bigint,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  approved_at timestamptz,
  redeemed_at timestamptz,
  -- When to tell the platform that its message was used, and how often that failed.
  convert_at timestamptz,
  conversion_tries int not null default 0
) with (fillfactor = 70);
-- The open verification of a session. Two starts at once find the same one.
create unique index verification_open on verify.verification (tenant, number_key, purpose, session_key, binding)
  where state in ('pending', 'matched');
create index verification_changed on verify.verification (changed_at);
create index verification_number on verify.verification (changed_at) where number is not null;
create index verification_convert on verify.verification (convert_at) where convert_at is not null;

-- What sources of requests have used up of an hour: starts, and wrong codes.
create table verify.source (
  key bytea primary key,
  tat timestamptz not null
);
create index source_tat on verify.source (tat);

-- Scores of ranges of numbers: how likely their starts are fraud. A high score blocks the range for a while.
create table verify.number_range (
  key text primary key,
  score double precision not null,
  at timestamptz not null,
  blocked_until timestamptz not null default '-infinity',
  -- How often it was blocked in a row.
  blocks int not null default 0
);
create index number_range_at on verify.number_range (at);

-- The end of a start or a resend. `would`: the rules in shadow that would have rejected it.
create type verify.start_outcome as (
  -- 'sent': a message has to be enqueued. 'waiting': the open verification goes on without one. 'rejected': by `rule`.
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
  is_known boolean
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
