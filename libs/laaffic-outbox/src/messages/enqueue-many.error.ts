import { OutboxError, type OutboxErrorCode, type OutboxErrorDetails } from '../errors/outbox.error.js';

/** How many messages a call of `enqueueMany` has dealt with. */
export interface EnqueueManyResult {
  /** Number of messages that it stored. */
  readonly added: number;
  /** Number of messages that were already in the outbox, with the same key. */
  readonly existing: number;
  /** Number of messages that it skipped because they are invalid. */
  readonly invalid: number;
}

/**
 * `enqueueMany` has stopped before the end. Without a transaction, the messages counted in `progress` stay stored. If
 * each message has an idempotency key, the same call stores the others, and none twice.
 */
export class EnqueueManyError extends OutboxError {
  constructor(
    code: OutboxErrorCode,
    message: string,
    /** What was done before. */
    readonly progress: EnqueueManyResult,
    details?: OutboxErrorDetails,
  ) {
    super(code, message, details);
  }
}
