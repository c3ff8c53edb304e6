import { describeIssues, type Issue } from '../messages/issue.js';
import type { Recipient } from '../messages/recipients.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import type { Failure, FailureKind, FailureOutcome } from './status-table.js';

/** What is known of a failure beside its kind. */
export interface FailureDetails {
  /** Where the answer says more than the kind of failure does. */
  readonly outcome?: FailureOutcome;
  /** The gateway's status, if it gave one. */
  readonly status?: number;
  /** The gateway's own words, or what happened on the way to it; already masked. */
  readonly reason?: string;
  /** What became of each recipient; nobody was accepted. */
  readonly receipt?: SmsReceipt;
  /** Whom the gateway refused with the whole request, without naming them. */
  readonly unnamed?: readonly Recipient[];
  readonly issues?: readonly Issue[];
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/**
 * A request that did not lead to one accepted message. The subclass, or `kind`, says what to do
 * about it, `outcome` whether sending again is safe.
 *
 * It never holds a key, a signature or a content where logs, `JSON.stringify` or `util.inspect`
 * could find it, and phone numbers only masked; whole numbers are in `receipt`, which those leave out.
 */
export abstract class LaafficException extends Error {
  abstract readonly kind: FailureKind;
  /** Stable, for programs: `LAAFFIC_INSUFFICIENT_BALANCE`. */
  readonly code: string;
  /** `rejected`: surely nothing was sent. `unknown`: it may have been; sending again may send it twice. */
  readonly outcome: FailureOutcome;
  /** The gateway's status, or `undefined` where none was read. */
  readonly status: number | undefined;
  /** The gateway's own words, or what happened on the way to it. */
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
   * What became of each recipient, with order ids to settle those that are unknown; nobody is
   * accepted. `undefined` where no list of recipients could be read.
   */
  get receipt(): SmsReceipt | undefined {
    return this.#receipt;
  }

  /**
   * The recipients that the gateway refused with the whole request, without naming them: what is wrong
   * may be with any of them, or with none. Empty where the gateway gave no answer.
   */
  get unnamed(): readonly Recipient[] {
    return this.#unnamed;
  }

  /** The row of the table that this exception stands for. */
  get failure(): Failure {
    return this.#failure;
  }

  toJSON(): Record<string, unknown> {
    const { name, code, kind, outcome, status, reason, message } = this;
    return { name, code, kind, outcome, status, reason, message };
  }
}

/** The request is wrong: its sender can correct it. */
export class LaafficInputException extends LaafficException {
  override readonly name = 'LaafficInputException';
  readonly kind = 'input';
  /** What is wrong, field by field; empty where the gateway refused it and named no field. */
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

/** The operator's account is wrong: credentials, IP list, balance, pricing, a lock. */
export class LaafficAccountException extends LaafficException {
  override readonly name = 'LaafficAccountException';
  readonly kind = 'account';
}

/** A limit of the gateway is reached: wait. */
export class LaafficLimitException extends LaafficException {
  override readonly name = 'LaafficLimitException';
  readonly kind = 'limit';
  /** Seconds until another try may succeed: the gateway's `Retry-After`, else an estimate. */
  readonly retryAfter: number;

  constructor(failure: Failure, details: FailureDetails = {}) {
    super(failure, details);
    this.retryAfter = details.retryAfter ?? failure.retryAfter ?? 1;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), retryAfter: this.retryAfter };
  }
}

/** This machine's clock and the gateway's are too far apart. */
export class LaafficClockException extends LaafficException {
  override readonly name = 'LaafficClockException';
  readonly kind = 'clock';
}

/** Trouble inside the platform. */
export class LaafficPlatformException extends LaafficException {
  override readonly name = 'LaafficPlatformException';
  readonly kind = 'platform';
}

/** The gateway was not reached, or the way to it broke. */
export class LaafficTransportException extends LaafficException {
  override readonly name = 'LaafficTransportException';
  readonly kind = 'transport';
}

/** An answer came that is not the gateway's, or that contradicts itself. */
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

/** The exception of the class that the failure's kind asks for. */
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
