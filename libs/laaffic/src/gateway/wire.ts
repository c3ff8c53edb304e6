// Readers of single values, each spelt by the vendor in several ways; what cannot be read is `undefined`.
import type { Price } from '../messages/price.js';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; what is no object is left out, and what is no list is empty. */
export function records(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  const list: readonly unknown[] = value;
  return list.filter(isRecord);
}

/** Text, or a number as text; blank counts as absent. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}

/** A message id. As a number it would have lost digits: then there is no telling which message it is. */
export function messageId(value: unknown): string | undefined {
  return typeof value === 'string' ? text(value) : undefined;
}

/** A whole number, or one as text. */
export function wholeNumber(value: unknown): number | undefined {
  const digits = text(value);
  return digits !== undefined && /^-?\d{1,9}$/.test(digits) ? Number(digits) : undefined;
}

/** A decimal as exact text; `undefined` for anything else. */
export function decimal(value: unknown): string | undefined {
  const digits = text(value);
  return digits !== undefined && /^-?\d+(\.\d+)?$/.test(digits) ? digits : undefined;
}

/** The digits of a phone number. */
export function digitsOf(value: unknown): string | undefined {
  return text(text(value)?.replace(/\D/g, ''));
}

const ZONED = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/**
 * An instant: milliseconds since the epoch as number or text, ISO 8601, or `yyyy-MM-dd HH:mm:ss`. Times
 * without a zone are the platform's own, UTC+8 (page "MO push" shows them without; its message ids and
 * samples are in UTC+8).
 */
export function instant(value: unknown): Date | undefined {
  const said = text(value);
  if (said === undefined) return undefined;
  const date = /^\d{10,14}$/.test(said)
    ? new Date(said.length === 10 ? Number(said) * 1000 : Number(said))
    : new Date(ZONED.test(said) ? said : `${said.replace(' ', 'T')}+08:00`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** The `pricedetail` object; `undefined` unless it is whole. */
export function price(value: unknown): Price | undefined {
  if (!isRecord(value)) return undefined;
  const [total, unit, segments] = [decimal(value['pay']), decimal(value['price']), wholeNumber(value['chargeCnt'])];
  const currency = text(value['currency']);
  if (total === undefined || unit === undefined || segments === undefined || currency === undefined) return undefined;
  return { total, unit, segments, currency };
}

/** A JSON object; `undefined` for any other text. Message ids written as numbers keep all their digits. */
export function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (!isRecord(json)) return undefined;
    return hasNumericIds(json['array']) || hasNumericIds(json['failArray']) ? parseWithIdsAsText(body) : json;
  } catch {
    return undefined;
  }
}

function hasNumericIds(list: unknown): boolean {
  return Array.isArray(list) && list.some((item: unknown) => isRecord(item) && typeof item['msgId'] === 'number');
}

/** A message id has 19 digits, more than a JavaScript number holds exactly: written as a number it is quoted first. */
function parseWithIdsAsText(body: string): Record<string, unknown> {
  return JSON.parse(body.replace(/("msgId"\s*:\s*)(\d+)(?=\s*[,}])/g, '$1"$2"')) as Record<string, unknown>;
}

/** The gateway's are 0 and below; web frameworks put an HTTP status of their own under the same name. */
export function gatewayStatus(value: unknown): number | undefined {
  const status = wholeNumber(value);
  return status !== undefined && status <= 0 ? status : undefined;
}
