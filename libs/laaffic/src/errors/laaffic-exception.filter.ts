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
import { throwError } from 'rxjs';
import { PackageError, retryAfterSecondsOf, toHttpException, type HttpStatusOverrides } from './http-exception.js';
import { isLaafficException, type LaafficException } from './laaffic.exception.js';

/**
 * The token of the {@link HttpStatusOverrides} for a filter that Nest creates.
 * @example
 * providers: [
 *   { provide: LAAFFIC_HTTP_STATUSES, useValue: { LAAFFIC_SENSITIVE_CONTENT: 400 } },
 *   { provide: APP_FILTER, useClass: LaafficExceptionFilter },
 * ]
 */
export const LAAFFIC_HTTP_STATUSES = Symbol('LAAFFIC_HTTP_STATUSES');

/** Nest selects a filter by `instanceof`, which alone would miss exceptions of another copy of this package. */
abstract class AnyLaafficException extends Error {
  static override [Symbol.hasInstance](error: unknown): boolean {
    return isLaafficException(error);
  }
}

/**
 * Turns Laaffic exceptions, the `OutboxError`s of nestjs-laaffic-outbox and the `VerificationError`s of
 * nestjs-laaffic-verify into Nest's, and leaves every other exception alone. Opt-in.
 *
 * - HTTP (Express, Fastify): responds with the status of the tables, and with `Retry-After` if a limit is reached.
 * - GraphQL, and any other context: throws the HTTP exception, which a GraphQL driver turns into an error.
 * - RPC: the body becomes the error of the caller's observable.
 * - WebSocket: emits an `exception` event with the body, as Nest does for its own exceptions. Nest applies no global
 *   filters to WebSockets, so decorate the gateway.
 * @example
 * providers: [{ provide: APP_FILTER, useClass: LaafficExceptionFilter }] // or @UseFilters(LaafficExceptionFilter)
 */
@Catch(AnyLaafficException, PackageError)
export class LaafficExceptionFilter implements ExceptionFilter<LaafficException | PackageError> {
  readonly #overrides: HttpStatusOverrides;

  /** @param overrides HTTP statuses for single codes, in place of those of the tables. */
  constructor(@Optional() @Inject(LAAFFIC_HTTP_STATUSES) overrides?: HttpStatusOverrides) {
    this.#overrides = overrides ?? {};
  }

  catch(exception: LaafficException | PackageError, host: ArgumentsHost): unknown {
    const httpException = toHttpException(exception, this.#overrides);
    switch (host.getType<string>()) {
      case 'http':
        respond(host.switchToHttp().getResponse<HttpReply>(), exception, httpException);
        return undefined;
      case 'rpc':
        return throwError(() => httpException.getResponse());
      case 'ws':
        emit(host.switchToWs().getClient<SocketClient>(), httpException.getResponse());
        return undefined;
      default:
        throw httpException;
    }
  }
}

/**
 * Applies {@link LaafficExceptionFilter} to a controller or a route.
 * @param overrides HTTP statuses for single codes.
 * @example
 * @Controller('codes')
 * @UseLaafficErrors({ LAAFFIC_SENSITIVE_CONTENT: 400 })
 * export class CodesController {}
 */
export function UseLaafficErrors(overrides?: HttpStatusOverrides): ClassDecorator & MethodDecorator {
  return applyDecorators(UseFilters(new LaafficExceptionFilter(overrides)));
}

/** Express's response, Fastify's reply, or, in middleware on Fastify, Node's own response. */
type HttpReply = ServerResponse | PlatformReply;

interface PlatformReply {
  /** Fastify: Node's response under the reply. */
  readonly raw?: ServerResponse;
  /** Fastify: whether the reply is done, by Fastify or by the app. */
  readonly sent?: boolean;
  status(code: number): this;
  header(name: string, value: string): this;
  send(body: unknown): unknown;
}

function respond(reply: HttpReply, exception: LaafficException | PackageError, httpException: HttpException): void {
  const native = ('raw' in reply ? reply.raw : undefined) ?? (reply as ServerResponse);
  if (native.headersSent || ('sent' in reply && reply.sent)) {
    native.end();
    return;
  }
  const retryAfter = retryAfterSecondsOf(exception)?.toString();
  if ('send' in reply) {
    if (retryAfter !== undefined) reply.header('Retry-After', retryAfter);
    reply.status(httpException.getStatus()).send(httpException.getResponse());
    return;
  }
  if (retryAfter !== undefined) native.setHeader('Retry-After', retryAfter);
  native.writeHead(httpException.getStatus(), { 'Content-Type': 'application/json; charset=utf-8' });
  native.end(JSON.stringify(httpException.getResponse()));
}

/** A client of socket.io emits to the other side. A client of `ws` has `send` for that; its `emit` is for its own events. */
interface SocketClient {
  readonly readyState?: number;
  emit(event: string, body: unknown): unknown;
  send(text: string): unknown;
}

function emit(client: SocketClient, body: unknown): void {
  if (typeof client.readyState === 'number') client.send(JSON.stringify({ event: 'exception', data: body }));
  else client.emit('exception', body);
}
