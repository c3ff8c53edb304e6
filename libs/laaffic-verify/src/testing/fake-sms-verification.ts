import { AssertionError } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import { maskNumber } from 'nestjs-laaffic';
import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import { millisecondsOf, type Duration } from 'nestjs-laaffic-outbox/testing';
import { VerificationKeys } from '../codes/verification-keys.js';
import { FraudGuard } from '../fraud-guard.js';
import { Decisions } from '../guard/decisions.js';
import { readPhoneNumber } from '../numbers/phone-number.js';
import type { LaafficVerifyOptions } from '../options/verify.options.js';
import { VerifySettings } from '../options/verify.settings.js';
import { ClientSources } from '../requests/client-sources.js';
import { SmsVerification } from '../sms-verification.js';
import type { CurrentCode } from '../store/verification-store.js';
import type { CheckResult, StartOptions, StartVerification } from '../verification.js';
import { keepParts } from './fake-parts.js';
import { FakeStore } from './fake-store.js';
import { MemoryOutbox, type SentCode } from './memory-outbox.js';
import { checkedRejection, type SimulatedRejection } from './simulated-rejection.js';

/** The options of the app's `LaafficVerifyModule`, all of them optional. `schema` and `migrate` have no effect. */
export interface FakeVerificationOptions extends Partial<LaafficVerifyOptions> {
  /**
   * The time that the fake begins with, in milliseconds since 1970. It is read at each call.
   * @default Date.now
   */
  readonly now?: (() => number) | undefined;
}

/** Selects messages with codes. */
export type SentCodePredicate = (message: SentCode) => boolean;

/** A number that was verified. */
export type ApprovedCheck = Extract<CheckResult, { readonly status: 'approved' }>;

/** More than a test starts, so it does not reach the limits of a day. */
const EXPECTED_PER_DAY = 1_000_000;
/** Numbers that the message of a failed assertion shows. */
const MAX_NUMBERS = 10;

/**
 * An `SmsVerification` without a database and a gateway, for the tests of an app. It is the real service, with the same
 * codes, texts, limits, locks and guard. Only its store, its outbox and its time are in this process.
 *
 * Everything goes on as in production: a second message to a number has to wait, and a range of numbers without
 * approvals is blocked. Call {@link advance} to let time pass, and {@link reset} between tests.
 *
 * The `transaction` of a call may be any transaction of the app. The fake cannot follow it: it stores at once and sends
 * at once, and a rollback takes nothing back. The transactions of {@link transaction} do both when they commit.
 * @example
 * const verification = new FakeSmsVerification();
 * const app = await Test.createTestingModule({ imports: [SignUpModule] })
 *   .overrideProvider(SmsVerification)
 *   .useValue(verification)
 *   .compile();
 *
 * const { id } = await app.get(SignUp).start('+44 7400 123456');
 * await app.get(SignUp).finish(id, verification.codeOf(id));
 */
@Injectable()
export class FakeSmsVerification extends SmsVerification {
  /** The guard of this fake, for operators: what it has decided, its alarms and its list. */
  readonly guard: FraudGuard;
  readonly #decisions: Decisions;
  readonly #keys: VerificationKeys;
  readonly #outbox: MemoryOutbox;
  readonly #store: FakeStore;
  readonly #clock: { advancedMs: number };
  readonly #time: () => number;
  readonly #codeOf: (code: CurrentCode) => string;
  readonly #knownMs: number;

  /** @throws {VerificationOptionsError} naming each field that is unknown or out of range. */
  constructor(@Optional() { now = () => Date.now(), ...options }: FakeVerificationOptions = {}) {
    const settings = new VerifySettings({
      ...options,
      keys: options.keys ?? [randomBytes(32)],
      countries: options.countries ?? 'all',
      expectedPerDay: options.expectedPerDay ?? EXPECTED_PER_DAY,
      app: options.app ?? 'Example',
    });
    const clock = { advancedMs: 0 };
    const time = () => Math.round(now() + clock.advancedMs);
    const date = () => new Date(time());
    const keys = new VerificationKeys(settings.keys);
    // The key is always here, because the store was made with it.
    const codeOf = ({ id, keyId, generation }: CurrentCode) =>
      keys.codeOf(id, keyId, generation, settings.code.digits) ?? '';
    const outbox = new MemoryOutbox(date);
    const store = new FakeStore(date, outbox, codeOf);
    const decisions = new Decisions(store.guard, time);
    super(store, settings, time, decisions);
    this.guard = new FraudGuard(store.guard, settings, decisions, time, () => {
      this.renewGuard();
    });
    keepParts(this, { clientSources: new ClientSources(settings, decisions) });
    this.#decisions = decisions;
    this.#keys = keys;
    this.#clock = clock;
    this.#time = time;
    this.#outbox = outbox;
    this.#store = store;
    this.#codeOf = codeOf;
    this.#knownMs = settings.guard.knownMs;
  }

