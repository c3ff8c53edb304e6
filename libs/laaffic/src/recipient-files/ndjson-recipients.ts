import { tryParseExactly } from '../exact-json.js';
import { indexesNamed, namedColumns, type ChosenColumns } from './columns.js';
import { truncateCell, type FileRecipient } from './file-recipient.js';
import { linesOf } from './lines.js';
import { RecipientFileError } from './recipient-file.error.js';

/**
 * Reads the recipients of NDJSON, one per line: a number, or an object with a number and an order id. Returns other lines
 * too, so that they are rejected. Ids that are written as numbers keep every digit.
 * @throws {RecipientFileError} if the first line is not JSON.
 */
export async function* ndjsonRecipients(
  texts: AsyncIterable<string>,
  chosen: ChosenColumns,
): AsyncGenerator<FileRecipient, void, undefined> {
  let isFirst = true;
  for await (const { text, line } of linesOf(texts)) {
    const value = tryParseExactly(text);
    if (isFirst && value === undefined)
      throw new RecipientFileError('it is not JSON: write one JSON value per line', line);
    isFirst = false;
    yield recipientOf(value, text, line, chosen);
  }
}

function recipientOf(value: unknown, text: string, line: number, chosen: ChosenColumns): FileRecipient {
  const invalid = (problem: string, orderId?: string): FileRecipient => ({
    problem,
    ...(orderId === undefined ? {} : { orderId }),
    input: truncateCell(text),
    line,
  });
  if (value === undefined) return invalid('is not JSON');
  const plain = asText(value);
  if (plain !== undefined) return { number: plain, input: truncateCell(text), line };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid('is not a recipient');
  const fields = fieldsOf(value, chosen);
  if (typeof fields === 'string') return invalid(fields);
  const { number, orderId } = fields;
  const id = orderId === undefined || orderId === null ? undefined : asText(orderId);
  if (id === undefined && orderId !== undefined && orderId !== null) return invalid('has an order id that is not text');
  const digits = asText(number);
  if (digits === undefined)
    return invalid(number === undefined ? 'has no number' : 'has a number that is not text', id);
  return { number: digits, ...(id === undefined ? {} : { orderId: id }), line };
}

/** @returns the fields, or a problem: an unknown field may be a misspelt order id. */
function fieldsOf(
  value: object,
  { numberColumn, orderIdColumn }: ChosenColumns,
): { number: unknown; orderId: unknown } | string {
  const names = Object.keys(value);
  const found = namedColumns(names);
  const numbers = numberColumn === undefined ? found.numbers : indexesNamed(names, numberColumn);
  const orderIds = orderIdColumn === undefined ? found.orderIds : indexesNamed(names, orderIdColumn);
  if (numbers.length > 1) return 'has several fields with a number';
  if (orderIds.length > 1) return 'has several fields with an order id';
  // A caller who chose the field of the numbers knows the other fields.
  if (numberColumn === undefined && names.length > numbers.length + orderIds.length) {
    return 'has an unknown field; known are number and orderId';
  }
  const at = (index: number | undefined) =>
    index === undefined ? undefined : (value as Record<string, unknown>)[names[index] ?? ''];
  return { number: at(numbers[0]), orderId: at(orderIds[0]) };
}

/** Reads text, or a whole number as text. */
function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return truncateCell(value);
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
