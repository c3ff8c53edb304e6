import { inspect } from 'node:util';
import { maskNumber } from './phone-number.js';

/** How many recipients of a receipt are printed. */
const MAX_PRINTED = 20;

/** A recipient whose message the gateway accepted. */
export interface AcceptedRecipient {
  readonly number: string;
  readonly orderId: string;
  /** The gateway's id of the message: 19 digits, beyond what a JavaScript number can hold. */
  readonly msgId: string;
}

/** A recipient whose message will certainly not be sent. It is safe to send again. */
export interface RejectedRecipient {
  readonly number: string;
  readonly orderId: string;
  /** Stable code, such as `LAAFFIC_ABNORMAL_NUMBER`. */
  readonly code: string;
  /** The gateway's own text. */
  readonly reason: string;
  /** The gateway gives an id to some of the messages that it rejects. */
  readonly msgId?: string;
  /** The position in the source, from 0, if the bulk run rejected the recipient and not the gateway. */
  readonly position?: number;
}

/**
 * A recipient whose message may have been sent. Sending again may send it twice. Resolve it by its `orderId`, which
 * delivery reports contain.
 */
export interface UnknownRecipient {
  readonly number: string;
  readonly orderId: string;
  /** Stable code, such as `LAAFFIC_TIMEOUT`. */
  readonly code: string;
  /** Why the outcome is unknown. */
  readonly reason: string;
  /** The gateway's id, if the response gave one all the same. */
  readonly msgId?: string;
}

/**
 * The outcome of every recipient of one request. Each recipient is in exactly one of the three lists, in the order of the
 * request.
 *
 * `JSON.stringify` returns everything, with whole numbers, because it is the caller's own data. `String(receipt)` and
 * `console.log` mask the numbers.
 * @example
 * const { accepted, rejected, unknown } = await sms.send({ to: numbers, content });
 * for (const { number, reason } of rejected) console.log(maskNumber(number), reason);
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
    const rest = lines.length > MAX_PRINTED ? [`… and ${lines.length - MAX_PRINTED} more`] : [];
    return ['SmsReceipt {', ...[...lines.slice(0, MAX_PRINTED), ...rest].map((line) => `  ${line}`), '}'].join('\n');
  }
}
