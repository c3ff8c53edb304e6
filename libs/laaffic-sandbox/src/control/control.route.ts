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
import { redactedJson } from './redacted.js';

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

export function handleControl(request: IncomingMessage, response: ServerResponse, gateway: Gateway): void {
  const { method = '', url = '' } = request;
  const [path = '', query = ''] = url.split('?', 2);
  const action = actions.get(`${method} ${path}`);
  const answer = (http: number, body: unknown): void => {
    response.writeHead(http, { 'Content-Type': 'application/json;charset=UTF-8' });
    response.end(redactedJson(body, gateway));
  };
  if (action === undefined) {
    const message = `${method} ${path} is none of ${[...actions.keys()].join(', ')}`;
    answer(404, { error: 'NOT_FOUND', field: null, message });
    return;
  }
  readBody(request, gateway.resolved.settings.bodyLimit, (end, text) => {
    if (end === 'abandoned') return;
    const body = text === '' ? undefined : fromJson(text);
    if (end === 'too-long' || (text !== '' && body === undefined)) {
      answer(400, { error: 'INVALID_JSON', field: null, message: 'The body must be JSON' });
      return;
    }
    try {
      answer(200, action(gateway, new URLSearchParams(query), body));
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      answer(400, { error: error.code, field: error.field, message: error.message });
    }
  });
}
