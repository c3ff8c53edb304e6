import { STATUS_CODES } from 'node:http';
import { HttpException, HttpStatus } from '@nestjs/common';
import {
  LaafficException,
  LaafficInputException,
  LaafficLimitException,
  toHttpException,
  type LaafficErrorBody,
} from 'nestjs-laaffic';
import { OutboxError, type OutboxErrorCode } from 'nestjs-laaffic-outbox';
import { BusyException } from './busy.exception.js';

/** An error as the caller is told of it. */
export interface ShownError {
  readonly statusCode: number;
  readonly body: object;
  /** Seconds until another try may succeed. */
  readonly retryAfter?: number;
}

/** What the caller can do something about; anything else is the service's own trouble. */
const STATUS_OF: Partial<Readonly<Record<OutboxErrorCode, number>>> = {
  OUTBOX_NOT_FOUND: 404,
  OUTBOX_WRONG_STATE: 409,
  OUTBOX_CAMPAIGN_BUSY: 409,
  OUTBOX_KEY_REUSED: 422,
  OUTBOX_SOURCE_CHANGED: 422,
  OUTBOX_SOURCE_FAILED: 400,
  OUTBOX_DATABASE: 503,
  OUTBOX_DATABASE_READ_ONLY: 503,
  OUTBOX_DATABASE_FULL: 503,
  OUTBOX_DATABASE_ENCODING: 422,
};

/** One text, whether the id could be one or not. */
const NOT_FOUND = 'Nothing with this id is known';

/** In words of our own: those of Express name paths, and those of JSON.parse repeat the body. */
const WORDS: Readonly<Record<number, string>> = {
  404: 'There is no such route',
  413: 'The body is larger than a megabyte: upload more recipients as text/csv or application/x-ndjson',
};

/** @param isQuery whether nothing can have been done: the request only asked. */
export function shownError(error: unknown, isQuery: boolean): ShownError {
  if (error instanceof LaafficException) return ofLaaffic(error);
  if (error instanceof OutboxError) return ofOutbox(error, isQuery);
  if (error instanceof BusyException) return { ...ofNest(error, isQuery), retryAfter: error.retryAfter };
  if (error instanceof HttpException) return ofNest(error, isQuery);
  return shown(500, 'INTERNAL_SERVER_ERROR', 'A fault of the service', isQuery);
}

function ofLaaffic(error: LaafficException): ShownError {
  const body = toHttpException(error).getResponse() as LaafficErrorBody;
  const { statusCode, message } = body;
  return {
    statusCode,
    body: { ...body, message: error instanceof LaafficInputException ? aboutRequests(error, message) : message },
    ...(error instanceof LaafficLimitException ? { retryAfter: error.retryAfter } : {}),
  };
}

/** The module's words are about an SMS; here it may be a campaign, or the page of a list. */
function aboutRequests({ failure: { title }, issues }: LaafficInputException, message: string): string {
  return issues.length === 0 ? message : `The request cannot be taken as it is${message.slice(title.length)}`;
}

function ofOutbox({ code, message, outcome }: OutboxError, isQuery: boolean): ShownError {
  // What only asks has changed nothing, whatever became of the answer.
  const isRejected = isQuery || outcome === 'rejected';
  return shown(STATUS_OF[code] ?? 500, code, code === 'OUTBOX_NOT_FOUND' ? NOT_FOUND : message, isRejected);
}

function ofNest(error: HttpException, isQuery: boolean): ShownError {
  const [statusCode, body] = [error.getStatus(), error.getResponse()];
  // One that was made with a body of its own: a health check, or a message that nobody accepted.
  if (typeof body === 'object' && ('code' in body || !('message' in body))) return { statusCode, body };
  if (error.cause instanceof SyntaxError) return shown(400, 'INVALID_JSON', 'The body is no JSON object', isQuery);
  const message = WORDS[statusCode] ?? error.message;
  return shown(statusCode, HttpStatus[statusCode] ?? 'ERROR', message, isQuery);
}

function shown(statusCode: number, code: string, message: string, isRejected: boolean): ShownError {
  const body: LaafficErrorBody = {
    statusCode,
    message,
    error: STATUS_CODES[statusCode] ?? 'Error',
    code,
    // A commit that was not answered may have been made.
    outcome: statusCode < 500 || isRejected ? 'rejected' : 'unknown',
  };
  return { statusCode, body };
}
