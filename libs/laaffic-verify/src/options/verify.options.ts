import type { SealKey } from 'nestjs-laaffic-outbox';
import type { AllowableNumberType } from '../numbers/number-policy.js';
import type { VerificationTextOptions } from '../texts/verification-texts.js';

/** The rules of the guard that can be in shadow. */
export const SHADOW_RULES = ['range', 'budget'] as const;
export type ShadowRule = (typeof SHADOW_RULES)[number];

/** The options of `LaafficVerifyModule.forRoot` and `forRootAsync`. */
export interface LaafficVerifyOptions extends VerificationTextOptions {
  /**
   * Secret keys of 32 bytes, at most 10: `openssl rand -base64 32`. Codes and proofs are made with the first one and read
   * with all of them. Give the same keys to all processes, and keep them out of the database and its backups. To change the
   * key, first add the new one as the second in all processes, then make it the first.
   */
  readonly keys: readonly SealKey[];
  /** The countries whose numbers get codes, as ISO 3166-1 alpha-2 codes; `'all'` for every country. */
  readonly countries: readonly string[] | 'all';
  /** How many verifications are started on a usual day. The guard begins with it, until it knows better. */
  readonly expectedPerDay: number;
  /**
   * The database schema of the module, beside that of the outbox. Made of lower-case letters, digits and underscores.
   * @default 'laaffic_verify'
   */
  readonly schema?: string | undefined;
  /**
   * Whether the boot migrates the schema. Otherwise it only checks the version.
   * @default true
   */
  readonly migrate?: boolean | undefined;
  readonly code?: CodeOptions | undefined;
  readonly send?: SendOptions | undefined;
  readonly guard?: GuardOptions | undefined;
}

/** What codes are like, and how often they can be guessed. */
export interface CodeOptions {
  /**
   * 6 to 10.
   * @default 6
   */
  readonly digits?: number | undefined;
  /**
   * How long a code is valid, in milliseconds: 2 to 10 minutes.
   * @default 600000
   */
  readonly lifetimeMs?: number | undefined;
  /**
   * How often a verification can be tried, over all of its codes and messages: 1 to 10.
   * @default 5
   */
  readonly maxAttempts?: number | undefined;
  /**
   * After how many wrong codes a number is locked. They count until a right one, whatever new codes are sent.
   * @default 15
   */
  readonly lockAfter?: number | undefined;
  /**
   * How long the first lock lasts, in milliseconds. Each one is twice as long as the one before, up to a day.
   * @default 900000
   */
  readonly lockMs?: number | undefined;
  /**
   * After how many wrong codes a number is suspended until `SmsVerification.release`.
   * @default 100
   */
  readonly suspendAfter?: number | undefined;
}

/** How many messages may be sent. */
export interface SendOptions {
  /**
   * The pauses after the first, second, … message to a number within an hour, in milliseconds. The last one repeats.
   * @default [30000, 60000, 120000, 240000, 480000, 600000]
   */
  readonly cooldownsMs?: readonly number[] | undefined;
  /**
   * Messages to a number in an hour: this many at once, and then one in each equal part of the hour.
   * @default 5
   */
  readonly maxPerHour?: number | undefined;
  /**
   * Messages to a number in a day, in the same way.
   * @default 10
   */
  readonly maxPerDay?: number | undefined;
  /**
   * Messages for a source in an hour. Many visitors may share an address.
   * @default 60
   */
  readonly maxPerSource?: number | undefined;
  /**
   * Wrong codes from a source in an hour.
   * @default 30
   */
  readonly maxWrongPerSource?: number | undefined;
}

/** The guard against SMS pumping. */
export interface GuardOptions {
  /**
   * The types of numbers that get codes.
   * @default ['MOBILE', 'FIXED_LINE_OR_MOBILE']
   */
  readonly types?: readonly AllowableNumberType[] | undefined;
  /**
   * The rules that only note what they would reject: all of them, or a list.
   * @default [], all rules reject
   */
  readonly shadow?: 'all' | readonly ShadowRule[] | undefined;
  /**
   * How long a number is known after it was verified, in milliseconds. Suspicion never stops a known number.
   * @default 15552000000, 180 days
   */
  readonly knownMs?: number | undefined;
}
