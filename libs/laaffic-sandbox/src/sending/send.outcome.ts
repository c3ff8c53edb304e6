import type { AcceptedMessage } from '../ledger/accepted.message.js';

export interface RefusedNumber {
  readonly msgId: string;
  /** As it was sent. */
  readonly number: string;
  readonly orderId: string | null;
  readonly reason: string;
}

/** What the gateway decided about one `sendSms`. */
export interface SendOutcome {
  /** 0, a vendor status or an HTTP error status. */
  readonly code: number;
  readonly reason: string;
  /** HTTP status asked for by a rule or a script. */
  readonly http: number | null;
  readonly why: string | null;
  readonly accepted: readonly AcceptedMessage[];
  readonly refused: readonly RefusedNumber[];
}
