import { stringify, type Options } from 'csv-stringify/sync';
import { guardFormulas } from 'nestjs-laaffic/recipient-files';

/** The values of a row, by column. */
export type Row<Column extends string> = Readonly<Partial<Record<Column, string | number | Date | undefined>>>;

export interface RowFormat {
  /** CSV, or otherwise NDJSON. */
  readonly isCsv: boolean;
  /** Whether CSV cells stay as they are, even if a spreadsheet would evaluate them as formulas. @default false */
  readonly isRaw?: boolean | undefined;
}

/** How many rows are written at once: some 20 kB. */
const ROWS_PER_PIECE = 200;

/** Formats rows as text, in pieces. It reads the rows only as far as the pieces are consumed. */
export async function* formatRows<Column extends string>(
  rows: AsyncIterable<Row<Column>>,
  columns: readonly Column[],
  { isCsv, isRaw = false }: RowFormat,
): AsyncGenerator<string, void, undefined> {
  const format = isCsv ? csvOf(columns, isRaw) : jsonOf(columns);
  let batch: Row<Column>[] = [];
  let isFirst = true;
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < ROWS_PER_PIECE) continue;
    yield format(batch, isFirst);
    batch = [];
    isFirst = false;
  }
  yield format(batch, isFirst);
}

function csvOf<Column extends string>(columns: readonly Column[], isRaw: boolean) {
  const options: Options = {
    columns: [...columns],
    record_delimiter: 'windows',
    // Spreadsheets may take these for separators too.
    quoted_match: /[;\t\r\n]/,
    cast: {
      string: (text) => (isRaw ? text : guardFormulas(text)),
      date: (date) => date.toISOString(),
    },
  };
  return (rows: Row<Column>[], isFirst: boolean) => stringify(rows, { ...options, header: isFirst });
}

function jsonOf<Column extends string>(columns: readonly Column[]) {
  const fields = [...columns];
  return (rows: Row<Column>[]) => rows.map((row) => `${JSON.stringify(row, fields)}\n`).join('');
}
