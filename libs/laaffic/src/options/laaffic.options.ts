import type { SecureContextOptions } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { AccountOptions } from './account.js';

/**
 * The options of `LaafficModule.forRoot` and of the factory of `forRootAsync`. Credentials are trimmed. The types accept
 * environment variables as they are: a missing one is rejected at boot.
 * @example
 * LaafficModule.forRoot({
 *   appId: process.env.LAAFFIC_APP_ID,
 *   apiKey: process.env.LAAFFIC_API_KEY,
 *   apiSecret: process.env.LAAFFIC_API_SECRET,
 *   rate: { recipientsPerSecond: 100 },
 * });
 */
export interface LaafficOptions extends AccountOptions {
  /**
   * The address of the gateway, with the version. The sister platforms use the same protocol:
   * `https://api.onbuka.com/v3` (BUKA, Onbuka) and `https://api.itniotech.com/sms` (ITNIO TECH).
   * @default 'https://api.laaffic.com/v3'
   */
  baseUrl?: string | undefined;
  /**
   * The HTTP method of sends. POST takes 1,000 recipients a request; GET takes 100 and puts numbers and content into the
   * URL, which servers on the way may log.
   * @default 'POST'
   */
  method?: 'POST' | 'GET' | undefined;
  /**
   * The time limit of one call in milliseconds, the wait for a connection and a repeated request included.
   * @default 15000
   */
  timeoutMs?: number | undefined;
  /**
   * The most recipients that one `sendBatch` may have in all. The platform documents no limit; the default is that of its
   * other calls.
   * @default 1000
   */
  maxBatchRecipients?: number | undefined;
  /** How queries (delivery reports, sent messages, inbound messages, balance, conversions) are retried. */
  queryRetry?: QueryRetryOptions | undefined;
  /**
   * How fast this process sends for each account: evenly, without bursts. A send waits for its turn within its
   * `timeoutMs`. Queries are not limited. All registrations of an account in a process share one rate, the lowest one.
   * @default no limit
   */
  rate?: RateOptions | undefined;
  /** How connections to the gateway are made and kept. */
  connection?: ConnectionOptions | undefined;
}

/** Queries change nothing, so they are retried where sends are not: after transport failures, -15 and -18. */
export interface QueryRetryOptions {
  /**
   * The time limit of one query in milliseconds, every attempt and delay included.
   * @default 60000
   */
  timeoutMs?: number | undefined;
  /**
   * The number of retries.
   * @default 4
   */
  retries?: number | undefined;
  /**
   * The delay before the first retry in milliseconds. It doubles each time, and is spread by half.
   * @default 200
   */
  minDelayMs?: number | undefined;
  /**
   * The longest delay in milliseconds.
   * @default 10000
   */
  maxDelayMs?: number | undefined;
}

/** The vendor publishes no limits. It answers -15 to what is too fast. */
export interface RateOptions {
  /**
   * Requests that may start in a second.
   * @default no limit
   */
  requestsPerSecond?: number | undefined;
  /**
   * Recipients that may be sent to in a second; all recipients of a request count. Requests of `sendBulk` have at most as
   * many recipients as this.
   * @default no limit
   */
  recipientsPerSecond?: number | undefined;
}

/** The part of an undici `Dispatcher` that makes requests. */
export type RequestDispatcher = Pick<Dispatcher, 'dispatch'>;

/** How connections to the gateway are made and kept. */
export interface ConnectionOptions {
  /**
   * The time limit for one connection in milliseconds, TLS included.
   * @default 5000
   */
  connectTimeoutMs?: number | undefined;
  /**
   * The most connections that are open at the same time. Further requests wait.
   * @default 64
   */
  maxConnections?: number | undefined;
  /**
   * How long an idle connection is kept, in milliseconds. If this is longer than the gateway keeps it, a request may meet
   * a connection that is being closed, which makes its outcome unknown.
   * @default 4000
   */
  keepAliveTimeoutMs?: number | undefined;
  /**
   * An HTTP proxy that tunnels, such as `http://user:password@proxy.example:3128`.
   * @default none; the environment's proxy settings are not read
   */
  proxy?: string | undefined;
  /**
   * TLS to the gateway, as Node's `tls.connect` takes it.
   * @default Node's defaults
   */
  tls?: TlsOptions | undefined;
  /**
   * Your own dispatcher of undici 7 or newer, in place of the module's connections: an `Agent`, a `MockAgent`, a dispatcher
   * with interceptors. It is not closed with the app. It cannot be combined with the other connection options. A
   * dispatcher that retries by itself never sends twice: a request that was written is not written again.
   * @default the module's own connections
   * @example
   * LaafficModule.forRoot({ ...account, connection: { dispatcher: new Agent({ connections: 10 }) } });
   */
  dispatcher?: RequestDispatcher | undefined;
}

/** TLS to the gateway: `ca`, `cert`, `key`, `minVersion` and others, as Node's `tls.connect` takes them. */
export interface TlsOptions extends SecureContextOptions {
  /** The name in the gateway's certificate, if it is not the host of `baseUrl`. */
  servername?: string;
}
