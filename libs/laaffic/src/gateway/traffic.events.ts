/** The calls that send. */
export type SendEndpoint = 'sendSms' | 'sendSms/batch';

/** The calls that change nothing. */
export type QueryEndpoint = 'getReport' | 'getSentRcd' | 'getBalance' | 'recordMo' | 'postback/backfill';

/** A request to the gateway starts. A retry is another request. */
export interface GatewayRequestStarted {
  readonly type: 'started';
  readonly endpoint: SendEndpoint | QueryEndpoint;
  readonly method: 'GET' | 'POST';
  /** Where `baseUrl` leads to. */
  readonly server: { readonly address: string; readonly port: number };
  /** In whose name; that of the tenant for requests of `sms.as(tenant)`. */
  readonly appId: string;
  /** From 1, anew for each page of an iterable and for each 200 ids of `reports`. */
  readonly attempt: number;
  /** How many it sends to; 0 for queries. */
  readonly recipients: number;
}

interface Ended {
  readonly type: 'ended';
  /** The event of its start, the same object. */
  readonly request: GatewayRequestStarted;
  /** Milliseconds by a clock that only goes forward. */
  readonly duration: number;
  /** The `code` of the `LaafficException`; `undefined` if there is none. */
  readonly code: string | undefined;
  /** The gateway's status, if one was read. */
  readonly status: number | undefined;
  /** The HTTP status, if a whole answer came. */
  readonly httpStatus: number | undefined;
}

/** Recipients of one request that share a fate other than acceptance. */
export interface RecipientFailures {
  readonly outcome: 'rejected' | 'unknown';
  /** The `code` of their entries in the receipt. */
  readonly code: string | undefined;
  readonly recipients: number;
}

/** A request that sends has ended. */
export interface GatewaySendEnded extends Ended {
  /** `accepted`: everybody. `partial`: at least one. Else as the exception has it. */
  readonly outcome: 'accepted' | 'partial' | 'rejected' | 'unknown';
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  /** The rejected and the unknown, by code. */
  readonly failures: readonly RecipientFailures[];
  /** Whether it surely did not happen and the same recipients follow in another request, which counts instead. */
  readonly isRepeated: boolean;
}

/** A request that asks has ended. */
export interface GatewayQueryEnded extends Ended {
  readonly outcome: 'answered' | 'failed';
}

/**
 * What goes on between the module and the gateway: an event when a request starts and one when it
 * ends. Counts, codes and times alone; never a number, a content, an order or message id, a secret
 * or the gateway's words.
 */
export type GatewayTraffic = GatewayRequestStarted | GatewaySendEnded | GatewayQueryEnded;
