import { fromMicros, toMicros } from '../options/decimal.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';

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

/** What a message cost; with `settled` also what that is in US dollars, at an exchange of one to one. */
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
