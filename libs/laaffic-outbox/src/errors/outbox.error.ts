/** A stable code for programs. */
export type OutboxErrorCode =
  | 'OUTBOX_DATABASE_UNAVAILABLE'
  | 'OUTBOX_DATABASE_READ_ONLY'
  | 'OUTBOX_DATABASE_FULL'
  | 'OUTBOX_DATABASE_DENIED'
  | 'OUTBOX_DATABASE_ENCODING'
  | 'OUTBOX_DATABASE_REJECTED'
  | 'OUTBOX_DATABASE_SETTINGS'
  | 'OUTBOX_DATABASE_VERSION'
  | 'OUTBOX_SCHEMA_MISSING'
  | 'OUTBOX_SCHEMA_TOO_NEW'
  | 'OUTBOX_INVALID_TRANSACTION'
  | 'OUTBOX_KEY_REUSED'
  | 'OUTBOX_INVALID_MESSAGE'
  | 'OUTBOX_OPTED_OUT'
  | 'OUTBOX_ABORTED'
  | 'OUTBOX_NOT_FOUND'
  | 'OUTBOX_WRONG_STATE'
  | 'OUTBOX_CAMPAIGN_BUSY'
  | 'OUTBOX_SOURCE_CHANGED'
  | 'OUTBOX_SOURCE_FAILED';

/** Codes that callers of the app can act on. All others are the operator's problem. */
const HTTP_STATUS: Partial<Readonly<Record<OutboxErrorCode, number>>> = {
  OUTBOX_NOT_FOUND: 404,
  OUTBOX_WRONG_STATE: 409,
  OUTBOX_CAMPAIGN_BUSY: 409,
  OUTBOX_KEY_REUSED: 422,
  OUTBOX_OPTED_OUT: 422,
  OUTBOX_SOURCE_CHANGED: 422,
  OUTBOX_INVALID_MESSAGE: 400,
  OUTBOX_SOURCE_FAILED: 400,
  OUTBOX_DATABASE_UNAVAILABLE: 503,
  OUTBOX_DATABASE_READ_ONLY: 503,
  OUTBOX_DATABASE_FULL: 503,
  OUTBOX_DATABASE_ENCODING: 422,
};

/** Details of a failed call. */
export interface OutboxErrorDetails {
  readonly cause?: unknown;
  /** @default 'rejected' */
  readonly outcome?: 'rejected' | 'unknown' | undefined;
}

/**
 * A call of the outbox failed. The creation of a campaign with an idempotency key may have stored a part, and the same
 * call continues. The `LaafficExceptionFilter` and `@UseLaafficErrors()` of nestjs-laaffic respond with its
 * `httpStatus`.
 * @example
 * try {
 *   await outbox.enqueue(command, { idempotencyKey });
 * } catch (error) {
 *   if (error instanceof OutboxError && error.outcome === 'unknown') return retryLater(command, idempotencyKey);
 *   throw error;
 * }
 */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';
  /** `rejected`: the call had no effect and may be retried. `unknown`: it may have succeeded, as a whole or in part. */
  readonly outcome: 'rejected' | 'unknown';

  constructor(
    readonly code: OutboxErrorCode,
    message: string,
    { outcome = 'rejected', ...options }: OutboxErrorDetails = {},
  ) {
    super(message, options);
    this.outcome = outcome;
  }

  /** The HTTP status for the app's own callers. 500 if only an operator can fix the problem. */
  get httpStatus(): number {
    return HTTP_STATUS[this.code] ?? 500;
  }
}

/** Options of the outbox are wrong. Names every wrong field. */
export class OutboxOptionsError extends Error {
  override readonly name = 'OutboxOptionsError';
  readonly code = 'OUTBOX_INVALID_OPTIONS';

  /**
   * @param problems one sentence for each wrong field, without its value.
   * @param account the name of the account; `undefined` for the default account.
   */
  constructor(
    readonly problems: readonly string[],
    readonly account?: string,
  ) {
    super(
      `Invalid outbox options${account === undefined ? '' : ` of the account "${account}"`}: ${problems.join('; ')}`,
    );
  }
}
