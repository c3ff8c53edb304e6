import { createHash } from 'node:crypto';
import type { SourceChunk } from './recipient-chunks.js';

/** Tells whether the same idempotency key comes with the same recipients. */
export class SourceDigest {
  readonly #hash = createHash('sha256');

  add({ numbers, orderIds, invalid }: SourceChunk): void {
    this.#hash.update(`${numbers}\n${orderIds ?? ''}\n${invalid.length}\n`);
  }

  /** After it nothing can be added. */
  value(): string {
    return this.#hash.digest('base64url');
  }
}
