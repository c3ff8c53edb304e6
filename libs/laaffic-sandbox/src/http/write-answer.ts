import type { ServerResponse } from 'node:http';
import type { ScriptStep } from '../script/script.step.js';
import type { Answer } from './answer.js';
import type { Waits } from '../timing/waits.js';

/**
 * Writes the answer, the step's faults of a slow line included.
 * @param at milliseconds since 1970 for the `Date` header
 */
export function writeAnswer(
  response: ServerResponse,
  { http, headers, body }: Answer,
  at: number,
  step: ScriptStep | null,
  waits: Waits,
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(http, { Date: new Date(at).toUTCString(), 'Content-Length': length, ...headers });
  if (step?.fault === 'stalled-body') {
    response.write(Buffer.from(body).subarray(0, Math.ceil(length / 2)));
  } else if (step?.fault === 'slow-body') {
    trickle(response, Buffer.from(body), step.chunk ?? 1, step.pause ?? 1, waits);
  } else {
    // a text goes out in one write with its headers, a buffer does not
    response.end(body);
  }
}

function trickle(response: ServerResponse, bytes: Buffer, chunk: number, pause: number, waits: Waits): void {
  if (response.destroyed) return;
  if (bytes.length <= chunk) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, chunk));
  waits.after(pause, () => {
    trickle(response, bytes.subarray(chunk), chunk, pause, waits);
  });
}
