import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { ScriptStep } from '../state/script/script-step.js';
import type { Timers } from '../state/timing/timers.js';

/** A response of the gateway before it is written. */
export interface GatewayResponse {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The vendor's status in the body, if there is one. */
  readonly status: string | undefined;
  /** The vendor's reason in the body, if there is one. */
  readonly reason: string | undefined;
}

const JSON_HEADERS = { 'Content-Type': 'application/json;charset=UTF-8' };

export function jsonResponse(
  httpStatus: number,
  body: string,
  status: string | undefined,
  reason: string | undefined,
): GatewayResponse {
  return { httpStatus, headers: JSON_HEADERS, body, status, reason };
}

/** The page that a proxy or a servlet container sends in place of the gateway. */
export function htmlResponse(httpStatus: number, headers: Readonly<Record<string, string>> = {}): GatewayResponse {
  const title = `${httpStatus} ${STATUS_CODES[httpStatus] ?? 'Error'}`;
  const body = `<html>\n<head><title>${title}</title></head>\n<body>\n<center><h1>${title}</h1></center>\n</body>\n</html>\n`;
  return rawResponse(httpStatus, { 'Content-Type': 'text/html', ...headers }, body);
}

export function rawResponse(
  httpStatus: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): GatewayResponse {
  return { httpStatus, headers, body, status: undefined, reason: undefined };
}

/**
 * Writes a response. The faults `stalled-body` and `slow-body` of the step are applied here.
 * @param at milliseconds since 1970 for the `Date` header.
 */
export function writeResponse(
  response: ServerResponse,
  { httpStatus, headers, body }: GatewayResponse,
  at: number,
  step: ScriptStep | undefined,
  timers: Timers,
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(httpStatus, { Date: new Date(at).toUTCString(), 'Content-Length': length, ...headers });
  if (step?.fault === 'stalled-body') {
    response.write(Buffer.from(body).subarray(0, Math.ceil(length / 2)));
  } else if (step?.fault === 'slow-body') {
    const { chunkBytes = 1, pauseMs = 1 } = step;
    writeSlowly(response, Buffer.from(body), chunkBytes, pauseMs, timers);
  } else {
    // A string goes out in one write with its headers. A buffer does not.
    response.end(body);
  }
}

function writeSlowly(
  response: ServerResponse,
  bytes: Buffer,
  chunkBytes: number,
  pauseMs: number,
  timers: Timers,
): void {
  if (response.destroyed) return;
  if (bytes.length <= chunkBytes) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, chunkBytes));
  timers.after(pauseMs, () => {
    writeSlowly(response, bytes.subarray(chunkBytes), chunkBytes, pauseMs, timers);
  });
}
