import { Client, type Pool } from 'pg';
import { OutboxError } from '../errors/outbox.error.js';

/** Time limits of the server, in milliseconds. 0: none. */
export interface SessionLimits {
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleInTransactionMs: number;
}

/** A little less than the client waits: otherwise the server would work for a client that has gone. */
export const LIMITS_OF_STATEMENTS: SessionLimits = { statementMs: 55_000, lockMs: 30_000, idleInTransactionMs: 60_000 };
export const NO_LIMITS: SessionLimits = { statementMs: 0, lockMs: 0, idleInTransactionMs: 0 };

/** With less, the app's pool would cancel maintenance and the erasure of old numbers. */
const LEAST_STATEMENT_TIMEOUT = 5_000;

/**
 * Adds the settings of a session to a URL. They are part of the connection's start, so they cost no round trip, and they
 * count more than defaults of the role and the database.
 */
export function withSession(
  url: string,
  { statementMs, lockMs, idleInTransactionMs }: SessionLimits,
): { readonly connectionString: string; readonly options?: string } {
  const settings = {
    default_transaction_isolation: 'read\\ committed',
    DateStyle: 'ISO',
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    // The server notices within half a minute that a machine is gone. Its own default is two hours.
    tcp_keepalives_idle: 15,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    tcp_user_timeout: 30_000,
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const given = /([?&]options=)([^&#]*)/;
  // The URL's own options would replace ours. The last setting of a name wins.
  if (given.test(url)) {
    return { connectionString: url.replace(given, (own: string) => own + encodeURIComponent(` ${options.join(' ')}`)) };
  }
  return { connectionString: url, options: [process.env['PGOPTIONS'], ...options].filter(Boolean).join(' ') };
}

/**
 * Checks the sessions of a pool whose settings are not ours to change: a pool of the app, or a pooler.
 * @throws {OutboxError} `OUTBOX_DATABASE_SETTINGS`
 */
export async function requireUsableSession(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ role: string; name: string; setting: string }>(
    `select current_user as role, lower(name) as name, case lower(name) when 'default_transaction_isolation'
        then current_setting('transaction_isolation') else setting end as setting from pg_settings
      where lower(name) in ('default_transaction_isolation', 'datestyle', 'client_encoding', 'statement_timeout', 'transaction_timeout')`,
  );
  const problems = rows.flatMap(({ role, name, setting }) => {
    const needed = neededInsteadOf(name, setting);
    return needed === undefined
      ? []
      : [{ was: `${name} is '${setting}'`, alter: `alter role "${role}" set ${name} = '${needed}'` }];
  });
  if (problems.length === 0) return;
  const was = problems.map((problem) => problem.was).join(' and ');
  const alter = problems.map((problem) => `\`${problem.alter}\``).join(', ');
  throw new OutboxError(
    'OUTBOX_DATABASE_SETTINGS',
    `The outbox cannot work in sessions in which ${was}. Run ${alter} and connect again, or pass as \`database\` a URL ` +
      'that leads to the server directly: then the outbox has sessions of its own',
  );
}

/** @returns the value that a setting needs, or `undefined` if it is fine. */
function neededInsteadOf(name: string, setting: string): string | undefined {
  switch (name) {
    case 'default_transaction_isolation':
      return setting === 'read committed' ? undefined : 'read committed';
    case 'datestyle':
      return setting.startsWith('ISO') ? undefined : 'ISO';
    case 'client_encoding':
      return setting === 'UTF8' ? undefined : 'UTF8';
    default:
      return setting === '0' || Number(setting) >= LEAST_STATEMENT_TIMEOUT ? undefined : '60s';
  }
}

/**
 * A connection beside a pool, with the same parameters. Call {@link setUp} when it is connected.
 * @param url where it leads instead.
 * @param connectWithinMs how long connecting may take, if the pool has no limit.
 */
export function clientBeside(
  pool: Pool,
  { url, connectWithinMs }: { url?: string | undefined; connectWithinMs?: number } = {},
): Client {
  const parameters: Record<string, unknown> =
    url === undefined
      ? // A password is not enumerable there.
        (Object.defineProperties({}, Object.getOwnPropertyDescriptors(pool.options)) as Record<string, unknown>)
      : { connectionString: url, application_name: 'nestjs-laaffic-outbox' };
  parameters['keepAlive'] = true;
  if (!parameters['connectionTimeoutMillis']) parameters['connectionTimeoutMillis'] = connectWithinMs;
  return new Client(parameters);
}

/** Does with a connection beside a pool what the pool's owner does with each new one. */
export async function setUp(pool: Pool, client: Client): Promise<void> {
  const { onConnect } = pool.options as { readonly onConnect?: (client: Client) => unknown };
  await onConnect?.(client);
  // The app's pool may be any object that works like one.
  const listeners = typeof pool.listeners === 'function' ? pool.listeners('connect') : [];
  for (const listener of listeners) await (listener as (client: Client) => unknown)(client);
}

/** Ends a connection at once, even if nothing comes through it any more. */
export function destroy(client: Client): void {
  (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
}
