import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { Assessment } from '../guard/guard.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { VerificationKind, VerificationState } from '../sql/generated.js';

/** A number of turns in an hour. */
export interface Quota {
  /** The rule that rejects when it is used up. */
  readonly rule: string;
  /** A digest of what it belongs to, such as a source. */
  readonly key: Buffer;
  readonly limit: number;
}

/** What a start or a resend counts against. */
export interface SendLimits {
  /** The pauses after the first, second, … message of an hour, in milliseconds. The last one repeats. */
  readonly cooldownsMs: readonly number[];
  /** Messages of a number. */
  readonly perHour: number;
  readonly perDay: number;
  /** What each message takes a turn of, always in the same order. */
  readonly quotas: readonly Quota[];
  /** A rule that rejects every number; `undefined` if none does. */
  readonly rejection: string | undefined;
}

/** A start of a verification. */
export interface StartInput extends SendLimits, Assessment {
  /** The id that it has if it is new. */
  readonly id: string;
  /** Whether another start with this id is the same one. */
  readonly isIdempotent: boolean;
  readonly kind: VerificationKind;
  readonly tenant: string;
  readonly purpose: string;
  /** The digests of the number by each key, the current one first. */
  readonly numberKeys: readonly Buffer[];
  /** In E.164. */
  readonly number: string;
  readonly country: string;
  readonly session: Buffer;
  readonly binding: Buffer;
  readonly keyId: string;
  readonly digest: Buffer;
  readonly lifetimeMs: number;
  readonly maxAttempts: number;
  /** How long a number is known after its last approval. */
  readonly knownMs: number;
  /** Whether a start that suspicion would reject is `pretended`. */
  readonly pretends: boolean;
  /** The rules that only note that they would reject. */
  readonly shadow: readonly string[];
  /** The message of a new verification, which is enqueued with it or not at all. `undefined` if it has none. */
  readonly message?: CodeMessage | undefined;
}

/** What the code of an open verification is derived from. */
export interface CurrentCode {
  readonly id: string;
  readonly keyId: string;
  readonly generation: number;
}

/** What the next message of an open verification depends on. */
export interface OpenCode extends CurrentCode {
  /** Number of messages. */
  readonly sends: number;
  readonly expiresInMs: number;
}

/** A verification that goes on. */
export interface OpenVerification extends OpenCode {
  readonly attemptsLeft: number;
  readonly resendInMs: number;
}

/** A message with a code. */
export interface CodeMessage {
  /** In E.164. */
  readonly to: string;
  readonly content: string;
  readonly idempotencyKey: string;
  readonly sendBefore: Date;
  /** What it is expected to cost. */
  readonly cost: number;
}

/** One more message of an open verification. */
export interface ResendInput extends SendLimits {
  readonly id: string;
  readonly tenant: string;
  /** What the message was written for. */
  readonly generation: number;
  /** Number of messages before it. */
  readonly sends: number;
  /** Is enqueued if it is `sent`, or not at all. `undefined` if the verification has none. */
  readonly message?: CodeMessage | undefined;
  /** Another code. The one before stays good for its own time. `undefined` if the code stays. */
  readonly renewal: { readonly keyId: string; readonly digest: Buffer; readonly lifetimeMs: number } | undefined;
}

export interface Rejected {
  readonly result: 'rejected';
  readonly rule: string;
  readonly retryAfterMs: number | undefined;
  readonly would: readonly string[];
}

export interface Proceeding {
  /**
   * `sent`: with its message, if it has one. `waiting`: the open verification needs none now. `open`: it needs one, with the
   * code that it has. Nothing has been counted.
   */
  readonly result: 'sent' | 'waiting' | 'open';
  readonly verification: OpenVerification;
  readonly isNew: boolean;
  /** Whether a start is of a number that was verified before. */
  readonly isKnown: boolean;
  readonly kind: VerificationKind;
  /** The rule that would have rejected it, if it is pretended. */
  readonly rule: string | undefined;
  /** The rules in shadow that would have rejected it. */
  readonly would: readonly string[];
}

/** The end of a start. */
export type StartOutcome = Proceeding | Rejected;

/** The end of a resend. `changed`: another call was faster, so the message may have a code that is not good any more. */
export type ResendOutcome = (Proceeding & { readonly result: 'sent' }) | { readonly result: 'changed' } | Rejected;

/** A check of a code. */
export interface CheckInput {
  readonly id: string;
  readonly tenant: string;
  readonly purpose: string;
  readonly binding: Buffer;
  /** The digests of the code by each key. */
  readonly digests: readonly Buffer[];
  /** Whether a right code is used up at once. Otherwise {@link VerificationStore.approve} does it. */
  readonly approves: boolean;
  /** Wrong codes of a number after which it is locked, each time for twice as long, and after which it is suspended. */
  readonly lockAfter: number;
  readonly lockMs: number;
  readonly longestLockMs: number;
  readonly suspendAfter: number;
  /** What each wrong code takes a turn of. */
  readonly quota: Quota | undefined;
  readonly approval: ApprovalInput;
}

/** What an approval changes besides. */
export interface ApprovalInput {
  /** What it takes off the scores of its ranges, besides what its start has added. */
  readonly relief: number;
  readonly halfLifeMs: number;
  /** Whether the platform is told. */
  readonly converts: boolean;
}

/** The end of a check. */
export type CheckOutcome =
  | { readonly result: 'approved'; readonly number: string; readonly country: string; readonly approvedAt: Date }
  | { readonly result: 'matched'; readonly number: string; readonly country: string }
  | { readonly result: 'wrong'; readonly attemptsLeft: number }
  | { readonly result: 'limited'; readonly retryAfterMs: number }
  | { readonly result: 'over' };

/** What a message of an open verification needs. */
export interface OpenDetails extends OpenCode {
  /** `undefined` only if it was erased. */
  readonly number: string | undefined;
  readonly country: string;
  readonly purpose: string;
  readonly binding: Buffer;
  readonly kind: VerificationKind;
}

/** A verification, for people. */
export interface StoredVerification {
  readonly purpose: string;
  readonly country: string;
  readonly state: VerificationState;
  readonly number: string | undefined;
  readonly sends: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly approvedAt: Date | undefined;
  readonly messageId: string | undefined;
}

/** The first use of an approval's proof. */
export interface RedeemedProof {
  readonly purpose: string;
  readonly binding: Buffer;
  readonly approvedAt: Date;
}

/** Keeps verifications. Every method is atomic, in any number of processes at once. */
export interface VerificationStore {
  start(input: StartInput, transaction?: SqlTransaction): Promise<StartOutcome>;
  resend(input: ResendInput, transaction?: SqlTransaction): Promise<ResendOutcome>;
  /** `undefined` if it is unknown or over. */
  readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined>;
  check(input: CheckInput): Promise<CheckOutcome>;
  /** Uses up a matched code. `undefined` if it is over. */
  approve(id: string, input: ApprovalInput, transaction?: SqlTransaction): Promise<Date | undefined>;
  /**
   * @param clearsSuspicion whether its start is taken off the scores of its ranges. @default true
   * @returns `false` if it was over.
   */
  cancel(id: string, tenant: string, halfLifeMs: number, clearsSuspicion?: boolean): Promise<boolean>;
  find(id: string, tenant: string): Promise<StoredVerification | undefined>;
  /** Lifts the lock and the suspension of a number. `false` if it is unknown. */
  release(tenant: string, numberKeys: readonly Buffer[]): Promise<boolean>;
  /** `undefined` if there is no such approval, or its proof was used before. */
  redeem(id: string): Promise<RedeemedProof | undefined>;
  readonly guard: GuardStore;
}
