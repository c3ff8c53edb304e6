import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LaafficException } from 'nestjs-laaffic';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { shownError } from './shown-error.js';

/** Answers every error in one form, and logs what is the service's own trouble. */
@Catch()
export class ServiceErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('ServiceErrors');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    const { statusCode, body, retryAfter } = shownError(error, request.method === 'GET' || request.method === 'HEAD');
    if (statusCode >= 500) this.#log(error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
    response.status(statusCode).json(body);
  }

  /** Without the words of the cause: those of a database may repeat the values of a statement. */
  #log(error: unknown): void {
    if (error instanceof OutboxError) {
      // The outbox itself says once that its database fails, and how often when it is over.
      if (error.code.startsWith('OUTBOX_DATABASE') || error.code === 'OUTBOX_SCHEMA_MISSING') return;
      this.#logger.error({ event: 'outbox failed', code: error.code, cause: nameOf(error.cause) });
    } else if (!(error instanceof LaafficException || error instanceof HttpException)) {
      this.#logger.error({ event: 'request failed', cause: nameOf(error), at: placeOf(error) });
    }
  }
}

function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  return 'code' in cause && typeof cause.code === 'string' ? `${cause.name} ${cause.code}` : cause.name;
}

function placeOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').flatMap((line) => (/^ +at /.test(line) ? [line.trim()] : []));
}
