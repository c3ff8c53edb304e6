import type { Price } from './price.js';

/** A message that somebody wrote to one of your numbers. */
export interface InboundSms {
  /** Who wrote it: digits with country code. */
  readonly from: string;
  /** The number or name it was sent to, if the platform tells it. */
  readonly to?: string;
  readonly content: string;
  readonly at: Date | undefined;
  /** The platform's id; told by pushes alone. */
  readonly msgId?: string;
  /** Mobile country and network code of the sender. */
  readonly mcc?: string;
  readonly mnc?: string;
  readonly operator?: string;
  readonly price?: Price;
}
