import { randomFillSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';

const BYTES = 9;
const REQUESTS_A_POOL = 256;

/**
 * The one place where randomness enters the module: order ids for recipients that came without one.
 *
 * The gateway has no idempotency key, so the order id is the only handle to settle a send whose
 * answer was lost. It is therefore always sent, and must not repeat across processes or restarts:
 * 72 random bits for each request, and the recipient's index.
 */
@Injectable()
export class OrderIds {
  /** Asking the system for a few bytes costs as much as for many. */
  readonly #pool = Buffer.alloc(BYTES * REQUESTS_A_POOL);
  #used = this.#pool.length;

  /** @returns a maker of order ids for one request; each is 14 or 15 characters of `A–Z a–z 0–9 - _ .`. */
  forRequest(): (index: number) => string {
    const request = this.#randomBytes().toString('base64url');
    return (index) => `${request}.${index.toString(36)}`;
  }

  #randomBytes(): Buffer {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    return this.#pool.subarray(this.#used, (this.#used += BYTES));
  }
}
