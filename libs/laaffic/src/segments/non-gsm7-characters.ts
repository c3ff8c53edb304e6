import { GSM7_CLASS, isGsm7 } from './gsm7-alphabet.js';
import { withLookalikes } from './gsm7-lookalikes.js';

/** A character that GSM-7 does not have. */
export interface NonGsm7Character {
  /** As people see it: a letter with its combining marks, a flag and a sequence of emoji are one character. */
  readonly character: string;
  /** The position of its first occurrence: an index into the content, in UTF-16 code units. */
  readonly position: number;
  /** GSM-7 text that can replace it, `''` to leave it out. Missing if there is no good replacement. */
  readonly suggestion?: string;
}

// As many marks and joiners as Unicode's stream-safe form allows (UAX #15 §13); a hostile text may have any number.
const MARKS = '\\p{M}{1,30}';
const FLAG = '\\p{RI}{2}';
const EMOJI = '\\p{ExtPict}(?:[\\p{M}\\p{EMod}\\u{e0020}-\\u{e007f}]|\\u200d\\p{ExtPict}){0,30}';
const OUTSIDE_GSM7 = new RegExp(`${FLAG}|${EMOJI}|[^]${MARKS}|[^${GSM7_CLASS}]`, 'gu');

// Not ½, ² or ①: 1½ would become 11/2, and 10² would become 102.
const NUMBER_SIGN = /\p{No}/u;
// Unicode decomposes ¨ and similar characters into a blank and a mark, but they are not blanks. The overlays (U+0334 to
// U+0338) are not accents: ≠ without its overlay would become =.
const ACCENTED = /([^ ])([\u0300-\u0333\u0339-\u036f\u20e3])[\u0300-\u0333\u0339-\u036f\u20e3]*/gu;
const LONE_ACCENTS = /^[\u0300-\u0333\u0339-\u036f\u20e3]+/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|(?![\n\f\r])\p{Cc}/gu;

/** Finds the characters outside GSM-7, each once, in the order of the content. */
export function findNonGsm7Characters(content: string): readonly NonGsm7Character[] {
  const found = new Map<string, NonGsm7Character>();
  for (const { 0: character, index } of content.matchAll(OUTSIDE_GSM7)) {
    if (found.has(character)) continue;
    const suggestion = suggestGsm7(character);
    found.set(character, { character, position: index, ...(suggestion !== undefined && { suggestion }) });
  }
  return Array.from(found.values());
}

/**
 * Replaces each character outside GSM-7 by the suggestion that `segments` gives for it. Returns the content unchanged if it
 * is GSM-7 already.
 *
 * The package never does this by itself: you decide whether the new wording is still yours. `é` stays because GSM-7 has it,
 * and `ç` becomes `c`. The result may be longer than the content: `…` becomes `...`.
 * @returns `undefined` if a character has no suggestion. The content takes UCS-2 then, and replacing the others would save
 * nothing.
 * @example
 * toGsm7('“Hi” …'); // '"Hi" ...'
 * toGsm7('Hi 👋'); // undefined
 */
export function toGsm7(content: string): string | undefined {
  const suggestions = new Map<string, string>();
  for (const { character, suggestion } of findNonGsm7Characters(content)) {
    if (suggestion === undefined) return undefined;
    suggestions.set(character, suggestion);
  }
  return content.replace(OUTSIDE_GSM7, (character) => suggestions.get(character) ?? character);
}

/**
 * Finds GSM-7 text that reads the same as a character: `'` for `’`, `é` for `e` and a combining accent, `c` for `ç`, `oe` for
 * `œ`, `''` for an invisible character.
 * @returns `undefined` if there is none: for other scripts, emoji, and characters whose replacement could change a number.
 */
function suggestGsm7(character: string): string | undefined {
  if (NUMBER_SIGN.test(character)) return undefined;
  const text = withLookalikes(character)
    .normalize('NFKD')
    .replace(INVISIBLE, '')
    .replace(ACCENTED, (_, base: string, accent: string) => withAccent(base, accent))
    .replace(LONE_ACCENTS, '');
  const suggestion = withLookalikes(text);
  return isGsm7(suggestion) ? suggestion : undefined;
}

/** Keeps one accent at most, because the letters of GSM-7 have no more. */
function withAccent(base: string, accent: string): string {
  const composed = (base + accent).normalize('NFC');
  return isGsm7(composed) ? composed : base;
}
