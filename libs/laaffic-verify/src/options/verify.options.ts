import type { SealKey } from 'nestjs-laaffic-outbox';
import type { Challenge, NumberLookup } from '../guard/challenge.js';
import type { AllowableNumberType } from '../numbers/number-policy.js';
import type { VerificationTextOptions } from '../texts/verification-texts.js';

/** The rules of the guard that can be in shadow. */
export const SHADOW_RULES = ['range', 'budget', 'cap'] as const;
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
  /**
   * Whether this process does what follows a verification: it reports conversions, erases numbers and deletes old rows. At
   * least one process must do it. Handlers of `@OnApproved()` are called in any process that has them.
   * @default true
   */
  readonly worker?: boolean | undefined;
  /**
   * Whether the platform is told which messages were used, with their numbers. That improves its routing.
   * @default true
   */
  readonly conversions?: boolean | undefined;
  /**
   * How many days after its end a verification is deleted: 1 to 3650. It forgets its number when it ends.
   * @default 30
   */
  readonly retentionDays?: number | undefined;
  /**
   * The number of reverse proxies in front of the app. `@ClientSource()` is the entry of `X-Forwarded-For` at this place from
   * the right. With 0 the header is ignored.
   * @default 0
   */
  readonly trustProxy?: number | undefined;
  readonly code?: CodeOptions | undefined;
  readonly send?: SendOptions | undefined;
  readonly guard?: GuardOptions | undefined;
  /**
   * What suspicious visitors have to solve. Then `guard.onSuspicion` is `'challenge'` by default.
   * @default none
   */
  readonly challenge?: Challenge | undefined;
  /**
   * Asks a service about each number before a code is sent.
   * @default none
   */
  readonly lookup?: NumberLookup | undefined;
  /**
   * Numbers with a fixed code, for the review of an app or for tests in production. They get no message.
   * @default []
   */
  readonly testNumbers?: readonly TestNumber[] | undefined;
}

/** A number with a fixed code. */
export interface TestNumber {
  /** In E.164. */
  readonly number: string;
  /** As many digits as `code.digits`. */
  readonly code: string;
  /** From then on it is a number like any other. At most 90 days ahead. */
  readonly until: Date;
  /** The purposes that it has the code for. */
  readonly purposes: readonly string[];
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
   * Messages for a tenant in an hour. Starts of the same tenant then wait for each other.
   * @default no limit
   */
  readonly maxPerTenant?: number | undefined;
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
  /**
   * What happens to a suspicious start of a number that was not verified before. `reject`: it is an error. `challenge`: the
   * visitor has to solve the challenge. `pretend`: it looks as if a message was sent, which tells an attacker nothing, and
   * leaves a user who is suspected wrongly waiting.
   * @default 'challenge' with the option `challenge`, otherwise 'reject'
   */
  readonly onSuspicion?: 'reject' | 'challenge' | 'pretend' | undefined;
  /**
   * A number whose SIM card was changed in this time gets no code, if the lookup tells it. In milliseconds.
   * @default 259200000, 3 days
   */
  readonly simChangeMs?: number | undefined;
  readonly caps?: CapOptions | undefined;
  /**
   * What a segment costs, by country, in the currency of `caps`. It counts until the platform has charged 20 segments for
   * messages of the account to the country in 30 days, as far as delivery reports say so. Then their average does.
   * @default {}
   */
  readonly prices?: Readonly<Record<string, number>> | undefined;
  /**
   * What a segment costs in a country without a price, or the highest price that was learned if that is more.
   * @default the highest of `prices`
   */
  readonly unknownPrice?: number | undefined;
  /**
   * The currency of `prices` and `caps`, such as `USD`. Prices in other currencies are not learned.
   * @default the currency that the platform charges in; with several, no price is learned
   */
  readonly currency?: string | undefined;
}

/** Limits for all numbers together, also for those that were verified before. */
export interface CapOptions {
  /**
   * Messages in 24 hours.
   * @default 3 times `expectedPerDay`, at least 100
   */
  readonly messagesPerDay?: number | undefined;
  /**
   * Messages in an hour.
   * @default a quarter of `messagesPerDay`
   */
  readonly messagesPerHour?: number | undefined;
  /**
   * The cost of messages in 24 hours, by the prices that were learned, otherwise by `guard.prices`.
   * @default no limit
   */
  readonly spendPerDay?: number | undefined;
  /**
   * The same for each country.
   * @default no limit
   */
  readonly spendPerCountryPerDay?: number | undefined;
}
