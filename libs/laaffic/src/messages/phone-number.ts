const SEPARATORS = new Set(Array.from(' \t\r\n\u00a0\u2009\u202f().-/\u2010\u2011\u2012\u2013\u2014\u2015', codeOf));
const [ZERO, NINE, PLUS] = [codeOf('0'), codeOf('9'), codeOf('+')];
const [FEWEST_DIGITS, MOST_DIGITS] = [7, 15];

/** A decimal, as spreadsheets write numbers, has a zero too many; two lines are two numbers. */
const NO_NUMBER = /^\d{7,}\.0{1,2}$|[\r\n]/;

/**
 * Brings a phone number into the gateway's form: country code and subscriber number, 7 to 15 digits,
 * nothing else. A leading `+` or `00` and the usual separators (blanks, hyphens, dots, slashes,
 * brackets) are taken off; `91856321412.0`, as spreadsheets write numbers, is none.
 * @returns the digits, or `undefined` if the text is no such number.
 */
export function normaliseNumber(text: string): string | undefined {
  let digits = '';
  let hasPlus = false;
  // Digits are taken run by run: most numbers are one run, and are then given back as they are.
  let runStart = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character >= ZERO && character <= NINE) continue;
    if (i > runStart) digits += text.slice(runStart, i);
    runStart = i + 1;
    if (character === PLUS && digits === '' && !hasPlus) hasPlus = true;
    else if (!SEPARATORS.has(character)) return undefined;
  }
  if (runStart > 0 && NO_NUMBER.test(text.trim())) return undefined;
  digits += text.slice(runStart);
  if (!hasPlus && digits.startsWith('00')) digits = digits.slice(2);
  return digits.length >= FEWEST_DIGITS && digits.length <= MOST_DIGITS && digits.charCodeAt(0) !== ZERO
    ? digits
    : undefined;
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}
