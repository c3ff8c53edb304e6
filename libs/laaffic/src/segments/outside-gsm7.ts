import { GSM7_CLASS } from './gsm7-alphabet.js';
import { gsm7Suggestion } from './gsm7-suggestion.js';

/** A character that GSM-7 does not have. */
export interface CharacterOutsideGsm7 {
  /** As people see it: a letter with its combining marks, a flag and a sequence of emoji are one. */
  readonly character: string;
  /** Where it comes first: an index into the content, in UTF-16 code units. */
  readonly position: number;
  /** GSM-7 text to write instead, `''` to leave it out; absent where no replacement is good. */
  readonly suggestion?: string;
}

// No more marks and joints than Unicode's stream-safe form allows (UAX #15 §13): a hostile text has no end of them.
const MARKS = '\\p{M}{1,30}';
const FLAG = '\\p{RI}{2}';
const EMOJI = '\\p{ExtPict}(?:[\\p{M}\\p{EMod}\\u{e0020}-\\u{e007f}]|\\u200d\\p{ExtPict}){0,30}';
const OUTSIDE_GSM7 = new RegExp(`${FLAG}|${EMOJI}|[^]${MARKS}|[^${GSM7_CLASS}]`, 'gu');

/** The characters outside GSM-7, each once, in the order of the content. */
export function charactersOutsideGsm7(content: string): readonly CharacterOutsideGsm7[] {
  const found = new Map<string, CharacterOutsideGsm7>();
  for (const { 0: character, index } of content.matchAll(OUTSIDE_GSM7)) {
    if (found.has(character)) continue;
    const suggestion = gsm7Suggestion(character);
    found.set(character, { character, position: index, ...(suggestion !== undefined && { suggestion }) });
  }
  return Array.from(found.values());
}

/** Writes something else for every character outside GSM-7. */
export function replaceOutsideGsm7(content: string, replacement: (character: string) => string): string {
  return content.replace(OUTSIDE_GSM7, replacement);
}
