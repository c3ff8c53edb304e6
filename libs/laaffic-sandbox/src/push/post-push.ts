import { request } from 'node:http';
import type { Waits } from '../timing/waits.js';

export type PushAnswer =
  | { readonly http: number; readonly error: null }
  | { readonly http: null; readonly error: string };

/** One POST to the customer; calls back once. Returns what ends it. */
export function postPush(
  url: string,
  body: string,
  timeout: number,
  waits: Waits,
  done: (answer: PushAnswer) => void,
): () => void {
  const headers = {
    'Content-Type': 'application/json;charset=UTF-8',
    'User-Agent': 'Java/1.8.0_232',
    'Content-Length': Buffer.byteLength(body),
  };
  let ended = false;
  const end = (answer: PushAnswer): void => {
    if (ended) return;
    ended = true;
    callOff();
    done(answer);
  };
  const outgoing = request(url, { method: 'POST', headers, agent: false }, (incoming) => {
    // nobody looks at the body, but the exchange is over only with it
    incoming.resume();
    incoming.on('close', () => {
      if (incoming.complete) end({ http: incoming.statusCode ?? 0, error: null });
      else end({ http: null, error: 'the answer was cut' });
    });
  });
  const callOff = waits.after(timeout, () => {
    end({ http: null, error: `no answer within ${timeout} ms` });
    outgoing.destroy();
  });
  outgoing.on('error', (error) => {
    end({ http: null, error: error.message });
  });
  outgoing.end(body);
  return () => {
    ended = true;
    callOff();
    outgoing.destroy();
  };
}
