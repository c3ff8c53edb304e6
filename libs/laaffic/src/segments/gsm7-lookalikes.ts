import { characterClass } from './gsm7-alphabet.js';

/** GSM-7 text on the left, for the characters on the right that Unicode does not decompose into GSM-7. */
const LOOKALIKES_OF: readonly (readonly [string, string])[] = [
  ["'", '‘’‚‛′‵`´ʹʻʼʽˈˊˋ❛❜'],
  ['"', '“”„‟″‶«»ʺˮ❝❞〝〞〟《》「」『』'],
  ['-', '‐‒–—―−⁃⸺⸻'],
  ['*', '•‣◦∙●▪■∗·⋅'],
  ['.', '。'],
  [',', '、'],
  [' ', '\t\u1680'],
  ['\n', '\v\u0085\u2028\u2029'],
  ['/', '⁄∕'],
  ['\\', '∖'],
  ['|', '¦∣'],
  ['_', '‗'],
  ['^', 'ˆ'],
  ['~', '˜∼〜'],
  ['<', '‹〈⟨'],
  ['>', '›〉⟩'],
  ['[', '【'],
  [']', '】'],
  ['...', '⋯'],
  ['->', '→'],
  ['<-', '←'],
  ['=>', '⇒'],
  ['<=', '≤'],
  ['>=', '≥'],
  ['+/-', '±'],
  ['x', '×'],
  ['(C)', '©'],
  ['(R)', '®'],
  ['Rs', '₹'],
  ['u', 'µ'],
  ['Δ', '∆'],
  ['Σ', '∑'],
  ['Π', '∏'],
  ['D', 'ĐÐ'],
  ['d', 'đð'],
  ['E', 'Ə'],
  ['e', 'ə'],
  ['H', 'Ħ'],
  ['h', 'ħ'],
  ['i', 'ı'],
  ['k', 'ĸ'],
  ['L', 'Ł'],
  ['L.', 'Ŀ'],
  ['l', 'ł'],
  ['l.', 'ŀ'],
  ['N', 'Ŋ'],
  ['n', 'ŋ'],
  ['T', 'Ŧ'],
  ['t', 'ŧ'],
  ['OE', 'Œ'],
  ['oe', 'œ'],
  ['SS', 'ẞ'],
  ['Th', 'Þ'],
  ['th', 'þ'],
];

// GSM-7 has only the Greek capitals without a Latin twin. Greek text uses the Latin letter for the others.
const GREEK_CAPITALS = 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ';
const LATIN_TWINS = 'ABEZHIKMNOPTYX';

const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ...LOOKALIKES_OF.flatMap(([text, characters]) => Array.from(characters, (character) => [character, text] as const)),
  ...Array.from(GREEK_CAPITALS, (character, index) => [character, LATIN_TWINS.charAt(index)] as const),
]);

const REPLACEABLE = new RegExp(`[${characterClass(LOOKALIKES.keys())}]`, 'gu');

/** Replaces each character that has a lookalike in GSM-7; keeps the others. */
export function withLookalikes(text: string): string {
  return text.replace(REPLACEABLE, (character) => LOOKALIKES.get(character) ?? character);
}
