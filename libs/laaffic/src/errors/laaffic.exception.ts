import { describeIssues, type Issue } from '../messages/issue.js';
import type { Recipient } from '../messages/recipients.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import type { Failure, FailureKind, FailureOutcome } from './status-table.js';

/** What is known about one failure, in addition to its row in the tables. */
export interface FailureDetails {
  /** @default the outcome of the failure's row; given if the response says more */
  readonly outcome?: FailureOutcome;
  /** The gateway's status, if it gave one. */
  readonly status?: number | undefined;
  /** The gateway's own text, or what happened on the way to it; already masked. */
  readonly reason?: string;
  /** The outcome of each recipient; none was accepted. */
  readonly receipt?: SmsReceipt;
  /** The recipients that the gateway rejected with the whole request, without naming them. */
  readonly unnamed?: readonly Recipient[];
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** Registered in the process: an ESM copy and a CommonJS copy of this package share it. */
const BRAND = Symbol.for('nestjs-laaffic:exception');

/**
 * A request that led to no accepted message. The subclass, or `kind`, says what to do about it; `outcome` says whether
 * it is safe to send again.
 *
 * Logs, `JSON.stringify` and `util.inspect` never show a key, a signature or a content, and show phone numbers masked
 * only. Whole numbers are in `receipt`, which those leave out.
 * @example
 * try {
 *   await sms.send(command);
 * } catch (error) {
 *   if (error instanceof LaafficException && error.outcome === 'rejected') queue.add(command); // nothing was sent
 *   else throw error;
 * }
 */
export abstract class LaafficException extends Error {
  abstract readonly kind: FailureKind;
  /** Stable, for programs: `LAAFFIC_INSUFFICIENT_BALANCE`. */
  readonly code: string;
  /** `rejected`: certainly nothing was sent. `unknown`: it may have been sent, and sending again may send it twice. */
  readonly outcome: FailureOutcome;
  /** The gateway's status; `undefined` if none was read. */
  readonly status: number | undefined;
  /** The gateway's own text, or what happened on the way to it. */
  readonly reason: string | undefined;
  readonly #failure: Failure;
  readonly #receipt: SmsReceipt | undefined;
  readonly #unnamed: readonly Recipient[];

  constructor(failure: Failure, details: FailureDetails = {}) {
    super(describe(failure, details), 'cause' in details ? { cause: details.cause } : undefined);
    this.code = failure.code;
    this.outcome = details.outcome ?? failure.outcome;
    this.status = details.status;
    this.reason = details.reason;
    this.#failure = failure;
    this.#receipt = details.receipt;
    this.#unnamed = details.unnamed ?? [];
  }

  /**
   * The outcome of each recipient; none is accepted. Use the order ids to resolve those that are unknown. `undefined` if
   * the recipients of the command could not be read.
   */
  get receipt(): SmsReceipt | undefined {
    return this.#receipt;
  }

  /**
   * The recipients that the gateway rejected with the whole request, without naming them: any of them may be wrong, or
   * none. Empty if the gateway did not respond.
   */
  get unnamed(): readonly Recipient[] {
    return this.#unnamed;
  }

  /** The row of the failure tables that this exception stands for. */
  get failure(): Failure {
    return this.#failure;
  }

  /** @internal See {@link isLaafficException}. */
  get [BRAND](): true {
    return true;
  }

  toJSON(): Record<string, unknown> {
    const { name, code, kind, outcome, status, reason, message } = this;
    return { name, code, kind, outcome, status, reason, message };
  }
}

/**
 * Whether an error is a Laaffic exception, also one of another copy of this package. An app has two copies if one part
 * of it imports the package as an ES module and another part requires it as CommonJS; `instanceof` knows one only.
 * @example
 * if (isLaafficException(error) && error.kind === 'limit') await pause();
 */
export function isLaafficException(error: unknown): error is LaafficException {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** The request is wrong; its sender can correct it. */
export class LaafficInputException extends LaafficException {
  override readonly name = 'LaafficInputException';
  readonly kind = 'input';
  /** What is wrong, field by field; empty if the gateway rejected the request and named no field. */
  readonly issues: readonly Issue[];

  constructor(failure: Failure, details: FailureDetails = {}) {
    super(failure, details);
    this.issues = details.issues ?? [];
  }

  /** The first field that is wrong, if it is known. */
  get field(): string | undefined {
    return this.issues[0]?.field ?? this.failure.field;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), issues: this.issues };
  }
}

/** The operator's account has a problem: credentials, IP list, balance, pricing or a lock. */
export class LaafficAccountException extends LaafficException {
  override readonly name = 'LaafficAccountException';
  readonly kind = 'account';
}

/** A rate limit or quota is reached: wait `retryAfterSeconds`. */
export class LaafficLimitException extends LaafficException {
  override readonly name = 'LaafficLimitException';
  readonly kind = 'limit';
  /** Seconds until a retry may succeed: the gateway's `Retry-After`, otherwise an estimate. */
  readonly retryAfterSeconds: number;

  constructor(failure: Failure, details: FailureDetails = {}) {
    super(failure, details);
    this.retryAfterSeconds = details.retryAfterSeconds ?? failure.retryAfterSeconds ?? 1;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), retryAfterSeconds: this.retryAfterSeconds };
  }
}

/** The clocks of this machine and of the gateway are too far apart. */
export class LaafficClockException extends LaafficException {
  override readonly name = 'LaafficClockException';
  readonly kind = 'clock';
}

/** The platform has an internal problem. */
export class LaafficPlatformException extends LaafficException {
  override readonly name = 'LaafficPlatformException';
  readonly kind = 'platform';
}

/** The gateway could not be reached, the connection was lost, or the call timed out or was aborted. */
export class LaafficTransportException extends LaafficException {
  override readonly name = 'LaafficTransportException';
  readonly kind = 'transport';
}

/** The response is not the gateway's, or contradicts itself. */
export class LaafficUnreadableException extends LaafficException {
  override readonly name = 'LaafficUnreadableException';
  readonly kind = 'unreadable';
}

const CLASS_OF_KIND = {
  input: LaafficInputException,
  account: LaafficAccountException,
  limit: LaafficLimitException,
  clock: LaafficClockException,
  platform: LaafficPlatformException,
  transport: LaafficTransportException,
  unreadable: LaafficUnreadableException,
} as const satisfies Record<FailureKind, new (failure: Failure, details?: FailureDetails) => LaafficException>;

/** Creates the exception of the class that belongs to the failure's kind. */
export function exceptionOf(failure: Failure, details?: FailureDetails): LaafficException {
  return new CLASS_OF_KIND[failure.kind](failure, details);
}

function describe(failure: Failure, { status, reason, issues }: FailureDetails): string {
  if (issues !== undefined && issues.length > 0) return `${failure.title}: ${describeIssues(issues)}`;
  const facts = [failure.code];
  if (status !== undefined) facts.push(`status ${status}`);
  if (reason !== undefined) facts.push(reason);
  return `${failure.title} (${facts.join(', ')}). ${failure.advice}`;
}
