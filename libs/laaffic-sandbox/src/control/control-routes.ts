import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson } from '../parse-json.js';
import { readBody } from '../read-body.js';
import { SandboxError } from '../sandbox.error.js';
import type { Gateway } from '../state/gateway.js';
import type { Secrets } from '../state/secrets.js';
import {
  getState,
  listConversions,
  listInboundMessages,
  listMessages,
  listPushes,
  listRequests,
  patchOptions,
  postDelivery,
  postInboundMessage,
  postReset,
  postScript,
} from './control-actions.js';

type Action = (gateway: Gateway, query: URLSearchParams, body: unknown) => unknown;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['GET /_sandbox', getState],
  ['GET /_sandbox/requests', listRequests],
  ['GET /_sandbox/messages', listMessages],
  ['GET /_sandbox/inbound-messages', listInboundMessages],
  ['GET /_sandbox/conversions', listConversions],
  ['GET /_sandbox/pushes', listPushes],
  ['POST /_sandbox/delivery', postDelivery],
  ['POST /_sandbox/inbound-messages', postInboundMessage],
  ['POST /_sandbox/script', postScript],
  ['PATCH /_sandbox/options', patchOptions],
  ['POST /_sandbox/reset', postReset],
]);

/** No command needs a longer body. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The response contains the sandbox's messages, so no other page may include it and no cache may keep it. */
const RESPONSE_HEADERS = {
  'Content-Type': 'application/json;charset=UTF-8',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

export function isControlRequest({ url = '' }: IncomingMessage): boolean {
  return /^\/_sandbox(?:[/?]|$)/.test(url);
}

export function handleControlRequest(request: IncomingMessage, response: ServerResponse, gateway: Gateway): void {
  const { method = '', url = '', headers } = request;
  const [path = '', query = ''] = url.split('?', 2);
  const action = ACTIONS.get(`${method} ${path}`);
  const reject = (httpStatus: number, code: string, message: string, field?: string): void => {
    writeError(response, httpStatus, { code, message, ...(field !== undefined && { field }) }, gateway.secrets);
  };
  if (action === undefined) {
    reject(404, 'NOT_FOUND', `There is no ${method} ${path}. Use one of ${[...ACTIONS.keys()].join(', ')}`);
    return;
  }
  if (method !== 'GET' && !isJson(headers)) {
    reject(415, 'NOT_JSON', `${method} ${path} needs the header Content-Type: application/json`);
    return;
  }
  readBody(request, MAX_BODY_BYTES, (end, text) => {
    if (end === 'abandoned') return;
    if (end === 'too-long') {
      reject(413, 'TOO_LONG', `The body must not be longer than ${MAX_BODY_BYTES} bytes`);
      return;
    }
    const body = text === '' ? undefined : parseJson(text);
    if (text !== '' && body === undefined) {
      reject(400, 'INVALID_JSON', 'The body must be JSON');
      return;
    }
    try {
      writeJson(response, 200, action(gateway, new URLSearchParams(query), body), gateway.secrets);
    } catch (error) {
      if (error instanceof SandboxError) reject(400, error.code, error.message, error.field);
      // A string has a maximum length.
      else if (error instanceof RangeError) reject(500, 'TOO_LONG', 'The response is too long. Set a lower ?limit=');
      else throw error;
    }
  });
}

/** An error in the form of the control routes. */
export interface ControlError {
  readonly code: string;
  readonly message: string;
  /** The option, script field or argument that is wrong, if there is one. */
  readonly field?: string;
}

/** Closes the connection, because the rest of the request body is not read. */
export function writeError(
  response: ServerResponse,
  httpStatus: number,
  { code, field, message }: ControlError,
  secrets: Secrets,
): void {
  writeJson(response, httpStatus, { code, field: field ?? null, message }, secrets, { Connection: 'close' });
}

function writeJson(
  response: ServerResponse,
  httpStatus: number,
  body: unknown,
  secrets: Secrets,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = secrets.toJson(body);
  response.writeHead(httpStatus, { ...RESPONSE_HEADERS, ...headers });
  response.end(text);
}

/** Not a form or plain text, which a web page may send to any host without a preflight. */
function isJson(headers: IncomingMessage['headers']): boolean {
  return /^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}
