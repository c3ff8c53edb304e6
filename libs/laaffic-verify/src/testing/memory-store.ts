import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type {
  ApprovalInput,
  CheckInput,
  CheckOutcome,
  OpenDetails,
  OpenVerification,
  RedeemedProof,
  SendLimits,
  SendOutcome,
  StartInput,
  StoredVerification,
  VerificationStore,
} from '../store/verification-store.js';
import {
  addToScore,
  block,
  blockedUntil,
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
  waitOfSource,
  type NumberRange,
  type Phone,
  type Verification,
} from './memory-rules.js';
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
  readonly #verifications: MemoryTable<Verification>;
  readonly #phones: MemoryTable<Phone>;
  /** The theoretical arrival times of sources. */
  readonly #sources = new MemoryTable<number>((tat, now) => tat > now);
  readonly #ranges = new MemoryTable<NumberRange>((range, now) => range.neededUntil > now);
  /** The longest time for which a start knows a number. */
  #knownMs = 0;

  /**
   * @param now the time. @default the clock of the machine
   * @param retentionMs how long it remembers, in milliseconds, what no rule needs any more: a verification after the
   *   expiry of its codes, and a number after its last message. @default a day
   */
  constructor(
    private readonly now: () => Date = () => new Date(),
    retentionMs: number = DAY_MS,
  ) {
    const retention = microseconds(retentionMs);
    this.#verifications = new MemoryTable((each, at) => expiryOf(each) + retention > at);
    this.#phones = new MemoryTable((each, at) => this.#isNeeded(each, retention, at));
  }

  /** Number of rows of all tables. */
  get size(): number {
    return this.#verifications.size + this.#phones.size + this.#sources.size + this.#ranges.size;
  }

  start(input: StartInput, transaction?: SqlTransaction): Promise<SendOutcome> {
    const holders = (): Holders => [
      ...input.numberKeys.map((key) => this.#phones.holderOf(phoneKeyOf(input.tenant, key))),
      ...this.#holdersOfSource(input.source),
      ...input.ranges.map((range) => this.#ranges.holderOf(range)),
    ];
    return this.#run(transaction, holders, (call) => this.#start(input, call));
  }

  resend(id: string, tenant: string, limits: SendLimits, transaction?: SqlTransaction): Promise<SendOutcome> {
    const holders = (): Holders => [...this.#holdersOf(id, transaction), ...this.#holdersOfSource(limits.source)];
    return this.#run(transaction, holders, (call) => this.#resend(id, tenant, limits, call));
  }

  readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined> {
    const verification = this.#verifications.find(id, ownOf(transaction));
    if (verification?.tenant !== tenant || !isOpen(verification, this.#time())) return Promise.resolve(undefined);
    const { number, country, purpose, binding } = verification;
    return Promise.resolve({ number, country, purpose, binding });
  }

  renew(
    { id, generation }: Pick<OpenVerification, 'id' | 'generation'>,
    { keyId, digest, lifetimeMs }: { readonly keyId: string; readonly digest: Buffer; readonly lifetimeMs: number },
    transaction?: SqlTransaction,
  ): Promise<boolean> {
    return this.#change(id, transaction, (verification, call) => {
      if (verification.generation !== generation || !isOpen(verification, call.now)) return false;
      const { digest: oldDigest, expiresAt: oldExpiresAt, phoneKey } = verification;
      const expiresAt = call.now + microseconds(lifetimeMs);
      const code = { keyId, digest, generation: generation + 1, expiresAt, oldDigest, oldExpiresAt };
      this.#put({ ...verification, ...code }, call);
      this.#changePhone(phoneKey, ({ openUntil }) => ({ openUntil: Math.max(openUntil, expiresAt) }), call);
      return true;
    });
  }

  async setMessage(id: string, messageId: string, transaction?: SqlTransaction): Promise<void> {
    await this.#change(id, transaction, (verification, call) => {
      this.#put({ ...verification, messageId }, call);
      return true;
    });
  }

  check(input: CheckInput): Promise<CheckOutcome> {
    const holders = (): Holders => [...this.#holdersOf(input.id), ...this.#holdersOfSource(input.source)];
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

  cancel(id: string, tenant: string, halfLifeMs: number): Promise<boolean> {
    return this.#change(id, undefined, (verification, call) => {
      if (verification.tenant !== tenant) return false;
      if (!isUnfinished(verification) || expiryOf(verification) <= call.now) return false;
      this.#put({ ...verification, state: 'cancelled' }, call);
      const { phoneKey, ranges, gain } = verification;
      const isCounted = this.#isCounted(phoneKey, call);
      this.#changePhone(phoneKey, ({ open }) => ({ open: without(open, id), countedAt: -Infinity }), call);
      if (isCounted) for (const range of ranges) this.#relieve(range, gain, halfLifeMs, call);
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

  #start(input: StartInput, call: Call): SendOutcome {
    const { now, own } = call;
    const { source, perSource, rejection, suspicion, shadow } = input;
    this.#knownMs = Math.max(this.#knownMs, input.knownMs);
    const phoneKey = this.#lockPhone(input, call);
    const open = this.#openOfSession(input, phoneKey, call);
    const phone = this.#phones.find(phoneKey, own) ?? { ...NEW_PHONE, seenAt: now };
    const would: string[] = [];

    const sourceWaitMs = this.#waitOfSource(source, perSource, call);
    if (sourceWaitMs > 0) return rejected('source', sourceWaitMs, would);
    if (rejection !== undefined) {
      if (!shadow.includes(rejection)) return rejected(rejection, undefined, would);
      would.push(rejection);
    }
    // Suspicion never stops numbers that were verified before.
    const isSuspect = open === undefined && !isKnown(phone, input.knownMs, now);
    const counts = isSuspect && isCountDue(phone, now);
    if (isSuspect) {
      if (suspicion !== undefined) {
        if (!shadow.includes(suspicion)) return rejected(suspicion, undefined, would);
        would.push(suspicion);
      }
      const blockedForMs = this.#blockRanges(input, counts, call);
      if (blockedForMs !== undefined) {
        if (!shadow.includes('range')) return rejected('range', blockedForMs, would);
        would.push('range');
      }
    }

    const counted = countMessage(phone, input, now);
    if (counted.rule !== undefined) {
      const { rule, retryAfterMs } = counted;
      // A page that is loaded again must not fail. The code that was sent is still good.
      if (rule === 'locked' || open === undefined) return rejected(rule, retryAfterMs, would);
      return { result: 'waiting', verification: describe(open, retryAfterMs ?? 0, now), isNew: false, would };
    }
    this.#takeTurn(source, perSource, call);
    const isNew = open === undefined;
    const verification = isNew ? newVerification(input, phoneKey, isSuspect, now) : { ...open, sends: open.sends + 1 };
    this.#put(verification, call);
    this.#phones.set(phoneKey, isNew ? withNew(counted.phone, verification, counts, now) : counted.phone, now, own);
    if (counts) for (const key of input.ranges) this.#addToScore(key, input.gain, input.halfLifeMs, call);
    const resendInMs = msBetween(now, counted.phone.nextSendAt);
    return { result: 'sent', verification: describe(verification, resendInMs, now), isNew, would };
  }

  #resend(id: string, tenant: string, limits: SendLimits, call: Call): SendOutcome {
    const { now, own } = call;
    const verification = this.#verifications.find(id, own);
    if (verification?.tenant !== tenant || !isOpen(verification, now)) return rejected('over', undefined, []);
    const phone = this.#phones.find(verification.phoneKey, own);
    if (phone === undefined) return rejected('over', undefined, []);
    const sourceWaitMs = this.#waitOfSource(limits.source, limits.perSource, call);
    if (sourceWaitMs > 0) return rejected('source', sourceWaitMs, []);
    const counted = countMessage(phone, limits, now);
    if (counted.rule !== undefined) return rejected(counted.rule, counted.retryAfterMs, []);
    this.#takeTurn(limits.source, limits.perSource, call);
    this.#phones.set(verification.phoneKey, counted.phone, now, own);
    const sent = { ...verification, sends: verification.sends + 1 };
    this.#put(sent, call);
    const resendInMs = msBetween(now, counted.phone.nextSendAt);
    return { result: 'sent', verification: describe(sent, resendInMs, now), isNew: false, would: [] };
  }

  #check(input: CheckInput, call: Call): CheckOutcome {
    const { now, own } = call;
    const { id, tenant, purpose, source, perSource } = input;
    const verification = this.#verifications.find(id, own);
    if (verification?.tenant !== tenant || verification.purpose !== purpose) return OVER;
    const { phoneKey, number, country } = verification;
    const phone = this.#phones.find(phoneKey, own);
    if (phone === undefined || phone.isSuspended || phone.lockedUntil > now || !isOpen(verification, now)) return OVER;
    const sourceWaitMs = this.#waitOfSource(source, perSource, call);
    if (sourceWaitMs > 0) return { result: 'limited', retryAfterMs: sourceWaitMs };

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
    this.#takeTurn(source, perSource, call);
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
    for (const range of ranges) this.#relieve(range, by, halfLifeMs, call);
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
    const [old] = rows.sort((a, b) => b.phone.seenAt - a.phone.seenAt || (a.key < b.key ? -1 : 1));
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
      const until = blockedUntil(range, input.trips[index] ?? Infinity, counts, input, now);
      if (until === undefined) continue;
      blockedForMs = Math.max(blockedForMs ?? 0, msBetween(now, until));
      if (range !== undefined && range.blockedUntil <= now && !input.shadow.includes('range'))
        this.#ranges.set(key, block(range, until, input.longestBlockMs, now), now, own);
    }
    return blockedForMs;
  }

  #addToScore(key: string, amount: number, halfLifeMs: number, { now, own }: Call): void {
    this.#ranges.set(key, addToScore(this.#ranges.find(key, own), amount, halfLifeMs, now), now, own);
  }

  #relieve(key: string, by: number, halfLifeMs: number, call: Call): void {
    if (this.#ranges.find(key, call.own) !== undefined) this.#addToScore(key, -by, halfLifeMs, call);
  }

  #waitOfSource(source: Buffer | undefined, limit: number, { now, own }: Call): number {
    return source === undefined ? 0 : waitOfSource(this.#sources.find(hex(source), own), limit, now);
  }

  #takeTurn(source: Buffer | undefined, limit: number, { now, own }: Call): void {
    if (source === undefined) return;
    const key = hex(source);
    this.#sources.set(key, takeTurn(this.#sources.find(key, own), limit, now), now, own);
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

  #holdersOfSource(source: Buffer | undefined): Holders {
    return source === undefined ? [] : [this.#sources.holderOf(hex(source))];
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

function phoneKeyOf(tenant: string, numberKey: Buffer): string {
  return `${hex(numberKey)} ${tenant}`;
}

function dateOf(time: number): Date {
  return new Date(Math.floor(time / 1000));
}

function without(ids: readonly string[], id: string): readonly string[] {
  return ids.filter((each) => each !== id);
}

function rejected(rule: string, retryAfterMs: number | undefined, would: readonly string[]): SendOutcome {
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

function withNew(phone: Phone, verification: Verification, counts: boolean, now: number): Phone {
  const open = [...phone.open, verification.id];
  const openUntil = Math.max(phone.openUntil, verification.expiresAt);
  return { ...phone, open, openUntil, countedAt: counts ? now : phone.countedAt };
}

function newVerification(input: StartInput, phoneKey: string, isSuspect: boolean, now: number): Verification {
  const { id, tenant, purpose, session, binding, number, country, keyId, digest, maxAttempts, gain } = input;
  return {
    ...{ id, tenant, purpose, phoneKey, session, binding, number, country, keyId, generation: 1, digest },
    expiresAt: now + microseconds(input.lifetimeMs),
    ...{ oldDigest: undefined, oldExpiresAt: -Infinity, attempts: 0, maxAttempts, sends: 1, state: 'pending' },
    ...{ ranges: isSuspect ? input.ranges : [], gain, messageId: undefined },
    ...{ createdAt: now, approvedAt: undefined, isRedeemed: false },
  };
}
