/**
 * The delivery state of a message. `delivered` and `failed` are final. `not-found` does not mean failed: a message that is
 * still queued is not found either, so request it again later. `unknown` is a status that the platform does not document.
 */
export type DeliveryState = 'delivered' | 'failed' | 'sending' | 'unknown' | 'not-found';

/**
 * The platform's report about one message: requested (`sms.getDeliveryReports`, `sms.listSentMessages`) or pushed
 * (webhooks).
 */
export interface DeliveryReport {
  readonly msgId: string;
  /** Digits with country code; `undefined` for a message that was not found. */
  readonly number: string | undefined;
  readonly state: DeliveryState;
  /** The caller's id. Only pushes of the newer platforms have it. */
  readonly orderId?: string;
  /** Why it failed, in the words of the platform or the operator. Only pushes have it. */
  readonly reason?: string;
  /** When it was sent or reported: the platform's pages disagree about which. `undefined` if the platform gave no time. */
  readonly at: Date | undefined;
  readonly price?: Price;
  /** The application that sent the message. Only pushes have it. */
  readonly appId?: string;
  /** The recipient's mobile country code. Some pushes have it. */
  readonly mcc?: string;
  /** The recipient's mobile network code. Some pushes have it. */
  readonly mnc?: string;
}

/** The price of a message. Amounts are decimals as text, because no float holds them exactly. */
export interface Price {
  /** The whole charge: `'0.02'`. */
  readonly total: string;
  /** The price of one segment: `'0.01'`. */
  readonly unit: string;
  /** How many segments are charged. */
  readonly segments: number;
  /** `'USD'`, `'EUR'`… */
  readonly currency: string;
  /** The same charge in the currency that the account pays in. Some queries have it, if the price is not in US dollars. */
  readonly settlement?: PriceSettlement;
}

/** A charge in the currency of the account. */
export interface PriceSettlement {
  /** The whole charge. */
  readonly total: string;
  /** The price of one segment. */
  readonly unit: string;
  readonly currency: string;
  /** The exchange rate between both currencies, as the platform gives it. */
  readonly exchangeRate: string;
}
