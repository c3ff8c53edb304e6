// Generated from the files in sql/ by `npm run sql`. Do not edit.
import type { Exact, FunctionSet, Migration, Nothing, Statement } from 'nestjs-laaffic-outbox/extension';


/** In the order of application. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'schema',
    isBreaking: true,
    isConcurrent: false,
    up: `create table service.api_key (
  id bigint generated always as identity primary key,
  account text not null,
  name text not null,
  digest bytea not null,
  start text not null,
  scopes text[] not null,
  requests_per_second float8,
  burst int,
  expires_at timestamptz,
  created_at timestamptz not null,
  actor text not null,
  used_at timestamptz,
  revoked_at timestamptz,
  revoked_actor text,
  check ((requests_per_second is null) = (burst is null))
) with (fillfactor = 80);
create unique index api_key_digest on service.api_key (account, digest);
create unique index api_key_name on service.api_key (account, name) where revoked_at is null;
create index api_key_page on service.api_key (account, id);`,
    rollback: undefined,
  },
];

/** Each release has its own functions, so releases with different ones work side by side. */
export const FUNCTIONS: FunctionSet = {
  digest: 'e3b0c442',
  text: ``,
};

/** Returns no row if another key has the name. */
export const insertApiKey: Statement<{ account: string; name: string; digest: Buffer; start: string; scopes: readonly (string | null)[]; requestsPerSecond: number | null; burst: number | null; expiresAt: Date | string | null; actor: string }, { id: string; name: string; start: string; scopes: readonly string[]; requests_per_second: number | null; burst: number | null; expires_at: Date | null; created_at: Date; actor: string; used_at: Date | null; revoked_at: Date | null; revoked_actor: string | null }> = {
  params: ['account', 'name', 'digest', 'start', 'scopes', 'requestsPerSecond', 'burst', 'expiresAt', 'actor'],
  text: `insert into service.api_key as k
    (account, name, digest, start, scopes, requests_per_second, burst, expires_at, created_at, actor)
  values ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9)
  on conflict (account, name) where revoked_at is null do nothing
  returning k.id, k.name, k.start, k.scopes, k.requests_per_second, k.burst, k.expires_at, k.created_at, k.actor, k.used_at,
    k.revoked_at, k.revoked_actor`,
};
export const listApiKeys: Statement<{ account: string; before: Exact | null; most: number }, { id: string; name: string; start: string; scopes: readonly string[]; requests_per_second: number | null; burst: number | null; expires_at: Date | null; created_at: Date; actor: string; used_at: Date | null; revoked_at: Date | null; revoked_actor: string | null }> = {
  params: ['account', 'before', 'most'],
  text: `select k.id, k.name, k.start, k.scopes, k.requests_per_second, k.burst, k.expires_at, k.created_at, k.actor, k.used_at,
  k.revoked_at, k.revoked_actor
from service.api_key k where k.account = $1 and k.id < coalesce($2::bigint, 9223372036854775807)
order by k.id desc limit $3::int`,
};
/** A second time changes nothing. */
export const revokeApiKey: Statement<{ account: string; id: Exact; actor: string }, { id: string; name: string; start: string; scopes: readonly string[]; requests_per_second: number | null; burst: number | null; expires_at: Date | null; created_at: Date; actor: string; used_at: Date | null; revoked_at: Date | null; revoked_actor: string | null }> = {
  params: ['account', 'id', 'actor'],
  text: `update service.api_key as k set revoked_at = coalesce(k.revoked_at, now()),
    revoked_actor = case when k.revoked_at is null then $3 else k.revoked_actor end
  where k.account = $1 and k.id = $2
  returning k.id, k.name, k.start, k.scopes, k.requests_per_second, k.burst, k.expires_at, k.created_at, k.actor, k.used_at,
    k.revoked_at, k.revoked_actor`,
};
export const findValidApiKeys: Statement<{ account: string; digests: readonly (Buffer | null)[] }, { id: string; name: string; digest: Buffer; scopes: readonly string[]; requests_per_second: number | null; burst: number | null; is_use_due: boolean }> = {
  params: ['account', 'digests'],
  text: `select k.id, k.name, k.digest, k.scopes, k.requests_per_second, k.burst,
  coalesce(k.used_at < now() - interval '1 minute', true) as is_use_due
from service.api_key k
where k.account = $1 and k.digest = any ($2::bytea[]) and k.revoked_at is null
  and (k.expires_at is null or k.expires_at > now())`,
};
/** Instances that come at the same time write once. */
export const recordApiKeyUse: Statement<{ account: string; id: Exact }, Nothing> = {
  params: ['account', 'id'],
  text: `update service.api_key set used_at = now()
  where account = $1 and id = $2 and (used_at is null or used_at < now() - interval '1 minute')`,
};
