import { failureOf } from '../errors/status-table.js';
import { ExchangeFailure, type Answer } from '../gateway/exchange.js';
import { normaliseNumber } from '../messages/phone-number.js';
import { jsonAnswer } from './json-answer.js';

/** How a call is to fail. */
export type SimulatedFailure =
  | {
      /** A status of the gateway, below 0; unlisted ones too. */
      readonly status: number;
      /**
       * The gateway's words.
       * @default what the status table calls it
       */
      readonly reason?: string;
    }
  | {
      /**
       * What happens on the way to the gateway and back. `not-connected`: no byte was written; the
       * others happen when the request is on its way, so the outcome of a send is unknown.
       * `unreadable` is an HTML page in place of an answer.
       */
      readonly failure: 'not-connected' | 'timeout' | 'connection-lost' | 'aborted' | 'unreadable';
    };

/** Which recipients of a send are to be refused, the others being accepted. */
export interface SimulatedRefusal {
  /** Numbers, written in any way that a send takes; those that the send does not have are ignored. */
  readonly reject: readonly string[];
  /**
   * The status of the answer if nobody is left; with somebody left it is 0, as the platform has it.
   * @default -9
   */
  readonly status?: number;
  /**
   * The gateway's words about each of them.
   * @default what the status table calls it
   */
  readonly reason?: string;
}

/** A {@link SimulatedRefusal} in the gateway's terms. */
export interface Refusal {
  readonly numbers: ReadonlySet<string>;
  readonly status: number;
  readonly reason: string;
}

const ABNORMAL_NUMBER = -9;

export function refusalOf({ reject, status = ABNORMAL_NUMBER, reason }: SimulatedRefusal): Refusal {
  const numbers = new Set(reject.map(numberOf));
  return { numbers, status: checkedStatus(status), reason: reason ?? failureOf(status).title };
}

/**
 * What the transport makes of the failure: the answer of a gateway that refuses the call, or one that
 * is none of the gateway's.
 * @throws {ExchangeFailure} where no answer comes.
 */
export function failedExchange(simulated: SimulatedFailure): Answer {
  if ('status' in simulated) {
    const { status, reason = failureOf(status).title } = simulated;
    return jsonAnswer({ status: String(status), reason });
  }
  switch (simulated.failure) {
    case 'unreadable':
      return { ...jsonAnswer({}), httpStatus: 502, contentType: 'text/html', body: '<html>502 Bad Gateway</html>' };
    // Not `failed`, which the gateway's callers would try once more.
    case 'not-connected':
      throw new ExchangeFailure('timeout', false, undefined);
    case 'connection-lost':
      throw new ExchangeFailure('failed', true, Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    case 'timeout':
    case 'aborted':
      throw new ExchangeFailure(simulated.failure, true, undefined);
  }
}

/** @throws {RangeError} if no gateway would refuse with it. */
export function checkedFailure<T extends SimulatedFailure>(simulated: T): T {
  if ('status' in simulated) checkedStatus(simulated.status);
  return simulated;
}

function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status < 0) return status;
  throw new RangeError(`status must be a whole number below 0, as the gateway's refusals are, not ${status}`);
}

function numberOf(text: string): string {
  const number = normaliseNumber(text);
  if (number === undefined) throw new RangeError('reject must name phone numbers with country code');
  return number;
}
