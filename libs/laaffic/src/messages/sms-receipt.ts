import { inspect } from 'node:util';
import { maskNumber } from './mask-number.js';

/** Recipients of a printed receipt. */
const MOST_LINES = 20;

/** A recipient whose message the gateway accepted. */
export interface AcceptedRecipient {
  readonly number: string;
  readonly orderId: string;
  /** The gateway's id of the message: 19 digits, beyond what a JavaScript number can hold. */
  readonly msgId: string;
}

/** A recipient whose message surely will not be sent: sending again is safe. */
export interface RejectedRecipient {
  readonly number: string;
  readonly orderId: string;
  /** Stable code, such as `LAAFFIC_ABNORMAL_NUMBER`. */
  readonly code: string;
  /** The gateway's own words. */
  readonly reason: string;
  /** The gateway gives an id to some of the messages that it refuses. */
  readonly msgId?: string;
  /** Its position in the source, from 0, if a bulk run refused it and not the gateway. */
  readonly position?: number;
}

/**
 * A recipient whose message may or may not be on its way: sending again may send it twice. Settle it
 * by its `orderId`, which comes back in delivery reports.
 */
export interface UnknownRecipient {
  readonly number: string;
  readonly orderId: string;
  /** Stable code, such as `LAAFFIC_TIMEOUT`. */
  readonly code: string;
  /** Why nobody can know. */
  readonly reason: string;
  /** The gateway's id, if its answer gave one all the same. */
  readonly msgId?: string;
}

/**
 * What became of every recipient of one request; each is in exactly one of the three lists, in the
 * order of the request. `JSON.stringify` gives the whole, numbers included, for it is the caller's
 * own data; printing and logging it (`String(receipt)`, `console.log`) masks the numbers.
 */
export class SmsReceipt {
  constructor(
    readonly accepted: readonly AcceptedRecipient[],
    readonly rejected: readonly RejectedRecipient[] = [],
    readonly unknown: readonly UnknownRecipient[] = [],
  ) {}

  toString(): string {
    return `accepted ${this.accepted.length}, rejected ${this.rejected.length}, unknown ${this.unknown.length}`;
  }

  [inspect.custom](): string {
    const lines = [
      ...this.accepted.map(({ number, orderId, msgId }) => `accepted ${maskNumber(number)} ${orderId} ${msgId}`),
      ...this.rejected.map(({ number, orderId, code }) => `rejected ${maskNumber(number)} ${orderId} ${code}`),
      ...this.unknown.map(({ number, orderId, code }) => `unknown ${maskNumber(number)} ${orderId} ${code}`),
    ];
    const rest = lines.length > MOST_LINES ? [`… and ${lines.length - MOST_LINES} more`] : [];
    return ['SmsReceipt {', ...[...lines.slice(0, MOST_LINES), ...rest].map((line) => `  ${line}`), '}'].join('\n');
  }
}
