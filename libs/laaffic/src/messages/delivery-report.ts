import type { Price } from './price.js';

/**
 * Where a message is. `delivered` and `failed` are final. `not-found` is not failed: a message that is
 * still queued is not found either, so ask again.
 */
export type DeliveryState = 'delivered' | 'failed' | 'sending' | 'not-found';

/** What the platform reports of one message, whether asked (`sms.reports`, `sms.sentRecords`) or by itself (webhooks). */
export interface DeliveryReport {
  readonly msgId: string;
  /** Digits with country code; `undefined` for a message that was not found. */
  readonly number: string | undefined;
  readonly state: DeliveryState;
  /** The caller's id; told by pushes of the newer platforms. */
  readonly orderId?: string;
  /** Why it failed, in the platform's or the operator's words; told by pushes alone. */
  readonly reason?: string;
  /** When it was sent or reported: the platform's pages disagree on which. `undefined` while it is not known. */
  readonly at: Date | undefined;
  readonly price?: Price;
}
