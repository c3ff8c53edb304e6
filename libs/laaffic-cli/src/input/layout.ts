import { extname } from 'node:path';
import {
  readRecipientFile,
  RecipientFileError,
  type FileRecipient,
  type RecipientFileFormat,
  type RecipientFileOptions,
} from 'nestjs-laaffic/recipient-files';
import { InputError } from '../command.error.js';
import type { Input } from './open-input.js';

/** The flags that describe an input. */
export interface ChosenLayout {
  /** A name, or a place counting from 1. */
  readonly numberColumn: string | undefined;
  readonly orderIdColumn: string | undefined;
  readonly encoding: string | undefined;
}

const FORMAT_OF_EXTENSION: Readonly<Record<string, RecipientFileFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'text',
  '.jsonl': 'ndjson',
  '.ndjson': 'ndjson',
};
const FLAGS = { numberColumn: '--number-column', orderIdColumn: '--order-id-column' } as const;

/**
 * Detects the format of an input from its extension, otherwise from its first bytes.
 * @throws {InputError} if a column is chosen for a text file, which has none.
 */
export function detectLayout({ path, head }: Input, chosen: ChosenLayout): RecipientFileOptions {
  // Skips a byte order mark and the zero bytes of UTF-16.
  const isObject = /^\{/.test(
    head
      .subarray(0, 1024)
      .toString('latin1')
      .replace(/^[^\w{"+(]+/, ''),
  );
  const format = FORMAT_OF_EXTENSION[extname(path).toLowerCase()] ?? (isObject ? 'ndjson' : 'csv');
  const { numberColumn, orderIdColumn, encoding } = chosen;
  if (format === 'text' && (numberColumn !== undefined || orderIdColumn !== undefined)) {
    throw new InputError(
      'a text file has no columns: rename it to .csv, or omit --number-column and --order-id-column',
    );
  }
  return { format, numberColumn, orderIdColumn, encoding };
}

/**
 * Reads the rows of an input in constant memory.
 * @throws {InputError} at a place that cannot be read.
 */
export async function* readRows(
  bytes: AsyncIterable<Buffer>,
  layout: RecipientFileOptions,
): AsyncGenerator<FileRecipient, void, undefined> {
  try {
    yield* readRecipientFile(bytes, layout);
  } catch (error) {
    if (!(error instanceof RecipientFileError)) throw error;
    const { message, choice } = error;
    throw new InputError(choice === undefined ? message : `${message}, with ${FLAGS[choice]} <name or place>`);
  }
}
