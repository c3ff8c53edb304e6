import { HttpException, HttpStatus } from '@nestjs/common';
import type { LaafficErrorBody } from 'nestjs-laaffic';

/** The service has as much to do as it can do: nothing was done, and another try may succeed later. */
export class BusyException extends HttpException {
  constructor(
    message: string,
    /** Seconds until another try may succeed. */
    readonly retryAfter: number,
  ) {
    const body: LaafficErrorBody = {
      statusCode: HttpStatus.SERVICE_UNAVAILABLE,
      message,
      error: 'Service Unavailable',
      code: 'SERVICE_BUSY',
      outcome: 'rejected',
    };
    super(body, body.statusCode);
  }
}
