import { guardFormulas } from 'nestjs-laaffic/recipient-files';

/** The values of a row, by column. */
export type Row<Column extends string> = Readonly<Partial<Record<Column, string | number | Date | undefined>>>;

export interface RowFormat {
  /** CSV, or otherwise NDJSON. */
  readonly isCsv: boolean;
  /** Whether CSV cells stay as they are, even if a spreadsheet would evaluate them as formulas. @default false */
  readonly isRaw?: boolean | undefined;
}

/** How many characters are written at once. */
const PIECE_LENGTH = 32_768;

/** Formats rows as text, in pieces. It reads the rows only as far as the pieces are consumed. */
export async function* formatRows<Column extends string>(
  rows: AsyncIterable<Row<Column>>,
  columns: readonly Column[],
  { isCsv, isRaw = false }: RowFormat,
): AsyncGenerator<string, void, undefined> {
  const guard = isRaw ? (text: string) => text : guardFormulas;
  const csvLine = (row: Row<Column>) => `${columns.map((column) => cell(row[column], guard)).join()}\r\n`;
  const jsonLine = (row: Row<Column>) => `${JSON.stringify(row, [...columns])}\n`;
  const line = isCsv ? csvLine : jsonLine;
  let piece = isCsv ? `${columns.join()}\r\n` : '';
  for await (const row of rows) {
    piece += line(row);
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function cell(value: string | number | Date | undefined, guard: (text: string) => string): string {
  const text =
    typeof value === 'string' ? guard(value) : value instanceof Date ? value.toISOString() : `${value ?? ''}`;
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
