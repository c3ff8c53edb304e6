const hour = 3_600_000;

/** `2021-02-12T09:30:03+08:00`. */
export function isoTime(at: number, offset: number): string {
  const sign = offset < 0 ? '-' : '+';
  const hours = String(Math.abs(offset)).padStart(2, '0');
  return `${new Date(at + offset * hour).toISOString().slice(0, 19)}${sign}${hours}:00`;
}

/** `2021-02-12 09:30:03`, in a zone the reader has to know. */
export function zonelessTime(at: number, offset: number): string {
  return isoTime(at, offset).slice(0, 19).replace('T', ' ');
}

const iso = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970 of an ISO 8601 time with its offset; `null` for any other text. */
export function parseIsoTime(text: string): number | null {
  const local = iso.exec(text)?.[1];
  if (local === undefined) return null;
  const at = Date.parse(text);
  const there = Date.parse(`${local}Z`);
  if (Number.isNaN(at) || Number.isNaN(there)) return null;
  // Date.parse takes the 30th of February for the 2nd of March
  return new Date(there).toISOString().startsWith(local) ? at : null;
}
