/** What went wrong, for programs. */
export type OutboxErrorCode =
  | 'OUTBOX_DATABASE'
  | 'OUTBOX_DATABASE_READ_ONLY'
  | 'OUTBOX_DATABASE_FULL'
  | 'OUTBOX_DATABASE_DENIED'
  | 'OUTBOX_DATABASE_ENCODING'
  | 'OUTBOX_DATABASE_REFUSED'
  | 'OUTBOX_SCHEMA_MISSING'
  | 'OUTBOX_SCHEMA_TOO_NEW'
  | 'OUTBOX_TRANSACTION'
  | 'OUTBOX_KEY_REUSED'
  | 'OUTBOX_NOT_FOUND'
  | 'OUTBOX_WRONG_STATE'
  | 'OUTBOX_CAMPAIGN_BUSY'
  | 'OUTBOX_SOURCE_CHANGED'
  | 'OUTBOX_SOURCE_FAILED';

/** What is known of a call that failed. */
export interface OutboxErrorDetails {
  readonly cause?: unknown;
  /** @default 'rejected' */
  readonly outcome?: 'rejected' | 'unknown' | undefined;
}

/** A call of the outbox that could not be done, or, for campaigns that are resumed by their key, not to its end. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';
  /** `rejected`: the call did nothing that counts, and can be repeated. `unknown`: it may have been done, or a part of it. */
  readonly outcome: 'rejected' | 'unknown';

  constructor(
    readonly code: OutboxErrorCode,
    message: string,
    { outcome = 'rejected', ...options }: OutboxErrorDetails = {},
  ) {
    super(message, options);
    this.outcome = outcome;
  }
}
