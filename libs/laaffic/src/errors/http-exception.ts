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
import { LaafficInputException, type LaafficException } from './laaffic.exception.js';

/** HTTP statuses for single codes, in place of the table's: `{ LAAFFIC_SENSITIVE_CONTENT: 400 }`. */
export type HttpStatusOverrides = Readonly<Record<string, number>>;

/** The body of the HTTP answer: Nest's usual three fields, and what is ours. */
export interface LaafficErrorBody {
  readonly statusCode: number;
  readonly message: string;
  readonly error: string;
  readonly code: string;
  readonly outcome: 'rejected' | 'unknown';
  /** The field that the caller has to correct. */
  readonly field?: string;
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
 * The Nest exception that a Laaffic exception stands for towards the app's own callers: their
 * mistakes are 4xx; trouble with the operator's account never looks like the end user's 401 or 403.
 * For filters of your own; `LaafficExceptionFilter` answers with it.
 */
export function toHttpException(exception: LaafficException, overrides: HttpStatusOverrides = {}): HttpException {
  const statusCode = overrides[exception.code] ?? exception.failure.http;
  const field = exception instanceof LaafficInputException ? exception.field : undefined;
  const body: LaafficErrorBody = {
    statusCode,
    message: messageFor(exception),
    error: STATUS_CODES[statusCode] ?? 'Error',
    code: exception.code,
    outcome: exception.outcome,
    ...(field === undefined ? {} : { field }),
  };
  const NamedException = CLASS_OF_STATUS[statusCode];
  return NamedException === undefined
    ? new HttpException(body, statusCode, { cause: exception })
    : new NamedException(body, { cause: exception });
}

/** Only the caller's own mistakes are explained to the caller; advice about the account is the operator's. */
function messageFor(exception: LaafficException): string {
  const explained = exception instanceof LaafficInputException && exception.issues.length > 0;
  return explained ? exception.message : exception.failure.title;
}
