import { request } from 'node:http';
import type { PushAttempt } from '../../history/records.js';
import type { Timers } from '../timing/timers.js';

export type PushResponse = Pick<PushAttempt, 'httpStatus' | 'error'>;

/** Sends one POST to the customer and calls back once. Returns a function that aborts it. */
export function postPush(
  url: string,
  body: string,
  timeoutMs: number,
  timers: Timers,
  done: (response: PushResponse) => void,
): () => void {
  const headers = {
    'Content-Type': 'application/json;charset=UTF-8',
    'User-Agent': 'Java/1.8.0_232',
    'Content-Length': Buffer.byteLength(body),
  };
  let hasEnded = false;
  const end = (response: PushResponse): void => {
    if (hasEnded) return;
    hasEnded = true;
    cancelTimer();
    done(response);
  };
  const outgoing = request(url, { method: 'POST', headers, agent: false }, (incoming) => {
    // The body does not matter, but the exchange ends only with it.
    incoming.resume();
    incoming.on('close', () => {
      if (incoming.complete) end({ httpStatus: incoming.statusCode ?? 0, error: null });
      else end({ httpStatus: null, error: 'the response was cut off' });
    });
  });
  const cancelTimer = timers.after(timeoutMs, () => {
    end({ httpStatus: null, error: `no response within ${timeoutMs} ms` });
    outgoing.destroy();
  });
  outgoing.on('error', (error) => {
    end({ httpStatus: null, error: error.message });
  });
  outgoing.end(body);
  return () => {
    hasEnded = true;
    cancelTimer();
    outgoing.destroy();
  };
}
