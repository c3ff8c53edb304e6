// The rules of sql/functions/ for rows in memory, under the same names. Times are whole microseconds since 1970, as in
// PostgreSQL, so both stores round in the same places.
import type { VerificationKind, VerificationState } from '../sql/generated.js';
import type { RangeScoring } from '../guard/range-scoring.js';
import type { CheckInput, SendLimits, StartInput } from '../store/verification-store.js';

export const HOUR = 3_600_000_000;
export const DAY = 24 * HOUR;
const NEVER = -Infinity;
/** A range with a lower score is forgotten. */
const NEGLIGIBLE_SCORE = 1e-9;

/** What is known of a number. It outlives verifications, so a new code does not reset failures and limits. */
export interface Phone {
  readonly hourTat: number;
  readonly dayTat: number;
  readonly streak: number;
  readonly sentAt: number;
  readonly nextSendAt: number;
  readonly failures: number;
  readonly locks: number;
  readonly lockedUntil: number;
  readonly isSuspended: boolean;
  readonly approvedAt: number;
  readonly countedAt: number;
  readonly seenAt: number;
  /** The ids of its open verifications, and when the last of their codes expires. */
  readonly open: readonly string[];
  readonly openUntil: number;
}

export interface Verification {
  readonly id: string;
  readonly kind: VerificationKind;
  readonly tenant: string;
  readonly purpose: string;
  readonly phoneKey: string;
  readonly session: Buffer;
  readonly binding: Buffer;
  readonly number: string;
  readonly country: string;
  readonly isKnown: boolean;
  readonly isExcused: boolean;
  readonly keyId: string;
  readonly generation: number;
  readonly digest: Buffer;
  readonly expiresAt: number;
  readonly oldDigest: Buffer | undefined;
  readonly oldExpiresAt: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly sends: number;
  readonly state: VerificationState;
  readonly ranges: readonly string[];
  readonly gain: number;
  readonly messageId: string | undefined;
  readonly createdAt: number;
  readonly approvedAt: number | undefined;
  readonly isRedeemed: boolean;
}

export interface NumberRange {
  readonly score: number;
  /** How many numbers were approved, which fades as the score does. */
  readonly approvals: number;
  readonly at: number;
  readonly blockedUntil: number;
  readonly blocks: number;
  /** The countries of the numbers of a source since the last approval. */
  readonly countries: readonly string[];
  /** When no rule can tell it from a new range any more. */
  readonly neededUntil: number;
}

/** The rule that rejects a message, or the number with the message counted. */
type CountedMessage =
  | { readonly rule: string; readonly retryAfterMs: number | undefined }
  | { readonly rule: undefined; readonly phone: Phone };

export const NEW_PHONE: Omit<Phone, 'seenAt'> = {
  ...{ hourTat: NEVER, dayTat: NEVER, streak: 0, sentAt: NEVER, nextSendAt: NEVER },
  ...{ failures: 0, locks: 0, lockedUntil: NEVER, isSuspended: false, approvedAt: NEVER, countedAt: NEVER },
  ...{ open: [], openUntil: NEVER },
};

export function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

export function msBetween(from: number, to: number): number {
  return (to - from) / 1000;
}

/** The time between two of `limit` turns. Rounded down, or the last turn would not fit into the window. */
function pace(window: number, limit: number): number {
  return Math.floor(window / limit);
}

/** Milliseconds until a quota has a turn again, of `limit` in an hour; 0 if it has one. */
export function waitOfQuota(tat: number | undefined, limit: number, now: number): number {
  return Math.max(0, msBetween(now + HOUR, takeTurn(tat, limit, now)));
}

/** The theoretical arrival time of a quota after one more turn. */
export function takeTurn(tat: number | undefined, limit: number, now: number): number {
  return Math.max(tat ?? NEVER, now) + pace(HOUR, limit);
}

export function countMessage(phone: Phone, limits: SendLimits, now: number): CountedMessage {
  if (phone.isSuspended) return { rule: 'locked', retryAfterMs: undefined };
  if (phone.lockedUntil > now) return { rule: 'locked', retryAfterMs: msBetween(now, phone.lockedUntil) };
  if (phone.nextSendAt > now) return { rule: 'cooldown', retryAfterMs: msBetween(now, phone.nextSendAt) };
  const hourTat = Math.max(phone.hourTat, now) + pace(HOUR, limits.perHour);
  const dayTat = Math.max(phone.dayTat, now) + pace(DAY, limits.perDay);
  const wait = Math.max(msBetween(now + HOUR, hourTat), msBetween(now + DAY, dayTat));
  if (wait > 0) return { rule: 'number', retryAfterMs: wait };
  const streak = phone.sentAt > now - HOUR ? phone.streak + 1 : 1;
  const { cooldownsMs } = limits;
  const nextSendAt = now + microseconds(cooldownsMs[Math.min(streak, cooldownsMs.length) - 1] ?? 0);
  return { rule: undefined, phone: { ...phone, hourTat, dayTat, streak, sentAt: now, nextSendAt, seenAt: now } };
}

export function isKnown(phone: Phone, knownMs: number, now: number): boolean {
  return phone.approvedAt > now - microseconds(knownMs);
}

/** Whether its ranges have not counted the number in the last hour. */
export function isCountDue(phone: Phone, now: number): boolean {
  return phone.countedAt <= now - HOUR;
}

/** When the last of its codes expires. */
export function expiryOf(verification: Verification): number {
  return Math.max(verification.expiresAt, verification.oldExpiresAt);
}

/** Whether a verification can still be approved or cancelled. */
export function isUnfinished({ state }: Verification): boolean {
  return state === 'pending' || state === 'matched';
}

