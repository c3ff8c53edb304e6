import { isGsm7 } from './gsm7-alphabet.js';
import { withLookalikes } from './gsm7-lookalikes.js';

// Not ½, ² or ①: 1½ would become 11/2, and 10² become 102.
const NUMBER_SIGN = /\p{No}/u;

// A mark after a blank is how Unicode decomposes ¨ and its like, which are no blanks. The overlays
// (U+0334 to U+0338) are no accents: without its overlay, ≠ would become =.
const ACCENTED = /([^ ])([\u0300-\u0333\u0339-\u036f\u20e3])[\u0300-\u0333\u0339-\u036f\u20e3]*/gu;
const LONE_ACCENTS = /^[\u0300-\u0333\u0339-\u036f\u20e3]+/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|(?![\n\f\r])\p{Cc}/gu;

/**
 * GSM-7 text that reads the same as a character outside GSM-7: `'` for `’`, `é` for `e` and a
 * combining accent, `c` for `ç`, `oe` for `œ`, `''` for what nobody sees.
 * @returns `undefined` where no replacement is good: another script, an emoji, a sign whose
 *   replacement could change a number.
 */
export function gsm7Suggestion(character: string): string | undefined {
  if (NUMBER_SIGN.test(character)) return undefined;
  const text = withLookalikes(character)
    .normalize('NFKD')
    .replace(INVISIBLE, '')
    .replace(ACCENTED, (_, base: string, accent: string) => withAccent(base, accent))
    .replace(LONE_ACCENTS, '');
  const suggestion = withLookalikes(text);
  return isGsm7(suggestion) ? suggestion : undefined;
}

/** The letters of GSM-7 have one accent at most. */
function withAccent(base: string, accent: string): string {
  const composed = (base + accent).normalize('NFC');
  return isGsm7(composed) ? composed : base;
}
