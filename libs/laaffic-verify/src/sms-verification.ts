import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { maskNumber, segments } from 'nestjs-laaffic';
import type { Observable } from 'rxjs';
import { ActivityEmitter, type RunningCall, type VerificationActivity } from './activity/verification-activity.js';
import { readCode } from './codes/read-code.js';
import { bindingDigest, VerificationKeys } from './codes/verification-keys.js';
import { rejectionBy } from './errors/rejection.js';
import { VerificationError } from './errors/verification.error.js';
import { askHook } from './guard/challenge.js';
import { Decisions } from './guard/decisions.js';
import { Guard } from './guard/guard.js';
import { normalizeSource } from './guard/normalize-source.js';
import { HALF_LIFE_MS, RELIEF } from './guard/range-scoring.js';
import { readPhoneNumber, type PhoneNumber } from './numbers/phone-number.js';
import { whyRejected } from './numbers/number-policy.js';
import type { VerifySettings } from './options/verify.settings.js';
import { bindingProblem, idempotencyKeyProblem, purposeProblem, tenantProblem } from './request-rules.js';
import type {
  CodeMessage,
  CurrentCode,
  OpenCode,
  Quota,
  ResendOutcome,
  SendLimits,
  StartOutcome,
  VerificationStore,
} from './store/verification-store.js';
import type { VerificationKind } from './sql/generated.js';
import { VerificationTexts } from './texts/verification-texts.js';
import type {
  CancelOptions,
  CheckOptions,
  CheckResult,
  CheckVerification,
  FoundVerification,
  RedeemedVerification,
  StartOptions,
  StartVerification,
  StartedVerification,
} from './verification.js';

/** Who gets a message. */
interface Recipient {
  readonly e164: string;
  readonly country: string;
}

/** What messages of a verification have in common. */
interface Sending {
  readonly number: Recipient;
  readonly options: Omit<StartOptions, 'session'>;
  readonly purpose: string;
  readonly binding: Buffer;
  readonly tenant: string;
  /** What the text shows of the binding. */
  readonly fields: Readonly<Record<string, string>> | undefined;
  readonly numberKey: Buffer | undefined;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const MANY = 1_000_000;
/** The message is not sent any more when the code would be valid for less than this. */
const TOO_LATE_MS = 15_000;
const PROOF_LIFETIME_MS = 10 * 60_000;

/** Rules with which an open verification goes on without another message. A page that is loaded again must not fail. */
const WAITING = new Set(['cooldown', 'number']);
/** Rules whose rejections are no decisions: the caller repeats a request, or is wrong. */
const UNRECORDED = new Set(['cooldown', 'over', 'key']);

/**
 * Verifies phone numbers: sends a code to a number, and checks what the user enters.
 * @example
 * const { id } = await verification.start({ to: '+44 7400 123456', purpose: 'sign-in' }, { source: ip, session });
 * const result = await verification.check({ id, purpose: 'sign-in', code });
 * if (result.status === 'approved') return signIn(result.number);
 */
@Injectable()
export class SmsVerification {
  readonly #keys: VerificationKeys;
  readonly #texts: VerificationTexts;
  #guard: Guard;
  readonly #decisions: Decisions;
  readonly #activity = new ActivityEmitter();

  constructor(
    private readonly store: VerificationStore,
    private readonly settings: VerifySettings,
    private readonly now: () => number = Date.now,
    decisions?: Decisions,
  ) {
    this.#keys = new VerificationKeys(settings.keys);
    this.#texts = new VerificationTexts(settings.texts);
    this.#decisions = decisions ?? new Decisions(store.guard);
    this.#guard = this.#newGuard();
  }

  /**
   * Emits the calls of this process that start, resend or check a code, when they end, from now on. They have no numbers
   * and no codes. A subscriber must not throw.
   */
  get activityEvents(): Observable<VerificationActivity> {
    return this.#activity.events;
  }

