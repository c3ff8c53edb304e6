/** What is kept of an invalid entry, so its owner can find it. */
export interface ShownEntry {
  readonly line: number | undefined;
  readonly orderId: string | undefined;
  readonly input: string | undefined;
}

/** Characters. */
const LONGEST_INPUT = 32;
const LONGEST_ORDER_ID = 64;
/** Number of characters that are read, so no entry makes this slow. */
const LONGEST_READ = 256;
/**
 * The minimum number of digits in a phone number, and how many digits stay visible at either end. Of fewer than ten
 * digits only the last two stay.
 */
const FEWEST_DIGITS = 7;
const [SHORT, FIRST, LAST, LAST_OF_SHORT] = [10, 4, 3, 2];

/** Reads whatever the source yielded. */
export function shownEntry(entry: unknown): ShownEntry {
  const fields = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : { number: entry };
  const { line, orderId } = fields;
  const [input, id] = [plain(fields['input'] ?? fields['number']), plain(orderId)];
  return {
    line: typeof line === 'number' && Number.isSafeInteger(line) && line > 0 ? line : undefined,
    orderId: id === undefined ? undefined : cut(id, LONGEST_ORDER_ID),
    input: input === undefined ? undefined : cut(masked(input), LONGEST_INPUT),
  };
}

/** Removes characters that control a terminal or that the database cannot store. */
function plain(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return value
    .slice(0, LONGEST_READ)
    .trim()
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** Masks digits that may be a phone number, whatever stands between them. */
function masked(text: string): string {
  const count = text.match(/\p{N}/gu)?.length ?? 0;
  if (count < FEWEST_DIGITS) return text;
  const [first, last] = count < SHORT ? [0, LAST_OF_SHORT] : [FIRST, LAST];
  let at = 0;
  return text
    .replaceAll(/\p{N}/gu, (digit) => {
      at++;
      return at <= first || at > count - last ? digit : '\0';
    })
    .replaceAll(/\0+/g, '…');
}

function cut(text: string, longest: number): string {
  const characters = Array.from(text);
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text;
}
