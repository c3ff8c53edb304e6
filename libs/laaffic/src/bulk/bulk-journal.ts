import type { BulkReceipt } from './bulk-receipt.js';
import type { PositionRange } from './positions.js';

/** A part of the source whose request is about to be sent. */
export interface BulkRequest {
  /** The position of its first recipient in the source, from 0. */
  readonly first: number;
  /** How many recipients of the source it has. */
  readonly count: number;
  /** The beginning of the order ids that are generated for recipients without one; a dot and their position follow. */
  readonly orderIds: string;
}

/**
 * Stores a run, so that it can be resumed after a crash without sending anything twice. A run waits for each call. If a
 * call fails, the run stops as after an abort, and its iterator throws the error.
 */
export interface BulkJournal {
  /** The positions that need no further attempt: finished requests, and started ones that may have been sent. */
  readonly processed: readonly PositionRange[];
  /** Must not resolve before the request is stored safely: the run sends it next. */
  starting(request: BulkRequest): Promise<void>;
  finished(receipt: BulkReceipt): Promise<void>;
}
