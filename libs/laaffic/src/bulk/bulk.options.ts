import type { BulkJournal } from './bulk-journal.js';
import type { PositionRange } from './positions.js';

/** The text that all recipients of a run get. */
export interface BulkMessage {
  /** 1 to 1024 characters. */
  readonly content: string;
  /**
   * The sender's number or name, at most 32 characters.
   * @default the module's `senderId`, otherwise the application's own
   */
  readonly senderId?: string | undefined;
}

/**
 * The options of a bulk run.
 * @example
 * sms.sendBulk(numbers, { content }, { concurrency: 8, duplicates: 'drop', signal });
 */
export interface BulkOptions {
  /**
   * How many requests may be in flight at once.
   * @default 4
   */
  readonly concurrency?: number | undefined;
  /**
   * How many recipients a request has; fewer if `rate.recipientsPerSecond` is lower.
   * @default the maximum of the method: 1000 with POST, 100 with GET
   */
  readonly batchSize?: number | undefined;
  /**
   * Whether receipts come in the order of the source, or as soon as their requests have ended.
   * @default 'source'
   */
  readonly order?: 'source' | 'completion' | undefined;
  /**
   * What to do with a number that came before in this run: `keep` sends to it again, `drop` leaves it out and counts it,
   * `reject` adds it to `rejected`. `drop` and `reject` remember every number, with about 40 bytes each.
   * @default 'keep'
   */
  readonly duplicates?: 'keep' | 'drop' | 'reject' | undefined;
  /** Stops the run: no further request starts, those in flight end, and their receipts are still yielded. */
  readonly signal?: AbortSignal | undefined;
  /** @default the module's `method` */
  readonly method?: 'POST' | 'GET' | undefined;
  /**
   * The time limit of one request, in milliseconds.
   * @default the module's `timeoutMs`
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How often a request is retried that certainly was not sent, because the gateway was not reached or limits requests.
   * The delays are those of `queryRetry`. After the last retry the run stops.
   * @default 4
   */
  readonly retries?: number | undefined;
  /**
   * How many additional requests the run may make to split a request that the gateway rejected because of a number that
   * it did not name. Recipients that are still together after that count as rejected.
   * @default 100
   */
  readonly maxSplits?: number | undefined;
  /**
   * The run stops after this many requests in a row with an unknown outcome.
   * @default 10
   */
  readonly maxConsecutiveUnknown?: number | undefined;
  /** Positions to leave out: `processed` of an earlier run over the same source. */
  readonly resume?: readonly PositionRange[] | undefined;
  /** Stores each request before it is sent, and its receipt. Positions that it has as processed are left out. */
  readonly journal?: BulkJournal | undefined;
}
