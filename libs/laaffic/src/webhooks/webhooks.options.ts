import type { PushStore } from './push-store.js';

/**
 * The options of `LaafficWebhooksModule`.
 * @example
 * LaafficWebhooksModule.forRoot({ secret: process.env.LAAFFIC_WEBHOOK_SECRET });
 */
export interface LaafficWebhooksOptions {
  /**
   * The secret part of the push address: at least 16 of the characters that need no escaping in an address (letters,
   * digits, `-`, `_`, `.`, `~`). Surrounding blanks are removed. `secret` or `secrets` is required.
   */
  secret?: string | undefined;
  /** Secrets that are all valid at once, so that a secret can be replaced without losing a push. */
  secrets?: readonly (string | undefined)[] | undefined;
  /**
   * The path of the routes, below the app's global prefix: `POST {path}/{secret}/reports` and
   * `POST {path}/{secret}/inbound`.
   * @default 'laaffic'
   */
  path?: string | undefined;
  /**
   * The addresses and CIDR ranges, IPv4 or IPv6, that may push.
   * @default every address, with a valid secret
   */
  allowedIps?: readonly string[] | undefined;
  /**
   * The number of reverse proxies in front of the app. The sender is the entry of `X-Forwarded-For` at this place from the
   * right. With 0 the header is ignored.
   * @default 0
   */
  trustProxy?: number | undefined;
  /**
   * The longest body of a push, in bytes. A documented push has less than 1,000 bytes, and the text of the message.
   * @default 65536
   */
  maxBodyBytes?: number | undefined;
  /**
   * How long to remember that a handler has succeeded for a push, in milliseconds.
   * @default 86400000, one day
   */
  deduplicationWindowMs?: number | undefined;
  /**
   * The most successes that are remembered in memory. Beyond it the oldest are forgotten early.
   * @default 100000
   */
  deduplicationSize?: number | undefined;
  /**
   * Where to remember successes. Processes that share the pushes should share a store.
   * @default a `MemoryPushStore`
   */
  store?: PushStore | undefined;
}
