/** A string, or a whole number that may have more digits than a JavaScript number can hold. */
const STRING_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])-?\d{16,}(?![\w.])/g;

/** Digits that may be a number beyond 2^53. Ids are mostly strings, which begin with a quote. */
const LONG_NUMBER = /(?:^|[^"\d])\d{16}/;

/**
 * Parses JSON like `JSON.parse`, except that whole numbers beyond 2^53 become text with every digit. The gateway's ids have
 * up to 19 digits, and a rounded id would be the id of another message. A byte order mark at the start is ignored.
 * @throws {SyntaxError}
 */
export function parseExactly(json: string): unknown {
  const text = json.startsWith('\uFEFF') ? json.slice(1) : json;
  const value: unknown = JSON.parse(text);
  if (!LONG_NUMBER.test(text)) return value;
  return JSON.parse(
    text.replace(STRING_OR_LONG_NUMBER, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
    ),
  );
}

/** Parses JSON like {@link parseExactly}. @returns `undefined` if it is not JSON. */
export function tryParseExactly(json: string): unknown {
  try {
    return parseExactly(json);
  } catch {
    return undefined;
  }
}
