import { STATUS_CODES } from 'node:http';
import {
  BadGatewayException,
  BadRequestException,
  ConflictException,
  GatewayTimeoutException,
  HttpException,
  NotFoundException,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import {
  isLaafficException,
  type LaafficException,
  type LaafficInputException,
  type LaafficLimitException,
} from './laaffic.exception.js';

/** HTTP statuses for single codes, in place of those of the tables: `{ LAAFFIC_SENSITIVE_CONTENT: 400 }`. */
export type HttpStatusOverrides = Readonly<Record<string, number>>;

/** The body of the HTTP response: Nest's usual three fields, and this package's own. */
export interface LaafficErrorBody {
  readonly statusCode: number;
  readonly message: string;
  readonly error: string;
  readonly code: string;
  readonly outcome: 'rejected' | 'unknown';
  /** The field that the caller has to correct. */
  readonly field?: string;
  /** Seconds until a retry may succeed, if a limit is reached. */
  readonly retryAfterSeconds?: number;
}

/**
 * An `OutboxError` of nestjs-laaffic-outbox, which has an HTTP status of its own. It is recognized by its form, because
 * this package does not depend on that one, and because an app may have an ESM copy and a CommonJS copy.
 */
export abstract class OutboxFailure extends Error {
  abstract readonly code: string;
  abstract readonly outcome: 'rejected' | 'unknown';
  abstract readonly httpStatus: number;

  static override [Symbol.hasInstance](error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    const { name, code, httpStatus } = error as Partial<OutboxFailure>;
    return name === 'OutboxError' && typeof code === 'string' && typeof httpStatus === 'number';
  }
}

const CLASS_OF_STATUS: Readonly<
  Record<number, new (body: LaafficErrorBody, options: { cause: unknown }) => HttpException>
> = {
  400: BadRequestException,
  404: NotFoundException,
  409: ConflictException,
  422: UnprocessableEntityException,
  502: BadGatewayException,
  503: ServiceUnavailableException,
  504: GatewayTimeoutException,
};

/**
 * Converts a Laaffic exception, or an `OutboxError`, into the Nest exception for the app's own callers. Their mistakes
 * become 4xx; a problem of the operator's account never becomes 401 or 403, which the end user would take for their own.
 *
 * For filters of your own; set the header `Retry-After` to the body's `retryAfterSeconds`. `LaafficExceptionFilter` does
 * both. Exceptions of another copy of this package (ESM and CommonJS) are converted too.
 * @param overrides HTTP statuses for single codes.
 * @example
 * catch(exception: LaafficException, host: ArgumentsHost) {
 *   return super.catch(toHttpException(exception, { LAAFFIC_SENSITIVE_CONTENT: 400 }), host);
 * }
 */
export function toHttpException(
  exception: LaafficException | OutboxFailure,
  overrides: HttpStatusOverrides = {},
): HttpException {
  const status = isLaafficException(exception) ? exception.failure.http : exception.httpStatus;
  const statusCode = overrides[exception.code] ?? status;
  const field = isInput(exception) ? exception.field : undefined;
  const retryAfterSeconds = retryAfterSecondsOf(exception);
  const body: LaafficErrorBody = {
    statusCode,
    message: messageFor(exception, statusCode),
    error: STATUS_CODES[statusCode] ?? 'Error',
    code: exception.code,
    outcome: exception.outcome,
    ...(field === undefined ? {} : { field }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  const NamedException = CLASS_OF_STATUS[statusCode];
  return NamedException === undefined
    ? new HttpException(body, statusCode, { cause: exception })
    : new NamedException(body, { cause: exception });
}

/** Seconds until a retry may succeed; `undefined` unless a limit is reached. */
export function retryAfterSecondsOf(exception: LaafficException | OutboxFailure): number | undefined {
  if (!isLaafficException(exception) || exception.kind !== 'limit') return undefined;
  return (exception as LaafficLimitException).retryAfterSeconds;
}

/** Callers get an explanation of their own mistakes only; advice about the account is for the operator. */
function messageFor(exception: LaafficException | OutboxFailure, statusCode: number): string {
  if (!isLaafficException(exception)) {
    return statusCode < 500 ? exception.message : 'The message store is not available';
  }
  return isInput(exception) && exception.issues.length > 0 ? exception.message : exception.failure.title;
}

/** By kind, not by `instanceof`: the exception may be of another copy of this package. */
function isInput(exception: LaafficException | OutboxFailure): exception is LaafficInputException {
  return isLaafficException(exception) && exception.kind === 'input';
}
