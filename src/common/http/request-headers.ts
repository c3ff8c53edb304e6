import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { invalidCommand } from 'nestjs-laaffic';
import { nodeRequest } from './node-http.js';

const MAX_KEY_LENGTH = 255;

/**
 * The header `Idempotency-Key`, or `undefined`.
 * @throws {LaafficInputException} if it is empty, too long, or sent twice.
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const given = nodeRequest(context).headersDistinct['idempotency-key'];
  if (given === undefined) return undefined;
  const [key = ''] = given;
  if (given.length === 1 && key !== '' && key.length <= MAX_KEY_LENGTH) return key;
  throw invalidCommand([
    { field: 'Idempotency-Key', problem: `must be one header of 1 to ${MAX_KEY_LENGTH} characters` },
  ]);
});

/** Whether the caller prefers a response before the outcome is known (`Prefer: respond-async`, RFC 7240). */
export const PrefersAsync = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  const preferences = (nodeRequest(context).headersDistinct.prefer ?? []).flatMap((header) => header.split(','));
  return preferences.some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));
});

/** The header `Last-Event-ID` of a client that reconnects to server-sent events; empty text without one. */
export const LastEventId = createParamDecorator(
  (_: unknown, context: ExecutionContext): string => nodeRequest(context).headersDistinct['last-event-id']?.[0] ?? '',
);

const CSV = 'text/csv';
const NDJSON = 'application/x-ndjson';

/** Whether the caller prefers CSV to NDJSON. Without a preference a list is NDJSON. */
export const AcceptsCsv = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  const [csv, ndjson] = [CSV, NDJSON].map((type) => preferenceFor(type, nodeRequest(context)));
  if (csv === undefined) return false;
  if (ndjson === undefined) return true;
  return isBefore(csv, ndjson);
});

interface Preference {
  readonly quality: number;
  /** How exactly the header names the type: 0 for any type, 2 for this one. */
  readonly precision: number;
  readonly place: number;
}

function isBefore(one: Preference, other: Preference): boolean {
  if (one.quality !== other.quality) return one.quality > other.quality;
  if (one.precision !== other.precision) return one.precision > other.precision;
  return one.place < other.place;
}

/** How much a request wants a media type (RFC 9110, section 12.5.1); `undefined` if it does not accept it. */
function preferenceFor(type: string, { headers }: IncomingMessage): Preference | undefined {
  const [family = ''] = type.split('/');
  const ranges = [type, `${family}/*`, '*/*'];
  const found = (headers.accept ?? '*/*').split(',').flatMap((entry, place): Preference[] => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const rank = ranges.indexOf(range);
    const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    return rank < 0 || Number.isNaN(quality) ? [] : [{ quality, precision: 2 - rank, place }];
  });
  // The most precise range decides, whatever its quality.
  const [best] = found.sort((one, other) => other.precision - one.precision);
  return best === undefined || best.quality === 0 ? undefined : best;
}
