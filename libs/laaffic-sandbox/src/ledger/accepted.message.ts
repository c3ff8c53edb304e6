/** A message the gateway has taken. It is in the ledger whether or not its caller ever heard of it. */
export interface AcceptedMessage {
  /** 19 digits. */
  readonly msgId: string;
  readonly number: string;
  readonly orderId: string | null;
  readonly content: string;
  readonly senderId: string | null;
  readonly appId: string;
  /** Milliseconds since 1970 by the gateway's clock, skew included. */
  readonly at: number;
  /** Parts the content is billed as: 160 GSM characters or 70 others, 153 and 67 each when there are several. */
  readonly segments: number;
  /** What was charged for it, e.g. `'0.010000'`. */
  readonly price: string;
  /** `id` of the request that brought it. */
  readonly requestId: number;
}
