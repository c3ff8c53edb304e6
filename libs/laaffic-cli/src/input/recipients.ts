import type { RecipientInput, WrongEntry } from 'nestjs-laaffic';
import type { FileRecipient } from 'nestjs-laaffic/recipient-files';
import type { LineIndex } from './line-index.js';

/** Turns a row into what `sendBulk` takes. */
export function toRecipient(row: FileRecipient): RecipientInput | WrongEntry {
  if ('problem' in row) return row;
  const { number, orderId } = row;
  return orderId === undefined ? number : { number, orderId };
}

/** Turns rows into what `sendBulk` takes, and records the line of each position. */
export async function* toRecipients(
  rows: AsyncIterable<FileRecipient>,
  lines: LineIndex,
): AsyncGenerator<RecipientInput | WrongEntry, void, undefined> {
  let position = 0;
  for await (const row of rows) {
    lines.add(position++, row.line);
    yield toRecipient(row);
  }
}
