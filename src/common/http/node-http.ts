import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ArgumentsHost } from '@nestjs/common';

/** Node's own request, whether Express or Fastify wraps it. */
export function nodeRequest(host: ArgumentsHost): IncomingMessage {
  const request = host.switchToHttp().getRequest<IncomingMessage | { readonly raw: IncomingMessage }>();
  return 'raw' in request ? request.raw : request;
}

/** Node's own response, whether Express or Fastify wraps it. */
export function nodeResponse(host: ArgumentsHost): ServerResponse {
  const response = host.switchToHttp().getResponse<ServerResponse | { readonly raw: ServerResponse }>();
  return 'raw' in response ? response.raw : response;
}

/** Middleware that Express runs, and Fastify with `@fastify/middie`. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;
