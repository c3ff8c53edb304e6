import type { KeyObject } from 'node:crypto';
import type { CountryCode } from 'libphonenumber-js/max';
import { OptionsReader } from 'nestjs-laaffic';
import { readSecretKeys } from 'nestjs-laaffic-outbox/extension';
import { VerificationOptionsError } from '../errors/verification.error.js';
import { checkCountries, checkNumberTypes, DEFAULT_NUMBER_TYPES, type NumberPolicy } from '../numbers/number-policy.js';
import { checkTexts } from '../texts/check-texts.js';
import type { VerificationTextOptions } from '../texts/verification-texts.js';
import { SHADOW_RULES, type ShadowRule } from './verify.options.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const COOLDOWNS_MS = [30_000, 60_000, 120_000, 240_000, 480_000, 600_000];
const MOST_COOLDOWNS = 20;
const LONGEST_APP = 100;
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
    readonly maxWrongPerSource: number;
  };
  readonly guard: { readonly shadow: readonly ShadowRule[]; readonly knownMs: number };

  /** @throws {VerificationOptionsError} naming each field that is missing, unknown or out of range. */
  constructor(options: unknown) {
    const reader = new OptionsReader(options);
    const [code, send, guard] = [reader.nested('code'), reader.nested('send'), reader.nested('guard')];
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
      maxWrongPerSource: send.wholeNumber('maxWrongPerSource', 30, { max: 1_000_000 }),
    });
    this.guard = Object.freeze({
      shadow: readShadow(guard),
      knownMs: guard.wholeNumber('knownMs', 180 * DAY_MS, { min: 0, max: 3_650 * DAY_MS }),
    });
    const texts = Object.fromEntries(TEXT_FIELDS.map((field) => [field, reader.value(field)]));
    this.texts = Object.freeze(texts) as unknown as VerificationTextOptions;
    const app = reader.value('app');
    const hasApp = typeof app === 'string' && app.length <= LONGEST_APP;
    if (!hasApp)
      reader.report('app', `must be the name of the app as users know it, at most ${LONGEST_APP} characters`);
    const expected = { digits: this.code.digits, hasReference: false };
    const checked = hasApp ? checkTexts(this.texts, expected) : { problems: [], warnings: [] };
    this.textWarnings = checked.warnings;
    for (const each of [code, send, guard, reader]) each.rejectUnknown();
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
