import type { InboundSms } from '../messages/inbound-sms.js';
import { priceDetail } from './price-detail.js';
import { isWithin, type TimeSlot } from './time-slot.js';

/** A message that a person sent. It has no id, because the platform gives ids in pushes only. */
export interface InboundMessageInput extends Omit<InboundSms, 'msgId'> {
  readonly at: Date;
}

/** The inbound messages of the account. */
export class InboundMessages {
  readonly #messages: InboundMessageInput[] = [];

  add(sms: InboundMessageInput): void {
    this.#messages.push(sms);
  }

  /** The platform's response to `recordMo`. */
  page(slot: TimeSlot, { current, size }: { current: number; size: number }): object {
    const all = this.#messages.filter(({ at }) => isWithin(slot, at));
    const records = all.slice((current - 1) * size, current * size).map(record);
    const data = { total: all.length, size, current, pages: Math.ceil(all.length / size), records };
    return { status: '0', reason: 'success', data };
  }
}

function record({ from, to, content, at, mcc, mnc, operator, price }: InboundMessageInput): object {
  return {
    number: from,
    sendId: to,
    receiveTime: at.toISOString(),
    content,
    mcc,
    mnc,
    operator,
    ...(price === undefined ? {} : { pricedetail: priceDetail(price) }),
  };
}
