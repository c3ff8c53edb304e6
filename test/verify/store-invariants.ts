import type {
  CheckOutcome,
  ResendOutcome,
  StartOutcome,
} from '../../libs/laaffic-verify/src/store/verification-store.js';

/** What the rules of a sequence allow. Durations are milliseconds. */
export interface InvariantLimits {
  readonly perHour: number;
  readonly perDay: number;
  readonly maxAttempts: number;
  readonly lockAfter: number;
  readonly lockMs: number;
  readonly longestLockMs: number;
  readonly suspendAfter: number;
}

/** A verification as its caller knows it. */
export interface Started {
  readonly id: string;
  readonly phone: string;
  readonly kind: string;
  readonly tenant: string;
  readonly purpose: string;
  readonly binding: Buffer;
  /** When the code of each generation expires; the first generation is 1. */
  readonly expiries: number[];
  attempts: number;
  state: 'open' | 'matched' | 'approved' | 'cancelled';
}

/** A check as its caller knows it. */
export interface Entered {
  readonly tenant: string;
  readonly purpose: string;
  readonly binding: Buffer;
  /** The generation of the code; `undefined` for a wrong one. */
  readonly generation: number | undefined;
}

interface PhoneRecord {
  readonly sent: number[];
  failures: number;
  locks: number;
  lockedUntil: number;
  isSuspended: boolean;
}

const HOUR = 3_600_000;

/**
 * What must hold whatever a store does. It knows only what its callers see, and none of the rules about ranges, sources
 * and pauses.
 */
export class StoreInvariants {
  readonly #phones = new Map<string, PhoneRecord>();

  constructor(private readonly limits: InvariantLimits) {}

  /** A start or a resend whose transaction was committed, if it had one. */
  afterSend(outcome: StartOutcome | ResendOutcome, phone: string, now: number): void {
    const record = this.#phone(phone);
    if (outcome.result === 'rejected' || outcome.result === 'changed') return;
    expect([record.isSuspended, record.lockedUntil > now]).toEqual([false, false]);
    if (outcome.result !== 'sent') return;
    record.sent.push(now);
    expectRate(record.sent, this.limits.perHour, HOUR);
    expectRate(record.sent, this.limits.perDay, 24 * HOUR);
  }

  afterCheck(outcome: CheckOutcome, started: Started, entered: Entered, now: number): void {
    const phone = this.#phone(started.phone);
    if (outcome.result === 'over' || outcome.result === 'limited') return;
    // Failures and locks outlive every code. Only an approval or a release ends them.
    expect([phone.isSuspended, phone.lockedUntil > now]).toEqual([false, false]);
    expect(['open', 'matched']).toContain(started.state);
    expect([entered.tenant, entered.purpose]).toEqual([started.tenant, started.purpose]);
    started.attempts += 1;
    expect(started.attempts).toBeLessThanOrEqual(this.limits.maxAttempts);
    if (outcome.result === 'wrong') {
      expect(outcome.attemptsLeft).toBe(this.limits.maxAttempts - started.attempts);
      this.#countFailure(phone, now);
      return;
    }
    expect(['sms', 'test']).toContain(started.kind);
    expect(entered.binding).toEqual(started.binding);
    expect(started.expiries.length - (entered.generation ?? -Infinity)).toBeLessThan(2);
    expect(started.expiries[entered.generation! - 1]).toBeGreaterThan(now);
    started.state = 'matched';
    if (outcome.result === 'approved') this.afterApproval(started, now);
  }

  afterApproval(started: Started, now: number): void {
    expect(started.state).toBe('matched');
    expect(Math.max(...started.expiries.slice(-2))).toBeGreaterThan(now);
    started.state = 'approved';
    const phone = this.#phone(started.phone);
    phone.failures = 0;
    phone.locks = 0;
  }

  afterRelease(phone: string): void {
    Object.assign(this.#phone(phone), { failures: 0, locks: 0, lockedUntil: -Infinity, isSuspended: false });
  }

  #countFailure(phone: PhoneRecord, now: number): void {
    const { lockAfter, lockMs, longestLockMs, suspendAfter } = this.limits;
    phone.failures += 1;
    phone.isSuspended = phone.failures >= suspendAfter;
    if (phone.failures % lockAfter !== 0) return;
    phone.lockedUntil = now + Math.min(longestLockMs, lockMs * 2 ** phone.locks);
    phone.locks += 1;
  }

  #phone(key: string): PhoneRecord {
    let phone = this.#phones.get(key);
    if (phone === undefined) {
      phone = { sent: [], failures: 0, locks: 0, lockedUntil: -Infinity, isSuspended: false };
      this.#phones.set(key, phone);
    }
    return phone;
  }
}

/** Since each message: at most `limit` at once, and then one more in each equal part of the window. */
function expectRate(sent: readonly number[], limit: number, window: number): void {
  // A store may count in whole microseconds.
  const now = sent.at(-1)! + 0.1;
  const isTooMany = (at: number, index: number) =>
    sent.length - index > limit + Math.floor((now - at) / (window / limit));
  expect(sent.filter(isTooMany)).toEqual([]);
}
