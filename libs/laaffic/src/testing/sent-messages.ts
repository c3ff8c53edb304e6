import type { SentSms } from './sent-sms.js';
import type { Rejection } from './simulated-failure.js';

/** One content and its recipients in the vendor's form: lists are joined by commas. */
export interface SendEntry {
  readonly numbers: string;
  readonly content: string;
  readonly senderId?: string;
  readonly orderId: string;
}

/** Accepts messages like the platform, and remembers them. */
export class SentMessages {
  readonly sent: SentSms[] = [];
  #ids = 0;

  /**
   * @param rejection the recipients to reject, if any.
   * @returns the platform's response: both lists, counters as text, and a message id for rejected recipients too.
   */
  accept(entries: readonly SendEntry[], rejection: Rejection | undefined): object {
    const messages = entries.flatMap((entry) => this.#messagesOf(entry));
    const isRejected = ({ number }: SentSms) => rejection?.numbers.has(number) === true;
    const accepted = messages.filter((sms) => !isRejected(sms));
    const rejected = messages.filter(isRejected);
    this.sent.push(...accepted);
    const failed = accepted.length === 0 ? rejection : undefined;
    return {
      status: String(failed?.status ?? 0),
      reason: failed?.reason ?? 'success',
      success: String(accepted.length),
      fail: String(rejected.length),
      array: accepted.map(({ msgId, number, orderId }) => ({ msgId, number, orderId })),
      failArray: rejected.map(({ msgId, number, orderId }) => ({ msgId, number, orderId, reason: rejection?.reason })),
    };
  }

  #messagesOf({ numbers, content, senderId, orderId }: SendEntry): SentSms[] {
    const orderIds = orderId.split(',');
    return numbers.split(',').map((number, index) => ({
      number,
      content,
      senderId,
      orderId: orderIds[index] ?? '',
      msgId: this.#nextId(),
    }));
  }

  /** 19 digits like the platform's, counted up. */
  #nextId(): string {
    this.#ids += 1;
    return `260101000000${String(this.#ids).padStart(7, '0')}`;
  }
}
