/** How lists without an end in sight are written. */
export const LINE_TYPES = ['application/x-ndjson', 'text/csv'] as const;
export type LineType = (typeof LINE_TYPES)[number];

/** What a line may have, by columns. */
export type Row<Column extends string> = Readonly<Partial<Record<Column, string | number | Date | undefined>>>;

/** Characters that are written at once. */
const PIECE = 32_768;

/** Rows as text, in pieces, no further than they are asked for. */
export async function* linesOf<Column extends string>(
  rows: AsyncIterable<Row<Column>>,
  columns: readonly Column[],
  type: LineType,
): AsyncGenerator<string, void, undefined> {
  const line = type === 'text/csv' ? csvLine : jsonLine;
  let piece = type === 'text/csv' ? `${columns.join()}\r\n` : '';
  for await (const row of rows) {
    piece += line(row, columns);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function jsonLine<Column extends string>(row: Row<Column>, columns: readonly Column[]): string {
  return `${JSON.stringify(row, [...columns])}\n`;
}

function csvLine<Column extends string>(row: Row<Column>, columns: readonly Column[]): string {
  return `${columns.map((column) => cell(row[column])).join()}\r\n`;
}

function cell(value: string | number | Date | undefined): string {
  const text = value instanceof Date ? value.toISOString() : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
