import { randomFillSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';

const POOL = 4096;

/** The one place where randomness enters the module. */
@Injectable()
export class Randomness {
  /** Asking the system for a few bytes costs as much as for many. */
  readonly #pool = Buffer.alloc(POOL);
  #used = POOL;

  /** Bytes that nobody can guess; to be used before the next call. */
  bytes(count: number): Buffer {
    if (this.#used + count > POOL) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    return this.#pool.subarray(this.#used, (this.#used += count));
  }

  /** A number from 0 to below 1. */
  fraction(): number {
    return this.bytes(4).readUInt32LE() / 2 ** 32;
  }
}
