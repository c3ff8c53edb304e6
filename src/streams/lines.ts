import { guardFormulas } from './formula-guard.js';

/** How lists without an end in sight are written. */
export const LINE_TYPES = ['application/x-ndjson', 'text/csv'] as const;
export type LineType = (typeof LINE_TYPES)[number];

/** What a line may have, by columns. */
export type Row<Column extends string> = Readonly<Partial<Record<Column, string | number | Date | undefined>>>;

/** Characters that are written at once. */
const PIECE = 32_768;

/**
 * Rows as text, in pieces, no further than they are asked for.
 * @param raw whether cells of CSV are left as they are, even where a spreadsheet would take them for formulas.
 */
export async function* linesOf<Column extends string>(
  rows: AsyncIterable<Row<Column>>,
  columns: readonly Column[],
  type: LineType,
  raw = false,
): AsyncGenerator<string, void, undefined> {
  const write = raw ? (text: string) => text : guardFormulas;
  const csvLine = (row: Row<Column>) => `${columns.map((column) => cell(row[column], write)).join()}\r\n`;
  const jsonLine = (row: Row<Column>) => `${JSON.stringify(row, [...columns])}\n`;
  const line = type === 'text/csv' ? csvLine : jsonLine;
  let piece = type === 'text/csv' ? `${columns.join()}\r\n` : '';
  for await (const row of rows) {
    piece += line(row);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function cell(value: string | number | Date | undefined, write: (text: string) => string): string {
  const text =
    typeof value === 'string' ? write(value) : value instanceof Date ? value.toISOString() : `${value ?? ''}`;
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
