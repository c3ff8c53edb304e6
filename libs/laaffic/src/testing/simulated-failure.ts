import { failureOf } from '../errors/status-table.js';
import { NoResponseError, type GatewayResponse } from '../gateway/http/response.js';
import { normalizeNumber } from '../messages/phone-number.js';

/** How a call fails. */
export type SimulatedFailure =
  | {
      /** A status of the gateway, below 0; it may be unlisted. */
      readonly status: number;
      /**
       * The gateway's text.
       * @default the title in the status table
       */
      readonly reason?: string;
    }
  | {
      /**
       * A failure on the way to the gateway and back. With `not-connected` no byte was written. The others happen after
       * the request was written, so the outcome of a send is unknown. `unreadable` is an HTML page in place of a response.
       */
      readonly failure: 'not-connected' | 'timeout' | 'connection-lost' | 'aborted' | 'unreadable';
    };

/** Which recipients of a send are rejected; the others are accepted. */
export interface SimulatedRejection {
  /** Numbers in any form that a send accepts. Numbers that the send does not have are ignored. */
  readonly reject: readonly string[];
  /**
   * The status of the response if no recipient is left. Otherwise it is 0, as on the platform.
   * @default -9
   */
  readonly status?: number;
  /**
   * The gateway's text for each rejected recipient.
   * @default the title in the status table
   */
  readonly reason?: string;
}

/** A checked {@link SimulatedRejection}. */
export interface Rejection {
  readonly numbers: ReadonlySet<string>;
  readonly status: number;
  readonly reason: string;
}

const ABNORMAL_NUMBER = -9;

/** Checks a rejection. @throws {RangeError} if the status is not below 0, or a text is not a number. */
export function rejectionOf({ reject, status = ABNORMAL_NUMBER, reason }: SimulatedRejection): Rejection {
  const numbers = new Set(reject.map(numberOf));
  return { numbers, status: checkedStatus(status), reason: reason ?? failureOf(status).title };
}

/**
 * Creates the response of a failed call: a rejection of the gateway, or a page that is not the gateway's.
 * @throws {NoResponseError} if the failure is that no response comes.
 */
export function failureResponse(simulated: SimulatedFailure): GatewayResponse {
  if ('status' in simulated) {
    const { status, reason = failureOf(status).title } = simulated;
    return jsonResponse({ status: String(status), reason });
  }
  switch (simulated.failure) {
    case 'unreadable':
      return { ...jsonResponse({}), httpStatus: 502, contentType: 'text/html', body: '<html>502 Bad Gateway</html>' };
    // Not `failed`, because a send retries that once.
    case 'not-connected':
      throw new NoResponseError('timeout', false, undefined);
    case 'connection-lost':
      throw new NoResponseError('failed', true, Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    case 'timeout':
    case 'aborted':
      throw new NoResponseError(simulated.failure, true, undefined);
  }
}

/** Creates a response of the gateway without the headers `Date` and `Retry-After`. */
export function jsonResponse(body: object): GatewayResponse {
  return {
    httpStatus: 200,
    contentType: 'application/json;charset=UTF-8',
    date: undefined,
    retryAfterSeconds: undefined,
    body: JSON.stringify(body),
  };
}

/** Checks a failure. @throws {RangeError} if the status is not below 0. */
export function checkedFailure<T extends SimulatedFailure>(simulated: T): T {
  if ('status' in simulated) checkedStatus(simulated.status);
  return simulated;
}

function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status < 0) return status;
  throw new RangeError(`status must be a whole number below 0, like those of the gateway's failures, not ${status}`);
}

function numberOf(text: string): string {
  const number = normalizeNumber(text);
  if (number === undefined) throw new RangeError('reject must have phone numbers with country code');
  return number;
}
