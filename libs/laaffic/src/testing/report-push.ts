import type { DeliveryReport } from '../messages/delivery-report.js';
import { priceDetail, type PriceDetail } from './price-detail.js';

/** The fields of a delivery report, named as in `DeliveryReport`. */
export interface ReportPushInput extends Partial<Pick<DeliveryReport, 'msgId' | 'orderId' | 'reason' | 'price'>> {
  /** @default the vendor's sample `91856321412` */
  readonly number?: string;
  /**
   * Only final states are pushed.
   * @default 'delivered'
   */
  readonly state?: 'delivered' | 'failed';
  /** @default the time of the vendor's sample, 2021-08-24T10:32:57.192Z */
  readonly at?: Date;
  /** @default the vendor's sample `4luaKsL2` */
  readonly appId?: string;
  /** @default none, as on older platforms */
  readonly mcc?: string;
  /** @default none, as on older platforms */
  readonly mnc?: string;
}

/** The JSON that the platform posts to a webhook for each finished message. */
export interface ReportPushBody {
  readonly appId: string;
  readonly msgid: string;
  readonly mobile: string;
  /** 0 is delivered, any other status is failed. */
  readonly status: number;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly orderId?: string;
  readonly mcc?: string;
  readonly mnc?: string;
  readonly pricedetail: PriceDetail;
}

/**
 * Creates the body of a delivery-report push. Missing fields are as in the vendor's sample.
 * @example
 * await request(app.getHttpServer()).post(`/laaffic/${secret}/reports`).send(reportPush({ msgId, state: 'failed' }));
 */
export function reportPush({
  msgId = '2108021054011000095',
  number = '91856321412',
  state = 'delivered',
  reason = state === 'delivered' ? '0' : 'UNDELIV',
  at = new Date(1629801177192),
  appId = '4luaKsL2',
  orderId,
  mcc,
  mnc,
  price = { total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' },
}: ReportPushInput = {}): ReportPushBody {
  return {
    appId,
    msgid: msgId,
    mobile: number,
    status: state === 'delivered' ? 0 : 1,
    reason,
    timestamp: at.getTime(),
    ...(orderId === undefined ? {} : { orderId }),
    ...(mcc === undefined ? {} : { mcc }),
    ...(mnc === undefined ? {} : { mnc }),
    pricedetail: priceDetail(price),
  };
}
