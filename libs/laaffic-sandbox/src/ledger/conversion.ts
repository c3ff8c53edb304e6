/** A `postback/backfill`: the customer says that a code it sent was used. */
export interface Conversion {
  readonly appId: string;
  readonly number: string;
  /** Milliseconds since 1970, as the customer gave it. */
  readonly time: number;
  readonly msgId: string | null;
  /** `id` of the request that brought it. */
  readonly requestId: number;
}
