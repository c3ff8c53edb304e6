import { Injectable } from '@nestjs/common';
import { Randomness } from '../randomness.js';

const BYTES = 9;

/**
 * Makes order ids for recipients that came without one.
 *
 * The gateway has no idempotency key, so the order id is the only handle to settle a send whose
 * answer was lost. It is therefore always sent, and must not repeat across processes or restarts:
 * 72 random bits for each request, and the recipient's index.
 */
@Injectable()
export class OrderIds {
  constructor(private readonly randomness: Randomness) {}

  /** @returns a maker of order ids for one request; each is 14 or 15 characters of `A–Z a–z 0–9 - _ .`. */
  forRequest(): (index: number) => string {
    const prefix = this.prefix();
    return (index) => `${prefix}.${index.toString(36)}`;
  }

  /** What all made order ids of one request begin with. */
  prefix(): string {
    return this.randomness.bytes(BYTES).toString('base64url');
  }
}
