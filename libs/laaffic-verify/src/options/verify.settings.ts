import type { KeyObject } from 'node:crypto';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { OptionsReader } from 'nestjs-laaffic';
import { readSecretKeys } from 'nestjs-laaffic-outbox/extension';
import { VerificationOptionsError } from '../errors/verification.error.js';
import type { Challenge, NumberLookup } from '../guard/challenge.js';
import type { GuardPlan } from '../guard/guard.js';
import { checkCountries, checkNumberTypes, DEFAULT_NUMBER_TYPES, type NumberPolicy } from '../numbers/number-policy.js';
import { readPhoneNumber } from '../numbers/phone-number.js';
import { checkTexts } from '../texts/check-texts.js';
import type { VerificationTextOptions } from '../texts/verification-texts.js';
import { SHADOW_RULES, type ShadowRule, type TestNumber } from './verify.options.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const COOLDOWNS_MS = [30_000, 60_000, 120_000, 240_000, 480_000, 600_000];
const MOST_COOLDOWNS = 20;
const LONGEST_APP = 100;
const LEAST_CAP = 100;
const SCHEMA = /^[a-z_][a-z0-9_]{0,49}$/;
const TEXT_FIELDS = [
  'app',
  'domain',
  'embeddedDomain',
  'androidHash',
  'messages',
  'builtInTexts',
  'defaultLocale',
] as const;

/** The checked options, with all defaults, frozen. */
export class VerifySettings {
  /** They are objects that do not show their bytes when they are printed. */
  readonly keys: readonly KeyObject[];
  readonly numbers: NumberPolicy;
  readonly expectedPerDay: number;
  readonly texts: VerificationTextOptions;
  /** What about the texts makes messages more expensive, or less convenient. */
  readonly textWarnings: readonly string[];
  readonly schema: string;
  readonly migrate: boolean;
  readonly worker: boolean;
  readonly conversions: boolean;
  readonly retentionMs: number;
  readonly trustProxy: number;
  readonly code: {
    readonly digits: number;
    readonly lifetimeMs: number;
    readonly maxAttempts: number;
    readonly lockAfter: number;
    readonly lockMs: number;
    readonly longestLockMs: number;
    readonly suspendAfter: number;
  };
  readonly send: {
    readonly cooldownsMs: readonly number[];
    readonly maxPerHour: number;
    readonly maxPerDay: number;
    readonly maxPerSource: number;
    readonly maxPerTenant: number | undefined;
    readonly maxWrongPerSource: number;
  };
  readonly guard: {
    readonly shadow: readonly ShadowRule[];
    readonly knownMs: number;
    readonly onSuspicion: 'reject' | 'challenge' | 'pretend';
    readonly simChangeMs: number;
    readonly caps: GuardPlan['caps'];
    readonly prices: Readonly<Record<string, number>>;
    readonly unknownPrice: number;
    readonly currency: string | undefined;
  };
  readonly hooks: { readonly challenge: Challenge | undefined; readonly lookup: NumberLookup | undefined };
  readonly testNumbers: readonly TestNumber[];

