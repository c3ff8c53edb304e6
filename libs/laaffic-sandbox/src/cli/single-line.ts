/**
 * Whatever moves a cursor, changes the direction or hides; but not the joiners, which emoji and Persian need, and which
 * do neither.
 */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** On one line and without control characters: what others wrote must not write to the terminal. */
export function singleLine(text: string): string {
  return text.replace(unprintable, (sign) => {
    const units = Array.from({ length: sign.length }, (_, index) => sign.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
