import type { ServerResponse } from 'node:http';
import {
  applyDecorators,
  Catch,
  Inject,
  Optional,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
  type HttpException,
} from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { toHttpException, type HttpStatusOverrides } from './http-exception.js';
import { LaafficException, LaafficLimitException } from './laaffic.exception.js';

/** Token of the {@link HttpStatusOverrides} for a filter that Nest makes. */
export const LAAFFIC_HTTP_STATUSES = Symbol('LAAFFIC_HTTP_STATUSES');

/**
 * Turns Laaffic exceptions into Nest's, and leaves every other exception alone. Opt-in:
 * `@UseFilters(LaafficExceptionFilter)`, `{ provide: APP_FILTER, useClass: LaafficExceptionFilter }`
 * or `@UseLaafficErrors()`.
 *
 * - HTTP (Express, Fastify): answers with the status of the table, with `Retry-After` where a limit is reached.
 * - GraphQL, and any other context: throws the HTTP exception, of which a GraphQL driver makes an error.
 * - RPC: the body becomes the error of the caller's observable.
 * - WebSocket: emits an `exception` event with the body, as Nest does for its own;
 *   Nest applies no global filters there, so decorate the gateway.
 */
@Catch(LaafficException)
export class LaafficExceptionFilter implements ExceptionFilter<LaafficException> {
  readonly #overrides: HttpStatusOverrides;

  /** @param overrides HTTP statuses for single codes, in place of the table's. */
  constructor(@Optional() @Inject(LAAFFIC_HTTP_STATUSES) overrides?: HttpStatusOverrides) {
    this.#overrides = overrides ?? {};
  }

  catch(exception: LaafficException, host: ArgumentsHost): unknown {
    const httpException = toHttpException(exception, this.#overrides);
    switch (host.getType<string>()) {
      case 'http':
        answer(host.switchToHttp().getResponse<HttpReply>(), exception, httpException);
        return undefined;
      case 'rpc':
        return refuse(httpException.getResponse());
      case 'ws':
        emit(host.switchToWs().getClient<SocketClient>(), httpException.getResponse());
        return undefined;
      default:
        throw httpException;
    }
  }
}

/** Answers Laaffic exceptions of a controller or a route as {@link LaafficExceptionFilter} does. */
export function UseLaafficErrors(overrides?: HttpStatusOverrides): ClassDecorator & MethodDecorator {
  return applyDecorators(UseFilters(new LaafficExceptionFilter(overrides)));
}

/** Express's response, Fastify's reply, or, in the middleware of Fastify, Node's own response. */
type HttpReply = ServerResponse | PlatformReply;

interface PlatformReply {
  /** Fastify: the response under the reply. */
  readonly raw?: ServerResponse;
  /** Fastify: whether the reply is done, by Fastify or by the app. */
  readonly sent?: boolean;
  status(code: number): this;
  header(name: string, value: string): this;
  send(body: unknown): unknown;
}

function answer(reply: HttpReply, exception: LaafficException, httpException: HttpException): void {
  const native = ('raw' in reply ? reply.raw : undefined) ?? (reply as ServerResponse);
  if (native.headersSent || ('sent' in reply && reply.sent)) {
    native.end();
    return;
  }
  const wait = exception instanceof LaafficLimitException ? String(exception.retryAfter) : undefined;
  if ('send' in reply) {
    if (wait !== undefined) reply.header('Retry-After', wait);
    reply.status(httpException.getStatus()).send(httpException.getResponse());
    return;
  }
  if (wait !== undefined) native.setHeader('Retry-After', wait);
  native.writeHead(httpException.getStatus(), { 'Content-Type': 'application/json; charset=utf-8' });
  native.end(JSON.stringify(httpException.getResponse()));
}

function refuse(body: unknown): Observable<never> {
  return throwError(() => body);
}

/** A client of socket.io emits to the other side; one of `ws` only has `send`, and `emit` is its own events. */
interface SocketClient {
  readonly readyState?: number;
  emit(event: string, body: unknown): unknown;
  send(text: string): unknown;
}

function emit(client: SocketClient, body: unknown): void {
  if (typeof client.readyState === 'number') client.send(JSON.stringify({ event: 'exception', data: body }));
  else client.emit('exception', body);
}
