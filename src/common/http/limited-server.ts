import { randomUUID } from 'node:crypto';
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { BadRequestException, RequestTimeoutException, type HttpException } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { toErrorResponse } from '../errors/error-response.js';
import { ServiceException } from '../errors/service.exception.js';
import { hasBody } from './media-type.js';
import { REQUEST_ID_HEADER, requestIdOf, runWithRequestId } from './request-id.js';

/** How long a caller may hold a connection before the service has admitted it. */
export interface ConnectionLimits {
  /** From the connection, or from the first byte of a later request, to the end of the headers. */
  readonly headersMs: number;
  /** From the headers to the end of the body. */
  readonly bodyMs: number;
  /** From the response to the end of a body that is still arriving. */
  readonly lingerMs: number;
}

const LIMITS: ConnectionLimits = { headersMs: 10_000, bodyMs: 30_000, lingerMs: 10_000 };

const MAX_CONNECTIONS = 10_000;
/** File descriptors for connections to the database and the gateway, and for files. */
const OTHER_DESCRIPTORS = 200;

/**
 * How many connections may wait to be accepted. Node's default of 511 overflows when a thousand callers connect at once,
 * and each rejected caller retries after seconds. Linux limits it to `net.core.somaxconn`.
 */
const BACKLOG = 4_096;

/**
 * How long a connection is kept for the next request. It is longer than any `Retry-After` and than the time-outs of
 * proxies, because accepting a new connection costs most when the service is busy.
 */
const KEEP_ALIVE_MS = 75_000;

/** Runs the service on a server that slow or silent clients cannot occupy, with a long queue of connections. */
export class LimitedExpressAdapter extends ExpressAdapter {
  /** @param onRequest is called with the id of each request, before anything else handles it. */
  constructor(private readonly onRequest?: (requestId: string) => void) {
    super();
  }

  override initHttpServer(): void {
    this.setHttpServer(createLimitedServer(this.getInstance<RequestListener>(), LIMITS, this.onRequest));
  }

  override listen(port: string | number, ...args: unknown[]): ReturnType<ExpressAdapter['listen']> {
    const host = args.find((arg) => typeof arg === 'string');
    const onListening = args.find((arg): arg is () => void => typeof arg === 'function');
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, onListening);
  }
}

const bodyTimers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Removes the time limit of a body. For routes that limit it themselves after the caller was admitted. */
export function liftBodyLimit(request: IncomingMessage): void {
  clearTimeout(bodyTimers.get(request));
}

/** Creates a server that responds 408 to slow clients, with the body that all errors have. */
export function createLimitedServer(
  listener: RequestListener,
  limits = LIMITS,
  onRequest?: (requestId: string) => void,
): Server {
  const { headersMs, bodyMs, lingerMs } = limits;
  // Node's limit for whole requests would be the same for all routes.
  const options = {
    headersTimeout: headersMs,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: headersMs / 10,
  };
  const responding = new WeakMap<Socket, () => boolean>();
  const handle: RequestListener = (request, response) => {
    responding.set(request.socket, () => response.headersSent && !response.writableFinished);
    if (hasBody(request)) {
      limitBody(request, bodyMs, () => {
        if (response.headersSent) request.destroy();
        else respond408(response, () => request.destroy());
      });
      response.once('finish', () => {
        if (!request.complete) limitBody(request, lingerMs, () => request.destroy());
      });
    }
    listener(request, response);
  };
  const server = createServer(options, (request, response) => {
    const requestId = requestIdOf(request);
    response.setHeader(REQUEST_ID_HEADER, requestId);
    runWithRequestId(requestId, () => {
      onRequest?.(requestId);
      handle(request, response);
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isResponding = responding.get(socket as Socket)?.() === true;
    if (socket.writable && !isResponding && error.code !== 'ECONNRESET') {
      // A client that does not close its end would hold the connection.
      socket.end(rejection(error), () => socket.destroy());
    } else socket.destroy(error);
  });
  server.maxConnections = maxConnections();
  // Idle connections make room for new ones.
  server.on('drop', () => {
    server.closeIdleConnections();
  });
  return server;
}

function limitBody(request: IncomingMessage, timeoutMs: number, onTimeout: () => void): void {
  clearTimeout(bodyTimers.get(request));
  const timer = setTimeout(() => {
    // A complete body that its route has not read yet is not the caller's fault.
    if (!request.complete) onTimeout();
  }, timeoutMs);
  bodyTimers.set(request, timer);
  const clear = (): void => {
    clearTimeout(timer);
  };
  request.once('end', clear).once('close', clear);
}

function respond408(response: ServerResponse, then: () => void): void {
  const { statusCode, body } = toErrorResponse(tooSlow('body'), false);
  response.writeHead(statusCode, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' });
  response.end(JSON.stringify(body), then);
}

function tooSlow(part: string): HttpException {
  return new RequestTimeoutException(`The ${part} of the request did not arrive in time`);
}

/** The text for the socket when Node cannot make a request of the bytes, so that there is no response object. */
function rejection({ code }: NodeJS.ErrnoException): string {
  const requestId = randomUUID();
  const { statusCode, body } = runWithRequestId(requestId, () => toErrorResponse(errorOf(code), false));
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    'Connection: close',
    `${REQUEST_ID_HEADER}: ${requestId}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

function errorOf(code: string | undefined): HttpException {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow('head');
  if (code !== 'HPE_HEADER_OVERFLOW') return new BadRequestException('This is not an HTTP request');
  return new ServiceException(431, 'The head of the request is too long', { code: 'REQUEST_HEADER_FIELDS_TOO_LARGE' });
}

/** Fewer if the process may not open that many files: it always has to reach its database. */
function maxConnections(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const files = report.userLimits?.open_files?.soft;
  return typeof files === 'number'
    ? Math.max(100, Math.min(MAX_CONNECTIONS, files - OTHER_DESCRIPTORS))
    : MAX_CONNECTIONS;
}
