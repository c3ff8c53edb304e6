import { countryOfMcc, normalizeNumber, type DeliveryReport } from 'nestjs-laaffic';
import { originOf } from '../costs/number-country.js';

/** Up to a trillion, with up to twelve decimals. Anything else is no price of a message. */
const AMOUNT = /^\d{1,12}(?:\.\d{1,12})?$/;
const CURRENCY = /^[a-z]{3,8}$/i;
/** A content of 1,024 characters has at most 16. */
const MOST_SEGMENTS = 1_000;
const MCC = /^[1-9]\d{2}$/;
const MNC = /^\d{1,3}$/;

/**
 * What a report says about the costs of its message, as text of the type `outbox.charge`: `(0.02,EUR,2,404,10,IN)`.
 * Parts that are missing or make no sense are empty. They never cost the report itself. The country is that of the number,
 * because an estimate knows nothing else, and otherwise that of the network.
 * @returns `undefined` if it says nothing.
 */
export function readCharge({
  price,
  mcc,
  mnc,
  number,
}: Pick<DeliveryReport, 'price' | 'mcc' | 'mnc' | 'number'>): string | undefined {
  if (price === undefined && mcc === undefined && mnc === undefined) return undefined;
  const network = [matching(MCC, mcc), matching(MNC, mnc)];
  const charge = [...priceOf(price), ...network];
  // A country alone says nothing about costs.
  if (charge.every((part) => part === '')) return undefined;
  return `(${[...charge, countryOf(number) ?? countryOfMcc(mcc ?? '') ?? ''].join()})`;
}

function countryOf(number: string | undefined): string | undefined {
  const normalized = number === undefined ? undefined : normalizeNumber(number);
  const origin = normalized === undefined ? undefined : originOf(normalized);
  return origin !== undefined && 'country' in origin ? origin.country : undefined;
}

function priceOf(price: DeliveryReport['price']): readonly string[] {
  const total = matching(AMOUNT, price?.total);
  const currency = matching(CURRENCY, price?.currency).toUpperCase();
  const segments = price?.segments ?? -1;
  const isComplete = total !== '' && currency !== '' && segments >= 0 && segments <= MOST_SEGMENTS;
  return isComplete ? [total, currency, String(segments)] : ['', '', ''];
}

function matching(pattern: RegExp, text = ''): string {
  return pattern.test(text) ? text : '';
}
