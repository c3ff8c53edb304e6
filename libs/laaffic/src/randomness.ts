import { randomFillSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';

const POOL_BYTES = 4096;

/** The one place where randomness enters the module. */
@Injectable()
export class Randomness {
  /** A request to the system costs as much for a few bytes as for many. */
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  /** Unpredictable bytes. They are valid until the next call. */
  bytes(count: number): Buffer {
    if (this.#used + count > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    return this.#pool.subarray(this.#used, (this.#used += count));
  }

  /** A number from 0 to below 1. */
  random(): number {
    return this.bytes(4).readUInt32LE() / 2 ** 32;
  }
}
