import type { InboundSms } from '../messages/inbound-sms.js';
import { priceDetail, type PriceDetail } from './price-detail.js';

/** The fields of an inbound message, named as in `InboundSms`. */
export interface InboundPushInput extends Partial<Pick<InboundSms, 'to' | 'content' | 'msgId' | 'operator' | 'price'>> {
  /** @default the vendor's sample `91856321412` */
  readonly from?: string;
  /** Pushed in whole seconds. @default 2021-08-24T10:32:57Z */
  readonly at?: Date;
  /** @default 404 */
  readonly mcc?: number;
  /** @default -1, the platform's value for unknown */
  readonly mnc?: number;
}

/** The JSON that the platform posts to a webhook for each inbound message. */
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

const HOUR_MS = 60 * 60 * 1000;

/**
 * Creates the body of an inbound push. Missing fields have sample values.
 * @example
 * await request(app.getHttpServer()).post(`/laaffic/${secret}/inbound`).send(inboundPush({ content: 'STOP' }));
 */
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
    reply_time: new Date(at.getTime() + 8 * HOUR_MS).toISOString().slice(0, 19).replace('T', ' '),
    content,
    ...(to === undefined ? {} : { sendid: to }),
    mcc,
    mnc,
    ...(operator === undefined ? {} : { operator }),
    pricedetail: priceDetail(price),
  };
}
