import { pipeline, Readable } from 'node:stream';
import { parse, type Options } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import type { Columns } from './columns.js';
import type { Delimiter } from './delimiter.js';
import { InputError } from './input.error.js';
import { recipientOf } from './recipient-of.js';
import { LONGEST_ROW, type Row } from './row.js';

/** The apostrophe that exports of the service have in front of what a spreadsheet would take for a formula. */
const FORMULA_GUARD = /^'(?='* *[=+\-@＝＋－＠]|'*[\t\r\n])/;

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** @throws {InputError} if the head has no first row, or holds less than all of it. */
export function firstRowOf(head: string, delimiter: Delimiter): readonly string[] {
  try {
    const [first] = parseAtOnce(head, { ...optionsFor(delimiter), to: 1 });
    return first ?? [];
  } catch (error) {
    throw toInputError(error);
  }
}

/** @throws {InputError} where it cannot be read on. */
export async function* csvRows(
  texts: AsyncIterable<string>,
  delimiter: Delimiter,
  { hasHeader, number, orderId }: Columns,
): AsyncGenerator<Row, void, undefined> {
  const parser = parse({ ...optionsFor(delimiter), info: true });
  // The parser ends with the error of its source, and the loop below throws it.
  pipeline(Readable.from(texts), parser, () => undefined);
  let isHeader = hasHeader;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      if (!isHeader) {
        const cell = (index: number) => (record[index] ?? '').replace(FORMULA_GUARD, '');
        const id = orderId === undefined ? undefined : cell(orderId);
        yield { recipient: recipientOf(cell(number), id), line: info.lines };
      }
      isHeader = false;
    }
  } catch (error) {
    throw toInputError(error);
  }
}

function optionsFor(delimiter: Delimiter) {
  return {
    delimiter,
    record_delimiter: '\n',
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: LONGEST_ROW,
  } satisfies Options;
}

/** In words of our own: the parser's quote cells, which are numbers. */
function toInputError(error: unknown): unknown {
  const { code, lines } = (error ?? {}) as { code?: unknown; lines?: unknown };
  const line = typeof lines === 'number' ? lines : undefined;
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new InputError('the row is too long; is a quote not closed, or this no CSV?', line);
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new InputError('a quote is not closed by the end of the input', line);
  return error;
}
