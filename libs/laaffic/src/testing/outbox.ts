import type { SentSms } from './sent-sms.js';
import type { Refusal } from './simulated-failure.js';

/** One content and who gets it, in the vendor's spelling: lists are joined by commas. */
export interface SendEntry {
  readonly numbers: string;
  readonly content: string;
  readonly senderId?: string;
  readonly orderId: string;
}

/** Takes messages as the platform does, and remembers them. */
export class Outbox {
  readonly sent: SentSms[] = [];
  #ids = 0;

  /**
   * @param refusal whom to refuse, if anybody.
   * @returns the platform's answer: both lists, counters as text, and a message id for those refused too.
   */
  take(entries: readonly SendEntry[], refusal: Refusal | undefined): object {
    const messages = entries.flatMap((entry) => this.#messagesOf(entry));
    const isRefused = ({ number }: SentSms) => refusal?.numbers.has(number) === true;
    const accepted = messages.filter((sms) => !isRefused(sms));
    const refused = messages.filter(isRefused);
    this.sent.push(...accepted);
    const failed = accepted.length === 0 ? refusal : undefined;
    return {
      status: String(failed?.status ?? 0),
      reason: failed?.reason ?? 'success',
      success: String(accepted.length),
      fail: String(refused.length),
      array: accepted.map(({ msgId, number, orderId }) => ({ msgId, number, orderId })),
      failArray: refused.map(({ msgId, number, orderId }) => ({ msgId, number, orderId, reason: refusal?.reason })),
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
