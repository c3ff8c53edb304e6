import type { OutboxRecipient } from 'nestjs-laaffic-outbox';

/** How results are written. */
export const RESULT_TYPES = ['application/x-ndjson', 'text/csv'] as const;
export type ResultType = (typeof RESULT_TYPES)[number];

/** Characters that are written at once. */
const PIECE = 32_768;
const COLUMNS = ['position', 'number', 'orderId', 'state', 'msgId', 'code', 'reason', 'reportedAt'] as const;

/** Recipients as text, in pieces, no further than they are asked for. */
export async function* resultLines(
  recipients: AsyncIterable<OutboxRecipient>,
  type: ResultType,
): AsyncGenerator<string, void, undefined> {
  const line = type === 'text/csv' ? csvLine : jsonLine;
  let piece = type === 'text/csv' ? `${COLUMNS.join()}\r\n` : '';
  for await (const recipient of recipients) {
    piece += line(recipient);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function jsonLine(recipient: OutboxRecipient): string {
  return `${JSON.stringify(recipient, [...COLUMNS])}\n`;
}

function csvLine(recipient: OutboxRecipient): string {
  return `${COLUMNS.map((column) => cell(recipient[column])).join()}\r\n`;
}

function cell(value: string | number | Date | undefined): string {
  const text = value instanceof Date ? value.toISOString() : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
