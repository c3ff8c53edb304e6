import { CHECK_FIRST, type Failure } from './status-table.js';

/** The failures that have no status of the gateway. */
export const LOCAL_FAILURES = {
  /** The command did not pass this package's own validation; nothing left the process. */
  invalidCommand: {
    code: 'LAAFFIC_INVALID_COMMAND',
    kind: 'input',
    outcome: 'rejected',
    http: 400,
    title: 'The SMS cannot be sent as it is',
    advice: 'Correct the fields named.',
  },
  /** A bulk run with `duplicates: 'reject'` met a number again. */
  duplicate: {
    code: 'LAAFFIC_DUPLICATE_RECIPIENT',
    kind: 'input',
    outcome: 'rejected',
    http: 422,
    title: 'The recipient is a duplicate',
    advice: 'Give each recipient once.',
    field: 'to',
  },
  /** The gateway rejected single recipients and gave no status for them. */
  recipientRejected: {
    code: 'LAAFFIC_RECIPIENT_REJECTED',
    kind: 'input',
    outcome: 'rejected',
    http: 422,
    title: 'The SMS gateway rejected the recipient',
    advice: 'Check the number and its country code. If the reason is about the destination, contact the vendor.',
    field: 'to',
  },
  /** No byte of the request was written: DNS or TLS failed, or the connection was rejected or not free in time. */
  notConnected: {
    code: 'LAAFFIC_NOT_CONNECTED',
    kind: 'transport',
    outcome: 'rejected',
    http: 503,
    title: 'The SMS gateway could not be reached',
    advice: 'Check baseUrl, DNS, proxy and firewall. Nothing was sent: it is safe to retry.',
  },
  /** The call timed out while it waited for its turn under the `rate` of this process. */
  rateLimited: {
    code: 'LAAFFIC_RATE_LIMITED',
    kind: 'limit',
    outcome: 'rejected',
    http: 429,
    title: 'Too many messages at once',
    advice: 'Nothing was sent. Send later, or raise `rate`.',
    retryAfterSeconds: 1,
  },
  /** The caller's signal aborted the call before a byte of the request was written. */
  abortedUnsent: {
    code: 'LAAFFIC_ABORTED',
    kind: 'transport',
    outcome: 'rejected',
    http: 503,
    title: 'The call was aborted',
    advice: 'Nothing was sent.',
  },
  /** The caller's `shouldSend` prevented the request; no byte of it was written. */
  sendPrevented: {
    code: 'LAAFFIC_SEND_PREVENTED',
    kind: 'transport',
    outcome: 'rejected',
    http: 503,
    title: 'The SMS was not sent',
    advice: '`shouldSend` of the call prevented it. Nothing was sent.',
  },
  /** The caller's signal aborted the call after at least a part of the request was written. */
  abortedSent: {
    code: 'LAAFFIC_ABORTED',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'The call was aborted',
    advice: CHECK_FIRST,
  },
  /** At least a part of the request was written, and no whole response came in time. */
  timeout: {
    code: 'LAAFFIC_TIMEOUT',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'The SMS gateway did not respond in time',
    advice: CHECK_FIRST,
  },
  /** The connection was lost after at least a part of the request was written. */
  connectionLost: {
    code: 'LAAFFIC_CONNECTION_LOST',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'The connection to the SMS gateway was lost',
    advice: CHECK_FIRST,
  },
  /** The response is not the gateway's envelope, or contradicts itself. */
  unreadable: {
    code: 'LAAFFIC_UNREADABLE_RESPONSE',
    kind: 'unreadable',
    outcome: 'unknown',
    http: 502,
    title: 'The response of the SMS gateway is not readable',
    advice: `Check baseUrl and the proxies on the way. ${CHECK_FIRST}`,
  },
} as const satisfies Record<string, Failure>;
