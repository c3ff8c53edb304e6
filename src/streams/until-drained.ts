import type { Writable } from 'node:stream';

/** A client that reads nothing for so long, in milliseconds, has gone without a word. */
const LONGEST_STALL = 30_000;

/**
 * Waits until there is room for more in a stream, or until it is closed. A stream of which nothing is read for too long is
 * destroyed.
 */
export function untilDrained(stream: Writable, longestStallMs = LONGEST_STALL): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stream.off('drain', end).off('close', end);
      resolve();
    };
    const timer = setTimeout(() => {
      stream.destroy();
    }, longestStallMs);
    stream.on('drain', end).on('close', end);
    if (stream.closed) end();
  });
}