  /**
   * Sends a code to a number, or goes on with the open verification of the session. The verification and its message are
   * committed together.
   * @throws {VerificationError} `VERIFY_INVALID_NUMBER`, `VERIFY_INVALID_REQUEST`, `VERIFY_COUNTRY`, `VERIFY_NUMBER_TYPE`,
   * `VERIFY_COOLDOWN`, `VERIFY_LIMITED`, `VERIFY_LOCKED`, `VERIFY_REJECTED`, `VERIFY_CHALLENGE`, `VERIFY_CAP`,
   * `VERIFY_KEY_REUSED`; nothing was sent.
   * @throws {OutboxError} a code of the database, and whether something may have been stored.
   */
  start(request: StartVerification, options: StartOptions = {}): Promise<StartedVerification> {
    return this.#activity.run('start', (call) => this.#start(request, options, call), sendResult);
  }

  async #start(request: StartVerification, options: StartOptions, call: RunningCall): Promise<StartedVerification> {
    const { tenant = '', session, transaction, decoy = false, idempotencyKey } = options;
    const source = normalizeSource(options.source);
    const binding = checkedBinding(request);
    reject('tenant', tenantProblem(tenant));
    reject('idempotencyKey', idempotencyKeyProblem(idempotencyKey));
    const { purpose } = request;
    call.purpose = purpose;
    const number = this.#readNumber(request, call);
    const { code: codes, guard } = this.settings;
    const testCode = this.#testCodeOf(number.e164, purpose);
    const kind = testCode === undefined ? (decoy ? 'decoy' : 'sms') : 'test';
    const id = idempotencyKey === undefined ? randomUUID() : this.#keys.idOf(tenant, idempotencyKey);
    const { currentId } = this.#keys;
    const code = testCode ?? this.#codeOf({ id, keyId: currentId, generation: 1 });
    const numberKeys = this.#keys.numberKeysOf(number.e164);
    const assessment = await this.#guard.assess(
      number,
      source === undefined ? undefined : this.#keys.sourceKeyOf('range', source),
    );
    const isTrusted = assessment.isTrusted || kind === 'test' || (await this.#hasPassed(request, number, options));
    const rejection =
      (kind === 'test' ? undefined : await this.#lookUp(request, number, options)) ?? assessment.rejection;
    if (kind === 'test') this.#decisions.raise('test-number', purpose);
    const sending = { number, options, purpose, binding, tenant, fields: request.binding, numberKey: numberKeys[0] };
    const first = { id, keyId: currentId, generation: 1, sends: 0, expiresInMs: codes.lifetimeMs };
    const message = kind === 'test' ? undefined : this.#messageOf(first, code, sending);
    const input = {
      ...({ message, id, kind, tenant, purpose, number: number.e164, country: number.country, binding } as const),
      ...{ numberKeys, session: this.#keys.sessionKeyOf(session) },
      ...{ keyId: currentId, digest: this.#keys.digestOf({ id, purpose, binding }, code) },
      ...{ lifetimeMs: codes.lifetimeMs, maxAttempts: codes.maxAttempts, isIdempotent: idempotencyKey !== undefined },
      ...assessment,
      ...(kind === 'test' && { ranges: [], trips: [], sourceRange: undefined }),
      ...this.#limitsOf(kind, source, tenant, rejection),
      ...{ knownMs: guard.knownMs, isTrusted, pretends: guard.onSuspicion === 'pretend', shadow: guard.shadow },
    };
    for (;;) {
      const outcome = await this.store.start(input, transaction);
      if (outcome.result !== 'open') return this.#end(call, outcome, message, sending);
      // This start has judged the rejection.
      const limits = { ...input, rejection: undefined };
      const next = await this.#sendNext(outcome.verification, outcome.kind, limits, sending);
      // The verification has changed meanwhile, or has ended.
      if (next.result === 'changed' || (next.result === 'rejected' && next.rule === 'over')) continue;
      const { would } = outcome;
      if (next.result === 'sent') return this.#end(call, { ...outcome, ...next, would }, next.message, sending);
      if (!WAITING.has(next.rule)) return this.#end(call, { ...next, would }, undefined, sending);
      const verification = { ...outcome.verification, resendInMs: next.retryAfterMs ?? 0 };
      return this.#end(call, { ...outcome, result: 'waiting', verification }, undefined, sending);
    }
  }

  /**
   * Sends the same code again; another one if less than half of its time is left. The code before stays good for its time.
   * @throws {VerificationError} `VERIFY_OVER`, `VERIFY_COOLDOWN`, `VERIFY_LIMITED`, `VERIFY_LOCKED`, `VERIFY_CAP`; nothing
   * was sent.
   * @throws {OutboxError} as {@link start}.
   */
  resend(
    id: string,
    options: Omit<StartOptions, 'session'> & Pick<StartVerification, 'binding'> = {},
  ): Promise<StartedVerification> {
    return this.#activity.run('resend', (call) => this.#resend(id, options, call), sendResult);
  }

  async #resend(
    id: string,
    options: Omit<StartOptions, 'session'> & Pick<StartVerification, 'binding'>,
    call: RunningCall,
  ): Promise<StartedVerification> {
    const { tenant = '', transaction } = options;
    if (!UUID.test(id) || tenantProblem(tenant) !== undefined) throw rejectionBy('over');
    let open = await this.store.readOpen(id, tenant, transaction);
    if (open?.number === undefined) throw rejectionBy('over');
    call.purpose = open.purpose;
    call.country = open.country;
    const { kind, purpose, binding, country, number: e164 } = open;
    if (!bindingDigest(options.binding).equals(binding)) {
      throw invalid('binding', 'must be what the verification was started with');
    }
    await this.#guard.refresh();
    const [numberKey] = this.#keys.numberKeysOf(e164);
    const sending = {
      number: { e164, country },
      options,
      purpose,
      binding,
      tenant,
      fields: options.binding,
      numberKey,
    };
    const rule = this.#guard.whyNoMessage({ e164, country });
    const isShadow = rule !== undefined && this.settings.guard.shadow.some((each) => each === rule);
    if (isShadow) this.#decisions.record({ tenant, purpose, country, rule, isShadow, numberKey });
    const limits = this.#limitsOf(kind, normalizeSource(options.source), tenant, isShadow ? undefined : rule);
    for (; open !== undefined; open = await this.store.readOpen(id, tenant, transaction)) {
      const next = await this.#sendNext(open, kind, limits, sending);
      if (next.result === 'sent') return this.#end(call, next, next.message, sending);
      if (next.result === 'rejected') return this.#end(call, next, undefined, sending);
    }
    throw rejectionBy('over');
  }

  /**
   * Checks a code. The attempt is counted, the code compared and used up at once, in any number of processes.
   * @returns `approved`, `wrong` with the number of attempts that are left, or `over`.
   * @throws {VerificationError} `VERIFY_MALFORMED_CODE`, which is no attempt; `VERIFY_LIMITED` if the source has entered too
   * many wrong codes.
   * @throws {OutboxError} as {@link start}.
   */
  check(request: CheckVerification, options: CheckOptions = {}): Promise<CheckResult> {
    return this.#activity.run(
      'check',
      (call) => this.#check(request, options, call),
      ({ status }) => status,
    );
  }

  async #check(request: CheckVerification, options: CheckOptions, call: RunningCall): Promise<CheckResult> {
    const { tenant = '', transaction } = options;
    const source = normalizeSource(options.source);
    const { id, purpose } = request;
    const { code: codes, send } = this.settings;
    const code = readCode(request.code, codes.digits);
    if (code === undefined) {
      throw new VerificationError('VERIFY_MALFORMED_CODE', `code must have ${codes.digits} digits`, { field: 'code' });
    }
    const isPossible = purposeProblem(purpose) === undefined && tenantProblem(tenant) === undefined;
    if (!UUID.test(id) || !isPossible) return { status: 'over' };
    call.purpose = purpose;
    const binding = bindingDigest(request.binding);
    const approval = { relief: RELIEF, halfLifeMs: HALF_LIFE_MS, converts: this.settings.conversions };
    const outcome = await this.store.check({
      ...{ id, tenant, purpose, binding, approval, approves: transaction === undefined },
      ...{ digests: this.#keys.digestsOf({ id, purpose, binding }, code) },
      ...{ lockAfter: codes.lockAfter, lockMs: codes.lockMs, longestLockMs: codes.longestLockMs },
      suspendAfter: codes.suspendAfter,
      quota: source === undefined ? undefined : this.#quotaOf('check', source, send.maxWrongPerSource),
    });
    switch (outcome.result) {
      case 'wrong':
        return { status: 'wrong', attemptsLeft: outcome.attemptsLeft };
      case 'limited':
        throw rejectionBy('wrong', outcome.retryAfterMs);
      case 'over':
        return { status: 'over' };
      default: {
        const { number, country } = outcome;
        call.country = country;
        const approvedAt =
          outcome.result === 'approved' ? outcome.approvedAt : await this.store.approve(id, approval, transaction);
        if (approvedAt === undefined) return { status: 'over' };
        const proof = this.#keys.sealProof({ id, purpose, binding, number, country, approvedAt });
        return { status: 'approved', number, country, purpose, approvedAt, proof };
      }
    }
  }

  /**
   * Ends a verification that is not over, for example because the user got in by other means.
   * @returns `false` if it was over.
   */
  async cancel(id: string, { tenant = '', clearsSuspicion = true }: CancelOptions = {}): Promise<boolean> {
    return UUID.test(id) && this.store.cancel(id, tenant, HALF_LIFE_MS, clearsSuspicion);
  }

  /** @returns a verification, without its number and code; `undefined` if it is unknown or was erased. */
  async find(
    id: string,
    { tenant = '' }: { readonly tenant?: string | undefined } = {},
  ): Promise<FoundVerification | undefined> {
    const found = UUID.test(id) ? await this.store.find(id, tenant) : undefined;
    if (found === undefined) return undefined;
    const { purpose, country, state, sends, attempts, maxAttempts, createdAt, expiresAt, approvedAt } = found;
    const isOpen = state === 'pending' || state === 'matched';
    // It is expired as soon as its time is over, although nothing has noted that yet.
    const shown = isOpen && expiresAt.getTime() <= this.now() ? 'expired' : state;
    return {
      ...{ id, purpose, country, state: shown, sends, createdAt, expiresAt, approvedAt },
      attemptsLeft: Math.max(0, maxAttempts - attempts),
    };
  }

  /**
   * Lifts the lock and the suspension of a number, and its pause.
   * @returns `false` if nothing is known about the number.
   * @throws {VerificationError} `VERIFY_INVALID_NUMBER`.
   */
  async release(
    number: string,
    { tenant = '', country }: { readonly tenant?: string | undefined; readonly country?: string | undefined } = {},
  ): Promise<boolean> {
    const read = readPhoneNumber(number, country);
    if ('problem' in read) throw invalidNumber(read);
    return this.store.release(tenant, this.#keys.numberKeysOf(read.e164));
  }

  /**
   * Reads a proof and uses it up. A later request of the same flow needs no session on the server.
   * @throws {VerificationError} `VERIFY_INVALID_PROOF` if it is not valid, is older than 10 minutes, was used before, or is
   * for another purpose or binding.
   */
  async redeemProof(
    proof: string,
    { purpose, binding }: Pick<CheckVerification, 'purpose' | 'binding'>,
  ): Promise<RedeemedVerification> {
    const content = this.#keys.openProof(proof);
    const isRight =
      content?.purpose === purpose &&
      content.binding.equals(bindingDigest(binding)) &&
      this.now() - content.approvedAt.getTime() < PROOF_LIFETIME_MS;
    if (!isRight || (await this.store.redeem(content.id)) === undefined) {
      throw new VerificationError('VERIFY_INVALID_PROOF', 'The proof is not valid, or was used before');
    }
    const { id, number, country, approvedAt } = content;
    return { id, purpose, number, country, approvedAt };
  }

  /** Reads the traffic and the list of the guard anew at the next call, instead of up to a second later. For tests. */
  protected renewGuard(): void {
    this.#guard = this.#newGuard();
  }

  #newGuard(): Guard {
    const { numbers, expectedPerDay, guard } = this.settings;
    const plan = { countries: numbers.countries, expectedPerDay, caps: guard.caps, prices: guard };
    return new Guard(this.store.guard, plan, this.now, (type, scope) => {
      this.#decisions.raise(type, scope);
    });
  }

  #readNumber({ to, country }: StartVerification, call: RunningCall): PhoneNumber {
    const number = readPhoneNumber(to, country);
    if ('problem' in number) throw invalidNumber(number);
    call.country = number.country;
    checkPolicy(number, this.settings.numbers);
    return number;
  }

