/** A day, in seconds. Longer waits are not believed. */
const MAX_SECONDS = 86_400;

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3): seconds, or an HTTP date.
 * @param date the `Date` header of the same response; a `Retry-After` date is relative to it.
 * @param now milliseconds since the epoch, for a response without a `Date` header.
 * @returns whole seconds above 0; `undefined` if the header is unreadable or names a time in the past.
 */
export function readRetryAfter(value: string, date: string | undefined, now: () => number): number | undefined {
  const text = value.trim();
  if (text === '') return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - sentAt(date, now)) / 1000;
  return seconds > 0 ? Math.min(MAX_SECONDS, Math.ceil(seconds)) : undefined;
}

function sentAt(date: string | undefined, now: () => number): number {
  const sent = date === undefined ? NaN : Date.parse(date);
  return Number.isNaN(sent) ? now() : sent;
}
