import { createHash } from 'node:crypto';

/** Identifies the same content among calls with the same idempotency key. */
export function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
