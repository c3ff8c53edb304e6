import type { LaafficException } from '../errors/laaffic.exception.js';
import {
  SmsReceipt,
  type AcceptedRecipient,
  type RejectedRecipient,
  type UnknownRecipient,
} from '../messages/sms-receipt.js';
import type { PositionRange } from './positions.js';

/** What became of each recipient of a receipt. */
export interface Outcomes {
  readonly accepted: readonly AcceptedRecipient[];
  readonly rejected: readonly RejectedRecipient[];
  readonly unknown: readonly UnknownRecipient[];
}

/** Where a receipt stands in its run. */
export interface BulkPart {
  readonly first: number;
  readonly count: number;
  readonly dropped: number;
  readonly settled: readonly PositionRange[];
  readonly exception?: LaafficException | undefined;
}

/**
 * What became of one stretch of the source: the recipients of one request, and those between them that
 * were refused before it. `count` is `accepted`, `rejected`, `unknown` and `dropped` together.
 */
export class BulkReceipt extends SmsReceipt {
  /** The position of its first recipient in the source, from 0. */
  readonly first: number;
  /** How many recipients of the source it is about. */
  readonly count: number;
  /** How many were left out because their numbers came before. */
  readonly dropped: number;
  /** The positions that need no further attempt: all of it, unless the run stopped here. */
  readonly settled: readonly PositionRange[];
  readonly #exception: LaafficException | undefined;

  constructor({ accepted, rejected, unknown }: Outcomes, part: BulkPart) {
    super(accepted, rejected, unknown);
    this.first = part.first;
    this.count = part.count;
    this.dropped = part.dropped;
    this.settled = part.settled;
    this.#exception = part.exception;
  }

  /** Why somebody was refused or is unknown, if the gateway or the way to it was the reason; of several the last. */
  get exception(): LaafficException | undefined {
    return this.#exception;
  }
}
