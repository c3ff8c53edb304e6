import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { RangeScoring } from '../guard/range-scoring.js';
import type { VerificationState } from '../sql/generated.js';

/** What a start or a resend counts against. */
export interface SendLimits {
  /** The pauses after the first, second, … message of an hour, in milliseconds. The last one repeats. */
  readonly cooldownsMs: readonly number[];
  /** Messages of a number. */
  readonly perHour: number;
  readonly perDay: number;
  /** The digest of the source; `undefined` if it is unknown. */
  readonly source: Buffer | undefined;
  /** Messages of a source in an hour. */
  readonly perSource: number;
}

/** A start of a verification. */
export interface StartInput extends SendLimits, RangeScoring {
  /** The id that it has if it is new. */
  readonly id: string;
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
  /** A rule that rejects every number; `undefined` if none does. */
  readonly rejection: string | undefined;
  /** A rule that rejects numbers that were not verified before. */
  readonly suspicion: string | undefined;
  /** The rules that only note that they would reject. */
  readonly shadow: readonly string[];
}

/** A verification that goes on. */
export interface OpenVerification {
  readonly id: string;
  readonly keyId: string;
  readonly generation: number;
  /** Number of messages, with one that is to be sent now. */
  readonly sends: number;
  readonly attemptsLeft: number;
  readonly expiresInMs: number;
  readonly resendInMs: number;
}

/** The end of a start or a resend. */
export type SendOutcome =
  | {
      /** `sent`: a message has to be enqueued in the same transaction. `waiting`: the open verification needs none now. */
      readonly result: 'sent' | 'waiting';
      readonly verification: OpenVerification;
      readonly isNew: boolean;
      /** The rules in shadow that would have rejected it. */
      readonly would: readonly string[];
    }
  | {
      readonly result: 'rejected';
      readonly rule: string;
      readonly retryAfterMs: number | undefined;
      readonly would: readonly string[];
    };

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
  readonly source: Buffer | undefined;
  /** Wrong codes of a source in an hour. */
  readonly perSource: number;
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
export interface OpenDetails {
  /** `undefined` only if it was erased. */
  readonly number: string | undefined;
  readonly country: string;
  readonly purpose: string;
  readonly binding: Buffer;
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
  start(input: StartInput, transaction?: SqlTransaction): Promise<SendOutcome>;
  resend(id: string, tenant: string, limits: SendLimits, transaction?: SqlTransaction): Promise<SendOutcome>;
  /** `undefined` if it is unknown or over. */
  readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined>;
  /** Gives it another code. `false` if another call was faster. */
  renew(
    verification: Pick<OpenVerification, 'id' | 'generation'>,
    code: { readonly keyId: string; readonly digest: Buffer; readonly lifetimeMs: number },
    transaction?: SqlTransaction,
  ): Promise<boolean>;
  /** Remembers the last message. */
  setMessage(id: string, messageId: string, transaction?: SqlTransaction): Promise<void>;
  check(input: CheckInput): Promise<CheckOutcome>;
  /** Uses up a matched code. `undefined` if it is over. */
  approve(id: string, input: ApprovalInput, transaction?: SqlTransaction): Promise<Date | undefined>;
  /** `false` if it was over. */
  cancel(id: string, tenant: string, halfLifeMs: number): Promise<boolean>;
  find(id: string, tenant: string): Promise<StoredVerification | undefined>;
  /** Lifts the lock and the suspension of a number. `false` if it is unknown. */
  release(tenant: string, numberKeys: readonly Buffer[]): Promise<boolean>;
  /** `undefined` if there is no such approval, or its proof was used before. */
  redeem(id: string): Promise<RedeemedProof | undefined>;
  /** Runs `work` in a transaction. */
  transaction<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
}
