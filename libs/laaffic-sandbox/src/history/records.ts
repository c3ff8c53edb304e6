// What the sandbox remembers. Absent values are `null`, because these records are also JSON in the control routes.
import type { IncomingHttpHeaders } from 'node:http';

/** A message the gateway accepted. It is recorded whether or not the client learned of it. */
export interface AcceptedMessage {
  /** 19 digits. */
  readonly msgId: string;
  readonly number: string;
  readonly orderId: string | null;
  readonly content: string;
  readonly senderId: string | null;
  readonly appId: string;
  /** Time of acceptance by the gateway's clock, skew included, in milliseconds since 1970. */
  readonly at: number;
  /**
   * Segments the content is billed as. A single segment holds 160 GSM characters or 70 others; each of several segments
   * holds 153 or 67.
   */
  readonly segments: number;
  /** The amount charged for the message, e.g. `'0.010000'`. */
  readonly price: string;
  /** `id` of the request that sent the message. */
  readonly requestId: number;
}

/** A conversion reported by `postback/backfill`: the recipient used the code the customer sent. */
export interface Conversion {
  readonly appId: string;
  readonly number: string;
  /** The time the customer reported, in milliseconds since 1970. */
  readonly time: number;
  readonly msgId: string | null;
  /** `id` of the request that reported the conversion. */
  readonly requestId: number;
}

/** An inbound message for `LaafficSandbox.addInboundMessage`. */
export interface NewInboundMessage {
  /** The number that writes. */
  from: string;
  /** The sender ID the message is addressed to. @default '' */
  to?: string;
  content: string;
  /** Milliseconds since 1970. @default the time of the gateway's clock */
  at?: number;
  /** The application that receives the message. @default the first application of the account */
  appId?: string;
}

/** A message that a phone sent to the customer. */
export interface InboundMessage extends Readonly<Required<NewInboundMessage>> {
  readonly msgId: string;
}

/** A request the sandbox blocked because a web page may have sent it. */
export interface BlockedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** HTTP status of the response: 400 or 403. */
  readonly httpStatus: number;
  /** Says which header was wrong and what to do if the request was yours. */
  readonly message: string;
}

/**
 * How a request ended: the gateway `responded`, its socket was `cut`, it was left `hanging`, or it was `abandoned` by a
 * client that left before the request was read or got its response.
 */
export type RequestOutcome = 'pending' | 'responded' | 'cut' | 'hanging' | 'abandoned';

/** A request to a vendor endpoint of the sandbox. */
export interface RecordedRequest {
  /** Counts from 1. */
  readonly id: number;
  /** Time of arrival by the sandbox's own clock, without skew, in milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The decoded query. A repeated key has a list of values. */
  readonly query: Readonly<Record<string, string | string[] | undefined>>;
  /** `null` until the body has been read. */
  readonly rawBody: string | null;
  /** The body parsed as JSON, or `undefined` if it is not JSON. */
  readonly body: unknown;
  readonly outcome: RequestOutcome;
  /** HTTP status of the response. */
  readonly httpStatus: number | null;
  /** The vendor's status in the response. */
  readonly status: string | null;
  /** The vendor's reason in the response. */
  readonly reason: string | null;
  /** Explains why the request, or a number of it, was rejected. Never sent to the client. */
  readonly explanation: string | null;
  /** The scripted fault that was applied. */
  readonly fault: string | null;
  /** Number of messages accepted from the request, whether or not the client learned of them. */
  readonly accepted: number;
}

/** One attempt to deliver a push. */
export interface PushAttempt {
  /** Start of the attempt by the gateway's clock, in milliseconds since 1970. */
  readonly at: number;
  /** HTTP status of the response, or `null` if there was none. */
  readonly httpStatus: number | null;
  /** The network error, if there was one. */
  readonly error: string | null;
}

/** A delivery report or inbound message pushed to the customer. */
export interface RecordedPush {
  /** Counts from 1. */
  readonly id: number;
  readonly kind: 'report' | 'inbound';
  readonly url: string;
  /** The body before it becomes JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `id` of the push this one duplicates, or `null` for an original. */
  readonly copyOf: number | null;
  /** `acknowledged` by HTTP 200, or `given-up` when no attempt is left. */
  readonly outcome: 'pending' | 'acknowledged' | 'given-up';
  readonly attempts: readonly PushAttempt[];
}
