import type { Price } from '../messages/delivery-report.js';

/** A price in the vendor's form. */
export interface PriceDetail {
  readonly pay: string;
  readonly price: string;
  readonly chargeCnt: number;
  readonly currency: string;
  readonly settleCurrency?: string;
  readonly settlePrice?: string;
  readonly quoteExchange?: string;
  readonly settlePay?: string;
}

export function priceDetail({ total, unit, segments, currency, settlement }: Price): PriceDetail {
  const detail = { pay: total, price: unit, chargeCnt: segments, currency };
  if (settlement === undefined) return detail;
  const { total: settlePay, unit: settlePrice, currency: settleCurrency, exchangeRate: quoteExchange } = settlement;
  return { ...detail, settleCurrency, settlePrice, quoteExchange, settlePay };
}
