import { pipeline, Readable } from 'node:stream';
import { importOptional } from '../options/missing-package.error.js';
import { findColumns, type ChosenColumns, type Columns } from './columns.js';
import { MAX_ROW_LENGTH, truncateCell, type FileRecipient } from './file-recipient.js';
import { unguardFormulas } from './formula-guard.js';
import { RecipientFileError } from './recipient-file.error.js';

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

const DELIMITERS = [',', ';', '\t'] as const;
/** The line in which spreadsheets declare the delimiter. */
const SEPARATOR_LINE = /^\s*"?sep=([,;\t|])"?[ \t]*\n/i;
const SAMPLE_LINES = 20;
const MAX_CELLS = 1_000;

/**
 * Reads the recipients of a CSV, one per row. Returns rows without a number too, so that they are rejected; leaves out
 * blank rows.
 * @throws {RecipientFileError} if it cannot be read on, because rows may be missing then.
 */
export async function* csvRecipients(
  texts: AsyncGenerator<string, void, undefined>,
  chosen: ChosenColumns,
): AsyncGenerator<FileRecipient, void, undefined> {
  const { parse } = await importOptional('csv-parse', 'CSV files need', () => import('csv-parse'));
  const all = await headOf(texts);
  const [line = '', named] = SEPARATOR_LINE.exec(all) ?? [];
  const head = all.slice(line.length);
  const linesBefore = line.split('\n').length - 1;
  const delimiter = named ?? delimiterOf(head);
  const parser = parse({
    delimiter,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: MAX_ROW_LENGTH,
    info: true,
  });
  // The parser ends with the error of its source, which the loop below throws.
  pipeline(Readable.from(checkCells(join(head, texts), delimiter, linesBefore)), parser, () => undefined);
  let columns: Columns | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      const isFirst = columns === undefined;
      columns ??= findColumns(record, chosen, linesBefore + info.lines);
      if (!isFirst || !columns.hasHeader) yield recipientOf(record, columns, linesBefore + info.lines);
    }
  } catch (error) {
    throw toFileError(error, linesBefore);
  } finally {
    // A generator in between that was not read to its end does not close its source. Not awaited, because the source may
    // be waiting for the client.
    texts.return().catch(() => undefined);
  }
}

/** Reads up to the end of the first line, and no more, because a slow upload may bring nothing else for long. */
async function headOf(texts: AsyncGenerator<string, void, undefined>): Promise<string> {
  let head = '';
  while (!head.trimStart().includes('\n') && head.length <= MAX_ROW_LENGTH) {
    const step = await texts.next();
    if (step.done === true) break;
    head += step.value;
  }
  return head;
}

async function* join(
  head: string,
  texts: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  if (head !== '') yield head;
  yield* texts;
}

const [QUOTE, LINE_FEED] = [0x22, 0x0a];

/**
 * Limits the cells of each row. The parser keeps all of them, and its limit for the length does not count empty cells.
 * A callback of the parser for each cell would take three times as long.
 */
async function* checkCells(
  texts: AsyncGenerator<string, void, undefined>,
  delimiter: string,
  linesBefore: number,
): AsyncGenerator<string, void, undefined> {
  const separator = delimiter.charCodeAt(0);
  let [cells, line, isQuoted] = [1, linesBefore + 1, false];
  for await (const text of texts) {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) isQuoted = !isQuoted;
      else if (code === LINE_FEED) {
        line++;
        if (!isQuoted) cells = 1;
      } else if (code === separator && !isQuoted && ++cells > MAX_CELLS) {
        throw new RecipientFileError(`the row has more than ${MAX_CELLS} cells`, line);
      }
    }
    yield text;
  }
}

/** Finds the delimiter that the first lines have equally often outside of quotes. */
function delimiterOf(head: string): string {
  const lines = head
    .replace(/"[^"]*"/g, 'quoted')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, SAMPLE_LINES);
  const counts = (delimiter: string) => lines.map((line) => line.split(delimiter).length - 1);
  const score = (delimiter: string) => {
    const [first = 0, ...others] = counts(delimiter);
    return first === 0 ? 0 : (1 + others.filter((count) => count === first).length) * MAX_CELLS + first;
  };
  return DELIMITERS.reduce((best, one) => (score(one) > score(best) ? one : best), ',');
}

function recipientOf(record: readonly string[], { number, orderId, count }: Columns, line: number): FileRecipient {
  const text = unguardFormulas(record[number] ?? '');
  const id = unguardFormulas((orderId === undefined ? '' : (record[orderId] ?? '')).trim());
  // With too many cells, any of them may be the number.
  if (record.slice(count).some((cell) => cell.trim() !== '')) {
    return { problem: 'has more cells than the first row', line, input: truncateCell(record.join()) };
  }
  if (text.includes('\n') || id.includes('\n')) {
    throw new RecipientFileError('a cell has several lines: is a quote not closed?', line);
  }
  return id === ''
    ? { number: truncateCell(text), line }
    : { number: truncateCell(text), orderId: truncateCell(id), line };
}

/** Writes messages of its own, because those of the parser contain cells, which are numbers. */
function toFileError(error: unknown, linesBefore: number): unknown {
  const { code, lines } = (error ?? {}) as { code?: unknown; lines?: unknown };
  if (typeof code !== 'string' || !/^(CSV_|INVALID_OPENING_QUOTE)/.test(code)) return error;
  const line = typeof lines === 'number' ? linesBefore + lines : undefined;
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new RecipientFileError('the row is too long: is a quote not closed, or is this not a CSV?', line);
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new RecipientFileError('a quote is not closed by the end', line);
  return new RecipientFileError('a quote is in a wrong place; inside a quoted cell, write it twice', line);
}
