import type { Price } from '../messages/delivery-report.js';

/** A price in the vendor's form. */
export interface PriceDetail {
  readonly pay: string;
  readonly price: string;
  readonly chargeCnt: number;
  readonly currency: string;
}

export function priceDetail({ total, unit, segments, currency }: Price): PriceDetail {
  return { pay: total, price: unit, chargeCnt: segments, currency };
}
