import type { LaafficException } from '../errors/laaffic.exception.js';
import {
  SmsReceipt,
  type AcceptedRecipient,
  type RejectedRecipient,
  type UnknownRecipient,
} from '../messages/sms-receipt.js';
import type { PositionRange } from './positions.js';

/** How many recipients of a run have each outcome. */
export interface BulkCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  /** Left out because their numbers came before. */
  readonly dropped: number;
  /**
   * Recipients that a stopped run did not reach and no earlier run processed. `undefined` while the run is going on, and
   * if the source has no known size: only an array and a `Set` have one.
   */
  readonly notAttempted: number | undefined;
}

/** The outcomes of the recipients of a receipt. */
export interface Outcomes {
  readonly accepted: readonly AcceptedRecipient[];
  readonly rejected: readonly RejectedRecipient[];
  readonly unknown: readonly UnknownRecipient[];
}

/** The place of a receipt in its run. */
export interface BulkPart {
  readonly first: number;
  readonly count: number;
  readonly dropped: number;
  readonly processed: readonly PositionRange[];
  readonly exception?: LaafficException | undefined;
}

/**
 * The outcomes of one part of the source: the recipients of one request, and those between them that were rejected
 * before it. `count` is the sum of `accepted`, `rejected`, `unknown` and `dropped`.
 */
export class BulkReceipt extends SmsReceipt {
  /** The position of the first recipient in the source, from 0. */
  readonly first: number;
  /** How many recipients of the source it covers. */
  readonly count: number;
  /** How many recipients were left out because their numbers came before. */
  readonly dropped: number;
  /** The positions that need no further attempt: all of the part, unless the run stopped here. */
  readonly processed: readonly PositionRange[];
  readonly #exception: LaafficException | undefined;

  constructor({ accepted, rejected, unknown }: Outcomes, part: BulkPart) {
    super(accepted, rejected, unknown);
    this.first = part.first;
    this.count = part.count;
    this.dropped = part.dropped;
    this.processed = part.processed;
    this.#exception = part.exception;
  }

  /** Why recipients were rejected or are unknown, if the gateway or the connection was the reason; the last of several. */
  get exception(): LaafficException | undefined {
    return this.#exception;
  }
}
