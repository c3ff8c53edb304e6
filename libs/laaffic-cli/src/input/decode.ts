import { InputError } from './input.error.js';
import type { Input } from './open-input.js';

const MARKS = [
  { encoding: 'utf-16le', mark: Buffer.of(0xff, 0xfe) },
  { encoding: 'utf-16be', mark: Buffer.of(0xfe, 0xff) },
];

/**
 * The encoding that an input begins with the mark of, else UTF-8.
 * @throws {InputError} for what is no text.
 */
export function encodingOf({ head }: Input): string {
  const marked = MARKS.find(({ mark }) => head.subarray(0, mark.length).equals(mark));
  if (marked !== undefined) return marked.encoding;
  if (head.includes(0))
    throw new InputError('the input has NUL characters and is no text in UTF-8: save it as CSV in UTF-8');
  return 'utf-8';
}

/** A head as text, every line end a line feed; without a character that is cut off. */
export function decodeHead({ head }: Input, encoding: string): string {
  return withLineFeeds(new TextDecoder(encoding).decode(head, { stream: true }));
}

/**
 * Bytes as text, every line end a line feed: with ends of one kind alone, two numbers could become one.
 * The mark is left out; what is no text becomes U+FFFD.
 */
export async function* decode(bytes: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding);
  let held = '';
  for await (const chunk of bytes) {
    const text = held + decoder.decode(chunk, { stream: true });
    // Its line feed may come with the next piece.
    held = text.endsWith('\r') ? '\r' : '';
    yield withLineFeeds(text.slice(0, text.length - held.length));
  }
  yield withLineFeeds(held + decoder.decode());
}

function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
