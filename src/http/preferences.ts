import type { Request } from 'express';

/** Whether the request prefers an answer before the outcome is known (`Prefer: respond-async`, RFC 7240). */
export function prefersAsync({ headersDistinct }: Request): boolean {
  const preferences = (headersDistinct.prefer ?? []).flatMap((header) => header.split(','));
  return preferences.some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));
}
