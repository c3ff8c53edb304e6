import type { BulkReceipt } from './bulk-receipt.js';
import type { PositionRange } from './positions.js';

/** A stretch of the source for which a request is about to be sent. */
export interface BulkRequest {
  /** The position of its first recipient in the source, from 0. */
  readonly first: number;
  /** How many recipients of the source it is about. */
  readonly count: number;
  /** What the order ids begin with that are made for recipients without; a dot and their place follow. */
  readonly orderIds: string;
}

/**
 * Remembers a run, so that it can be resumed after a crash without sending anything twice. A run waits
 * for each call; if one fails, the run stops as after an abort, and its iterator throws the error.
 */
export interface BulkJournal {
  /** What needs no further attempt: everything that was finished, and what was started and may have been sent. */
  readonly settled: readonly PositionRange[];
  /** Has to resolve only when it is safely written: the request is sent next. */
  starting(request: BulkRequest): Promise<void>;
  finished(receipt: BulkReceipt): Promise<void>;
}