  /** @throws {VerificationOptionsError} naming each field that is missing, unknown or out of range. */
  constructor(options: unknown) {
    const reader = new OptionsReader(options);
    const [code, send, guard] = [reader.nested('code'), reader.nested('send'), reader.nested('guard')];
    const caps = guard.nested('caps');
    this.keys = readSecretKeys(reader, 'keys');
    if (this.keys.length === 0 && !reader.issues.some(({ field }) => field.startsWith('keys'))) {
      reader.report('keys', 'must have at least one key of 32 random bytes: `openssl rand -base64 32`');
    }
    this.numbers = Object.freeze({ countries: readCountries(reader), types: readTypes(guard) });
    this.expectedPerDay = reader.positiveNumber('expectedPerDay') ?? 0;
    if (reader.value('expectedPerDay') === undefined) {
      reader.report('expectedPerDay', 'must be the number of verifications on a usual day');
    }
    this.schema = reader.text('schema', 'laaffic_verify', SCHEMA, 'must be lower-case letters, digits and underscores');
    this.migrate = reader.boolean('migrate', true);
    this.worker = reader.boolean('worker', true);
    this.conversions = reader.boolean('conversions', true);
    this.retentionMs = reader.wholeNumber('retentionDays', 30, { max: 3_650 }) * DAY_MS;
    this.trustProxy = reader.wholeNumber('trustProxy', 0, { min: 0, max: 100 });
    this.code = Object.freeze({
      digits: code.wholeNumber('digits', 6, { min: 6, max: 10 }),
      lifetimeMs: code.wholeNumber('lifetimeMs', 10 * MINUTE_MS, { min: 2 * MINUTE_MS, max: 10 * MINUTE_MS }),
      maxAttempts: code.wholeNumber('maxAttempts', 5, { max: 10 }),
      lockAfter: code.wholeNumber('lockAfter', 15, { max: 100 }),
      lockMs: code.wholeNumber('lockMs', 15 * MINUTE_MS, { max: DAY_MS }),
      longestLockMs: DAY_MS,
      suspendAfter: code.wholeNumber('suspendAfter', 100, { max: 100 }),
    });
    this.send = Object.freeze({
      cooldownsMs: readCooldowns(send),
      maxPerHour: send.wholeNumber('maxPerHour', 5, { max: 1_000 }),
      maxPerDay: send.wholeNumber('maxPerDay', 10, { max: 1_000 }),
      maxPerSource: send.wholeNumber('maxPerSource', 60, { max: 1_000_000 }),
      maxPerTenant: send.value('maxPerTenant') === undefined ? undefined : send.wholeNumber('maxPerTenant', 0),
      maxWrongPerSource: send.wholeNumber('maxWrongPerSource', 30, { max: 1_000_000 }),
    });
    this.hooks = Object.freeze({
      challenge: readHook(reader, 'challenge', 'verify') as Challenge | undefined,
      lookup: readHook(reader, 'lookup', 'lookup') as NumberLookup | undefined,
    });
    const prices = readPrices(guard);
    this.guard = Object.freeze({
      shadow: readShadow(guard),
      knownMs: guard.wholeNumber('knownMs', 180 * DAY_MS, { min: 0, max: 3_650 * DAY_MS }),
      onSuspicion: readOnSuspicion(guard, this.hooks.challenge),
      simChangeMs: guard.wholeNumber('simChangeMs', 3 * DAY_MS, { min: 0, max: 365 * DAY_MS }),
      caps: readCaps(caps, this.expectedPerDay),
      prices,
      currency: readCurrency(guard),
      unknownPrice: guard.positiveNumber('unknownPrice') ?? Math.max(0, ...Object.values(prices)),
    });
    if (
      (this.guard.caps.spendPerDay < Infinity || this.guard.caps.spendPerCountryPerDay < Infinity) &&
      this.guard.unknownPrice === 0
    )
      guard.report('unknownPrice', 'must be set, or `prices`, for caps on spending');
    this.testNumbers = readTestNumbers(reader, this.code.digits);
    const texts = Object.fromEntries(TEXT_FIELDS.map((field) => [field, reader.value(field)]));
    this.texts = Object.freeze(texts) as unknown as VerificationTextOptions;
    const app = reader.value('app');
    const hasApp = typeof app === 'string' && app.length <= LONGEST_APP;
    if (!hasApp)
      reader.report('app', `must be the name of the app as users know it, at most ${LONGEST_APP} characters`);
    const expected = { digits: this.code.digits, hasReference: false };
    const checked = hasApp ? checkTexts(this.texts, expected) : { problems: [], warnings: [] };
    this.textWarnings = checked.warnings;
    for (const each of [code, send, caps, guard, reader]) each.rejectUnknown();
    const problems = [...reader.problems, ...checked.problems];
    if (problems.length > 0) throw new VerificationOptionsError(problems);
    Object.freeze(this);
  }
}

function readCountries(reader: OptionsReader): NumberPolicy['countries'] {
  const countries = reader.value('countries');
  reader.issues.push(...checkCountries(countries));
  return countries as readonly CountryCode[] | 'all';
}

function readTypes(guard: OptionsReader): NonNullable<NumberPolicy['types']> {
  const types = guard.value('types') ?? DEFAULT_NUMBER_TYPES;
  guard.issues.push(...checkNumberTypes(types, 'guard.types'));
  return types as NonNullable<NumberPolicy['types']>;
}

