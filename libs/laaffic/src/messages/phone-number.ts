const [MIN_DIGITS, MAX_DIGITS] = [7, 15];
const [ZERO, NINE] = ['0'.charCodeAt(0), '9'.charCodeAt(0)];
const DATE_LENGTH = 8;

/** Format characters that people copy along: direction marks, soft hyphens, joiners and byte order marks. */
const INVISIBLE = /\p{Cf}/gu;
const FULL_WIDTH = /[\uff0b\uff10-\uff19]/g;
const LINE_END = /[\r\n\v\f\u0085\u2028\u2029]/;
const DASH = /[\p{Pd}\u2212]/gu;
const FOREIGN = /[^\d+ ()./-]/u;
/** A number as a spreadsheet writes it. A phone number with dots between its groups ends with a longer group. */
const DECIMAL = /^\+?\d{7,}\.\d{1,2}$/;
const SHORT_FORM = /^\+?\d+(?:[.,]\d+)?e\+?\d+$/i;
const DATE =
  /^(?:(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:19|20)\d\d)$/;
const BRACKETS = /^[^()]*(?:\([^()]*\)[^()]*)*$/;
/** A country code, and the zero that is dialled inside the country only. */
const BRACKETED_ZERO = /^((?:\(?\s*(?:\+|00)\s*)\d{1,3}\)?[\s.-]*)\(0\)/;

/**
 * Country codes that no zero follows, because it is dialled inside the country only. In Italy and some other countries the
 * zero is a part of the number. From the metadata of libphonenumber; a test compares both.
 */
const WITHOUT_ZERO: ReadonlySet<string> = new Set(
  (
    '20 27 31 32 33 40 41 43 44 46 49 51 53 54 55 57 58 60 61 62 63 64 66 81 82 84 86 90 91 92 93 94 95 98 211 212 213 218 ' +
    '231 232 233 234 243 249 250 251 252 254 255 256 260 261 262 263 264 265 291 353 355 358 359 370 373 374 377 380 381 382 ' +
    '383 385 386 387 389 421 423 508 590 591 593 594 595 596 598 686 850 855 856 880 886 961 962 963 964 966 967 970 971 972 ' +
    '976 977 994 995 996'
  ).split(' '),
);

/**
 * Converts a phone number into the gateway's form: country code and subscriber number, 7 to 15 digits, nothing else.
 *
 * Removes a leading `+` or `00`, invisible characters, blanks, hyphens, dots, brackets and slashes between groups of
 * digits, and `(0)` after the country code in countries where people write it: `+44 (0)20 7946 0958`.
 *
 * Rejects what would become another number: an extension, a second number, a decimal or a date of a spreadsheet, and a
 * number that visibly has no country code, such as `020 7946 0958` or `(201) 555-0123`. Does not check that the number
 * exists.
 * @returns the digits, or `undefined` if the text is not such a number.
 * @example
 * normalizeNumber('+44 (0)20 7946 0958'); // '442079460958'
 * normalizeNumber('020 7946 0958'); // undefined
 */
export function normalizeNumber(text: string): string | undefined {
  const read = readNumber(text);
  return typeof read === 'string' ? read : undefined;
}

/** Explains why a value is not a phone number, for the person who wrote it. */
export function numberProblem(text: unknown): string {
  if (text === undefined || text === null) return 'must be a phone number with country code, but is missing';
  if (typeof text === 'number')
    return 'must be a phone number as text, because a JSON number would lose zeros and digits';
  if (typeof text !== 'string') return 'must be a phone number as text';
  const read = readNumber(text);
  return `must be a phone number with country code: it ${typeof read === 'string' ? 'is one' : read.problem}`;
}

function readNumber(text: string): string | { readonly problem: string } {
  // Most numbers are digits only.
  const digits = isDigits(text) ? withoutZeros(text) : digitsIn(text);
  if (typeof digits !== 'string') return digits;
  const { length } = digits;
  if (digits.charCodeAt(0) === ZERO) return { problem: 'starts with 0, so its country code is missing' };
  if (length < MIN_DIGITS || length > MAX_DIGITS) {
    const many = length === 1 ? '1 digit' : `${length} digits`;
    return { problem: length === 0 ? 'is empty' : `has ${many}, and numbers have ${MIN_DIGITS} to ${MAX_DIGITS}` };
  }
  if (length === DATE_LENGTH && DATE.test(digits)) return { problem: 'is a date' };
  const code = codeBeforeZero(digits);
  if (code !== undefined) return { problem: `has a 0 after the country code ${code}: leave the 0 out` };
  return digits;
}

