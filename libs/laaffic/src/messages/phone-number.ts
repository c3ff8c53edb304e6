const SEPARATORS = /[\s().\-/\u2010-\u2015]+/g;
const INTERNATIONAL_PREFIX = /^(?:\+|00)/;
const E164_DIGITS = /^[1-9]\d{6,14}$/;

/**
 * Brings a phone number into the gateway's form: country code and subscriber number, 7 to 15 digits,
 * nothing else. A leading `+` or `00` and the usual separators (blanks, hyphens, dots, slashes,
 * brackets) are taken off.
 * @returns the digits, or `undefined` if the text is no such number.
 */
export function normaliseNumber(text: string): string | undefined {
  if (isPlainDigits(text)) return text;
  const digits = text.replace(SEPARATORS, '').replace(INTERNATIONAL_PREFIX, '');
  return E164_DIGITS.test(digits) ? digits : undefined;
}

/** The common case, a number already in the gateway's form, decided without a regular expression. */
function isPlainDigits(text: string): boolean {
  if (text.length < 7 || text.length > 15 || text.charCodeAt(0) === 48) return false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character < 48 || character > 57) return false;
  }
  return true;
}
