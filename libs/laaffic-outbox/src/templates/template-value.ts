/** A value of a variable. An empty one counts as missing. */
export type TemplateValue = string | number | null | undefined;

/** The most characters of a value. */
export const MAX_VALUE = 160;
/** A longer value is not even cleaned. Cleaning makes a text shorter, but not by this much unless it is hostile. */
const MAX_UNITS = 2_000;

const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/g;
const CONTROL = /\p{Cc}/gu;
const CONTROL_BUT_LINE_END = /(?!\n)\p{Cc}/gu;
/** Marks of the bidirectional algorithm, and the deprecated ones after them. They show a text in another order. */
const DIRECTION = /[\p{Bidi_Control}\u206a-\u206f]/gu;
const BRACES = /\{{2,}|\}{2,}/g;

/**
 * Prepares a value for a text:
 * - It is NFC.
 * - Tabs and line ends become blanks. With `keepsLineEnds`, each line end becomes `\n`.
 * - Other control characters, and marks that change the order of characters, are removed.
 * - `{{` becomes `((`, and `}}` becomes `))`. A single brace stays.
 * @returns the text; `undefined` if there is no value, or nothing but blanks is left of it; what is wrong with it, which
 * never repeats the value.
 * @example
 * cleanValue('Anna\nMaria', false); // { text: 'Anna Maria' }
 */
export function cleanValue(
  value: unknown,
  keepsLineEnds: boolean,
): { readonly text: string } | { readonly problem: string } | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return textOfNumber(value);
  if (typeof value !== 'string') return { problem: 'must be text or a number' };
  if (value.length > MAX_UNITS) return { problem: TOO_LONG };
  if (/\p{Surrogate}/u.test(value)) return { problem: 'must not contain half of a surrogate pair' };
  const text = cleanText(value, keepsLineEnds).replace(BRACES, (braces) => withoutBraces(braces));
  if (text.trim() === '') return undefined;
  return countCharacters(text) > MAX_VALUE ? { problem: TOO_LONG } : { text };
}

const TOO_LONG = `must have at most ${MAX_VALUE} characters`;

/** Without what must not be in a value, except braces. */
export function cleanText(text: string, keepsLineEnds: boolean): string {
  return text
    .replace(LINE_END, keepsLineEnds ? '\n' : ' ')
    .replaceAll('\t', ' ')
    .replace(keepsLineEnds ? CONTROL_BUT_LINE_END : CONTROL, '')
    .replace(DIRECTION, '')
    .normalize('NFC');
}

/** The same text with parentheses. */
export function withoutBraces(text: string): string {
  return text.replaceAll('{', '(').replaceAll('}', ')');
}

/** Counts code points, so an emoji counts once. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function textOfNumber(value: number): { readonly text: string } | { readonly problem: string } {
  // An amount such as 1e+21 is of no use to a reader.
  const text = String(value === 0 ? 0 : value);
  return /^-?\d+(?:\.\d+)?$/.test(text)
    ? { text }
    : { problem: 'must be a number that is written with digits only: give other numbers as text' };
}
