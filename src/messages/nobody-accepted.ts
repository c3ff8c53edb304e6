import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { LaafficErrorBody, SmsReceipt } from 'nestjs-laaffic';
import { failureOfCode } from './failure-of-code.js';

/** The failure that a receipt without one accepted recipient is answered with. */
export interface NobodyAccepted {
  readonly exception: HttpException;
  /** Seconds until another try may succeed, where a limit is the reason. */
  readonly retryAfter: number | undefined;
}

/** What is unknown comes first: it decides whether sending again is safe. */
export function nobodyAccepted({ rejected, unknown }: SmsReceipt): NobodyAccepted {
  const outcome = unknown.length > 0 ? 'unknown' : 'rejected';
  const [first] = outcome === 'unknown' ? unknown : rejected;
  const { code, http, title, field, retryAfter } = failureOfCode(first?.code ?? 'OUTBOX_CANCELLED', outcome);
  const body: LaafficErrorBody = {
    statusCode: http,
    message: title,
    error: STATUS_CODES[http] ?? 'Error',
    code,
    outcome,
    ...(field === undefined ? {} : { field }),
  };
  return { exception: new HttpException(body, http), retryAfter };
}
