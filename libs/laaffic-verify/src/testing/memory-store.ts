import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { BlockedRange } from '../guard/guard-store.js';
import type { VerificationKind } from '../sql/generated.js';
import type {
  ApprovalInput,
  CheckInput,
  CheckOutcome,
  CodeMessage,
  CurrentCode,
  OpenDetails,
  OpenVerification,
  Quota,
  RedeemedProof,
  Rejected,
  ResendInput,
  ResendOutcome,
  StartInput,
  StartOutcome,
  StoredVerification,
  VerificationStore,
} from '../store/verification-store.js';
import {
  addToScore,
  block,
  blockedUntil,
  countriesWith,
  countFailure,
  countMessage,
  DAY,
  expiryOf,
  HOUR,
  isCountDue,
  isKnown,
  isOpen,
  isRight,
  isUnfinished,
  microseconds,
  msBetween,
  NEW_PHONE,
  stateAfterCheck,
  takeTurn,
  tripOf,
  unblock,
  waitOfQuota,
  type NumberRange,
  type Phone,
  type Verification,
} from './memory-rules.js';
import { MemoryGuardStore, type TrafficChange } from './memory-guard-store.js';
import { MemoryTable, MemoryTransaction } from './memory-table.js';

/** A call: its time, and its transaction if it has one of this store. */
interface Call {
  readonly now: number;
  readonly own: MemoryTransaction | undefined;
}
type Holders = readonly (MemoryTransaction | undefined)[];

const OVER = { result: 'over' } as const;
const DAY_MS = DAY / 1000;

/**
 * Keeps verifications in memory, for tests and simulations. It decides as the database does, within one process.
 *
 * A transaction holds what it has written until it ends. A call outside of it that needs the same number, source or range
 * waits, as in the database. A transaction that was not opened here, such as one of the app's database, cannot be rolled
 * back: calls with it are stored at once.
 * @example
 * let now = new Date('2030-01-01');
 * const store = new MemoryStore(() => now);
 */
export class MemoryStore implements VerificationStore {
  readonly guard: MemoryGuardStore;
  #verifications!: MemoryTable<Verification>;
  #phones!: MemoryTable<Phone>;
  /** The theoretical arrival times of quotas. */
  #quotas!: MemoryTable<number>;
  #ranges!: MemoryTable<NumberRange>;
  readonly #retention: number;
  /** The longest time for which a start knows a number. */
  #knownMs = 0;
  #messages = 0;

