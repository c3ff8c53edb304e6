import type { BulkJournal } from './bulk-journal.js';
import type { PositionRange } from './positions.js';

/** The text that all recipients of a run get. */
export interface BulkMessage {
  /** 1 to 1024 characters. */
  readonly content: string;
  /**
   * The sender's number or name, at most 32 characters.
   * @default the module's `senderId`, else the application's own
   */
  readonly senderId?: string | undefined;
}

/** How a bulk run is made. */
export interface BulkOptions {
  /**
   * How many requests may be under way at once.
   * @default 4
   */
  readonly concurrency?: number | undefined;
  /**
   * How many recipients a request has; fewer where `rate.recipientsPerSecond` is lower.
   * @default the most that the method takes: 1000 with POST, 100 with GET
   */
  readonly requestSize?: number | undefined;
  /**
   * Whether receipts come in the order of the source, or as soon as their requests have ended.
   * @default 'source'
   */
  readonly order?: 'source' | 'completion' | undefined;
  /**
   * What happens to numbers that came before in this run: `keep` sends to them again, `drop` leaves
   * them out and counts them, `refuse` gives each an entry in `rejected`. All but `keep` remember every
   * number, about 40 bytes each.
   * @default 'keep'
   */
  readonly duplicates?: 'keep' | 'drop' | 'refuse' | undefined;
  /** Starts nothing new once it is aborted; requests under way end, and their receipts come. */
  readonly signal?: AbortSignal | undefined;
  /** @default the module's `method` */
  readonly method?: 'POST' | 'GET' | undefined;
  /**
   * The most that one request may take, in milliseconds.
   * @default the module's `timeout`
   */
  readonly timeout?: number | undefined;
  /**
   * How often a request that surely was not sent is tried again: the gateway was not reached, or
   * limits requests. The pauses are those of `queries`. When they are used up, the run stops.
   * @default 4
   */
  readonly retries?: number | undefined;
  /**
   * How many further requests one may cost that the gateway refused for one of its numbers, naming
   * none: it is asked again in halves. Whoever is not cleared by then counts as refused.
   * @default 100
   */
  readonly isolation?: number | undefined;
  /**
   * After how many requests in a row with an unknown outcome the run stops.
   * @default 10
   */
  readonly mostUnknownInARow?: number | undefined;
  /**
   * The positions that need no further attempt, as `settled` of an earlier run over the same source:
   * they are read and left out.
   */
  readonly resume?: readonly PositionRange[] | undefined;
  /** Is told of each request before it is sent, and of its receipt; what it knows as settled is left out. */
  readonly journal?: BulkJournal | undefined;
}
