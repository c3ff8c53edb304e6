import type { Readable } from 'node:stream';
import { UsageError } from '../usage.error.js';

const MOST_BYTES = 65_536;

/** The text of stdin, without the line end that shells add. @throws {UsageError} if it is none. */
export async function readText(stdin: Readable, what: string, mostBytes = MOST_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > mostBytes) throw new UsageError(`${what} on stdin is too long`);
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  } catch {
    throw new UsageError(`${what} on stdin is no text in UTF-8`);
  }
}
