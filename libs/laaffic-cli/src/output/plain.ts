/** Whatever moves a cursor, ends a line, changes the direction of a text or hides. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** On one line and without control characters: what others wrote must not write to the terminal. */
export function plain(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** As JSON has it, so that JSON stays the same JSON. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
