import type { InboundSms } from '../messages/inbound-sms.js';
import { priceDetail, type PriceDetail } from './price-detail.js';

/** What an inbound message is to say, in the words of `InboundSms`. */
export interface InboundPushInput extends Partial<Pick<InboundSms, 'to' | 'content' | 'msgId' | 'operator' | 'price'>> {
  /** @default the vendor's sample `91856321412` */
  readonly from?: string;
  /** @default 2021-08-24T10:32:57Z; pushed in whole seconds */
  readonly at?: Date;
  /** @default 404 */
  readonly mcc?: number;
  /** @default -1, which is how the platform says that it does not know */
  readonly mnc?: number;
}

/** The JSON that the platform posts to a webhook for each message that somebody wrote. */
export interface InboundPushBody {
  readonly msgid: string;
  readonly mobile: string;
  /** `yyyy-MM-dd HH:mm:ss` without a zone; it is UTC+8. */
  readonly reply_time: string;
  readonly content: string;
  readonly sendid?: string;
  readonly mcc: number;
  readonly mnc: number;
  readonly operator?: string;
  readonly pricedetail: PriceDetail;
}

const HOUR = 60 * 60 * 1000;

/** The body of an inbound push; what is not given is made up. */
export function inboundPush({
  msgId = '2108021054011000096',
  from = '91856321412',
  at = new Date('2021-08-24T10:32:57Z'),
  content = 'STOP',
  to,
  mcc = 404,
  mnc = -1,
  operator,
  price = { total: '0.01', unit: '0.01', segments: 1, currency: 'EUR' },
}: InboundPushInput = {}): InboundPushBody {
  return {
    msgid: msgId,
    mobile: from,
    reply_time: new Date(at.getTime() + 8 * HOUR).toISOString().slice(0, 19).replace('T', ' '),
    content,
    ...(to === undefined ? {} : { sendid: to }),
    mcc,
    mnc,
    ...(operator === undefined ? {} : { operator }),
    pricedetail: priceDetail(price),
  };
}
