import { extname } from 'node:path';
import { findColumns, NUMBER_NAMES, ORDER_ID_NAMES, plainName, type ChosenColumns, type Columns } from './columns.js';
import { csvRows, firstRowOf } from './csv.js';
import { decode, decodeHead, encodingOf } from './decode.js';
import { delimiterOf, type Delimiter } from './delimiter.js';
import { InputError } from './input.error.js';
import { jsonRows, type JsonFields } from './json-rows.js';
import { linesOf } from './lines.js';
import type { Input } from './open-input.js';
import { recipientOf } from './recipient-of.js';
import type { Row } from './row.js';

/** How an input is written. */
export type Layout = { readonly encoding: string } & (
  | { readonly format: 'text' }
  | { readonly format: 'json'; readonly fields: JsonFields }
  | { readonly format: 'csv'; readonly delimiter: Delimiter; readonly columns: Columns }
);

const FORMAT_OF_EXTENSION: Readonly<Record<string, Layout['format']>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'text',
  '.jsonl': 'json',
  '.ndjson': 'json',
};

/**
 * Finds out how an input is written: by its extension, else by what it begins with.
 * @throws {InputError} if it is no text, or does not tell where the numbers are.
 */
export function layoutOf(input: Input, chosen: ChosenColumns): Layout {
  const encoding = encodingOf(input);
  const head = decodeHead(input, encoding);
  const hasChoice = chosen.column !== undefined || chosen.orderIdColumn !== undefined;
  const format = FORMAT_OF_EXTENSION[extname(input.path).toLowerCase()] ?? (/^\s*\{/.test(head) ? 'json' : 'csv');
  if (format === 'json') {
    const { column, orderIdColumn } = chosen;
    const names = (one: string | undefined, all: readonly string[]) => (one === undefined ? all : [plainName(one)]);
    const fields = { number: names(column, NUMBER_NAMES), orderId: names(orderIdColumn, ORDER_ID_NAMES) };
    return { encoding, format, fields };
  }
  if (format === 'text') {
    if (hasChoice) throw new InputError('a text file has no columns: rename it to .csv, or leave out --column');
    return { encoding, format };
  }
  const delimiter = delimiterOf(head);
  const firstRow = firstRowOf(head, delimiter);
  if (firstRow.length === 0) throw new InputError('the input is empty: give numbers, one a row');
  return { encoding, format, delimiter, columns: findColumns(firstRow, chosen) };
}

/**
 * The recipients of an input, in constant memory.
 * @throws {InputError} where it cannot be read on.
 */
export async function* rowsOf(bytes: AsyncIterable<Buffer>, layout: Layout): AsyncGenerator<Row, void, undefined> {
  const texts = decode(bytes, layout.encoding);
  if (layout.format === 'csv') yield* csvRows(texts, layout.delimiter, layout.columns);
  else if (layout.format === 'json') yield* jsonRows(linesOf(texts), layout.fields);
  else for await (const { text, line } of linesOf(texts)) yield { recipient: recipientOf(text), line };
}
