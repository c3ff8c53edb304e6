const LINE_ENDS_AND_CONTROLS = /[\p{Cc}\p{Zs}\u2028\u2029]+/gu;
// Not the joiners U+200C and U+200D: words of Persian and Hindi need them, and they do not move other characters.
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff\p{Surrogate}]/gu;
const ORIGIN_AND_CODE = /(?:^| )@\S+ #/u;

/**
 * Removes from a value what could change the rest of the message: line ends, control characters, and marks that reverse the
 * order of the characters on the screen. Also removes every `#` if there is one after an `@host`, because Chrome reads the
 * first such pair of a message, wherever it is.
 * @example
 * cleanValue('Shop\n@evil.example #1'); // 'Shop @evil.example 1'
 */
export function cleanValue(value: string): string {
  const line = value.replace(DIRECTION_MARKS, '').replace(INVISIBLE, '').replace(LINE_ENDS_AND_CONTROLS, ' ').trim();
  return ORIGIN_AND_CODE.test(line) ? line.replaceAll('#', '').replace(/ +/g, ' ').trim() : line;
}