/** Whether a code of a verification can still be entered. */
export function isOpen(verification: Verification, now: number): boolean {
  const { attempts, maxAttempts } = verification;
  return isUnfinished(verification) && attempts < maxAttempts && expiryOf(verification) > now;
}

export function isRight(verification: Verification, { binding, digests }: CheckInput, now: number): boolean {
  const { kind, digest, expiresAt, oldDigest, oldExpiresAt } = verification;
  // A decoy has no code.
  if (kind === 'decoy' || kind === 'pretended') return false;
  const isOneOf = (code: Buffer | undefined) => code !== undefined && digests.some((each) => each.equals(code));
  if (!verification.binding.equals(binding)) return false;
  return (isOneOf(digest) && expiresAt > now) || (isOneOf(oldDigest) && oldExpiresAt > now);
}

export function stateAfterCheck(state: VerificationState, isRightCode: boolean, attemptsLeft: number) {
  if (isRightCode) return 'matched';
  return attemptsLeft === 0 && state === 'pending' ? 'failed' : state;
}

export function countFailure(phone: Phone, limits: CheckInput, now: number): Phone {
  const failures = phone.failures + 1;
  const counted = { ...phone, failures, seenAt: now, isSuspended: failures >= limits.suspendAfter };
  if (failures % limits.lockAfter !== 0) return counted;
  const lockMs = Math.min(limits.longestLockMs, limits.lockMs * 2 ** phone.locks);
  return { ...counted, locks: phone.locks + 1, lockedUntil: now + microseconds(lockMs) };
}

/** The score of a range now: it halves in each half-life. */
export function currentScore(range: NumberRange | undefined, halfLifeMs: number, now: number): number {
  return range === undefined ? 0 : faded(range.score, range.at, halfLifeMs, now);
}

function faded(amount: number, at: number, halfLifeMs: number, now: number): number {
  return amount * 2 ** (-Math.max(0, msBetween(at, now)) / halfLifeMs);
}

/** How often a range was blocked in a row: the next block counts on if it begins within the longest block after the last one. */
function blocksInARow(range: NumberRange | undefined, longestBlockMs: number, now: number): number {
  return range !== undefined && range.blockedUntil > now - microseconds(longestBlockMs) ? range.blocks : 0;
}

/**
 * The score at which a range is blocked. For a source with numbers of many countries it is half as high. A range with many
 * approvals would be blocked by chance too often, because it has more starts.
 */
export function tripOf(
  range: NumberRange | undefined,
  key: string,
  trip: number,
  { sourceRange, maxCountries, country, halfLifeMs, approvalsScale }: StartInput,
  now: number,
): number {
  const isOfMany = key === sourceRange && countriesWith(range, country, now).length > maxCountries;
  const approvals = range === undefined ? 0 : faded(range.approvals, range.at, halfLifeMs, now);
  return (isOfMany ? trip / 2 : trip) + Math.log(1 + approvals / approvalsScale);
}

/** When the block of a range ends, if one more start blocks it or it is blocked; `undefined` if it stays open. */
export function blockedUntil(
  range: NumberRange | undefined,
  trip: number,
  counts: boolean,
  scoring: RangeScoring,
  now: number,
): number | undefined {
  if (range !== undefined && range.blockedUntil > now) return range.blockedUntil;
  if (!counts || currentScore(range, scoring.halfLifeMs, now) + scoring.gain < trip) return undefined;
  const blockMs = scoring.blockMs * 2 ** blocksInARow(range, scoring.longestBlockMs, now);
  return now + microseconds(Math.min(scoring.longestBlockMs, blockMs));
}

/** A range that has just become suspicious. Its score begins anew when the block is over. */
export function block(
  range: NumberRange,
  until: number,
  { longestBlockMs, halfLifeMs }: RangeScoring,
  now: number,
): NumberRange {
  const blocks = blocksInARow(range, longestBlockMs, now) + 1;
  const neededUntil = until + microseconds(longestBlockMs);
  const approvals = faded(range.approvals, range.at, halfLifeMs, now);
  return { ...range, score: 0, approvals, at: now, blockedUntil: until, blocks, neededUntil };
}

/** Ends the block of a range. */
export function unblock(range: NumberRange, now: number): NumberRange {
  return range.blockedUntil > now ? { ...range, blockedUntil: now, countries: [] } : range;
}

/** The countries of a source with one more. They are forgotten when the source was silent for a day. */
export function countriesWith(range: NumberRange | undefined, country: string, now: number): readonly string[] {
  if (range === undefined || range.at <= now - DAY) return [country];
  return range.countries.includes(country) ? range.countries : [...range.countries, country];
}

/** Adds to the score of a range, or takes something off. */
export function addToScore(
  range: NumberRange | undefined,
  amount: number,
  halfLifeMs: number,
  now: number,
  newApprovals = 0,
): NumberRange {
  const score = Math.max(0, currentScore(range, halfLifeMs, now) + amount);
  const approvals = (range === undefined ? 0 : faded(range.approvals, range.at, halfLifeMs, now)) + newApprovals;
  const fadesMs = Math.max(0, Math.log2(Math.max(score, approvals) / NEGLIGIBLE_SCORE)) * halfLifeMs;
  const { blocks = 0, blockedUntil: until = NEVER, neededUntil = NEVER, countries = [] } = range ?? {};
  return {
    score,
    approvals,
    at: now,
    blocks,
    blockedUntil: until,
    countries,
    neededUntil: Math.max(neededUntil, now + microseconds(fadesMs)),
  };
}
