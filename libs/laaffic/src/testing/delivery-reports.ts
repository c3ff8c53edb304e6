import type { DeliveryState, Price } from '../messages/delivery-report.js';
import { priceDetail } from './price-detail.js';
import type { SentSms } from './sent-sms.js';
import { isWithin, type TimeSlot } from './time-slot.js';

/** The details of a report, in addition to the state. */
export interface ReportDetails {
  /**
   * The recipient; useful for ids that the fake did not send.
   * @default the number that the message was sent to, otherwise the vendor's sample `91856321412`
   */
  readonly number?: string;
  /**
   * When it was sent. Without it, `listSentMessages` does not find the message.
   * @default none
   */
  readonly at?: Date;
  /** @default none */
  readonly price?: Price;
}

interface Entry extends ReportDetails {
  readonly state: DeliveryState;
}

const SAMPLE_NUMBER = '91856321412';
const WIRE_STATUS = { delivered: '0', sending: '-1', failed: '1', unknown: '99' } as const;
/** The platform's status for failed is another one by time slot than by ids. */
const FAILED_BY_SLOT = '2';

/** The reports of the fake: those that a test set, otherwise `sending` for messages that were sent. */
export class DeliveryReports {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly sent: readonly SentSms[]) {}

  set(msgId: string, entry: Entry): void {
    this.#entries.set(msgId, entry);
  }

  /** The platform's response to `getReport`. */
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

  /** The platform's response to `getSentRcd`: the finished messages. */
  bySlot(slot: TimeSlot, startIndex: number): object {
    const rows = [...this.#entries]
      .filter(([, { state, at }]) => isFinal(state) && at !== undefined && isWithin(slot, at))
      .flatMap(([msgId]) => this.#row(msgId));
    const page = rows.slice(startIndex).map((row) => (row.status === '1' ? { ...row, status: FAILED_BY_SLOT } : row));
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
