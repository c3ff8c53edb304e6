import { UploadError } from './upload.error.js';

/**
 * Bytes as text, every line end a line feed: with ends of one kind alone, two numbers could become one. The
 * mark of UTF-8 is left out; what is no UTF-8 becomes U+FFFD.
 * @throws {UploadError} for what is no text.
 */
export async function* decode(bytes: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of bytes) {
    if (chunk.includes(0)) throw new UploadError('it has NUL characters and is no text in UTF-8');
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
