const THOUSANDS = /\B(?=(\d{3})+$)/g;
/** Characters that move a cursor, end a line, change the direction of text, or are invisible. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Formats `1234567` as `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(THOUSANDS, ',');
}

/** Formats a count with its noun: `1 part`, `2 parts`. */
export function pluralize(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * Escapes control characters, because text of other parties must not control the terminal. The escapes are those of
 * JSON, so JSON keeps its meaning.
 */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, toJsonEscape);
}

function toJsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
