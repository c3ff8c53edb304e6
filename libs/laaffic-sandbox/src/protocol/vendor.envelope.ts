import type { PriceDetail } from './price-detail.js';
import type { EnvelopeItem, SendEnvelope } from './send.envelope.js';

/** One message in the answer to a `getReport` or `getSentRcd`. */
export interface ReportItem extends EnvelopeItem {
  status?: string | number;
  receiveTime?: string | null;
  pricedetail?: PriceDetail;
}

/** One inbound message in the answer to a `recordMo`. */
export interface MoRecord {
  number: string;
  sendId: string;
  receiveTime: string;
  content: string;
  mcc: number;
  mnc: number;
  operator: string;
  pricedetail: PriceDetail;
}

/** Any answer in the vendor's envelope, as it is written to the wire. */
export interface VendorEnvelope extends SendEnvelope {
  array?: ReportItem[];
  sending?: string | number;
  nofound?: string | number;
  balance?: string | number;
  gift?: string | number;
  credit?: string | number;
  data?: { total: number; size: number; current: number; pages: number; records: MoRecord[] };
}