function readCooldowns(send: OptionsReader): readonly number[] {
  const value = send.value('cooldownsMs') ?? COOLDOWNS_MS;
  const isRight =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MOST_COOLDOWNS &&
    value.every((one) => Number.isInteger(one) && one >= 0 && one <= DAY_MS);
  if (isRight) return Object.freeze([...(value as readonly number[])]);
  send.report('cooldownsMs', `must be a list of 1 to ${MOST_COOLDOWNS} whole numbers of milliseconds, up to a day`);
  return COOLDOWNS_MS;
}

function readShadow(guard: OptionsReader): readonly ShadowRule[] {
  const value = guard.value('shadow') ?? [];
  if (value === 'all') return SHADOW_RULES;
  const isRight = Array.isArray(value) && value.every((rule) => SHADOW_RULES.some((one) => one === rule));
  if (isRight) return Object.freeze([...(value as readonly ShadowRule[])]);
  guard.report('shadow', `must be 'all', or a list of ${SHADOW_RULES.join(', ')}`);
  return [];
}

function readOnSuspicion(guard: OptionsReader, challenge: Challenge | undefined): 'reject' | 'challenge' | 'pretend' {
  const value = guard.value('onSuspicion') ?? (challenge === undefined ? 'reject' : 'challenge');
  if (value === 'challenge' && challenge === undefined) guard.report('onSuspicion', 'needs the option `challenge`');
  if (value === 'reject' || value === 'challenge' || value === 'pretend') return value;
  guard.report('onSuspicion', "must be 'reject', 'challenge' or 'pretend'");
  return 'reject';
}

function readCaps(caps: OptionsReader, expectedPerDay: number): GuardPlan['caps'] {
  const messagesPerDay = caps.positiveNumber('messagesPerDay') ?? Math.max(LEAST_CAP, 3 * expectedPerDay);
  return Object.freeze({
    messagesPerDay,
    messagesPerHour: caps.positiveNumber('messagesPerHour') ?? messagesPerDay / 4,
    spendPerDay: caps.positiveNumber('spendPerDay') ?? Infinity,
    spendPerCountryPerDay: caps.positiveNumber('spendPerCountryPerDay') ?? Infinity,
  });
}

function readPrices(guard: OptionsReader): Readonly<Record<string, number>> {
  const value = guard.value('prices') ?? {};
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const isRight =
    typeof value === 'object' &&
    entries.every(
      ([country, price]) => isSupportedCountry(country) && typeof price === 'number' && price > 0 && price < Infinity,
    );
  if (isRight) return Object.freeze({ ...(value as Record<string, number>) });
  guard.report('prices', 'must be an object of country codes, such as `GB`, and positive prices');
  return {};
}

function readCurrency(guard: OptionsReader): string | undefined {
  const value = guard.value('currency');
  if (value === undefined || (typeof value === 'string' && /^[A-Z]{3}$/.test(value))) return value;
  guard.report('currency', 'must be a code of three capital letters, such as USD');
  return undefined;
}

function readHook(reader: OptionsReader, name: string, method: string): unknown {
  const value = reader.value(name);
  if (value === undefined) return undefined;
  const has = typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
  if (!has) reader.report(name, `must be an object with a method \`${method}\``);
  return value;
}

function readTestNumbers(reader: OptionsReader, digits: number): readonly TestNumber[] {
  const value = reader.value('testNumbers') ?? [];
  const all: readonly unknown[] = Array.isArray(value) ? value : [undefined];
  const code = new RegExp(`^\\d{${digits}}$`);
  const isRight = all.every((one) => {
    const { number, code: fixed, until, purposes, ...rest } = Object(one) as Record<string, unknown>;
    const read = typeof number === 'string' ? readPhoneNumber(number) : undefined;
    return (
      read !== undefined &&
      'e164' in read &&
      read.e164 === number &&
      typeof fixed === 'string' &&
      code.test(fixed) &&
      until instanceof Date &&
      until.getTime() <= Date.now() + 90 * DAY_MS &&
      Array.isArray(purposes) &&
      purposes.every((purpose) => typeof purpose === 'string') &&
      Object.keys(rest).length === 0
    );
  });
  if (isRight) return Object.freeze([...(all as readonly TestNumber[])]);
  reader.report(
    'testNumbers',
    `must be a list of \`{ number, code, until, purposes }\`: a number in E.164, a code of ${digits} digits, a time at most 90 days ahead`,
  );
  return [];
}