  /**
   * @param now the time. @default the clock of the machine
   * @param retentionMs how long it remembers, in milliseconds, what no rule needs any more: a verification after the
   *   expiry of its codes, and a number after its last message. @default a day
   */
  constructor(
    private readonly now: () => Date = () => new Date(),
    retentionMs: number = DAY_MS,
  ) {
    this.#retention = microseconds(retentionMs);
    this.guard = new MemoryGuardStore(() => this.#time(), {
      blocked: () => this.#blockedRanges(),
      release: (prefix) => this.#releaseRanges(prefix),
    });
    this.#createTables();
  }

  /** Forgets everything, also what open transactions have written. */
  clear(): void {
    this.#createTables();
    this.guard.clear();
  }

  /** Number of rows of all tables. */
  get size(): number {
    return this.#verifications.size + this.#phones.size + this.#quotas.size + this.#ranges.size + this.guard.size;
  }

  start(input: StartInput, transaction?: SqlTransaction): Promise<StartOutcome> {
    const holders = (): Holders => [
      ...input.numberKeys.map((key) => this.#phones.holderOf(phoneKeyOf(input.tenant, key))),
      ...this.#holdersOfQuotas(input.quotas),
      ...input.ranges.map((range) => this.#ranges.holderOf(range)),
    ];
    return this.#run(transaction, holders, (call) => {
      const outcome = this.#start(input, call);
      if (outcome.result === 'sent') this.#deliver(input.message, outcome, transaction);
      return outcome;
    });
  }

  resend(input: ResendInput, transaction?: SqlTransaction): Promise<ResendOutcome> {
    const holders = (): Holders => [...this.#holdersOf(input.id, transaction), ...this.#holdersOfQuotas(input.quotas)];
    return this.#run(transaction, holders, (call) => {
      const outcome = this.#resend(input, call);
      if (outcome.result === 'sent') this.#deliver(input.message, outcome, transaction);
      return outcome;
    });
  }

  /** A message is sent. It does nothing here: a fake keeps it. */
  protected deliver(
    _message: CodeMessage,
    _verification: OpenVerification,
    _transaction: SqlTransaction | undefined,
  ): void {}

  readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined> {
    const now = this.#time();
    const verification = this.#verifications.find(id, ownOf(transaction));
    if (verification?.tenant !== tenant || !isOpen(verification, now)) return Promise.resolve(undefined);
    const { number, country, purpose, binding, kind } = verification;
    const { keyId, generation, sends, expiresInMs } = describe(verification, 0, now);
    return Promise.resolve({ id, number, country, purpose, binding, kind, keyId, generation, sends, expiresInMs });
  }

  check(input: CheckInput): Promise<CheckOutcome> {
    const holders = (): Holders => [
      ...this.#holdersOf(input.id),
      ...this.#holdersOfQuotas(input.quota === undefined ? [] : [input.quota]),
    ];
    return this.#run(undefined, holders, (call) => this.#check(input, call));
  }

  async approve(id: string, input: ApprovalInput, transaction?: SqlTransaction): Promise<Date | undefined> {
    let approvedAt: Date | undefined;
    await this.#change(id, transaction, (verification, call) => {
      if (verification.state !== 'matched' || expiryOf(verification) <= call.now) return false;
      this.#approve(verification, input, call);
      approvedAt = dateOf(call.now);
      return true;
    });
    return approvedAt;
  }

  cancel(id: string, tenant: string, halfLifeMs: number, clearsSuspicion = true): Promise<boolean> {
    return this.#change(id, undefined, (verification, call) => {
      if (verification.tenant !== tenant) return false;
      if (!isUnfinished(verification) || expiryOf(verification) <= call.now) return false;
      this.#put({ ...verification, state: 'cancelled' }, call);
      const { phoneKey, ranges, gain } = verification;
      const isCounted = clearsSuspicion && this.#isCounted(phoneKey, call);
      if (clearsSuspicion) this.#count(verification, { starts: -1 }, call);
      const uncounted = clearsSuspicion ? { countedAt: -Infinity } : {};
      this.#changePhone(phoneKey, ({ open }) => ({ open: without(open, id), ...uncounted }), call);
      if (isCounted) for (const range of ranges) this.#relieve(range, gain, 0, halfLifeMs, call);
      return true;
    });
  }

  find(id: string, tenant: string): Promise<StoredVerification | undefined> {
    const verification = this.#verifications.find(id);
    if (verification?.tenant !== tenant) return Promise.resolve(undefined);
    const { purpose, country, state, sends, attempts, maxAttempts, approvedAt, messageId } = verification;
    const number = isUnfinished(verification) ? verification.number : undefined;
    return Promise.resolve({
      ...{ purpose, country, state, number, sends, attempts, maxAttempts, messageId },
      expiresAt: dateOf(verification.expiresAt),
      createdAt: dateOf(verification.createdAt),
      approvedAt: approvedAt === undefined ? undefined : dateOf(approvedAt),
    });
  }

  release(tenant: string, numberKeys: readonly Buffer[]): Promise<boolean> {
    const keys = numberKeys.map((key) => phoneKeyOf(tenant, key));
    const { failures, locks, lockedUntil, isSuspended, nextSendAt } = NEW_PHONE;
    return this.#run(
      undefined,
      () => keys.map((key) => this.#phones.holderOf(key)),
      (call) => {
        const known = keys.filter((key) => this.#phones.find(key) !== undefined);
        for (const key of known)
          this.#changePhone(key, () => ({ failures, locks, lockedUntil, isSuspended, nextSendAt }), call);
        return known.length > 0;
      },
    );
  }

  async redeem(id: string): Promise<RedeemedProof | undefined> {
    let proof: RedeemedProof | undefined;
    await this.#change(id, undefined, (verification, call) => {
      const { purpose, binding, approvedAt, isRedeemed } = verification;
      if (approvedAt === undefined || isRedeemed) return false;
      this.#put({ ...verification, isRedeemed: true }, call);
      proof = { purpose, binding, approvedAt: dateOf(approvedAt) };
      return true;
    });
    return proof;
  }

  async transaction<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    const transaction = new MemoryTransaction();
    let isCommitted = false;
    try {
      const result = await work(transaction);
      isCommitted = true;
      return result;
    } finally {
      transaction.end(isCommitted);
    }
  }

  /** The code that an open verification has now. `undefined` if it is unknown or over. */
  readCode(id: string, transaction?: SqlTransaction): CurrentCode | undefined {
    const verification = this.#verifications.find(id, ownOf(transaction));
    if (verification === undefined || !isOpen(verification, this.#time())) return undefined;
    const { keyId, generation } = verification;
    return { id, keyId, generation };
  }

  /** Makes a number known, as its approval would. @param knownMs how long, at least. */
  addKnown(tenant: string, numberKey: Buffer, knownMs: number): Promise<void> {
    const key = phoneKeyOf(tenant, numberKey);
    return this.#run(
      undefined,
      () => [this.#phones.holderOf(key)],
      ({ now }) => {
        this.#knownMs = Math.max(this.#knownMs, knownMs);
        const phone = this.#phones.find(key) ?? { ...NEW_PHONE, seenAt: now };
        this.#phones.set(key, { ...phone, approvedAt: now }, now);
      },
    );
  }

  #createTables(): void {
    this.#verifications = new MemoryTable((each, at) => expiryOf(each) + this.#retention > at);
    this.#phones = new MemoryTable((each, at) => this.#isNeeded(each, this.#retention, at));
    this.#quotas = new MemoryTable((tat, now) => tat > now);
    this.#ranges = new MemoryTable((range, now) => range.neededUntil > now);
  }

  #start(input: StartInput, call: Call): StartOutcome {
    const { now, own } = call;
    const { quotas, rejection, shadow, message } = input;
    this.#knownMs = Math.max(this.#knownMs, input.knownMs);
    if (input.isIdempotent) {
      const first = this.#verifications.find(input.id, own);
      if (first !== undefined) return this.#repeated(input, first, call);
    }
    const phoneKey = this.#lockPhone(input, call);
    const open = this.#openOfSession(input, phoneKey, call);
    const phone = this.#phones.find(phoneKey, own) ?? { ...NEW_PHONE, seenAt: now };
    const would: string[] = [];

    const usedUp = this.#usedUpQuota(quotas, call);
    if (usedUp !== undefined) return rejected(usedUp.rule, usedUp.retryAfterMs, would);
    if (rejection !== undefined) {
      if (!shadow.includes(rejection)) return rejected(rejection, undefined, would);
      would.push(rejection);
    }
    const verdict = this.guard.verdictOf(input.numberKeys);
    if (verdict === 'deny') return rejected('denied', undefined, would);
    const isNew = open === undefined;
    const isKnownNumber = isKnown(phone, input.knownMs, now);
    const isCounted = isNew && !isKnownNumber && input.ranges.length > 0 && isCountDue(phone, now);
    let rule: string | undefined;
    // Suspicion never stops numbers that were verified before.
    if (isNew && !isKnownNumber && !input.isTrusted && verdict !== 'allow') {
      const judged = this.#judgeSuspect(input, isCounted, would, call);
      if (judged !== undefined && (!input.pretends || input.kind !== 'sms'))
        return rejected(judged.rule, judged.retryAfterMs, would);
      rule = judged?.rule;
    }
    const kind = rule === undefined ? (open?.kind ?? input.kind) : 'pretended';
    const counts = isCounted && rule === undefined;

    const counted = countMessage(phone, input, now);
    if (counted.rule !== undefined && (isNew || counted.rule === 'locked'))
      return rejected(counted.rule, counted.retryAfterMs, would);
    const about = { isNew, isKnown: isKnownNumber, kind, rule, would };
    if (open !== undefined) {
      // A page that is loaded again must not fail. The code that was sent is still good.
      const isDue = counted.rule === undefined;
      const verification = describe(open, isDue ? 0 : (counted.retryAfterMs ?? 0), now);
      return { result: isDue ? 'open' : 'waiting', verification, ...about };
    }
    if (counted.rule !== undefined) return rejected(counted.rule, counted.retryAfterMs, would);
    this.#takeTurns(quotas, call);
    const verification = newVerification({ ...input, kind }, phoneKey, isKnownNumber, now);
    const { isExcused } = verification;
    const isEnqueued = kind === 'sms' && message !== undefined;
    this.#put(isEnqueued ? { ...verification, messageId: this.#newMessageId() } : verification, call);
    this.#phones.set(phoneKey, withNew(counted.phone, verification, counts, now), now, own);
    if (counts) for (const key of input.ranges) this.#countInRange(key, input, call);
    if (kind === 'sms' || kind === 'decoy') {
      const change = { ...(isExcused ? { excused: 1 } : { starts: 1 }), ...costOf(isEnqueued ? message : undefined) };
      this.#addTraffic(verification, now, change, call);
    }
    const resendInMs = msBetween(now, counted.phone.nextSendAt);
    return { result: 'sent', verification: describe(verification, resendInMs, now), ...about };
  }

  /** The outcome of a start whose idempotency key was used before. */
  #repeated(input: StartInput, first: Verification, { now, own }: Call): StartOutcome {
    const { tenant, purpose, binding, phoneKey, kind } = first;
    const isSame = tenant === input.tenant && purpose === input.purpose && binding.equals(input.binding);
    const isSameNumber = input.numberKeys.some((key) => phoneKeyOf(tenant, key) === phoneKey);
    if (!isSame || !isSameNumber) return rejected('key', undefined, []);
    const nextSendAt = this.#phones.find(phoneKey, own)?.nextSendAt ?? now;
    const verification = describe(first, Math.max(0, msBetween(now, nextSendAt)), now);
    return { result: 'waiting', verification, isNew: false, isKnown: false, kind, rule: undefined, would: [] };
  }

  /** Why a start of a number that was not verified before is rejected. */
  #judgeSuspect(
    input: StartInput,
    counts: boolean,
    would: string[],
    call: Call,
  ): { readonly rule: string; readonly retryAfterMs: number | undefined } | undefined {
    const { suspicion, shadow } = input;
    if (suspicion !== undefined) {
      if (!shadow.includes(suspicion)) return { rule: suspicion, retryAfterMs: undefined };
      would.push(suspicion);
    }
    const blockedForMs = this.#blockRanges(input, counts, call);
    if (blockedForMs === undefined) return undefined;
    if (!shadow.includes('range')) return { rule: 'range', retryAfterMs: blockedForMs };
    would.push('range');
    return undefined;
  }

  #resend(input: ResendInput, call: Call): ResendOutcome {
    const { now, own } = call;
    const { message } = input;
    const verification = this.#verifications.find(input.id, own);
    if (verification?.tenant !== input.tenant || !isOpen(verification, now)) return rejected('over', undefined, []);
    const { phoneKey, kind } = verification;
    const phone = this.#phones.find(phoneKey, own);
    if (phone === undefined) return rejected('over', undefined, []);
    if (verification.generation !== input.generation || verification.sends !== input.sends)
      return { result: 'changed' };
    const usedUp = this.#usedUpQuota(input.quotas, call);
    if (usedUp !== undefined) return rejected(usedUp.rule, usedUp.retryAfterMs, []);
    if (input.rejection !== undefined) return rejected(input.rejection, undefined, []);
    if (this.guard.verdictOf([numberKeyOf(phoneKey)]) === 'deny') return rejected('denied', undefined, []);
    const counted = countMessage(phone, input, now);
    if (counted.rule !== undefined) return rejected(counted.rule, counted.retryAfterMs, []);
    this.#takeTurns(input.quotas, call);
    const code = input.renewal === undefined ? {} : renewed(verification, input.renewal, now);
    const isEnqueued = kind === 'sms' && message !== undefined;
    const messageId = isEnqueued ? this.#newMessageId() : verification.messageId;
    const sent = { ...verification, ...code, messageId, sends: verification.sends + 1 };
    this.#put(sent, call);
    const openUntil = Math.max(counted.phone.openUntil, sent.expiresAt);
    this.#phones.set(phoneKey, { ...counted.phone, openUntil }, now, own);
    if (isEnqueued) this.#addTraffic(sent, now, costOf(message), call);
    const open = describe(sent, msBetween(now, counted.phone.nextSendAt), now);
    return { result: 'sent', verification: open, isNew: false, isKnown: false, kind, rule: undefined, would: [] };
  }

  #newMessageId(): string {
    this.#messages += 1;
    return String(this.#messages);
  }

  #deliver(
    message: CodeMessage | undefined,
    { kind, verification }: { readonly kind: VerificationKind; readonly verification: OpenVerification },
    transaction: SqlTransaction | undefined,
  ): void {
    if (kind === 'sms' && message !== undefined) this.deliver(message, verification, transaction);
  }

  #check(input: CheckInput, call: Call): CheckOutcome {
    const { now, own } = call;
    const { id, tenant, purpose, quota } = input;
    const verification = this.#verifications.find(id, own);
    if (verification?.tenant !== tenant || verification.purpose !== purpose) return OVER;
    const { phoneKey, number, country } = verification;
    const phone = this.#phones.find(phoneKey, own);
    if (phone === undefined || phone.isSuspended || phone.lockedUntil > now || !isOpen(verification, now)) return OVER;
    const usedUp = quota && this.#usedUpQuota([quota], call);
    if (usedUp !== undefined) return { result: 'limited', retryAfterMs: usedUp.retryAfterMs };

    const isRightCode = isRight(verification, input, now);
    const attempts = verification.attempts + 1;
    const attemptsLeft = verification.maxAttempts - attempts;
    const state = stateAfterCheck(verification.state, isRightCode, attemptsLeft);
    const checked = { ...verification, attempts, state };
    this.#put(checked, call);
    if (isRightCode) {
      if (!input.approves) return { result: 'matched', number, country };
      this.#approve(checked, input.approval, call);
      return { result: 'approved', number, country, approvedAt: dateOf(now) };
    }
    const open = state === 'failed' ? without(phone.open, id) : phone.open;
    this.#phones.set(phoneKey, { ...countFailure(phone, input, now), open }, now, own);
    if (quota !== undefined) this.#takeTurns([quota], call);
    return { result: 'wrong', attemptsLeft };
  }

  #approve(verification: Verification, { relief, halfLifeMs }: ApprovalInput, call: Call): void {
    const { id, phoneKey, ranges, gain } = verification;
    const { now } = call;
    this.#put({ ...verification, state: 'approved', approvedAt: now }, call);
    const approved = { failures: 0, locks: 0, streak: 0, approvedAt: now, seenAt: now, countedAt: -Infinity };
    // Whichever verification of the number its ranges have counted.
    const by = relief + (this.#isCounted(phoneKey, call) ? gain : 0);
    this.#changePhone(phoneKey, ({ open }) => ({ ...approved, open: without(open, id) }), call);
    this.#count(verification, { approvals: 1 }, call);
    for (const key of ranges) {
      if (!verification.isKnown) this.#relieve(key, by, 1, halfLifeMs, call);
      const range = this.#ranges.find(key, call.own);
      if (range === undefined) continue;
      // Users of an attacked range are rejected with the attack. A number that was verified before shows that they exist.
      const relieved = verification.isKnown ? unblock(range, now) : { ...range, countries: [] };
      this.#ranges.set(key, relieved, now, call.own);
    }
  }

  /** Counts a start or an approval for the traffic of its country, at the time of the start. */
  #count(verification: Verification, change: TrafficChange, call: Call): void {
    if (!verification.isExcused) this.#addTraffic(verification, verification.createdAt, change, call);
  }

  #addTraffic({ country, isKnown }: Verification, at: number, change: TrafficChange, { own }: Call): void {
    const table = this.#verifications;
    const adds = (): void => {
      // The store was cleared since, and has forgotten the verification.
      if (this.#verifications === table) this.guard.addTraffic(country, isKnown, at, change);
    };
    if (own === undefined) adds();
    else
      own.hold((isCommitted) => {
        if (isCommitted) adds();
      });
  }

  #isCounted(phoneKey: string, { own }: Call): boolean {
    const phone = this.#phones.find(phoneKey, own);
    return phone !== undefined && phone.countedAt > -Infinity;
  }

  /** Finds the row of a number, or creates it. A row that an older key made is changed to the current key. */
  #lockPhone({ tenant, numberKeys }: StartInput, call: Call): string {
    const { now, own } = call;
    const [current = '', ...older] = numberKeys.map((key) => phoneKeyOf(tenant, key));
    if (this.#phones.find(current, own) !== undefined) return current;
    const rows = older.flatMap((key) => {
      const phone = this.#phones.find(key, own);
      return phone === undefined ? [] : [{ key, phone }];
    });
    const [old] = rows.sort((a, b) => byTime(b.phone.sentAt, a.phone.sentAt) || (a.key < b.key ? -1 : 1));
    this.#phones.set(current, old?.phone ?? { ...NEW_PHONE, seenAt: now }, now, own);
    if (old !== undefined) {
      this.#phones.set(old.key, undefined, now, own);
      for (const verification of this.#verificationsOf(old.phone, own))
        this.#put({ ...verification, phoneKey: current }, call);
    }
    return current;
  }

  /** The open verification of a session. What is over makes room for a new one. */
  #openOfSession(input: StartInput, phoneKey: string, call: Call): Verification | undefined {
    const { now, own } = call;
    const phone = this.#phones.find(phoneKey, own);
    let found: Verification | undefined;
    const open: string[] = [];
    for (const verification of phone === undefined ? [] : this.#verificationsOf(phone, own)) {
      if (expiryOf(verification) <= now) this.#put({ ...verification, state: 'expired' }, call);
      else if (!isOfSession(verification, input)) open.push(verification.id);
      // A code was right, and the attempts were used up before it was approved. Another message would be useless.
      else if (!isOpen(verification, now)) this.#put({ ...verification, state: 'failed' }, call);
      // The account was created since the decoy, for example.
      else if (!isOfKind(verification, input)) this.#put({ ...verification, state: 'cancelled' }, call);
      else open.push((found = verification).id);
    }
    if (open.length !== phone?.open.length) this.#changePhone(phoneKey, () => ({ open }), call);
    return found;
  }

  /**
   * Milliseconds until the last blocked range is open again; `undefined` if none is blocked. A range that has just become
   * suspicious is blocked, unless the rule is in shadow.
   */
  #blockRanges(input: StartInput, counts: boolean, { now, own }: Call): number | undefined {
    let blockedForMs: number | undefined;
    for (const [index, key] of input.ranges.entries()) {
      const range = this.#ranges.find(key, own);
      if (range === undefined) continue;
      const trip = tripOf(range, key, input.trips[index] ?? Infinity, input, now);
      const until = blockedUntil(range, trip, counts, input, now);
      if (until === undefined) continue;
      blockedForMs = Math.max(blockedForMs ?? 0, msBetween(now, until));
      if (range.blockedUntil <= now && !input.shadow.includes('range'))
        this.#ranges.set(key, block(range, until, input, now), now, own);
    }
    return blockedForMs;
  }

  #countInRange(key: string, { gain, halfLifeMs, sourceRange, country }: StartInput, { now, own }: Call): void {
    const range = this.#ranges.find(key, own);
    const countries = key === sourceRange ? countriesWith(range, country, now) : (range?.countries ?? []);
    this.#ranges.set(key, { ...addToScore(range, gain, halfLifeMs, now), countries }, now, own);
  }

  #blockedRanges(): BlockedRange[] {
    const now = this.#time();
    const blocked = this.#ranges.all().filter(([, { blockedUntil: until }]) => until > now);
    return blocked.map(([range, { blockedUntil: until, blocks }]) => ({ range, until: dateOf(until), blocks }));
  }

  #releaseRanges(prefix: string): string[] {
    const now = this.#time();
    const blocked = this.#ranges.all().filter(([key, range]) => key.startsWith(prefix) && range.blockedUntil > now);
    for (const [key, range] of blocked)
      this.#ranges.set(key, { ...range, blockedUntil: now, score: 0, blocks: 0 }, now);
    return blocked.map(([key]) => key);
  }

  #relieve(key: string, by: number, approvals: number, halfLifeMs: number, { now, own }: Call): void {
    const range = this.#ranges.find(key, own);
    if (range !== undefined) this.#ranges.set(key, addToScore(range, -by, halfLifeMs, now, approvals), now, own);
  }

  /** The first quota that is used up. */
  #usedUpQuota(
    quotas: readonly Quota[],
    { now, own }: Call,
  ): { readonly rule: string; readonly retryAfterMs: number } | undefined {
    for (const { rule, key, limit } of quotas) {
      const retryAfterMs = waitOfQuota(this.#quotas.find(hex(key), own), limit, now);
      if (retryAfterMs > 0) return { rule, retryAfterMs };
    }
    return undefined;
  }

  #takeTurns(quotas: readonly Quota[], { now, own }: Call): void {
    for (const { key, limit } of quotas)
      this.#quotas.set(hex(key), takeTurn(this.#quotas.find(hex(key), own), limit, now), now, own);
  }

  /** The holder of a verification holds its number too, so others need to look at the number only. */
  #put(verification: Verification, { now, own }: Call): void {
    if (own !== undefined) this.#phones.hold(verification.phoneKey, own);
    this.#verifications.set(verification.id, verification, now, own);
  }

  #changePhone(key: string, changes: (phone: Phone) => Partial<Phone>, { now, own }: Call): void {
    const phone = this.#phones.find(key, own);
    if (phone !== undefined) this.#phones.set(key, { ...phone, ...changes(phone) }, now, own);
  }

  #verificationsOf({ open }: Phone, own: MemoryTransaction | undefined): Verification[] {
    return open.flatMap((id) => this.#verifications.find(id, own) ?? []);
  }

  /** Changes a verification, its number and its ranges. `false` if it is unknown. */
  #change(
    id: string,
    transaction: SqlTransaction | undefined,
    work: (verification: Verification, call: Call) => boolean,
  ): Promise<boolean> {
    return this.#run(
      transaction,
      () => this.#holdersOf(id, transaction),
      (call) => {
        const verification = this.#verifications.find(id, call.own);
        return verification !== undefined && work(verification, call);
      },
    );
  }

  /**
   * Runs a call at once, or when the transactions that hold its rows have ended. Nothing runs between its steps.
   * @param holders reads who holds its rows now.
   */
  async #run<T>(transaction: SqlTransaction | undefined, holders: () => Holders, work: (call: Call) => T): Promise<T> {
    const call = { now: this.#time(), own: ownOf(transaction) };
    for (;;) {
      call.own?.checkOpen();
      const holder = holders().find((each) => each !== undefined && each !== call.own);
      if (holder === undefined) return work(call);
      await (call.own === undefined ? holder.ended : call.own.waitFor(holder));
    }
  }

  #holdersOf(id: string, transaction?: SqlTransaction): Holders {
    const verification = this.#verifications.find(id, ownOf(transaction));
    if (verification === undefined) return [];
    const { phoneKey, ranges } = verification;
    return [this.#phones.holderOf(phoneKey), ...ranges.map((range) => this.#ranges.holderOf(range))];
  }

  #holdersOfQuotas(quotas: readonly Quota[]): Holders {
    return quotas.map(({ key }) => this.#quotas.holderOf(hex(key)));
  }

  #isNeeded(phone: Phone, retention: number, now: number): boolean {
    const { failures, locks, isSuspended } = phone;
    if (failures > 0 || locks > 0 || isSuspended) return true;
    const { hourTat, dayTat, nextSendAt, lockedUntil, openUntil, sentAt, countedAt, approvedAt, seenAt } = phone;
    const limits = Math.max(hourTat, dayTat, nextSendAt, lockedUntil, openUntil, sentAt + HOUR, countedAt + HOUR);
    return Math.max(limits, approvedAt + microseconds(this.#knownMs), seenAt + retention) > now;
  }

  #time(): number {
    return microseconds(this.now().getTime());
  }
}

