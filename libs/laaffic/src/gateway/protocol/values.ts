// Readers of single values, which the vendor spells in several ways. They return `undefined` for a value that cannot be read.
import { tryParseExactly } from '../../exact-json.js';
import type { Price, PriceSettlement } from '../../messages/delivery-report.js';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the objects of a list. Leaves out other entries; returns an empty list for any other value. */
export function records(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  const list: readonly unknown[] = value;
  return list.filter(isRecord);
}

/** Reads text, or a number as text. Blank text counts as missing, and so does a whole number that may have lost digits. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}

/** Reads a message id: `msgId` in most responses, `msgid` in pushes. Text, or a number that has all of its digits. */
export function messageId({ msgId, msgid }: Record<string, unknown>): string | undefined {
  const id = msgId ?? msgid;
  return typeof id === 'number' && !/^\d+$/.test(String(id)) ? undefined : text(id);
}

/** Reads a whole number, also as text. */
export function wholeNumber(value: unknown): number | undefined {
  const digits = text(value);
  return digits !== undefined && /^-?\d{1,9}$/.test(digits) ? Number(digits) : undefined;
}

/** Reads a decimal as exact text. */
export function decimal(value: unknown): string | undefined {
  const digits = text(value);
  return digits !== undefined && /^-?\d+(\.\d+)?$/.test(digits) ? digits : undefined;
}

/** Reads the digits of a phone number. */
export function digitsOf(value: unknown): string | undefined {
  return text(text(value)?.replace(/\D/g, ''));
}

const ZONED = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/**
 * Reads an instant: seconds or milliseconds since the epoch as a number or as text, ISO 8601, or `yyyy-MM-dd HH:mm:ss`.
 * Times without a zone are in the platform's own, UTC+8: the vendor page "MO push" shows times without a zone, and its
 * message ids and samples are in UTC+8.
 */
export function instant(value: unknown): Date | undefined {
  const given = text(value);
  if (given === undefined) return undefined;
  const date = /^\d{10,14}$/.test(given)
    ? new Date(given.length === 10 ? Number(given) * 1000 : Number(given))
    : new Date(ZONED.test(given) ? given : `${given.replace(' ', 'T')}+08:00`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Reads a `pricedetail` object. Returns `undefined` unless it is complete. */
export function price(value: unknown): Price | undefined {
  if (!isRecord(value)) return undefined;
  const [total, unit, segments] = [decimal(value['pay']), decimal(value['price']), wholeNumber(value['chargeCnt'])];
  const currency = text(value['currency']);
  if (total === undefined || unit === undefined || segments === undefined || currency === undefined) return undefined;
  const settlement = settlementOf(value);
  return { total, unit, segments, currency, ...(settlement === undefined ? {} : { settlement }) };
}

/** Reads the four fields that the Chinese page "getReport" adds to a price. */
function settlementOf(detail: Record<string, unknown>): PriceSettlement | undefined {
  const [total, unit] = [decimal(detail['settlePay']), decimal(detail['settlePrice'])];
  const [currency, exchangeRate] = [text(detail['settleCurrency']), decimal(detail['quoteExchange'])];
  const isWhole = total !== undefined && unit !== undefined && currency !== undefined && exchangeRate !== undefined;
  return isWhole ? { total, unit, currency, exchangeRate } : undefined;
}

/** Parses a JSON object. */
export function parseObject(body: string): Record<string, unknown> | undefined {
  const json = tryParseExactly(body);
  return isRecord(json) ? json : undefined;
}

/** Reads a status of the gateway, which is 0 or below: web frameworks put an HTTP status under the same name. */
export function gatewayStatus(value: unknown): number | undefined {
  const status = wholeNumber(value);
  return status !== undefined && status <= 0 ? status : undefined;
}
