import type { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';

/** A response body that is streamed. If the stream fails, the connection is closed without a proper end. */
export function streamedBody(stream: Readable, type: string): StreamableFile {
  const body = new StreamableFile(stream, { type: `${type}; charset=utf-8` });
  body.setErrorHandler((_, response) => {
    response.destroy?.();
  });
  // The writer of the stream logs its errors.
  body.setErrorLogger(() => undefined);
  return body;
}
