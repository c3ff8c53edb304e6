import { exceptionOf, type LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { failureOf, type Failure } from '../errors/status-table.js';
import type { Recipient } from '../messages/recipients.js';
import { SmsReceipt } from '../messages/sms-receipt.js';
import type { Answer, ExchangeFailure } from './exchange.js';

/**
 * The exception of a request that got no answer.
 * @param recipients those of a send; `undefined` for a query.
 */
export function unanswered(failure: ExchangeFailure, recipients: readonly Recipient[] | undefined): LaafficException {
  const { cause } = failure;
  return allAlike(failureFor(failure), recipients, { reason: describeCause(failure), cause });
}

/** The exception of a send that was given up before it began. */
export function notBegun(
  failure: Failure,
  recipients: readonly Recipient[],
  details: { reason: string; cause?: unknown },
): LaafficException {
  return allAlike(failure, recipients, details);
}

/**
 * The exception of an answer that is not the gateway's envelope.
 * @param recipients those of a send; `undefined` for a query.
 */
export function unreadable(answer: Answer, recipients: readonly Recipient[] | undefined): LaafficException {
  const { httpStatus, contentType, body, retryAfter } = answer;
  // A server in front of the gateway that limits requests refuses them before the gateway sees them.
  if (httpStatus === 429) {
    const seconds = Number(retryAfter);
    const wait = seconds > 0 ? { retryAfter: Math.ceil(seconds) } : {};
    return allAlike(failureOf(-15), recipients, { reason: 'HTTP 429', ...wait });
  }
  const [mediaType = ''] = contentType?.split(';') ?? [];
  const reason = `HTTP ${httpStatus}, ${mediaType.slice(0, 40) || 'no content type'}, ${body.length} characters`;
  return allAlike(LOCAL_FAILURES.unreadable, recipients, { reason });
}

function failureFor({ why, written }: ExchangeFailure): Failure {
  if (why === 'withheld') return LOCAL_FAILURES.withheld;
  if (why === 'aborted') return written ? LOCAL_FAILURES.abortedSent : LOCAL_FAILURES.abortedUnsent;
  if (!written) return LOCAL_FAILURES.notConnected;
  return why === 'timeout' ? LOCAL_FAILURES.timeout : LOCAL_FAILURES.connectionLost;
}

function describeCause({ why, written, cause }: ExchangeFailure): string {
  if (why === 'withheld') return cause === undefined ? 'mayStart said no' : 'mayStart threw';
  if (why === 'aborted')
    return written ? 'aborted while the request was on its way' : 'aborted before the request was written';
  if (why === 'timeout') return written ? 'no answer in time' : 'no connection in time';
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  return [code, name, 'no cause given'].find((word) => typeof word === 'string') as string;
}

/** Every recipient shares the fate of the request. A query has none, and asking again is always safe. */
function allAlike(
  failure: Failure,
  recipients: readonly Recipient[] | undefined,
  details: { reason: string; cause?: unknown; retryAfter?: number },
): LaafficException {
  if (recipients === undefined) return exceptionOf(failure, { ...details, outcome: 'rejected' });
  const { code, outcome } = failure;
  const entries = recipients.map(({ number, orderId }) => ({ number, orderId, code, reason: details.reason }));
  const receipt = outcome === 'rejected' ? new SmsReceipt([], entries) : new SmsReceipt([], [], entries);
  return exceptionOf(failure, { ...details, receipt });
}
