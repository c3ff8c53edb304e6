import { csvRecipients } from './csv-recipients.js';
import { decodeText } from './decode-text.js';
import type { FileRecipient } from './file-recipient.js';
import { linesOf } from './lines.js';
import { ndjsonRecipients } from './ndjson-recipients.js';

/** `csv`: with commas, semicolons or tabs. `ndjson`: one JSON value per line. `text`: one number per line. */
export type RecipientFileFormat = 'csv' | 'ndjson' | 'text';

/** How to read a file. */
export interface RecipientFileOptions {
  readonly format: RecipientFileFormat;
  /**
   * The column with the numbers (in NDJSON the field), by its name, or in CSV by its position, counted from 1.
   * @default the one named `number`, `phone`, `mobile`, `msisdn` or `to`; a single column may have any name
   */
  readonly numberColumn?: string | undefined;
  /**
   * The column with the order ids, in the same way; `none` if there is none.
   * @default the one named `orderId`
   */
  readonly orderIdColumn?: string | undefined;
  /**
   * The name of the encoding, such as `gbk`. A byte order mark at the start of the file has precedence.
   * @default 'utf-8'
   */
  readonly encoding?: string | undefined;
}

/**
 * Reads the recipients of a file, in constant memory. Returns numbers as they are written; `sendBulk` and campaigns check
 * them. Removes the apostrophe that keeps a spreadsheet from reading a cell as a formula.
 *
 * CSV needs the package csv-parse.
 * @throws {RecipientFileError} while iterating, if the file cannot be read on or leaves a choice open; rows may be missing
 * then.
 * @example
 * const recipients = readRecipientFile(createReadStream('numbers.csv'), { format: 'csv' });
 * await sms.sendBulk(recipients, { content: 'Sale!' }).drain();
 */
export async function* readRecipientFile(
  bytes: AsyncIterable<Uint8Array>,
  { format, encoding, ...columns }: RecipientFileOptions,
): AsyncGenerator<FileRecipient, void, undefined> {
  const texts = decodeText(bytes, encoding);
  if (format === 'csv') yield* csvRecipients(texts, columns);
  else if (format === 'ndjson') yield* ndjsonRecipients(texts, columns);
  else for await (const { text, line } of linesOf(texts)) yield { number: text, line };
}
