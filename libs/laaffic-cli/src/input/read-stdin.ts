import type { Readable } from 'node:stream';
import { UsageError } from '../command.error.js';

const MAX_TEXT_BYTES = 65_536;

/**
 * Reads the text on stdin, without the line end that shells add.
 * @param what the name of the text in errors.
 * @throws {UsageError} if it is too long or not UTF-8.
 */
export async function readStdin(stdin: Readable, what: string, maxBytes = MAX_TEXT_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw new UsageError(`${what} on stdin is longer than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  } catch {
    throw new UsageError(`${what} on stdin is not UTF-8 text`);
  }
}
