import type { Answer } from '../gateway/exchange.js';

/** An answer of the gateway, which tells neither its time nor when to come back. */
export function jsonAnswer(body: object): Answer {
  return {
    httpStatus: 200,
    contentType: 'application/json;charset=UTF-8',
    date: undefined,
    retryAfter: undefined,
    body: JSON.stringify(body),
  };
}
