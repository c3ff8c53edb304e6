/**
 * Where a spreadsheet would begin a formula: in front of `=`, `+`, `-`, `@`, also as full-width signs, at the start of
 * a cell. One starts behind a semicolon, a tab or a line end too, where those separate: a quote counts at the start of
 * a cell alone. Apostrophes that are there already count as a part of the sign, so that each text has one form.
 */
const FORMULA = String.raw`'* *[=+\-@＝＋－＠]`;
const START = new RegExp(String.raw`^(?=${FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])(?=${FORMULA})`, 'g');
const GUARDED_START = new RegExp(String.raw`^'(?=${FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])'(?=${FORMULA})`, 'g');

/** The text with an apostrophe wherever a spreadsheet would take it for a formula. */
export function guardFormulas(text: string): string {
  return text.replace(START, "'");
}

/** The text as it was before {@link guardFormulas}. */
export function unguardFormulas(text: string): string {
  return text.replace(GUARDED_START, '');
}
