import { STATUS_CODES } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import type { LaafficErrorBody } from 'nestjs-laaffic';
import { OutboxError, type OutboxErrorCode } from 'nestjs-laaffic-outbox';

/** What the caller can do something about; anything else is the service's own trouble. */
const STATUS_OF: Partial<Readonly<Record<OutboxErrorCode, number>>> = {
  OUTBOX_NOT_FOUND: 404,
  OUTBOX_WRONG_STATE: 409,
  OUTBOX_CAMPAIGN_BUSY: 409,
  OUTBOX_KEY_REUSED: 422,
  OUTBOX_SOURCE_CHANGED: 422,
  OUTBOX_SOURCE_FAILED: 400,
  OUTBOX_DATABASE: 503,
};

/** Answers what the outbox refuses in the form of the Laaffic errors. */
@Catch(OutboxError)
export class OutboxErrorFilter implements ExceptionFilter<OutboxError> {
  readonly #logger = new Logger(OutboxErrorFilter.name);

  catch({ code, message, cause }: OutboxError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const statusCode = STATUS_OF[code] ?? 500;
    if (statusCode >= 500) this.#logger.error({ event: 'outbox failed', code, cause: nameOf(cause) });
    const body: LaafficErrorBody = {
      statusCode,
      message,
      error: STATUS_CODES[statusCode] ?? 'Error',
      code,
      // A commit that was not answered may have been made.
      outcome: statusCode < 500 ? 'rejected' : 'unknown',
    };
    response.status(statusCode).json(body);
  }
}

/** Without the words of the server, which may repeat the values of a statement. */
function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  return 'code' in cause && typeof cause.code === 'string' ? `${cause.name} ${cause.code}` : cause.name;
}
