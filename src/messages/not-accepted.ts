import type { SmsReceipt } from 'nestjs-laaffic';
import { retryAfter, ServiceException } from '../common/errors/service.exception.js';
import { failureOfCode } from './failure-of-code.js';

/**
 * The error for a receipt without an accepted recipient. An unknown outcome takes precedence, because it decides whether
 * sending again is safe.
 * @param location the address of the message.
 */
export function notAcceptedError({ rejected, unknown }: SmsReceipt, location: string): ServiceException {
  const outcome = unknown.length > 0 ? 'unknown' : 'rejected';
  const [first] = outcome === 'unknown' ? unknown : rejected;
  const { code, http, title, field, retryAfterSeconds } = failureOfCode(first?.code ?? 'OUTBOX_CANCELLED', outcome);
  const headers = { Location: location, ...retryAfter(retryAfterSeconds) };
  return new ServiceException(http, title, { code, outcome, field, headers });
}
