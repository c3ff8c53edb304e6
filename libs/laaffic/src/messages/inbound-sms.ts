import type { Price } from './delivery-report.js';

/** A message that a person sent to one of your numbers. */
export interface InboundSms {
  /** The sender: digits with country code. */
  readonly from: string;
  /** The number or name that it was sent to, if the platform says so. */
  readonly to?: string;
  readonly content: string;
  /** `undefined` if the platform gave no time. */
  readonly at: Date | undefined;
  /** The platform's id. Only pushes have it. */
  readonly msgId?: string;
  /** The sender's mobile country code. */
  readonly mcc?: string;
  /** The sender's mobile network code. */
  readonly mnc?: string;
  readonly operator?: string;
  readonly price?: Price;
}
