import { charactersOutsideGsm7, replaceOutsideGsm7 } from './outside-gsm7.js';

/**
 * Writes a content in GSM-7, each character outside it replaced by the suggestion that `segments`
 * gives for it; the content itself if it is GSM-7 already.
 *
 * Nothing is sent so unless you send it: whether the new words are still yours is yours to judge.
 * `é` stays, for GSM-7 has it; `ç` becomes `c`. The result may be longer than the content: `…`
 * becomes `...`.
 * @returns `undefined` if some character has no replacement: the content then takes UCS-2 all the
 *   same, and to replace the others would save nothing.
 */
export function toGsm7(content: string): string | undefined {
  const suggestions = new Map<string, string>();
  for (const { character, suggestion } of charactersOutsideGsm7(content)) {
    if (suggestion === undefined) return undefined;
    suggestions.set(character, suggestion);
  }
  return replaceOutsideGsm7(content, (character) => suggestions.get(character) ?? character);
}
