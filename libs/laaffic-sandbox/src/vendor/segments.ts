const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';

const GSM7 = new Set(BASIC + EXTENSION);
const ESCAPED = new Set(EXTENSION);

/**
 * Counts the segments a content is billed as. A single segment holds 160 septets or 70 UTF-16 units; each of several
 * segments holds 153 or 67.
 */
export function segments(content: string): number {
  let septets = 0;
  for (const character of content) {
    if (!GSM7.has(character)) return utf16Segments(content);
    septets += septetsOf(character);
  }
  return septets <= 160 ? 1 : pack(content, 153, septetsOf);
}

function septetsOf(character: string): number {
  return ESCAPED.has(character) ? 2 : 1;
}

function utf16Segments(content: string): number {
  return content.length <= 70 ? 1 : pack(content, 67, (character) => character.length);
}

/** A character of two units is never split between segments. */
function pack(content: string, capacity: number, unitsOf: (character: string) => number): number {
  let count = 1;
  let used = 0;
  for (const character of content) {
    const units = unitsOf(character);
    if (used + units > capacity) {
      count += 1;
      used = 0;
    }
    used += units;
  }
  return count;
}
