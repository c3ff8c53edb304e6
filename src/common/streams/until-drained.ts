import type { Writable } from 'node:stream';

/** A client that reads nothing for this long is taken for gone. */
const MAX_STALL_MS = 30_000;

/**
 * Waits until a stream has room for more, or is closed. It destroys a stream that no client reads for too long, with an error,
 * so that the connection is closed too.
 */
export function untilDrained(stream: Writable, maxStallMs = MAX_STALL_MS): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stream.off('drain', end).off('close', end);
      resolve();
    };
    const timer = setTimeout(() => {
      stream.destroy(new Error('The client has stopped reading'));
    }, maxStallMs);
    stream.on('drain', end).on('close', end);
    if (stream.closed) end();
  });
}
