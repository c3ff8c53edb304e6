/** What went wrong, for programs. */
export type OutboxErrorCode =
  | 'OUTBOX_DATABASE'
  | 'OUTBOX_SCHEMA_MISSING'
  | 'OUTBOX_SCHEMA_TOO_NEW'
  | 'OUTBOX_TRANSACTION'
  | 'OUTBOX_KEY_REUSED'
  | 'OUTBOX_NOT_FOUND'
  | 'OUTBOX_WRONG_STATE'
  | 'OUTBOX_CAMPAIGN_BUSY'
  | 'OUTBOX_SOURCE_CHANGED'
  | 'OUTBOX_SOURCE_FAILED';

/** A call of the outbox that could not be done, or, for campaigns that are resumed by their key, not to its end. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';

  constructor(
    readonly code: OutboxErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
