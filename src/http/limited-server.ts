import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { BadRequestException, HttpException, RequestTimeoutException } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { LaafficErrorBody } from 'nestjs-laaffic';
import { shownError } from '../errors/shown-error.js';

/** For how many milliseconds who has not been let in may hold a connection. */
export interface ConnectionLimits {
  /** From the connection, or from the first byte of a later request, to the end of the headers. */
  readonly headersMs: number;
  /** From the headers to the end of the body. */
  readonly bodyMs: number;
  /** From the answer to the end of a body that is still coming. */
  readonly lingerMs: number;
}

const LIMITS: ConnectionLimits = { headersMs: 10_000, bodyMs: 30_000, lingerMs: 10_000 };

const MOST_CONNECTIONS = 10_000;
/** Connections to the database and the gateway, and files, come out of the same number. */
const OTHER_DESCRIPTORS = 200;

/**
 * Connections that wait to be accepted. Node's 511 overflow when a thousand callers come at once, and each that is turned
 * away tries again after seconds; Linux cuts it down to `net.core.somaxconn`.
 */
const BACKLOG = 4_096;

/**
 * For how many milliseconds a connection is kept for the next request. Longer than any `Retry-After`, and than proxies keep
 * theirs: to accept new ones takes time when there is the least of it.
 */
const KEEP_ALIVE = 75_000;

/** The service on a server that nobody can occupy by sending slowly, or nothing, and with a long queue of connections. */
export class LimitedExpressAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.setHttpServer(createLimitedServer(this.getInstance<RequestListener>()));
  }

  override listen(port: string | number, ...args: unknown[]): ReturnType<ExpressAdapter['listen']> {
    const host = args.find((arg) => typeof arg === 'string');
    const onListening = args.find((arg): arg is () => void => typeof arg === 'function');
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, onListening);
  }
}

const bodyTimers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** For a route that has a limit of its own for the time that a body takes, after the caller was let in. */
export function liftBodyLimit(request: IncomingMessage): void {
  clearTimeout(bodyTimers.get(request));
}

/** A server that answers 408 to who is too slow, in the one form of errors. */
export function createLimitedServer(listener: RequestListener, limits = LIMITS): Server {
  const { headersMs, bodyMs, lingerMs } = limits;
  // Node's limit for whole requests is one for all routes.
  const options = {
    headersTimeout: headersMs,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: headersMs / 10,
  };
  const answering = new WeakMap<Socket, () => boolean>();
  const server = createServer(options, (request, response) => {
    answering.set(request.socket, () => response.headersSent && !response.writableFinished);
    if (hasBody(request)) {
      limitBody(request, bodyMs, () => {
        if (response.headersSent) request.destroy();
        else answer408(response, () => request.destroy());
      });
      response.once('finish', () => {
        if (!request.complete) limitBody(request, lingerMs, () => request.destroy());
      });
    }
    listener(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isAnswered = answering.get(socket as Socket)?.() === true;
    if (socket.writable && !isAnswered && error.code !== 'ECONNRESET') {
      // Who does not close its end would hold the connection.
      socket.end(refusal(error), () => socket.destroy());
    } else socket.destroy(error);
  });
  server.maxConnections = mostConnections();
  // Those who may come again make room for those who come.
  server.on('drop', () => {
    server.closeIdleConnections();
  });
  return server;
}

function limitBody(request: IncomingMessage, within: number, giveUp: () => void): void {
  clearTimeout(bodyTimers.get(request));
  const timer = setTimeout(() => {
    // Complete, but not read by its route yet: that is no fault of the caller.
    if (!request.complete) giveUp();
  }, within);
  bodyTimers.set(request, timer);
  const clear = (): void => {
    clearTimeout(timer);
  };
  request.once('end', clear).once('close', clear);
}

function answer408(response: ServerResponse, then: () => void): void {
  const { statusCode, body } = shownError(tooSlow('body'), false);
  response.writeHead(statusCode, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' });
  response.end(JSON.stringify(body), then);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function tooSlow(part: string): HttpException {
  return new RequestTimeoutException(`The ${part} of the request did not come in time`);
}

/** What cannot be made a request of is answered before there is a response: as text for the socket. */
function refusal({ code }: NodeJS.ErrnoException): string {
  const { statusCode, body } = shownError(errorOf(code), false);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

function errorOf(code: string | undefined): HttpException {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow('head');
  if (code !== 'HPE_HEADER_OVERFLOW') return new BadRequestException('This is no HTTP request');
  const body: LaafficErrorBody = {
    statusCode: 431,
    message: 'The head of the request is too long',
    error: 'Request Header Fields Too Large',
    code: 'REQUEST_HEADER_FIELDS_TOO_LARGE',
    outcome: 'rejected',
  };
  return new HttpException(body, body.statusCode);
}

/** Fewer where the process may not open as many files: it has to reach its database whoever connects. */
function mostConnections(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const files = report.userLimits?.open_files?.soft;
  return typeof files === 'number'
    ? Math.max(100, Math.min(MOST_CONNECTIONS, files - OTHER_DESCRIPTORS))
    : MOST_CONNECTIONS;
}
