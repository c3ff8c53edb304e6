import { STATUS_CODES } from 'node:http';
import {
  BadGatewayException,
  BadRequestException,
  ConflictException,
  ForbiddenException,
  GatewayTimeoutException,
  GoneException,
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
  /** How often another code can be entered, if the code of a verification was wrong. */
  readonly attemptsLeft?: number;
}

const NAMES_OF_PACKAGE_ERRORS: readonly unknown[] = ['OutboxError', 'VerificationError'];

/**
 * An `OutboxError` of nestjs-laaffic-outbox, or a `VerificationError` of nestjs-laaffic-verify. They have HTTP statuses of
 * their own. They are recognized by their form, because this package does not depend on those, and because an app may have
 * an ESM copy and a CommonJS copy.
 */
export abstract class PackageError extends Error {
  abstract readonly code: string;
  abstract readonly outcome: 'rejected' | 'unknown';
  abstract readonly httpStatus: number;
  abstract readonly field?: string | undefined;
  abstract readonly retryAfterSeconds?: number | undefined;
  abstract readonly attemptsLeft?: number | undefined;

  static override [Symbol.hasInstance](error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    const { name, code, httpStatus } = error as Partial<PackageError>;
    return NAMES_OF_PACKAGE_ERRORS.includes(name) && typeof code === 'string' && typeof httpStatus === 'number';
  }
}

const CLASS_OF_STATUS: Readonly<
  Record<number, new (body: LaafficErrorBody, options: { cause: unknown }) => HttpException>
> = {
  400: BadRequestException,
  403: ForbiddenException,
  404: NotFoundException,
  409: ConflictException,
  410: GoneException,
  422: UnprocessableEntityException,
  502: BadGatewayException,
  503: ServiceUnavailableException,
  504: GatewayTimeoutException,
};

/**
 * Converts a Laaffic exception, an `OutboxError` or a `VerificationError` into the Nest exception for the app's own callers.
 * Their mistakes become 4xx; a problem of the operator's account never becomes 401 or 403, which the end user would take for their own.
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
  exception: LaafficException | PackageError,
  overrides: HttpStatusOverrides = {},
): HttpException {
  const status = isLaafficException(exception) ? exception.failure.http : exception.httpStatus;
  const statusCode = overrides[exception.code] ?? status;
  const field = isInput(exception) || !isLaafficException(exception) ? exception.field : undefined;
  const retryAfterSeconds = retryAfterSecondsOf(exception);
  const attemptsLeft = isLaafficException(exception) ? undefined : exception.attemptsLeft;
  const body: LaafficErrorBody = {
    statusCode,
    message: messageFor(exception, statusCode),
    error: STATUS_CODES[statusCode] ?? 'Error',
    code: exception.code,
    outcome: exception.outcome,
    ...(field === undefined ? {} : { field }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(attemptsLeft === undefined ? {} : { attemptsLeft }),
  };
  const NamedException = CLASS_OF_STATUS[statusCode];
  return NamedException === undefined
    ? new HttpException(body, statusCode, { cause: exception })
    : new NamedException(body, { cause: exception });
}

/** Seconds until a retry may succeed; `undefined` unless a limit is reached. */
export function retryAfterSecondsOf(exception: LaafficException | PackageError): number | undefined {
  if (!isLaafficException(exception)) return exception.retryAfterSeconds;
  if (exception.kind !== 'limit') return undefined;
  return (exception as LaafficLimitException).retryAfterSeconds;
}

/** Callers get an explanation of their own mistakes only; advice about the account is for the operator. */
function messageFor(exception: LaafficException | PackageError, statusCode: number): string {
  if (!isLaafficException(exception)) {
    // Failures of the database are for the operator. All other texts are written for callers.
    const isForOperator = exception.name === 'OutboxError' && statusCode >= 500;
    return isForOperator ? 'The message store is not available' : exception.message;
  }
  return isInput(exception) && exception.issues.length > 0 ? exception.message : exception.failure.title;
}

/** By kind, not by `instanceof`: the exception may be of another copy of this package. */
function isInput(exception: LaafficException | PackageError): exception is LaafficInputException {
  return isLaafficException(exception) && exception.kind === 'input';
}
