import { createHash } from 'node:crypto';
import type { SourceChunk } from './recipient-chunks.js';

/** Identifies the recipients among calls with the same idempotency key. */
export class SourceDigest {
  readonly #hash = createHash('sha256');

  add({ numbers, orderIds, invalid }: SourceChunk): void {
    this.#hash.update(`${numbers}\n${orderIds ?? ''}\n${invalid.length}\n`);
  }

  /** Nothing can be added afterwards. */
  value(): string {
    return this.#hash.digest('base64url');
  }
}
