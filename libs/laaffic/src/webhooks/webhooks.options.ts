import type { PushStore } from './push-store.js';

/** What `LaafficWebhooksModule.forRoot` takes and `forRootAsync` makes. */
export interface LaafficWebhooksOptions {
  /**
   * The part of the address that nobody can guess: at least 16 of the characters that need no escape
   * in an address (letters, digits, `-`, `_`, `.`, `~`). Surrounding blanks are removed. `secret` or
   * `secrets` is required.
   */
  secret?: string | undefined;
  /** Secrets that are all right at once, so that one can be replaced without losing a push. */
  secrets?: readonly (string | undefined)[] | undefined;
  /**
   * Where the routes are, below the app's global prefix: `POST {path}/{secret}/reports` and
   * `POST {path}/{secret}/inbound`.
   * @default 'laaffic'
   */
  path?: string | undefined;
  /**
   * The addresses and CIDR ranges, IPv4 or IPv6, that may push.
   * @default everybody who knows the secret
   */
  allowedIps?: readonly string[] | undefined;
  /**
   * How many reverse proxies stand in front of the app. The sender is the entry of `X-Forwarded-For`
   * that many places from its right end; with 0 the header is never looked at.
   * @default 0
   */
  trustProxy?: number | undefined;
  /**
   * The most that a push may have, in bytes. A push of a documented kind has less than one thousand,
   * and the text of the message.
   * @default 65536
   */
  bodyLimit?: number | undefined;
  /**
   * How long it is remembered that a handler has succeeded for a push, in milliseconds.
   * @default 86400000, one day
   */
  deduplicationWindow?: number | undefined;
  /**
   * How many successes are remembered in memory at most; beyond it the oldest are forgotten early.
   * @default 100000
   */
  deduplicationSize?: number | undefined;
  /**
   * Where successes are remembered. Processes that share the pushes should share a store.
   * @default a MemoryPushStore
   */
  store?: PushStore | undefined;
}
