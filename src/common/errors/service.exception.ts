import { STATUS_CODES } from 'node:http';
import { HttpException, HttpStatus } from '@nestjs/common';
import type { LaafficErrorBody } from 'nestjs-laaffic';

/** What a {@link ServiceException} adds to its status and message. */
export interface ServiceExceptionDetails {
  /** @default the name of the status, such as `UNAUTHORIZED` */
  readonly code?: string;
  /** @default 'rejected' */
  readonly outcome?: 'rejected' | 'unknown';
  /** The field that the caller has to correct. */
  readonly field?: string | undefined;
  /** Seconds until a retry may succeed. */
  readonly retryAfterSeconds?: number | undefined;
  /** How often another code of a verification can be entered. */
  readonly attemptsLeft?: number | undefined;
  /** The scope that the API key lacks. */
  readonly missingScope?: string;
  /** The error that it stands for. It is logged in its place. */
  readonly cause?: unknown;
  /** Headers of the response. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error with the body and the headers of its response. */
export class ServiceException extends HttpException {
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, message: string, details: ServiceExceptionDetails = {}) {
    const { code = HttpStatus[statusCode] ?? 'ERROR', outcome = 'rejected', headers = {} } = details;
    const { field, retryAfterSeconds, attemptsLeft, missingScope, cause } = details;
    const body: LaafficErrorBody = {
      statusCode,
      message,
      error: STATUS_CODES[statusCode] ?? 'Error',
      code,
      outcome,
      ...(field === undefined ? {} : { field }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(attemptsLeft === undefined ? {} : { attemptsLeft }),
      ...(missingScope === undefined ? {} : { missingScope }),
    };
    super(body, statusCode, { cause });
    this.headers = { ...retryAfter(retryAfterSeconds), ...headers };
  }
}

/** The service has no capacity left. It did nothing, and a later request may succeed. */
export class BusyException extends ServiceException {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(HttpStatus.SERVICE_UNAVAILABLE, message, { code: 'SERVICE_BUSY', headers: retryAfter(retryAfterSeconds) });
  }
}

/** The header `Retry-After`; no header without seconds. */
export function retryAfter(seconds: number | undefined): Readonly<Record<string, string>> {
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) };
}
