import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LaafficException } from 'nestjs-laaffic';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { nodeRequest, nodeResponse } from '../http/node-http.js';
import { errorCodeOf } from './error-code.js';
import { toErrorResponse } from './error-response.js';
import { ServiceException } from './service.exception.js';

/** Responds to every error in one form, and logs the faults of the service. */
@Catch()
export class ServiceErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('ServiceErrors');

  constructor(private readonly adapters: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapters;
    const response = host.switchToHttp().getResponse<unknown>();
    const { method } = nodeRequest(host);
    const { statusCode, body, headers } = toErrorResponse(error, method === 'GET' || method === 'HEAD');
    if (statusCode >= 500) this.#log(error instanceof ServiceException ? (error.cause ?? error) : error);
    if (nodeResponse(host).headersSent) {
      nodeResponse(host).destroy();
      return;
    }
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, statusCode);
  }

  /** Leaves the message of the cause out: that of a database may repeat the values of a statement. */
  #log(error: unknown): void {
    if (error instanceof OutboxError) {
      // The outbox itself logs a failing database, once.
      if (error.code.startsWith('OUTBOX_DATABASE') || error.code === 'OUTBOX_SCHEMA_MISSING') return;
      this.#logger.error({ event: 'outbox failed', code: error.code, cause: nameOf(error.cause) });
    } else if (!(error instanceof LaafficException || error instanceof HttpException)) {
      this.#logger.error({ event: 'request failed', cause: nameOf(error), at: stackOf(error) });
    }
  }
}

function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  const code = errorCodeOf(cause);
  return code === undefined ? cause.name : `${cause.name} ${code}`;
}

function stackOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').flatMap((line) => (/^ +at /.test(line) ? [line.trim()] : []));
}
