import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { maskNumber } from 'nestjs-laaffic';
import type { SmsOutbox, SqlTransaction } from 'nestjs-laaffic-outbox';
import { readCode } from './codes/read-code.js';
import { bindingDigest, VerificationKeys } from './codes/verification-keys.js';
import { VerificationError, type VerificationErrorCode } from './errors/verification.error.js';
import { RANGE_SCORING, rangesOfStart, RELIEF } from './guard/range-scoring.js';
import { readPhoneNumber, type PhoneNumber } from './numbers/phone-number.js';
import { whyRejected } from './numbers/number-policy.js';
import type { VerifySettings } from './options/verify.settings.js';
import type { OpenVerification, SendLimits, SendOutcome, VerificationStore } from './store/verification-store.js';
import type { VerificationState } from './sql/generated.js';
import type { VerificationClient } from './texts/autofill.js';
import { VerificationTexts } from './texts/verification-texts.js';

/** A number to verify, and what for. */
export interface StartVerification {
  /** A phone number as people write it: international, or national with `country`. */
  readonly to: string;
  /** The country of a national number, as ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  /**
   * What the code is for: 1 to 64 letters, digits, `-`, `_`, `.` or `:`. A code for one purpose is wrong for every other.
   */
  readonly purpose: string;
  /**
   * What the code approves, such as `{ amount: '10.00 EUR', payee: 'ACME' }`. The text shows it, and the code is wrong for
   * anything else.
   * @default nothing
   */
  readonly binding?: Readonly<Record<string, string>> | undefined;
}

/** Who starts a verification, and how. */
export interface StartOptions {
  /** The address of the visitor, such as an IP address. Without it, limits of sources do not apply. */
  readonly source?: string | undefined;
  /**
   * What the app knows its visitor by, such as a random id in a cookie. A second start of the session goes on with its open
   * verification. Without it, each start is a verification of its own.
   */
  readonly session?: string | undefined;
  /** The language of the text, as a BCP 47 tag. @default the language of the number's country */
  readonly locale?: string | undefined;
  /** Where the user enters the code. */
  readonly client?: VerificationClient | undefined;
  /** The tenant that the number belongs to. Numbers of different tenants do not know each other. @default '' */
  readonly tenant?: string | undefined;
  /** The app's own SQL transaction. @default a transaction of its own, committed when the call resolves */
  readonly transaction?: SqlTransaction | undefined;
}

/** A verification that waits for its code. */
export interface StartedVerification {
  readonly id: string;
  /** Whether a message was enqueued. `false`: the code that was sent before is still good. */
  readonly sent: boolean;
  /** The masked number, to show to the visitor. */
  readonly to: string;
  readonly country: string;
  /** Number of digits of the code. */
  readonly digits: number;
  readonly expiresAt: Date;
  /** From when another message can be sent. */
  readonly resendAt: Date;
  readonly attemptsLeft: number;
}

/** A code that a user has entered. */
export interface CheckVerification {
  readonly id: string;
  readonly purpose: string;
  readonly code: string;
  readonly binding?: Readonly<Record<string, string>> | undefined;
}

/** Who checks a code, and how. */
export interface CheckOptions {
  readonly source?: string | undefined;
  readonly tenant?: string | undefined;
  /**
   * The app's own SQL transaction. The code is used up if it commits; if it is rolled back, the user can enter the code
   * again. The attempt counts in any case.
   */
  readonly transaction?: SqlTransaction | undefined;
}

/** The result of a check. */
export type CheckResult =
  | {
      readonly status: 'approved';
      /** The verified number in E.164. */
      readonly number: string;
      readonly country: string;
      readonly purpose: string;
      readonly approvedAt: Date;
      /** Proves the approval to `SmsVerification.redeemProof`, once and for 10 minutes. */
      readonly proof: string;
    }
  | { readonly status: 'wrong'; readonly attemptsLeft: number }
  /** It is unknown, expired, cancelled, used, or has no attempts left. */
  | { readonly status: 'over' };

/** A verification as it is stored. */
export interface FoundVerification {
  readonly id: string;
  readonly purpose: string;
  readonly country: string;
  readonly state: VerificationState;
  readonly sends: number;
  readonly attemptsLeft: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly approvedAt: Date | undefined;
}

