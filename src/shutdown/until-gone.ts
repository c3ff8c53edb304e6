import type { Response } from 'express';

/**
 * Runs something with a signal that says when nobody wants its result any more: the client has gone, or
 * `stopping` says so.
 */
export async function untilGone<T>(
  response: Response,
  stopping: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const end = () => {
    gone.abort();
  };
  if (stopping.aborted || response.closed) end();
  // Not AbortSignal.any: a signal that lives as long as the process would keep each of its dependents.
  stopping.addEventListener('abort', end);
  response.once('close', end);
  try {
    return await run(gone.signal);
  } finally {
    stopping.removeEventListener('abort', end);
    response.off('close', end);
  }
}
