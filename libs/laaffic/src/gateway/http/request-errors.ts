import { exceptionOf, type LaafficException } from '../../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../../errors/local-failures.js';
import { failureOf, type Failure } from '../../errors/status-table.js';
import type { Recipient } from '../../messages/recipients.js';
import { SmsReceipt } from '../../messages/sms-receipt.js';
import type { GatewayResponse, NoResponseError } from './response.js';

/** Why a request failed. */
interface FailureDetails {
  readonly reason: string;
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Creates the exception of a request without a response.
 * @param recipients the recipients of a send; `undefined` for a query.
 */
export function noResponseException(
  error: NoResponseError,
  recipients: readonly Recipient[] | undefined,
): LaafficException {
  return sameForAll(failureFor(error), recipients, { reason: describeCause(error), cause: error.cause });
}

/** Creates the exception of a send that ended before it started. */
export function notSentException(
  failure: Failure,
  recipients: readonly Recipient[],
  details: FailureDetails,
): LaafficException {
  return sameForAll(failure, recipients, details);
}

/**
 * Creates the exception of a response that is not the gateway's JSON.
 * @param recipients the recipients of a send; `undefined` for a query.
 */
export function unreadableException(
  { httpStatus, contentType, body, retryAfterSeconds }: GatewayResponse,
  recipients: readonly Recipient[] | undefined,
): LaafficException {
  // A server in front of the gateway that limits requests rejects them before the gateway sees them.
  if (httpStatus === 429) return sameForAll(failureOf(-15), recipients, { reason: 'HTTP 429', retryAfterSeconds });
  const [mediaType = ''] = contentType?.split(';') ?? [];
  const reason = `HTTP ${httpStatus}, ${mediaType.slice(0, 40) || 'no content type'}, ${body.length} characters`;
  return sameForAll(LOCAL_FAILURES.unreadable, recipients, { reason });
}

function failureFor({ type, written }: NoResponseError): Failure {
  if (type === 'prevented') return LOCAL_FAILURES.sendPrevented;
  if (type === 'aborted') return written ? LOCAL_FAILURES.abortedSent : LOCAL_FAILURES.abortedUnsent;
  if (!written) return LOCAL_FAILURES.notConnected;
  return type === 'timeout' ? LOCAL_FAILURES.timeout : LOCAL_FAILURES.connectionLost;
}

function describeCause({ type, written, cause }: NoResponseError): string {
  if (type === 'prevented') return cause === undefined ? 'shouldSend returned false' : 'shouldSend threw';
  if (type === 'aborted')
    return written ? 'aborted after the request was written' : 'aborted before the request was written';
  if (type === 'timeout') return written ? 'no response in time' : 'no connection in time';
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  return [code, name, 'no cause given'].find((word) => typeof word === 'string') as string;
}

/** All recipients share the outcome of the request. A query has none, and repeating it is always safe. */
function sameForAll(
  failure: Failure,
  recipients: readonly Recipient[] | undefined,
  details: FailureDetails,
): LaafficException {
  if (recipients === undefined) return exceptionOf(failure, { ...details, outcome: 'rejected' });
  const { code, outcome } = failure;
  const entries = recipients.map(({ number, orderId }) => ({ number, orderId, code, reason: details.reason }));
  const receipt = outcome === 'rejected' ? new SmsReceipt([], entries) : new SmsReceipt([], [], entries);
  return exceptionOf(failure, { ...details, receipt });
}
