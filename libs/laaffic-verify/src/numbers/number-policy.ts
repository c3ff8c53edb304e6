import type { CountryCode, PhoneNumberType } from 'libphonenumber-js/max';
import type { Issue } from 'nestjs-laaffic';
import { isCountry, type PhoneNumber } from './phone-number.js';

/**
 * The types of numbers that codes may be sent to. The others can never be allowed. The owner of a number with premium
 * rate or shared cost, of a universal access number or a personal number earns with each message, and a code on a pager
 * or in a mailbox is not entered.
 */
export const ALLOWABLE_NUMBER_TYPES = ['MOBILE', 'FIXED_LINE_OR_MOBILE', 'FIXED_LINE', 'VOIP', 'TOLL_FREE'] as const;

/** A type of numbers that codes may be sent to. */
export type AllowableNumberType = (typeof ALLOWABLE_NUMBER_TYPES)[number];

/** The types that get codes if the app does not name any. */
export const DEFAULT_NUMBER_TYPES: readonly AllowableNumberType[] = ['MOBILE', 'FIXED_LINE_OR_MOBILE'];

/**
 * Countries whose mobile numbers look like those of another country, so that they are read as numbers of that one.
 * Some numbers of the Isle of Man are read as British, too, but most are not.
 */
const READ_AS: Readonly<Partial<Record<CountryCode, CountryCode>>> = {
  AX: 'FI',
  BL: 'GP',
  CC: 'AU',
  CX: 'AU',
  EH: 'MA',
  MF: 'GP',
  SJ: 'NO',
  VA: 'IT',
};

/** Which numbers may get codes. */
export interface NumberPolicy {
  /** ISO 3166-1 alpha-2 codes, or `'all'` for every country. */
  readonly countries: readonly CountryCode[] | 'all';
  /** @default ['MOBILE', 'FIXED_LINE_OR_MOBILE'] */
  readonly types?: readonly AllowableNumberType[] | undefined;
}

/**
 * Tells why a number gets no codes: its country first, then its type.
 * @returns the code for the `VerificationError`, or `undefined` if the number may get codes.
 */
export function whyRejected(
  { country, type }: Pick<PhoneNumber, 'country' | 'type'>,
  { countries, types = DEFAULT_NUMBER_TYPES }: NumberPolicy,
): 'VERIFY_COUNTRY' | 'VERIFY_NUMBER_TYPE' | undefined {
  if (countries !== 'all' && !countries.includes(country)) return 'VERIFY_COUNTRY';
  return isAllowable(type) && types.includes(type) ? undefined : 'VERIFY_NUMBER_TYPE';
}

function isAllowable(type: PhoneNumberType): type is AllowableNumberType {
  return ALLOWABLE_NUMBER_TYPES.some((one) => one === type);
}

/**
 * Checks the option `countries`.
 * @returns one issue for each wrong entry, without its value; none if the option is right.
 */
export function checkCountries(countries: unknown): readonly Issue[] {
  if (countries === 'all') return [];
  if (!Array.isArray(countries) || countries.length === 0) {
    return [{ field: 'countries', problem: "must be 'all', or a list of ISO codes such as ['IN', 'GB']" }];
  }
  const entries: readonly unknown[] = countries;
  return Array.from(entries, (entry, index) => ({
    field: `countries[${index}]`,
    problem: problemOf(entry, entries),
  })).filter((issue): issue is Issue => issue.problem !== undefined);
}

function problemOf(entry: unknown, entries: readonly unknown[]): string | undefined {
  // The United Kingdom is the one country that people call by another code than ISO.
  if (entry === 'UK') return 'must be GB, which is the ISO code of the United Kingdom';
  if (!isCountry(entry)) return 'must be the ISO code of a country with phone numbers, in two capital letters';
  const main = READ_AS[entry];
  if (main === undefined || entries.includes(main)) return undefined;
  return `needs ${main} in the list too, because mobile numbers of both look the same and are read as ${main}`;
}

/**
 * Checks a list of number types, such as the option `guard.types`.
 * @param field the name of the option.
 * @returns one issue for each wrong entry, without its value; none if the list is right.
 */
export function checkNumberTypes(types: unknown, field: string): readonly Issue[] {
  const known = ALLOWABLE_NUMBER_TYPES.join(', ');
  if (!Array.isArray(types) || types.length === 0) return [{ field, problem: `must be a list of ${known}` }];
  const entries: readonly unknown[] = types;
  return Array.from(entries, (entry, index) => ({ entry, field: `${field}[${index}]` }))
    .filter(({ entry }) => !ALLOWABLE_NUMBER_TYPES.some((type) => type === entry))
    .map((wrong) => ({ field: wrong.field, problem: `must be one of ${known}` }));
}
