import { createHash } from 'node:crypto';

/** Tells whether the same idempotency key comes with the same thing. */
export function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
