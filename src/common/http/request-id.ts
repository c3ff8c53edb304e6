import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const REQUEST_ID_HEADER = 'X-Request-Id';

/** Visible ASCII only: such an id cannot split a header or a log line. */
const ACCEPTED = /^[!-~]{1,128}$/;

const current = new AsyncLocalStorage<string>();

/** The id that the caller gave a request in `X-Request-Id`, or a new one if there is none or it is not acceptable. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}

/** Runs the work of a request, so that {@link currentRequestId} returns its id in everything that the work calls. */
export function runWithRequestId<T>(requestId: string, run: () => T): T {
  return current.run(requestId, run);
}

/** Runs work that belongs to no request, such as a timer that a request happened to start. */
export function runWithoutRequestId<T>(run: () => T): T {
  return current.exit(run);
}

/** The id of the request that is being handled; `undefined` outside of requests. */
export function currentRequestId(): string | undefined {
  return current.getStore();
}
