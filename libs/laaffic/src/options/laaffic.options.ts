import type { AccountOptions } from './account.js';
import type { SecureContextOptions } from 'node:tls';

/**
 * What `LaafficModule.forRoot` takes and `forRootAsync` makes. Credentials are trimmed; the types let
 * environment variables be given as they are, and a missing one is refused at boot.
 */
export interface LaafficOptions extends AccountOptions {
  /**
   * The gateway's address with the version in it. The sister platforms speak the same protocol at
   * `https://api.onbuka.com/v3` (BUKA, Onbuka) and `https://api.itniotech.com/sms` (ITNIO TECH).
   * @default 'https://api.laaffic.com/v3'
   */
  baseUrl?: string | undefined;
  /**
   * How messages are sent: POST takes 1,000 recipients a request, GET 100.
   * @default 'POST'
   */
  method?: 'POST' | 'GET' | undefined;
  /**
   * The most that one call may take, in milliseconds, waiting for a connection and a repeated attempt included.
   * @default 15000
   */
  timeout?: number | undefined;
  /**
   * The most recipients that one `sendEach` may have in all. The platform states no limit; this is
   * the one of its other calls.
   * @default 1000
   */
  maxBatchRecipients?: number | undefined;
  /** How reports, records, balance and the like are asked for. */
  queries?: QueryRetryOptions | undefined;
  /**
   * How fast this process sends for each account: evenly, without bursts. A send waits for its turn
   * within its `timeout`; queries are not limited.
   * @default no limit
   */
  rate?: RateOptions | undefined;
  /** How connections to the gateway are made and kept. */
  connection?: ConnectionOptions | undefined;
}

/** Queries change nothing, so they are tried again where sends are not: transport faults, -15, -18. */
export interface QueryRetryOptions {
  /**
   * The most that one query may take, in milliseconds, every try and pause included.
   * @default 60000
   */
  timeout?: number | undefined;
  /**
   * How often a query is tried again.
   * @default 4
   */
  retries?: number | undefined;
  /**
   * The pause before the first further try, in milliseconds; it doubles each time, give or take half.
   * @default 200
   */
  minDelay?: number | undefined;
  /**
   * The longest pause, in milliseconds.
   * @default 10000
   */
  maxDelay?: number | undefined;
}

/** The vendor publishes no figures: too fast is what it answers with -15. */
export interface RateOptions {
  /**
   * @default no limit
   */
  requestsPerSecond?: number | undefined;
  /**
   * Recipients of a request all count. Requests of `sendBulk` have no more of them than this.
   * @default no limit
   */
  recipientsPerSecond?: number | undefined;
}

/** How connections to the gateway are made and kept. */
export interface ConnectionOptions {
  /**
   * The most that making one connection, TLS included, may take, in milliseconds.
   * @default 5000
   */
  connectTimeout?: number | undefined;
  /**
   * How many connections may be open at once; further requests wait for one.
   * @default 64
   */
  maxConnections?: number | undefined;
  /**
   * How long an idle connection is kept, in milliseconds. Too long for the gateway, and a request
   * may meet a connection that is just being closed, which makes its outcome unknown.
   * @default 4000
   */
  keepAliveTimeout?: number | undefined;
  /**
   * An HTTP proxy that tunnels, such as `http://user:password@proxy.example:3128`.
   * @default none; the environment's proxy settings are not read
   */
  proxy?: string | undefined;
  /**
   * TLS towards the gateway, as Node's `tls.connect` takes it.
   * @default Node's own
   */
  tls?: TlsOptions | undefined;
}

/** TLS towards the gateway: `ca`, `cert`, `key`, `minVersion` and the like, as Node's `tls.connect` takes them. */
export interface TlsOptions extends SecureContextOptions {
  /** The name that the gateway's certificate must have, if it is not the host of `baseUrl`. */
  servername?: string;
}
