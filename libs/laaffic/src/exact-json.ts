/** A string, or a whole number that may have more digits than a JavaScript number can hold. */
const STRING_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])-?\d{16,}(?![\w.])/g;

/**
 * Parses JSON like `JSON.parse`, except that whole numbers beyond 2^53 become text with every digit. The gateway's ids have
 * up to 19 digits, and a rounded id would be the id of another message. A byte order mark at the start is ignored.
 * @throws {SyntaxError}
 */
export function parseExactly(json: string): unknown {
  const text = json.startsWith('\uFEFF') ? json.slice(1) : json;
  const value: unknown = JSON.parse(text);
  if (!hasRoundedNumber(value)) return value;
  return JSON.parse(
    text.replace(STRING_OR_LONG_NUMBER, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
    ),
  );
}

/** No field that is read is deeper than this, and a call for each level could exhaust the stack. */
const MAX_DEPTH = 100;

/** Whether a whole number in the value may have lost digits. */
function hasRoundedNumber(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  // Over the keys, because `Object.values` would create a list.
  for (const key in value) if (hasRoundedNumber((value as Record<string, unknown>)[key], depth + 1)) return true;
  return false;
}