function withoutZeros(digits: string): string {
  return digits.startsWith('00') ? digits.slice(2) : digits;
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character < ZERO || character > NINE) return false;
  }
  return true;
}

function codeBeforeZero(digits: string): string | undefined {
  for (let length = 2; length <= 3; length++) {
    if (digits.charCodeAt(length) !== ZERO) continue;
    const code = digits.slice(0, length);
    if (WITHOUT_ZERO.has(code)) return code;
  }
  return undefined;
}

function digitsIn(text: string): string | { readonly problem: string } {
  const trimmed = text.replace(INVISIBLE, '').replace(FULL_WIDTH, toAscii).trim();
  if (LINE_END.test(trimmed)) return { problem: 'has more than one line' };
  const plain = trimmed.replace(/\s/gu, ' ').replace(DASH, '-');
  if (SHORT_FORM.test(plain)) return { problem: 'is in the short form of a spreadsheet, which has lost digits' };
  if (DECIMAL.test(plain)) return { problem: 'is a decimal of a spreadsheet: format the column as text' };
  if (DATE.test(plain)) return { problem: 'is a date' };
  const [foreign] = FOREIGN.exec(plain) ?? [];
  if (foreign !== undefined) return { problem: `contains ${named(foreign)}, which is not part of a number` };
  if (!BRACKETS.test(plain)) return { problem: 'has an unmatched bracket' };
  return withoutPrefix(plain);
}

function withoutPrefix(plain: string): string | { readonly problem: string } {
  const [, prefix = '', rest = ''] = /^([( ]*(?:\+|00)?)(.*)$/s.exec(plain) ?? [];
  const isInternational = /[+0]/.test(prefix);
  if (rest.includes('+')) return { problem: 'has a + that is not at the start' };
  if (!isInternational && prefix.startsWith('(')) {
    return { problem: 'starts with a bracket, like numbers without a country code: write it with + and country code' };
  }
  const [withZero, way] = BRACKETED_ZERO.exec(plain) ?? [];
  if (withZero !== undefined && way !== undefined) {
    const code = way.replace(/\D/g, '').replace(/^00/, '');
    if (!WITHOUT_ZERO.has(code)) return { problem: 'has (0), which is dialled in some countries and not in others' };
    return grouped(code + plain.slice(withZero.length).replace(/^(?=\d)/, ' '));
  }
  if (plain.includes('(0)')) return { problem: 'contains (0): leave it out, or write the 0 if it is dialled' };
  return grouped(rest);
}

/** Joins the groups of digits. Rejects groups that follow a number that is already complete. */
function grouped(text: string): string | { readonly problem: string } {
  const groups = text.match(/\d+/g) ?? [];
  const lengths = groups.map(({ length }) => length);
  const beforeSlash = text.slice(0, Math.max(0, text.lastIndexOf('/'))).replace(/\D/g, '').length;
  const extra = { problem: 'has an extension or a second number after it' };
  const isLong = (length: number) => length >= MIN_DIGITS;
  // No country writes a group of more than eight digits and then another one, or a single digit after longer groups.
  if (lengths.slice(0, -1).some((length) => length > 8) || lengths.filter(isLong).length > 1) return extra;
  const [first = 0, ...others] = lengths;
  const isSpelt = first <= 3 && others.every((length) => length === 1);
  if (others.at(-1) === 1 && !isSpelt) return extra;
  if (isLong(beforeSlash) && /\/.*\d/s.test(text.slice(text.lastIndexOf('/')))) return extra;
  return groups.join('');
}

function toAscii(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) - 0xfee0);
}

/** Names a character so that a person can read it: by itself, or by its code point if it is invisible. */
function named(character: string): string {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character)
    ? `“${character}”`
    : `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * Shortens a phone number for logs and errors. A number of fewer than ten digits keeps its last two only, because more
 * would hide next to nothing.
 * @example
 * maskNumber('91856321412'); // '9185…412'
 * maskNumber('1234567'); // '…67'
 */
export function maskNumber(number: string): string {
  return number.length < 10 ? `…${number.slice(-2)}` : `${number.slice(0, 4)}…${number.slice(-3)}`;
}

/** Masks every run of digits that is long enough to be a phone number, in a text from elsewhere. */
export function maskNumbersIn(text: string): string {
  return text.replace(/\d{7,}/g, maskNumber);
}
