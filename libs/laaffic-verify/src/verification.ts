import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { VerificationState } from './sql/generated.js';
import type { VerificationClient } from './texts/autofill.js';

// What the methods of `SmsVerification` take and return.

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
  /**
   * The address of the visitor, such as an IP address. IPv6 addresses count by their first 64 bits. Without it, limits of
   * sources do not apply.
   */
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
  /**
   * Whether to send nothing, because the app knows no account with this number and must not tell. It has the same limits,
   * pauses and answers as a verification, and no code is right for it.
   * @default false
   */
  readonly decoy?: boolean | undefined;
  /** The visitor's answer to the challenge of the app, after `VERIFY_CHALLENGE`. See the option `challenge`. */
  readonly challenge?: string | undefined;
  /**
   * 1 to 255 characters that are the same whenever the call is repeated, for example after a timeout: then it returns the
   * same verification and sends nothing. It is remembered as long as the verification.
   */
  readonly idempotencyKey?: string | undefined;
  /** The app's own SQL transaction. @default a transaction of its own, committed when the call resolves */
  readonly transaction?: SqlTransaction | undefined;
}

/** A verification that waits for its code. */
export interface StartedVerification {
  readonly id: string;
  /** Whether it was made by this call. `false`: the open verification of the session goes on. */
  readonly isNew: boolean;
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

/** Who cancels a verification, and how. */
export interface CancelOptions {
  readonly tenant?: string | undefined;
  /**
   * Whether its start no longer counts as a sign of fraud. Say `false` if the request came from the visitor: an attacker
   * could cancel every start.
   * @default true
   */
  readonly clearsSuspicion?: boolean | undefined;
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
