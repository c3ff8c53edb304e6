import { STATUS_CODES } from 'node:http';
import { HttpException, HttpStatus } from '@nestjs/common';
import {
  LaafficException,
  LaafficInputException,
  LaafficLimitException,
  toHttpException,
  type LaafficErrorBody,
} from 'nestjs-laaffic';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { currentRequestId } from '../http/request-id.js';
import { retryAfter, ServiceException } from './service.exception.js';

/** The response to a request that failed. */
export interface ErrorResponse {
  readonly statusCode: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** One text, whether the id is possible or not. */
const NOT_FOUND = 'Nothing with this id is known';

/** Own texts, because those of Express name paths and those of `JSON.parse` repeat the body. */
const MESSAGES: Readonly<Record<number, string>> = {
  404: 'There is no such route',
  413: 'The body is larger than a megabyte: upload more recipients as text/csv or application/x-ndjson',
};

/**
 * The response to any error.
 * @param isRead whether the request only reads, so that nothing can have been done.
 */
export function toErrorResponse(error: unknown, isRead: boolean): ErrorResponse {
  const response = responseOf(error, isRead);
  const requestId = currentRequestId();
  // A health check has a body of its own form.
  if (requestId === undefined || !('code' in response.body)) return response;
  return { ...response, body: { ...response.body, requestId } };
}

function responseOf(error: unknown, isRead: boolean): ErrorResponse {
  if (error instanceof LaafficException) return fromLaaffic(error);
  if (error instanceof OutboxError) return fromOutbox(error, isRead);
  if (error instanceof HttpException) return fromNest(error, isRead);
  return response(500, 'INTERNAL_SERVER_ERROR', 'A fault of the service', isRead);
}

function fromLaaffic(error: LaafficException): ErrorResponse {
  const body = toHttpException(error).getResponse() as LaafficErrorBody;
  const { statusCode, message } = body;
  return {
    statusCode,
    body: { ...body, message: error instanceof LaafficInputException ? aboutRequest(error, message) : message },
    headers: error instanceof LaafficLimitException ? retryAfter(error.retryAfterSeconds) : {},
  };
}

/** The library's text is about an SMS. Here it may be about a campaign or a page of a list. */
function aboutRequest({ failure: { title }, issues }: LaafficInputException, message: string): string {
  return issues.length === 0 ? message : `The request is invalid${message.slice(title.length)}`;
}

function fromOutbox({ code, message, outcome, httpStatus }: OutboxError, isRead: boolean): ErrorResponse {
  const isRejected = isRead || outcome === 'rejected';
  return response(httpStatus, code, code === 'OUTBOX_NOT_FOUND' ? NOT_FOUND : message, isRejected);
}

function fromNest(error: HttpException, isRead: boolean): ErrorResponse {
  const [statusCode, body] = [error.getStatus(), error.getResponse()];
  const headers = error instanceof ServiceException ? error.headers : {};
  // The exception has a body of its own: a health check, or a ServiceException.
  if (typeof body === 'object' && ('code' in body || !('message' in body))) return { statusCode, body, headers };
  if (error.cause instanceof SyntaxError) return response(400, 'INVALID_JSON', error.message, isRead);
  const message = MESSAGES[statusCode] ?? error.message;
  return response(statusCode, HttpStatus[statusCode] ?? 'ERROR', message, isRead);
}

function response(statusCode: number, code: string, message: string, isRejected: boolean): ErrorResponse {
  const body: LaafficErrorBody = {
    statusCode,
    message,
    error: STATUS_CODES[statusCode] ?? 'Error',
    code,
    // A commit without a response may have been made.
    outcome: statusCode < 500 || isRejected ? 'rejected' : 'unknown',
  };
  return { statusCode, body, headers: {} };
}