  #limitsOf(
    kind: VerificationKind,
    source: string | undefined,
    tenant: string,
    rejection: string | undefined,
  ): SendLimits {
    const { cooldownsMs, maxPerHour, maxPerDay, maxPerSource, maxPerTenant } = this.settings.send;
    // A test number gets no messages. Tests use it again and again.
    if (kind === 'test') return { cooldownsMs: [0], perHour: MANY, perDay: MANY, quotas: [], rejection: undefined };
    const quotas = [
      ...(source === undefined ? [] : [this.#quotaOf('source', source, maxPerSource)]),
      ...(maxPerTenant === undefined ? [] : [this.#quotaOf('tenant', tenant, maxPerTenant)]),
    ];
    return { cooldownsMs, perHour: maxPerHour, perDay: maxPerDay, quotas, rejection };
  }

  #quotaOf(rule: string, of: string, limit: number): Quota {
    return { rule, key: this.#keys.sourceKeyOf(rule, of), limit };
  }

  #testCodeOf(number: string, purpose: string): string | undefined {
    const { testNumbers } = this.settings;
    return testNumbers.find(
      (each) => each.number === number && each.purposes.includes(purpose) && each.until.getTime() > this.now(),
    )?.code;
  }

  /** Whether the visitor has passed the challenge. */
  async #hasPassed({ purpose }: StartVerification, number: PhoneNumber, options: StartOptions): Promise<boolean> {
    const { challenge } = this.settings.hooks;
    const { challenge: answer, tenant = '', source } = options;
    if (challenge === undefined || answer === undefined) return false;
    const context = { purpose, country: number.country, tenant, source };
    const isRight = await askHook(
      () => challenge.verify(answer, context),
      () => {
        this.#decisions.raise('challenge', 'all');
      },
    );
    return isRight === true;
  }

  /** @throws {VerificationError} if a lookup tells that no code should be sent. */
  async #lookUp(
    { purpose }: StartVerification,
    number: PhoneNumber,
    options: StartOptions,
  ): Promise<string | undefined> {
    const { lookup } = this.settings.hooks;
    if (lookup === undefined) return undefined;
    const { tenant = '', source } = options;
    const facts = await askHook(
      () => lookup.lookup(number.e164, { purpose, country: number.country, tenant, source }),
      () => {
        this.#decisions.raise('lookup', 'all');
      },
    );
    if (facts?.type !== undefined) checkPolicy({ ...number, type: facts.type }, this.settings.numbers);
    const changedAt = facts?.simChangedAt?.getTime() ?? -Infinity;
    return changedAt > this.now() - this.settings.guard.simChangeMs ? 'sim-change' : undefined;
  }

  #codeOf({ id, keyId, generation }: CurrentCode): string {
    const code = this.#keys.codeOf(id, keyId, generation, this.settings.code.digits);
    // Its key was removed while it was open.
    if (code === undefined) throw rejectionBy('over');
    return code;
  }

  /** Sends the code of an open verification again. Another one if the message might arrive when the code is about to expire. */
  async #sendNext(
    open: OpenCode,
    kind: VerificationKind,
    limits: SendLimits,
    sending: Sending,
  ): Promise<ResendOutcome & { readonly message: CodeMessage | undefined }> {
    const { tenant, options } = sending;
    const { lifetimeMs } = this.settings.code;
    const isRenewed = open.expiresInMs < lifetimeMs / 2;
    const { currentId } = this.#keys;
    const current = isRenewed
      ? { ...open, keyId: currentId, generation: open.generation + 1, expiresInMs: lifetimeMs }
      : open;
    const code = this.#codeOf(current);
    const renewal = isRenewed
      ? { keyId: currentId, digest: this.#keys.digestOf({ ...sending, id: open.id }, code), lifetimeMs }
      : undefined;
    const message = kind === 'test' ? undefined : this.#messageOf(current, code, sending);
    const { id, generation, sends } = open;
    const { cooldownsMs, perHour, perDay, quotas, rejection } = limits;
    const input = {
      ...{ id, tenant, generation, sends, renewal, message },
      ...{ cooldownsMs, perHour, perDay, quotas, rejection },
    };
    return { ...(await this.store.resend(input, options.transaction)), message };
  }

  /** The next message with a code. Decoys have one too, which is not sent, for their time would tell otherwise. */
  #messageOf(current: OpenCode, code: string, { number, options, fields }: Sending): CodeMessage {
    const { expiresInMs: remainingMs, id, sends } = current;
    const { locale, client } = options;
    const { country } = number;
    const content = this.#texts.write({ code, remainingMs, locale, country, client, binding: fields });
    return {
      ...{ to: number.e164, content, idempotencyKey: `verification ${id} ${sends + 1}` },
      sendBefore: new Date(this.now() + remainingMs - TOO_LATE_MS),
      cost: segments(content).parts * this.#guard.priceIn(country),
    };
  }

  /** What the app is told. The outcome is committed, unless the app's transaction is not. */
  #end(
    call: RunningCall,
    outcome: StartOutcome,
    message: CodeMessage | undefined,
    sending: Sending,
  ): StartedVerification {
    const { e164, country } = sending.number;
    this.#record(outcome, sending);
    call.shadowRules = outcome.would;
    call.rule = outcome.rule;
    if (outcome.result === 'rejected') {
      const challenges = this.settings.guard.onSuspicion === 'challenge';
      throw rejectionBy(outcome.rule, outcome.retryAfterMs, challenges);
    }
    const isSent = outcome.result === 'sent';
    if (isSent && outcome.kind === 'sms' && message !== undefined) this.#guard.countMessage(country, message.cost);
    const { id, expiresInMs, resendInMs, attemptsLeft } = outcome.verification;
    const now = this.now();
    return {
      id,
      isNew: outcome.isNew,
      sent: isSent,
      to: maskNumber(e164),
      country,
      digits: this.settings.code.digits,
      expiresAt: new Date(now + expiresInMs),
      resendAt: new Date(now + resendInMs),
      attemptsLeft,
    };
  }

  #record(outcome: StartOutcome, { tenant, purpose, numberKey, number: { country } }: Sending): void {
    const record = (rule: string, isShadow: boolean): void => {
      this.#decisions.record({ tenant, purpose, country, rule, isShadow, numberKey });
    };
    for (const rule of outcome.would) record(rule, true);
    if (outcome.rule !== undefined && !UNRECORDED.has(outcome.rule)) record(outcome.rule, false);
    // The budget of a country does not count numbers that were verified before.
    const isCounted = outcome.result === 'sent' && outcome.isNew && !outcome.isKnown && outcome.kind !== 'test';
    if (isCounted) this.#guard.countStart(country);
  }
}

