import { pipeline, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import type { CampaignRecipient } from 'nestjs-laaffic-outbox';
import { unguardFormulas } from '../../streams/formula-guard.js';
import { findColumns, type Columns } from './columns.js';
import { cutCell, LONGEST_ROW } from './longest-row.js';
import { UploadError } from './upload.error.js';

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

const DELIMITERS = [',', ';', '\t'];
const MOST_CELLS = 1_000;

/**
 * The recipients of a CSV, one a row, in constant memory. A row without a number is given too, for the outbox to
 * refuse it; blank rows are left out.
 * @throws {UploadError} where it cannot be read on, for then rows may be missing.
 */
export async function* csvRecipients(
  texts: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<CampaignRecipient, void, undefined> {
  const head = await headOf(texts);
  const delimiter = delimiterOf(head);
  const parser = parse({
    delimiter,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: LONGEST_ROW,
    info: true,
  });
  // The parser ends with the error of its source, and the loop below throws it.
  pipeline(Readable.from(checkCells(join(head, texts), delimiter)), parser, () => undefined);
  let columns: Columns | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      const isFirst = columns === undefined;
      columns ??= findColumns(record);
      if (!isFirst || !columns.hasHeader) yield recipientOf(record, columns, info.lines);
    }
  } catch (error) {
    throw toUploadError(error);
  } finally {
    // A generator between that was not asked for all it has does not close its source. Not waited for: the source may
    // be waiting for the client.
    texts.return().catch(() => undefined);
  }
}

/** The text up to the end of its first line, and what came with it. */
async function headOf(texts: AsyncGenerator<string, void, undefined>): Promise<string> {
  let head = '';
  while (!head.trimStart().includes('\n') && head.length <= LONGEST_ROW) {
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
 * Counts the cells of each row as they come: the parser keeps them all, and empty ones have no length that it bounds.
 * To ask the parser to tell of each cell would take it three times as long.
 */
async function* checkCells(
  texts: AsyncGenerator<string, void, undefined>,
  delimiter: string,
): AsyncGenerator<string, void, undefined> {
  const separator = delimiter.charCodeAt(0);
  let [cells, line, isQuoted] = [1, 1, false];
  for await (const text of texts) {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) isQuoted = !isQuoted;
      else if (code === LINE_FEED) {
        line++;
        if (!isQuoted) cells = 1;
      } else if (code === separator && !isQuoted && ++cells > MOST_CELLS) {
        throw new UploadError(`the row has more than ${MOST_CELLS} cells`, line);
      }
    }
    yield text;
  }
}

/** What the first line has most of. */
function delimiterOf(head: string): string {
  const [line = ''] = head.trimStart().split('\n', 1);
  const count = (delimiter: string) => line.split(delimiter).length;
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best), ',');
}

function recipientOf(record: readonly string[], { number, orderId, count }: Columns, line: number): CampaignRecipient {
  const text = unguardFormulas(record[number] ?? '');
  const id = unguardFormulas((orderId === undefined ? '' : (record[orderId] ?? '')).trim());
  // With a cell too many, nobody can say which is the number.
  if (record.slice(count).some((cell) => cell.trim() !== '')) {
    return { problem: 'has more cells than the first row', line, input: cutCell(record.join()) };
  }
  if (text.includes('\n') || id.includes('\n')) {
    throw new UploadError('a cell has several lines: is a quote not closed?', line);
  }
  if (id === '') return { number: cutCell(text), line };
  // Bytes of another encoding: the id would come back as none of the caller's. With a blank in it, it is refused.
  return { number: cutCell(text), orderId: id.includes('\ufffd') ? `${cutCell(id)} (not UTF-8)` : cutCell(id), line };
}

/** In words of our own: the parser's quote cells, which are numbers. */
function toUploadError(error: unknown): unknown {
  const { code, lines } = (error ?? {}) as { code?: unknown; lines?: unknown };
  if (typeof code !== 'string' || !/^(CSV_|INVALID_OPENING_QUOTE)/.test(code)) return error;
  const line = typeof lines === 'number' ? lines : undefined;
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new UploadError('the row is too long: is a quote not closed, or this no CSV?', line);
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new UploadError('a quote is not closed by the end', line);
  return new UploadError('a quote stands where none may be; inside of quotes it is written twice', line);
}