  /** The time of the fake. All dates that it returns are by this clock. */
  get time(): Date {
    return new Date(this.#time());
  }

  /** Messages with codes, oldest first: the last 10,000. */
  get sent(): readonly SentCode[] {
    return this.#outbox.sent;
  }

  /**
   * Returns the code that a verification has now. After a renewal that is the new one.
   * @throws {AssertionError} if there is no open verification with this id.
   */
  codeOf(id: string): string {
    const code = this.#store.readCode(id);
    return code === undefined ? fail('Expected an open verification with this id') : this.#codeOf(code);
  }

  /**
   * Returns the code of the last message to a number, as its phone shows it. It may be used up by now.
   * @param number in any form that a start accepts, with its country code.
   * @throws {AssertionError} if there is no such message, or this is no phone number.
   */
  lastCodeOf(number: string): string {
    const last = this.#sentTo(number).at(-1);
    return last?.code ?? fail(`Expected a message to ${maskNumber(e164Of(number))}; ${this.#describeSent()}`);
  }

  /**
   * Verifies a number as its user would: starts a verification, and enters its code. The message counts for the limits,
   * so another start for the number has to wait. The result has a proof for `redeemProof`.
   * @throws {VerificationError} as `start` and `check`.
   * @example
   * const { proof } = await verification.approve({ to: '+44 7400 123456', purpose: 'sign-up' });
   */
  async approve(request: StartVerification, options: Omit<StartOptions, 'transaction'> = {}): Promise<ApprovedCheck> {
    const { tenant, source } = options;
    const { purpose, binding } = request;
    const { id } = await this.start(request, options);
    const result = await this.check({ id, purpose, binding, code: this.codeOf(id) }, { tenant, source });
    return result.status === 'approved' ? result : fail(`Expected an approval, and the result is ${result.status}`);
  }

  /**
   * Makes a number known, as if it had been verified before: suspicion does not stop it. No message is sent.
   * @param number in any form that a start accepts, with its country code.
   * @throws {AssertionError} if this is no phone number.
   */
  async addKnownNumber(number: string, { tenant = '' }: { readonly tenant?: string | undefined } = {}): Promise<void> {
    const [key] = this.#keys.numberKeysOf(e164Of(number));
    if (key !== undefined) await this.#store.addKnown(tenant, key, this.#knownMs);
  }

  /**
   * Lets the next start or resend be rejected whose request is right; a second call is for the one after it.
   * @throws {RangeError} if there is no such code, or `retryAfterSeconds` is not a number of at least 1.
   * @example
   * verification.failNext({ code: 'VERIFY_COOLDOWN', retryAfterSeconds: 20 });
   */
  failNext(rejection: SimulatedRejection): void {
    this.#store.rejectNext(checkedRejection(rejection));
  }

  /**
   * Lets time pass in the fake: pauses, locks and blocks end, codes and proofs expire. Other clocks do not move, so `Date`
   * and {@link time} differ from then on.
   * @param duration its parts, or a number of milliseconds.
   * @throws {RangeError} if the duration is less than 0 or not a number.
   * @example
   * verification.advance({ minutes: 10 });
   */
  advance(duration: Duration | number): void {
    this.#clock.advancedMs += millisecondsOf(duration);
  }

  /**
   * Runs `work` in a transaction of the fake, for an app whose database is a fake too. What is done with it is committed
   * when the promise of `work` resolves, and rolled back when it rejects. It runs no SQL.
   * @throws what `work` throws, unchanged.
   * @example
   * await verification.transaction((transaction) => verification.start(request, { transaction }));
   */
  transaction<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#store.transaction(work);
  }

  /** Forgets all verifications, numbers, messages, rejections and changes of the guard's list, and takes the time of {@link advance} back. */
  reset(): void {
    this.#store.clear();
    this.#decisions.clear();
    this.renewGuard();
    this.#outbox.clear();
    this.#clock.advancedMs = 0;
  }

  /**
   * Asserts that a message was sent to a number, and that the predicate accepts it.
   * @param number in any form that a start accepts, with its country code.
   * @throws {AssertionError}
   * @example
   * verification.assertSentTo('+44 7400 123456', ({ content }) => content.includes('Example'));
   */
  assertSentTo(number: string, predicate?: SentCodePredicate): void {
    if (this.#sentTo(number).some(predicate ?? (() => true))) return;
    const accepted = predicate === undefined ? '' : ' that the predicate accepts';
    fail(`Expected a message to ${maskNumber(e164Of(number))}${accepted}; ${this.#describeSent()}`);
  }

  /**
   * Asserts that no message was sent to a number.
   * @param number in any form that a start accepts, with its country code.
   * @throws {AssertionError}
   */
  assertNotSentTo(number: string): void {
    if (this.#sentTo(number).length === 0) return;
    fail(`Expected no message to ${maskNumber(e164Of(number))}; ${this.#describeSent()}`);
  }

  /** Asserts the number of messages. @throws {AssertionError} */
  assertSentCount(count: number): void {
    if (this.sent.length === count) return;
    fail(`Expected ${count} ${count === 1 ? 'message' : 'messages'}; ${this.#describeSent()}`);
  }

  /** Asserts that no message was sent. @throws {AssertionError} */
  assertNothingSent(): void {
    if (this.sent.length > 0) fail(`Expected no message; ${this.#describeSent()}`);
  }

  #sentTo(number: string): SentCode[] {
    const e164 = e164Of(number);
    return this.sent.filter((message) => message.number === e164);
  }

  /** Without texts, because they have codes. */
  #describeSent(): string {
    const { sent } = this;
    if (sent.length === 0) return 'nothing was sent';
    const numbers = [...new Set(sent.map(({ number }) => maskNumber(number)))];
    const shown = numbers.slice(0, MAX_NUMBERS).join(', ');
    const more = numbers.length > MAX_NUMBERS ? ` and ${numbers.length - MAX_NUMBERS} more` : '';
    return `${sent.length === 1 ? '1 message was' : `${sent.length} messages were`} sent: to ${shown}${more}`;
  }
}

function e164Of(number: string): string {
  const read = readPhoneNumber(number);
  return 'problem' in read ? fail(`Expected a phone number, which ${read.problem}`) : read.e164;
}

/** With the operator of `assert.fail`; with another one Jest prints values that do not exist. */
function fail(message: string): never {
  throw new AssertionError({ message, operator: 'fail' });
}