function checkPolicy(number: PhoneNumber, policy: VerifySettings['numbers']): void {
  const rejected = whyRejected(number, policy);
  if (rejected === undefined) return;
  const what = rejected === 'VERIFY_COUNTRY' ? 'of this country' : 'of this type';
  throw new VerificationError(rejected, `No codes are sent to numbers ${what}`, { field: 'to' });
}

function sendResult({ sent }: StartedVerification): 'sent' | 'waiting' {
  return sent ? 'sent' : 'waiting';
}

function checkedBinding({ purpose, binding }: Pick<StartVerification, 'purpose' | 'binding'>): Buffer {
  reject('purpose', purposeProblem(purpose));
  reject('binding', bindingProblem(binding));
  return bindingDigest(binding);
}

function reject(field: string, problem: string | undefined): void {
  if (problem !== undefined) throw invalid(field, problem);
}

function invalid(field: string, problem: string): VerificationError {
  return new VerificationError('VERIFY_INVALID_REQUEST', `${field} ${problem}`, { field });
}

function invalidNumber({
  field,
  problem,
}: {
  readonly field: 'number' | 'country';
  readonly problem: string;
}): VerificationError {
  const name = field === 'number' ? 'to' : field;
  return new VerificationError('VERIFY_INVALID_NUMBER', `${name} ${problem}`, { field: name });
}
