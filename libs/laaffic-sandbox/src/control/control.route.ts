import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../gateway.js';
import { readBody } from '../http/read-body.js';
import { fromJson } from '../ledger/request.record.js';
import { SandboxError } from '../sandbox.error.js';
import {
  configure,
  conversions,
  inbound,
  inboundMessages,
  messages,
  pushes,
  requests,
  reset,
  script,
  setDelivery,
  state,
} from './control.actions.js';
import { answerJson } from './control.answer.js';

type Action = (gateway: Gateway, query: URLSearchParams, body: unknown) => unknown;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['GET /_sandbox', state],
  ['GET /_sandbox/requests', requests],
  ['GET /_sandbox/messages', messages],
  ['GET /_sandbox/inbound', inboundMessages],
  ['GET /_sandbox/conversions', conversions],
  ['GET /_sandbox/pushes', pushes],
  ['POST /_sandbox/deliver', setDelivery],
  ['POST /_sandbox/inbound', inbound],
  ['POST /_sandbox/script', script],
  ['PATCH /_sandbox/options', configure],
  ['POST /_sandbox/reset', reset],
]);

export function isControl({ url = '' }: IncomingMessage): boolean {
  return /^\/_sandbox(?:[/?]|$)/.test(url);
}

/** A body is read only up to here: no command needs more. */
const longestBody = 1024 * 1024;

export function handleControl(request: IncomingMessage, response: ServerResponse, gateway: Gateway): void {
  const { method = '', url = '', headers } = request;
  const [path = '', query = ''] = url.split('?', 2);
  const action = actions.get(`${method} ${path}`);
  const refuse = (http: number, error: string, message: string, field: string | null = null): void => {
    // the rest of a body that nobody reads must not keep the connection
    answerJson(response, http, { error, field, message }, gateway.secrets, { Connection: 'close' });
  };
  if (action === undefined) {
    refuse(404, 'NOT_FOUND', `${method} ${path} is none of ${[...actions.keys()].join(', ')}`);
    return;
  }
  if (method !== 'GET' && !isJson(headers)) {
    refuse(415, 'NOT_JSON', `${method} ${path} needs the header Content-Type: application/json`);
    return;
  }
  readBody(request, longestBody, (end, text) => {
    if (end === 'abandoned') return;
    const body = text === '' ? undefined : fromJson(text);
    if (end === 'too-long') {
      refuse(413, 'TOO_LONG', `The body must not be longer than ${longestBody} bytes`);
      return;
    }
    if (text !== '' && body === undefined) {
      refuse(400, 'INVALID_JSON', 'The body must be JSON');
      return;
    }
    try {
      answerJson(response, 200, action(gateway, new URLSearchParams(query), body), gateway.secrets);
    } catch (error) {
      if (error instanceof SandboxError) refuse(400, error.code, error.message, error.field);
      // a text has a greatest length
      else if (error instanceof RangeError)
        refuse(500, 'TOO_LONG', 'The answer is too long; ask for less with ?limit=');
      else throw error;
    }
  });
}

/** A form, or a text that a page may send to every host without asking, is not. */
function isJson(headers: IncomingMessage['headers']): boolean {
  return /^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}
