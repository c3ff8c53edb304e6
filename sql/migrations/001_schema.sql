-- breaking
--
-- The tables of the service itself. All times are the server's. `service` stands for the schema that is configured.

-- Keys of callers, beside those of the environment. The key itself is stored nowhere.
create table service.api_key (
  id bigint generated always as identity primary key,
  -- The application id: services on one database have keys of their own.
  account text not null,
  name text not null,
  -- SHA-256 of the key. A slow hash protects secrets that can be guessed, and the key has 256 random bits.
  digest bytea not null,
  -- How the key begins, to recognize one that was found somewhere.
  start text not null,
  scopes text[] not null,
  -- Both null without a limit.
  requests_per_second float8,
  burst int,
  expires_at timestamptz,
  created_at timestamptz not null,
  actor text not null,
  -- At most once a minute.
  used_at timestamptz,
  revoked_at timestamptz,
  revoked_actor text,
  check ((requests_per_second is null) = (burst is null))
) with (fillfactor = 80);
create unique index api_key_digest on service.api_key (account, digest);
-- The history shows names, so two callers must not have the same one.
create unique index api_key_name on service.api_key (account, name) where revoked_at is null;
create index api_key_page on service.api_key (account, id);
