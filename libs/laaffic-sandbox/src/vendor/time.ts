const HOUR_MS = 3_600_000;

/** Formats a time as `2021-02-12T09:30:03+08:00`. */
export function isoTime(at: number, offsetHours: number): string {
  const sign = offsetHours < 0 ? '-' : '+';
  const hours = String(Math.abs(offsetHours)).padStart(2, '0');
  return `${new Date(at + offsetHours * HOUR_MS).toISOString().slice(0, 19)}${sign}${hours}:00`;
}

/** Formats a time as `2021-02-12 09:30:03`, without its time zone. */
export function zonelessTime(at: number, offsetHours: number): string {
  return isoTime(at, offsetHours).slice(0, 19).replace('T', ' ');
}

const ISO_8601 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Parses an ISO 8601 time with an offset to milliseconds since 1970. Returns `undefined` for any other text. */
export function parseIsoTime(text: string): number | undefined {
  const local = ISO_8601.exec(text)?.[1];
  if (local === undefined) return undefined;
  const at = Date.parse(text);
  const localAsUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(at) || Number.isNaN(localAsUtc)) return undefined;
  // Date.parse reads the 30th of February as the 2nd of March.
  return new Date(localAsUtc).toISOString().startsWith(local) ? at : undefined;
}
