import type { SandboxQuirks } from '../options/sandbox-quirks.js';
import { fromMicros, toMicros } from '../vendor/decimal.js';

/** The vendor's `pricedetail`. */
export interface PriceDetail {
  pay: string;
  price: string;
  chargeCnt: number;
  currency: string;
  settleCurrency?: string;
  settlePrice?: string;
  quoteExchange?: string;
  settlePay?: string;
}

/** Describes the price of a message. The form `settled` adds the price in US dollars at an exchange rate of 1. */
export function priceDetail(
  pay: string,
  segments: number,
  form: 'plain' | 'settled',
  { currency }: Readonly<SandboxQuirks>,
): PriceDetail {
  const price = fromMicros(Math.round((toMicros(pay) ?? 0) / segments));
  const detail = { pay, price, chargeCnt: segments, currency };
  if (form === 'plain' || currency === 'USD') return detail;
  return { ...detail, settleCurrency: 'USD', settlePrice: price, quoteExchange: '1.000000', settlePay: pay };
}
