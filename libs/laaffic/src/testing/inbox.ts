import type { InboundSms } from '../messages/inbound-sms.js';
import { priceDetail } from './price-detail.js';
import { isWithin, type TimeSlot } from './time-slot.js';

/** A message that somebody is to have written. The platform tells its id by pushes alone. */
export interface ReceivedSms extends Omit<InboundSms, 'msgId'> {
  readonly at: Date;
}

/** What people are to have written to the account's numbers. */
export class Inbox {
  readonly #messages: ReceivedSms[] = [];

  add(sms: ReceivedSms): void {
    this.#messages.push(sms);
  }

  /** The platform's answer to `recordMo`. */
  page(slot: TimeSlot, { current, size }: { current: number; size: number }): object {
    const all = this.#messages.filter(({ at }) => isWithin(slot, at));
    const records = all.slice((current - 1) * size, current * size).map(record);
    const data = { total: all.length, size, current, pages: Math.ceil(all.length / size), records };
    return { status: '0', reason: 'success', data };
  }
}

function record({ from, to, content, at, mcc, mnc, operator, price }: ReceivedSms): object {
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
