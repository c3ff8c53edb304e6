import { SETTLE_FIRST, type Failure } from './status-table.js';

/** The failures that the gateway has no status for. */
export const LOCAL_FAILURES = {
  /** Our own validation refused the command; nothing left the process. */
  invalidCommand: {
    code: 'LAAFFIC_INVALID_COMMAND',
    kind: 'input',
    outcome: 'rejected',
    http: 400,
    title: 'The SMS cannot be sent as it is',
    advice: 'Correct the fields named.',
  },
  /** A bulk run was asked to refuse numbers that came before. */
  duplicate: {
    code: 'LAAFFIC_DUPLICATE_RECIPIENT',
    kind: 'input',
    outcome: 'rejected',
    http: 422,
    title: 'The recipient was named before',
    advice: 'Name each recipient once.',
    field: 'to',
  },
  /** The gateway refused single recipients, with no status of their own. */
  recipientRefused: {
    code: 'LAAFFIC_RECIPIENT_REFUSED',
    kind: 'input',
    outcome: 'rejected',
    http: 422,
    title: 'The SMS gateway refused the recipient',
    advice: 'Check the number and its country code; with a reason about the destination, ask the vendor.',
    field: 'to',
  },
  /** No byte of the request was written: DNS, refused connection, TLS, or no connection was free in time. */
  notConnected: {
    code: 'LAAFFIC_NOT_CONNECTED',
    kind: 'transport',
    outcome: 'rejected',
    http: 503,
    title: 'The SMS gateway could not be reached',
    advice: 'Check baseUrl, DNS, proxy and firewall. Nothing was sent: trying again is safe.',
  },
  /** The call's time was over before its turn came, under the `rate` of this process. */
  rateLimited: {
    code: 'LAAFFIC_RATE_LIMITED',
    kind: 'limit',
    outcome: 'rejected',
    http: 429,
    title: 'Too many messages at once',
    advice: 'Nothing was sent. Send later, or raise `rate`.',
    retryAfter: 1,
  },
  /** The caller's signal ended the call before a byte of the request was written. */
  abortedUnsent: {
    code: 'LAAFFIC_ABORTED',
    kind: 'transport',
    outcome: 'rejected',
    http: 503,
    title: 'The call was aborted',
    advice: 'Nothing was sent.',
  },
  /** The caller's `mayStart` did not let the request start; no byte of it was written. */
  withheld: {
    code: 'LAAFFIC_WITHHELD',
    kind: 'transport',
    outcome: 'rejected',
    http: 503,
    title: 'The SMS was withheld',
    advice: '`mayStart` did not allow it. Nothing was sent.',
  },
  /** The caller's signal ended the call after the request was, at least in part, on its way. */
  abortedSent: {
    code: 'LAAFFIC_ABORTED',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'The call was aborted',
    advice: SETTLE_FIRST,
  },
  /** The request was, at least in part, on its way, and no whole answer came in time. */
  timeout: {
    code: 'LAAFFIC_TIMEOUT',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'The SMS gateway did not answer in time',
    advice: SETTLE_FIRST,
  },
  /** The connection ended after the request was, at least in part, on its way. */
  connectionLost: {
    code: 'LAAFFIC_CONNECTION_LOST',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'The connection to the SMS gateway was lost',
    advice: SETTLE_FIRST,
  },
  /** An answer came, but it is not the gateway's envelope, or contradicts itself. */
  unreadable: {
    code: 'LAAFFIC_UNREADABLE_ANSWER',
    kind: 'unreadable',
    outcome: 'unknown',
    http: 502,
    title: 'The SMS gateway gave no readable answer',
    advice: `Check baseUrl and whatever stands between. ${SETTLE_FIRST}`,
  },
} as const satisfies Record<string, Failure>;