function ownOf(transaction: SqlTransaction | undefined): MemoryTransaction | undefined {
  return transaction instanceof MemoryTransaction ? transaction : undefined;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}

/** The new code of a verification. */
function renewed(
  { generation, digest: oldDigest, expiresAt: oldExpiresAt }: Verification,
  { keyId, digest, lifetimeMs }: NonNullable<ResendInput['renewal']>,
  now: number,
): Partial<Verification> {
  const expiresAt = now + microseconds(lifetimeMs);
  return { keyId, digest, generation: generation + 1, expiresAt, oldDigest, oldExpiresAt };
}

function costOf(message: CodeMessage | undefined): TrafficChange {
  return message === undefined ? {} : { messages: 1, spent: message.cost };
}

function phoneKeyOf(tenant: string, numberKey: Buffer): string {
  return `${hex(numberKey)} ${tenant}`;
}

/** Either may be infinite. */
function byTime(first: number, second: number): number {
  return first === second ? 0 : first - second;
}

function numberKeyOf(phoneKey: string): Buffer {
  return Buffer.from(phoneKey.split(' ')[0] ?? '', 'hex');
}

function dateOf(time: number): Date {
  return new Date(Math.floor(time / 1000));
}

function without(ids: readonly string[], id: string): readonly string[] {
  return ids.filter((each) => each !== id);
}

