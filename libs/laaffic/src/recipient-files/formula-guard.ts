/**
 * A spreadsheet reads a formula at `=`, `+`, `-` or `@`, also as a full-width character, at the start of a cell. A cell also
 * starts after a semicolon, a tab or a line end if those are separators; quotes do not prevent that inside a cell.
 * Apostrophes before the character belong to it, so that each text has exactly one guarded form.
 */
const FORMULA = String.raw`'* *[=+\-@＝＋－＠]`;
const START = new RegExp(String.raw`^(?=${FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])(?=${FORMULA})`, 'g');
const GUARDED_START = new RegExp(String.raw`^'(?=${FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])'(?=${FORMULA})`, 'g');

/**
 * Adds an apostrophe wherever a spreadsheet would read a formula. Use it for cells of a CSV that you write.
 * @example
 * guardFormulas('=1+1'); // "'=1+1"
 */
export function guardFormulas(text: string): string {
  return text.replace(START, "'");
}

/** Reverses {@link guardFormulas}. */
export function unguardFormulas(text: string): string {
  return text.replace(GUARDED_START, '');
}
