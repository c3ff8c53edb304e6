import {
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumberType,
} from 'libphonenumber-js/max';

/** Longer input is rejected before it is parsed. Real numbers with all their separators have half of it. */
const MAX_INPUT_LENGTH = 64;
/** A `+` and 7 to 15 digits: what the gateway accepts. */
const E164 = /^\+\d{7,15}$/;

/** Format characters that people copy along: direction marks, soft hyphens, joiners. */
const INVISIBLE = /\p{Cf}/gu;
const FULL_WIDTH_SIGN = /[\uff08-\uff0f]/g;
const FOREIGN_DIGIT = /[^\P{Nd}0-9]/gu;
const DIGIT = /^\p{Nd}$/u;
/** Blanks, dashes, dots, slashes and brackets, but no line ends. */
const SEPARATOR = /[\p{Zs}\t\p{Pd}\u2212\u30fc./()]/gu;
/** What people write between a number and its extension. */
const EXTENSION = /\d\s*(?:[;,#]|\p{L})/u;

/**
 * The countries with phone numbers of their own, as ISO 3166-1 alpha-2 codes. `AC`, `TA` and `XK` are among them, which
 * ISO reserves or leaves to its users. Territories without numbers, such as `AQ`, are not.
 */
export const COUNTRIES: ReadonlySet<string> = new Set(getCountries());

/** A number that can exist, in the one form that is stored, compared and sent to. */
export interface PhoneNumber {
  /** E.164: `+`, calling code and national number, 7 to 15 digits. */
  readonly e164: string;
  /**
   * The country that the number belongs to, which the calling code does not tell: 25 countries share +1, and
   * +44 7911 123456 is a number of Guernsey.
   */
  readonly country: CountryCode;
  /**
   * The type by the country's numbering plan. `FIXED_LINE_OR_MOBILE` where the plan does not tell them apart, as in the
   * United States. It knows nothing of ported numbers.
   */
  readonly type: PhoneNumberType;
}

/** A number that may belong to no country. */
type Reading = Pick<PhoneNumber, 'e164' | 'type'> & { readonly country: CountryCode | undefined };

/** Why there is no number. Never repeats the input. */
export interface NumberProblem {
  /** Which argument is wrong. */
  readonly field: 'number' | 'country';
  /** The rest of a sentence that starts with the field: `must be without an extension`. */
  readonly problem: string;
}

/** Tells whether a value is the code of a country with phone numbers: two capital letters. */
export function isCountry(value: unknown): value is CountryCode {
  return typeof value === 'string' && COUNTRIES.has(value);
}

/**
 * Reads a phone number as a person writes it, and checks it against the numbering plan of its country.
 *
 * Reads international numbers (`+…` or `00…`), and with a country also national ones, with or without their trunk zero,
 * and international ones as they are dialled there (`011…` in the United States). Blanks, dashes, dots, slashes and
 * brackets may stand anywhere. Digits may be of any script. With a country, digits without `+` may be a national number
 * or an international one: if both exist, the mobile number counts, and two fixed lines are rejected.
 *
 * Rejects what is not one complete number: text with letters or an extension, short codes, numbers that no plan has,
 * and satellite and other international numbers that belong to no country. Never throws.
 * @param country where a national number is from, as ISO 3166-1 alpha-2. The result has the country of the number, which
 * may be another one.
 * @example
 * readPhoneNumber('07400 123456', 'GB'); // { e164: '+447400123456', country: 'GB', type: 'MOBILE' }
 * readPhoneNumber('07400 123456'); // { field: 'number', problem: 'must start with + and the country calling code, …' }
 */
export function readPhoneNumber(input: unknown, country?: string): PhoneNumber | NumberProblem {
  if (country !== undefined && !isCountry(country)) {
    return { field: 'country', problem: 'must be the ISO code of a country in two capital letters' };
  }
  const written = readDigits(input);
  if (typeof written !== 'string') return written;
  if (country === undefined && !/^(?:\+|00)/.test(written)) {
    return wrong('must start with + and the country calling code, or come with a country');
  }
  const readings = readingsOf(written, country);
  const numbers = distinct(readings.filter(hasCountry));
  if (numbers.length === 0) {
    return wrong(readings.length === 0 ? 'must be a phone number that can exist' : 'must belong to a country');
  }
  // Only a mobile phone is likely to get the code, so the other reading was not meant.
  const mobile = numbers.filter(({ type }) => type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE');
  const [number, another] = mobile.length > 0 ? mobile : numbers;
  if (number === undefined || another !== undefined) {
    return wrong('must start with + and the country calling code, because it can be read as two numbers');
  }
  return number;
}

function wrong(problem: string): NumberProblem {
  return { field: 'number', problem };
}

/** Returns ASCII digits, with a `+` before them if the text has one. */
function readDigits(input: unknown): string | NumberProblem {
  if (typeof input !== 'string') return wrong('must be a phone number as text');
  if (input.length > MAX_INPUT_LENGTH) return wrong(`must not have more than ${MAX_INPUT_LENGTH} characters`);
  const text = input
    .replace(INVISIBLE, '')
    .trim()
    .replace(FULL_WIDTH_SIGN, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(FOREIGN_DIGIT, toAsciiDigit);
  const digits = text.replace(SEPARATOR, '');
  if (/^\+?$/.test(digits)) return wrong('must not be empty');
  if (/^\+?\d+$/.test(digits)) return digits;
  if (EXTENSION.test(text)) return wrong('must be a phone number without letters and without an extension');
  return wrong('must have nothing but digits, separators and one + at the start');
}

/** The digits of a script follow each other from zero to nine, and so do the scripts that are neighbours. */
function toAsciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (DIGIT.test(String.fromCodePoint(first - 1))) first--;
  return String((code - first) % 10);
}

/** Returns everything that the digits can mean. */
function readingsOf(written: string, country: CountryCode | undefined): readonly Reading[] {
  const international = /^(?:\+|00)/.test(written) ? parse(written.replace(/^00/, '+')) : undefined;
  if (international !== undefined) return [international];
  if (written.startsWith('+') || country === undefined) return [];
  const national = parse(written, country);
  // The library takes 4915112345678 for a German fixed line, +49 4915112345678.
  const withoutPlus = written.startsWith(getCountryCallingCode(country)) ? parse(`+${written}`) : undefined;
  return [national, withoutPlus].filter((reading) => reading !== undefined);
}

/** Returns a number that a numbering plan has. The library gives no type to the others. */
function parse(digits: string, from?: CountryCode): Reading | undefined {
  const options = from === undefined ? { extract: false } : { extract: false, defaultCountry: from };
  const parsed = parsePhoneNumberFromString(digits, options);
  const type = parsed?.getType();
  if (parsed === undefined || type === undefined || !E164.test(parsed.number)) return undefined;
  return { e164: parsed.number, country: parsed.country, type };
}

function hasCountry(reading: Reading): reading is PhoneNumber {
  return reading.country !== undefined;
}

function distinct(numbers: readonly PhoneNumber[]): readonly PhoneNumber[] {
  return [...new Map(numbers.map((number) => [number.e164, number])).values()];
}
