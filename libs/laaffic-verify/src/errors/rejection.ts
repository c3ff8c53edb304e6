import { OVER, VerificationError, type VerificationErrorCode } from './verification.error.js';

/** Rules that suspect a start, which a challenge can clear. */
const SUSPICIONS = new Set(['budget', 'range']);
/** When to call again after a rejection by the guard that has no end of its own. */
const LATER_MS = 15 * 60_000;

const REJECTIONS: Readonly<Record<string, readonly [VerificationErrorCode, string]>> = {
  cooldown: ['VERIFY_COOLDOWN', 'The last message to this number is too recent'],
  number: ['VERIFY_LIMITED', 'This number has had all messages that it may have for now'],
  source: ['VERIFY_LIMITED', 'Too many messages were requested from this source'],
  tenant: ['VERIFY_LIMITED', 'This tenant has had all messages that it may have for now'],
  wrong: ['VERIFY_LIMITED', 'Too many wrong codes came from this source'],
  key: ['VERIFY_KEY_REUSED', 'The idempotency key was used for another verification'],
  locked: ['VERIFY_LOCKED', 'Too many wrong codes were entered for this number'],
  over: ['VERIFY_OVER', OVER],
  cap: ['VERIFY_CAP', 'No more messages can be sent for now'],
};

/**
 * The error of a call that a rule rejects.
 * @param challenges whether a visitor who is suspected has to solve a challenge.
 */
export function rejectionBy(rule: string, retryAfterMs?: number, challenges = false): VerificationError {
  if (challenges && SUSPICIONS.has(rule)) {
    return new VerificationError('VERIFY_CHALLENGE', 'The visitor has to solve a challenge first');
  }
  // Rules of the guard are not named: that would tell an attacker what to change.
  const [code, message] = REJECTIONS[rule] ?? ['VERIFY_REJECTED', 'No message can be sent to this number for now'];
  // A time of its own would tell a rule from the others.
  const isGuard = code === 'VERIFY_REJECTED' || code === 'VERIFY_CAP';
  const afterMs = retryAfterMs ?? (isGuard ? LATER_MS : undefined);
  return new VerificationError(code, message, {
    retryAfterSeconds: afterMs === undefined ? undefined : Math.max(1, Math.ceil(afterMs / 1_000)),
  });
}
