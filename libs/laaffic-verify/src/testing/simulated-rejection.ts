import { VerificationError, type VerificationErrorCode } from '../errors/verification.error.js';
import type { Rejected } from '../store/verification-store.js';

/** How a start or a resend is rejected. */
export interface SimulatedRejection {
  readonly code: Exclude<VerificationErrorCode, 'VERIFY_MALFORMED_CODE' | 'VERIFY_INVALID_PROOF'>;
  /**
   * Seconds after which the same call may succeed, at least 1.
   * @default 900 for `VERIFY_REJECTED` and `VERIFY_CAP`, otherwise none
   */
  readonly retryAfterSeconds?: number | undefined;
  /**
   * The field of the request that is wrong.
   * @default none
   */
  readonly field?: string | undefined;
}

/** The rules of a store that have an error of their own. */
const RULES: Readonly<Partial<Record<VerificationErrorCode, string>>> = {
  VERIFY_COOLDOWN: 'cooldown',
  VERIFY_LIMITED: 'number',
  VERIFY_LOCKED: 'locked',
  VERIFY_REJECTED: 'range',
  VERIFY_CAP: 'cap',
  VERIFY_OVER: 'over',
};

/** @throws {RangeError} if there is no such code, or `retryAfterSeconds` is not a number of at least 1. */
export function checkedRejection(rejection: SimulatedRejection): SimulatedRejection {
  const { code, retryAfterSeconds = 1 } = rejection;
  const { httpStatus } = new VerificationError(code, '') as { readonly httpStatus: number | undefined };
  if (httpStatus === undefined) throw new RangeError('code must be a code of VerificationError');
  if (!(Number.isFinite(retryAfterSeconds) && retryAfterSeconds >= 1)) {
    throw new RangeError('retryAfterSeconds must be a number of at least 1');
  }
  return rejection;
}

/**
 * Rejects as the store does, if it has a rule for the code.
 * @throws {VerificationError} of the code, otherwise.
 */
export function outcomeOf({ code, retryAfterSeconds, field }: SimulatedRejection): Rejected {
  const rule = RULES[code];
  if (rule === undefined || field !== undefined) {
    throw new VerificationError(code, 'A test rejects this call', { retryAfterSeconds, field });
  }
  const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000;
  return { result: 'rejected', rule, retryAfterMs, would: [] };
}
