/** A stable code for programs. */
export type VerificationErrorCode =
  /** The number cannot be read, or cannot exist. */
  | 'VERIFY_INVALID_NUMBER'
  /** Another field of the request is wrong. */
  | 'VERIFY_INVALID_REQUEST'
  /** The code has other characters than digits, or another length. It was not counted as an attempt. */
  | 'VERIFY_MALFORMED_CODE'
  /** The code is wrong. It was counted as an attempt. Only {@link toVerificationError} makes it. */
  | 'VERIFY_WRONG_CODE'
  /** No codes are sent to the country of the number. */
  | 'VERIFY_COUNTRY'
  /** No codes are sent to numbers of this type. */
  | 'VERIFY_NUMBER_TYPE'
  /** The visitor has to solve a challenge first. */
  | 'VERIFY_CHALLENGE'
  /** The last message to the number is too recent. */
  | 'VERIFY_COOLDOWN'
  /** The number or its source has had all messages that it may have for now. */
  | 'VERIFY_LIMITED'
  /** Too many wrong codes were entered for the number. */
  | 'VERIFY_LOCKED'
  /** The guard rejects the request. It does not tell why. */
  | 'VERIFY_REJECTED'
  /** A cap on spending is reached. */
  | 'VERIFY_CAP'
  /** The verification is unknown, expired, cancelled or used, which no caller can tell apart. */
  | 'VERIFY_OVER'
  /** The proof is not valid, or was used before. */
  | 'VERIFY_INVALID_PROOF'
  /** The idempotency key was used for another request. */
  | 'VERIFY_KEY_REUSED';

const HTTP_STATUS: Readonly<Record<VerificationErrorCode, number>> = {
  VERIFY_INVALID_NUMBER: 400,
  VERIFY_INVALID_REQUEST: 400,
  VERIFY_MALFORMED_CODE: 400,
  VERIFY_WRONG_CODE: 422,
  VERIFY_COUNTRY: 422,
  VERIFY_NUMBER_TYPE: 422,
  VERIFY_CHALLENGE: 403,
  VERIFY_COOLDOWN: 429,
  VERIFY_LIMITED: 429,
  VERIFY_LOCKED: 429,
  VERIFY_REJECTED: 429,
  VERIFY_CAP: 503,
  VERIFY_OVER: 410,
  VERIFY_INVALID_PROOF: 403,
  VERIFY_KEY_REUSED: 422,
};

/** One text for every reason, because no caller may tell them apart. */
export const OVER = 'This verification is over';

/** Details of a rejected call. */
export interface VerificationErrorDetails {
  readonly cause?: unknown;
  /** Seconds after which the same call may succeed. */
  readonly retryAfterSeconds?: number | undefined;
  /** The field of the request that is wrong. */
  readonly field?: string | undefined;
  /** How often another code can be entered. */
  readonly attemptsLeft?: number | undefined;
}

/**
 * A call was rejected: nothing was sent. The message contains no number and no code. `@UseVerifyErrors()`, and the
 * `LaafficExceptionFilter` of nestjs-laaffic, respond with its `httpStatus`.
 * @example
 * try {
 *   await verification.start({ to, purpose: 'sign-in' }, { source });
 * } catch (error) {
 *   if (error instanceof VerificationError && error.retryAfterSeconds !== undefined) return wait(error.retryAfterSeconds);
 *   throw error;
 * }
 */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  /** A rejected call had no effect. */
  readonly outcome = 'rejected';
  readonly retryAfterSeconds: number | undefined;
  readonly field: string | undefined;
  readonly attemptsLeft: number | undefined;

  constructor(
    readonly code: VerificationErrorCode,
    message: string,
    { retryAfterSeconds, field, attemptsLeft, ...options }: VerificationErrorDetails = {},
  ) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
    this.field = field;
    this.attemptsLeft = attemptsLeft;
  }

  /** The HTTP status for the app's own callers. */
  get httpStatus(): number {
    return HTTP_STATUS[this.code];
  }
}

/**
 * Turns the result of a check that did not approve into an error, for controllers: `VERIFY_WRONG_CODE` with `attemptsLeft`, or
 * `VERIFY_OVER`.
 * @example
 * const result = await verification.check({ id, purpose: 'sign-in', code });
 * if (result.status !== 'approved') throw toVerificationError(result);
 */
export function toVerificationError(
  result: { readonly status: 'wrong'; readonly attemptsLeft: number } | { readonly status: 'over' },
): VerificationError {
  if (result.status === 'over') return new VerificationError('VERIFY_OVER', OVER);
  const { attemptsLeft } = result;
  return new VerificationError('VERIFY_WRONG_CODE', 'The code is wrong', { field: 'code', attemptsLeft });
}

/** Options of a module are wrong. Names every wrong field. */
export class VerificationOptionsError extends Error {
  override readonly name = 'VerificationOptionsError';
  readonly code = 'VERIFY_INVALID_OPTIONS';

  /** @param problems one sentence for each wrong field, without its value. */
  constructor(
    readonly problems: readonly string[],
    module = 'LaafficVerifyModule',
  ) {
    super(`Invalid options of ${module}: ${problems.join('; ')}`);
  }
}