/** What a proof proved. */
export interface RedeemedVerification {
  readonly id: string;
  readonly purpose: string;
  readonly number: string;
  readonly country: string;
  readonly approvedAt: Date;
}

/** Who gets a message. */
interface Recipient {
  readonly e164: string;
  readonly country: string;
}

/** What a code is good for, besides its verification. */
interface CodeDetails {
  readonly purpose: string;
  readonly binding: Buffer;
}

const PURPOSE = /^[\w.:-]{1,64}$/;
const TENANT = /^[^\p{Cc}]{0,255}$/u;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const MOST_FIELDS = 10;
/** The message is not sent any more when the code would be valid for less than this. */
const TOO_LATE_MS = 15_000;
const PROOF_LIFETIME_MS = 10 * 60_000;

const REJECTIONS: Readonly<Record<string, readonly [VerificationErrorCode, string]>> = {
  cooldown: ['VERIFY_COOLDOWN', 'The last message to this number is too recent'],
  number: ['VERIFY_LIMITED', 'This number has had all messages that it may have for now'],
  source: ['VERIFY_LIMITED', 'Too many messages were requested from this source'],
  locked: ['VERIFY_LOCKED', 'Too many wrong codes were entered for this number'],
  over: ['VERIFY_OVER', 'This verification is over'],
  cap: ['VERIFY_CAP', 'No more messages can be sent for now'],
};

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

  constructor(
    private readonly store: VerificationStore,
    private readonly outbox: Pick<SmsOutbox, 'enqueue'>,
    private readonly settings: VerifySettings,
    private readonly now: () => number = Date.now,
  ) {
    this.#keys = new VerificationKeys(settings.keys);
    this.#texts = new VerificationTexts(settings.texts);
  }

  /**
   * Sends a code to a number, or goes on with the open verification of the session. The verification and its message are
   * committed together.
   * @throws {VerificationError} `VERIFY_INVALID_NUMBER`, `VERIFY_INVALID_REQUEST`, `VERIFY_COUNTRY`, `VERIFY_NUMBER_TYPE`,
   * `VERIFY_COOLDOWN`, `VERIFY_LIMITED`, `VERIFY_LOCKED`, `VERIFY_REJECTED`, `VERIFY_CAP`; nothing was sent.
   * @throws {OutboxError} a code of the database, and whether something may have been stored.
   */
  async start(request: StartVerification, options: StartOptions = {}): Promise<StartedVerification> {
    const { tenant = '', source, session, transaction } = options;
    const binding = checkedBinding(request);
    checkTenant(tenant);
    const number = this.#readNumber(request);
    const { code: codes, guard } = this.settings;
    const id = randomUUID();
    const { currentId } = this.#keys;
    const code = this.#codeOf({ id, keyId: currentId, generation: 1 });
    const input = {
      ...{ id, tenant, purpose: request.purpose, number: number.e164, country: number.country, binding },
      ...{ numberKeys: this.#keys.numberKeysOf(number.e164), session: this.#keys.sessionKeyOf(session) },
      ...{ keyId: currentId, digest: this.#keys.digestOf({ id, purpose: request.purpose, binding }, code) },
      ...{ lifetimeMs: codes.lifetimeMs, maxAttempts: codes.maxAttempts },
      ...this.#limitsOf(source),
      ...rangesOfStart(number, source === undefined ? undefined : this.#keys.sourceKeyOf('range', source)),
      ...RANGE_SCORING,
      ...{ knownMs: guard.knownMs, rejection: undefined, suspicion: undefined, shadow: guard.shadow },
    };
    const message = { ...options, binding: request.binding };
    const details = { purpose: request.purpose, binding };
    return this.#sending(transaction, number, message, details, (within) => this.store.start(input, within));
  }

  /**
   * Sends the same code again; another one if less than half of its time is left. The code before stays good for its time.
   * @throws {VerificationError} `VERIFY_OVER`, `VERIFY_COOLDOWN`, `VERIFY_LIMITED`, `VERIFY_LOCKED`; nothing was sent.
   * @throws {OutboxError} as {@link start}.
   */
  async resend(
    id: string,
    options: Omit<StartOptions, 'session'> & Pick<StartVerification, 'binding'> = {},
  ): Promise<StartedVerification> {
    const { tenant = '', source, transaction } = options;
    if (!UUID.test(id)) throw rejection('over', undefined);
    const open = await this.store.readOpen(id, tenant, transaction);
    if (open?.number === undefined) throw rejection('over', undefined);
    const number = { e164: open.number, country: open.country };
    if (!bindingDigest(options.binding).equals(open.binding)) {
      throw invalid('binding', 'must be what the verification was started with');
    }
    const details = { purpose: open.purpose, binding: open.binding };
    const limits = this.#limitsOf(source);
    return this.#sending(transaction, number, options, details, (within) =>
      this.store.resend(id, tenant, limits, within),
    );
  }

  /**
   * Checks a code. The attempt is counted, the code compared and used up at once, in any number of processes.
   * @returns `approved`, `wrong` with the number of attempts that are left, or `over`.
   * @throws {VerificationError} `VERIFY_MALFORMED_CODE`, which is no attempt; `VERIFY_LIMITED` if the source has entered too
   * many wrong codes.
   * @throws {OutboxError} as {@link start}.
   */
  async check(request: CheckVerification, options: CheckOptions = {}): Promise<CheckResult> {
    const { tenant = '', source, transaction } = options;
    const { id, purpose } = request;
    const { code: codes, send } = this.settings;
    const code = readCode(request.code, codes.digits);
    if (code === undefined) {
      throw new VerificationError('VERIFY_MALFORMED_CODE', `code must have ${codes.digits} digits`, { field: 'code' });
    }
    if (!UUID.test(id) || !PURPOSE.test(purpose) || !TENANT.test(tenant)) return { status: 'over' };
    const binding = bindingDigest(request.binding);
    const approval = { relief: RELIEF, halfLifeMs: RANGE_SCORING.halfLifeMs, converts: true };
    const outcome = await this.store.check({
      ...{ id, tenant, purpose, binding, approval, approves: transaction === undefined },
      ...{ digests: this.#keys.digestsOf({ id, purpose, binding }, code) },
      ...{ lockAfter: codes.lockAfter, lockMs: codes.lockMs, longestLockMs: codes.longestLockMs },
      ...{ suspendAfter: codes.suspendAfter, perSource: send.maxWrongPerSource },
      source: source === undefined ? undefined : this.#keys.sourceKeyOf('check', source),
    });
    switch (outcome.result) {
      case 'wrong':
        return { status: 'wrong', attemptsLeft: outcome.attemptsLeft };
      case 'limited': {
        const message = 'Too many wrong codes came from this source';
        throw new VerificationError('VERIFY_LIMITED', message, { retryAfterSeconds: seconds(outcome.retryAfterMs) });
      }
      case 'over':
        return { status: 'over' };
      default: {
        const { number, country } = outcome;
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
  async cancel(id: string, { tenant = '' }: { readonly tenant?: string | undefined } = {}): Promise<boolean> {
    return UUID.test(id) && this.store.cancel(id, tenant, RANGE_SCORING.halfLifeMs);
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

  #readNumber({ to, country }: StartVerification): PhoneNumber {
    const number = readPhoneNumber(to, country);
    if ('problem' in number) throw invalidNumber(number);
    const rejected = whyRejected(number, this.settings.numbers);
    if (rejected === undefined) return number;
    const what = rejected === 'VERIFY_COUNTRY' ? 'of this country' : 'of this type';
    throw new VerificationError(rejected, `No codes are sent to numbers ${what}`, { field: 'to' });
  }

  #limitsOf(source: string | undefined): SendLimits {
    const { cooldownsMs, maxPerHour, maxPerDay, maxPerSource } = this.settings.send;
    const key = source === undefined ? undefined : this.#keys.sourceKeyOf('start', source);
    return { cooldownsMs, perHour: maxPerHour, perDay: maxPerDay, source: key, perSource: maxPerSource };
  }

  #codeOf({ id, keyId, generation }: Pick<OpenVerification, 'id' | 'keyId' | 'generation'>): string {
    const code = this.#keys.codeOf(id, keyId, generation, this.settings.code.digits);
    // Its key was removed while it was open.
    if (code === undefined) throw rejection('over', undefined);
    return code;
  }

  async #sending(
    given: SqlTransaction | undefined,
    number: Recipient,
    options: StartOptions & Pick<StartVerification, 'binding'>,
    details: CodeDetails,
    begin: (transaction: SqlTransaction) => Promise<SendOutcome>,
  ): Promise<StartedVerification> {
    const work = async (transaction: SqlTransaction): Promise<SendOutcome> => {
      const outcome = await begin(transaction);
      if (outcome.result !== 'sent') return outcome;
      const verification = await this.#send(outcome.verification, number, options, details, transaction);
      return { ...outcome, verification };
    };
    const outcome = given === undefined ? await this.store.transaction(work) : await work(given);
    // After the commit: a rejection may have blocked a range.
    if (outcome.result === 'rejected') throw rejection(outcome.rule, outcome.retryAfterMs);
    const { id, expiresInMs, resendInMs, attemptsLeft } = outcome.verification;
    const now = this.now();
    return {
      id,
      sent: outcome.result === 'sent',
      to: maskNumber(number.e164),
      country: number.country,
      digits: this.settings.code.digits,
      expiresAt: new Date(now + expiresInMs),
      resendAt: new Date(now + resendInMs),
      attemptsLeft,
    };
  }

  async #send(
    open: OpenVerification,
    number: Recipient,
    { locale, client, binding }: StartOptions & Pick<StartVerification, 'binding'>,
    details: CodeDetails,
    transaction: SqlTransaction,
  ): Promise<OpenVerification> {
    const current = await this.#renewed(open, details, transaction);
    const code = this.#codeOf(current);
    const content = this.#texts.write({
      ...{ code, remainingMs: current.expiresInMs, locale, country: number.country, client, binding },
    });
    const { id: messageId } = await this.outbox.enqueue(
      { to: number.e164, content },
      {
        ...{ transaction, lane: 'priority', sealed: true, onUnconfirmed: 'abandon', actor: 'verification' },
        idempotencyKey: `verification ${current.id} ${current.sends}`,
        sendBefore: new Date(this.now() + current.expiresInMs - TOO_LATE_MS),
      },
    );
    await this.store.setMessage(current.id, messageId, transaction);
    return current;
  }

  /** Gives it another code if the message might arrive when the code is about to expire. */
  async #renewed(
    open: OpenVerification,
    { purpose, binding }: CodeDetails,
    transaction: SqlTransaction,
  ): Promise<OpenVerification> {
    const { lifetimeMs } = this.settings.code;
    if (open.expiresInMs >= lifetimeMs / 2) return open;
    const renewed = { ...open, keyId: this.#keys.currentId, generation: open.generation + 1, expiresInMs: lifetimeMs };
    const digest = this.#keys.digestOf({ id: open.id, purpose, binding }, this.#codeOf(renewed));
    const isRenewed = await this.store.renew(open, { keyId: renewed.keyId, digest, lifetimeMs }, transaction);
    return isRenewed ? renewed : open;
  }
}

function checkedBinding({ purpose, binding }: Pick<StartVerification, 'purpose' | 'binding'>): Buffer {
  if (!PURPOSE.test(purpose)) {
    throw invalid('purpose', 'must be 1 to 64 letters, digits, hyphens, underscores, dots or colons');
  }
  const fields: readonly (readonly [string, unknown])[] = Object.entries(binding ?? {});
  const isRight = fields.length <= MOST_FIELDS && fields.every(([, value]) => typeof value === 'string');
  if (!isRight) throw invalid('binding', `must have at most ${MOST_FIELDS} fields, all of them text`);
  return bindingDigest(binding);
}

function checkTenant(tenant: string): void {
  if (!TENANT.test(tenant)) throw invalid('tenant', 'must be at most 255 characters on one line');
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

function rejection(rule: string, retryAfterMs: number | undefined): VerificationError {
  // Rules of the guard are not named: that would tell an attacker what to change.
  const [code, message] = REJECTIONS[rule] ?? ['VERIFY_REJECTED', 'No message can be sent to this number for now'];
  return new VerificationError(code, message, {
    retryAfterSeconds: retryAfterMs === undefined ? undefined : seconds(retryAfterMs),
  });
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
