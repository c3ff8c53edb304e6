import type { DeliveryState } from '../messages/delivery-report.js';
import type { Price } from '../messages/price.js';
import { priceDetail } from './price-detail.js';
import type { SentSms } from './sent-sms.js';
import { isWithin, type TimeSlot } from './time-slot.js';

/** What a report says beside the state of the message. */
export interface ReportDetails {
  /**
   * Whom it was sent to; for ids that the fake did not send.
   * @default the number it was sent to, else the vendor's sample `91856321412`
   */
  readonly number?: string;
  /**
   * When it was sent; a finished message without a time is in no `sentRecords`.
   * @default not told
   */
  readonly at?: Date;
  /** @default not told */
  readonly price?: Price;
}

interface Entry extends ReportDetails {
  readonly state: DeliveryState;
}

const SAMPLE_NUMBER = '91856321412';
const WIRE_STATUS = { delivered: '0', sending: '-1', failed: '1' } as const;
/** By time slot the platform says failed in another way than by ids. */
const FAILED_RECORD = '2';

/** What is reported of which message: what a test said, else `sending` if it was sent. */
export class ReportBook {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly sent: readonly SentSms[]) {}

  set(msgId: string, entry: Entry): void {
    this.#entries.set(msgId, entry);
  }

  /** The platform's answer to `getReport`. */
  byIds(msgIds: readonly string[]): object {
    const found = msgIds.flatMap((msgId) => this.#row(msgId));
    const count = (status: string) => String(found.filter((row) => row.status === status).length);
    return {
      status: '0',
      reason: 'success',
      success: count(WIRE_STATUS.delivered),
      fail: count(WIRE_STATUS.failed),
      sending: count(WIRE_STATUS.sending),
      nofound: String(msgIds.length - found.length),
      array: found,
    };
  }

  /** The platform's answer to `getSentRcd`: what is finished. */
  bySlot(slot: TimeSlot, startIndex: number): object {
    const rows = [...this.#entries]
      .filter(([, { state, at }]) => isFinal(state) && at !== undefined && isWithin(slot, at))
      .flatMap(([msgId]) => this.#row(msgId));
    const page = rows.slice(startIndex).map((row) => (row.status === '1' ? { ...row, status: FAILED_RECORD } : row));
    const success = page.filter(({ status }) => status === WIRE_STATUS.delivered).length;
    return {
      status: '0',
      reason: 'success',
      success: String(success),
      fail: String(page.length - success),
      array: page,
    };
  }

  #row(msgId: string) {
    const sms = this.sent.find((one) => one.msgId === msgId);
    const entry = this.#entries.get(msgId) ?? (sms === undefined ? undefined : { state: 'sending' as const });
    if (entry === undefined || entry.state === 'not-found') return [];
    const { state, number = sms?.number ?? SAMPLE_NUMBER, at, price }: Entry = entry;
    const charged = price === undefined ? {} : { pricedetail: priceDetail(price) };
    return [{ msgId, number, receiveTime: at?.toISOString() ?? null, status: WIRE_STATUS[state], ...charged }];
  }
}

function isFinal(state: DeliveryState): boolean {
  return state === 'delivered' || state === 'failed';
}
