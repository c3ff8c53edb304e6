/** The endpoints that send. */
export type SendEndpoint = 'sendSms' | 'sendSms/batch';

/** The endpoints that change nothing. */
export type QueryEndpoint = 'getReport' | 'getSentRcd' | 'getBalance' | 'recordMo' | 'postback/backfill';

/** A request to the gateway starts. A retry is another request. */
export interface RequestStartedEvent {
  readonly type: 'started';
  readonly endpoint: SendEndpoint | QueryEndpoint;
  readonly method: 'GET' | 'POST';
  /** The server that `baseUrl` names. */
  readonly server: { readonly address: string; readonly port: number };
  /** The account of the request; that of the tenant for requests of `sms.withAccount(tenant)`. */
  readonly appId: string;
  /** Counts from 1, separately for each page of an iterable and for each 200 ids of `getDeliveryReports`. */
  readonly attempt: number;
  /** The number of recipients; 0 for queries. */
  readonly recipients: number;
}

interface RequestEndedEvent {
  readonly type: 'ended';
  /** The event of the start of this request, the same object. */
  readonly request: RequestStartedEvent;
  /** The duration in milliseconds, by a monotonic clock. */
  readonly durationMs: number;
  /** The `code` of the `LaafficException`; `undefined` if there is none. */
  readonly code: string | undefined;
  /** The status of the gateway, if the response has one. */
  readonly status: number | undefined;
  /** The HTTP status, if a complete response came. */
  readonly httpStatus: number | undefined;
  /** `true` if nothing happened and another request follows, which counts instead. */
  readonly willRetry: boolean;
}

/** Recipients of one request that were not accepted, for one reason. */
export interface RecipientFailures {
  readonly outcome: 'rejected' | 'unknown';
  /** The `code` of their entries in the receipt. */
  readonly code: string | undefined;
  readonly recipients: number;
}

/** A request that sends has ended. */
export interface SendEndedEvent extends RequestEndedEvent {
  /** `accepted`: all recipients; `partial`: at least one; otherwise the outcome of the exception. */
  readonly outcome: 'accepted' | 'partial' | 'rejected' | 'unknown';
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  /** The rejected and the unknown recipients, by code. */
  readonly failures: readonly RecipientFailures[];
}

/** A query has ended. */
export interface QueryEndedEvent extends RequestEndedEvent {
  readonly outcome: 'answered' | 'failed';
}

/**
 * An event of a single request to the gateway: one when it starts, one when it ends. Events hold counts, codes and times
 * only; never a number, a content, an order or message id, a secret or text of the gateway.
 */
export type RequestEvent = RequestStartedEvent | SendEndedEvent | QueryEndedEvent;
