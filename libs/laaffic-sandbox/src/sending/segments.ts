const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const extended = '\f^{}\\[~]|€';

const gsm = new Set(basic + extended);
const escaped = new Set(extended);

/** Parts a content is billed as, by the GSM norms: 160 septets or 70 UTF-16 units, in several parts 153 or 67 each. */
export function segments(content: string): number {
  let septets = 0;
  for (const character of content) {
    if (!gsm.has(character)) return utf16Segments(content);
    septets += escaped.has(character) ? 2 : 1;
  }
  return septets <= 160 ? 1 : packed(content, 153, (character) => (escaped.has(character) ? 2 : 1));
}

function utf16Segments(content: string): number {
  return content.length <= 70 ? 1 : packed(content, 67, (character) => character.length);
}

/** A character of two units is never torn apart. */
function packed(content: string, room: number, unitsOf: (character: string) => number): number {
  let parts = 1;
  let used = 0;
  for (const character of content) {
    const units = unitsOf(character);
    if (used + units > room) {
      parts += 1;
      used = 0;
    }
    used += units;
  }
  return parts;
}