function rejected(rule: string, retryAfterMs: number | undefined, would: readonly string[]): Rejected {
  return { result: 'rejected', rule, retryAfterMs, would };
}

function describe(verification: Verification, resendInMs: number, now: number): OpenVerification {
  const { id, keyId, generation, sends, attempts, maxAttempts, expiresAt } = verification;
  const expiresInMs = msBetween(now, expiresAt);
  return { id, keyId, generation, sends, attemptsLeft: maxAttempts - attempts, expiresInMs, resendInMs };
}

function isOfSession({ purpose, session, binding }: Verification, input: StartInput): boolean {
  return purpose === input.purpose && session.equals(input.session) && binding.equals(input.binding);
}

function isOfKind({ kind }: Verification, input: StartInput): boolean {
  return kind === input.kind || (kind === 'pretended' && input.kind === 'sms');
}

function withNew(phone: Phone, verification: Verification, counts: boolean, now: number): Phone {
  const open = [...phone.open, verification.id];
  const openUntil = Math.max(phone.openUntil, verification.expiresAt);
  return { ...phone, open, openUntil, countedAt: counts ? now : phone.countedAt };
}

function newVerification(input: StartInput, phoneKey: string, isKnown: boolean, now: number): Verification {
  const { id, kind, tenant, purpose, session, binding, number, country, keyId, digest, maxAttempts } = input;
  const isExcused = (input.isExcused && !isKnown) || kind === 'pretended' || kind === 'test';
  return {
    ...{
      id,
      kind,
      isKnown,
      isExcused,
      tenant,
      purpose,
      phoneKey,
      session,
      binding,
      number,
      country,
      keyId,
      generation: 1,
      digest,
    },
    expiresAt: now + microseconds(input.lifetimeMs),
    ...{ oldDigest: undefined, oldExpiresAt: -Infinity, attempts: 0, maxAttempts, sends: 1, state: 'pending' },
    ...{ ranges: input.ranges, gain: input.gain, messageId: undefined },
    ...{ createdAt: now, approvedAt: undefined, isRedeemed: false },
  };
}
