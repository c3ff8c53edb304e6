import { Injectable } from '@nestjs/common';
import { Randomness } from '../randomness.js';
import type { Issue } from './issue.js';
import type { Recipient } from './recipients.js';

const RANDOM_BYTES = 9;
/** Order ids have at most 64 characters; the dot and the position need up to four of them. */
const PREFIX = /^[^\s,\p{C}]{1,60}$/u;

/** Checks a caller's `orderIdPrefix`. */
export function checkOrderIdPrefix(prefix: unknown): Issue | undefined {
  if (prefix === undefined || (typeof prefix === 'string' && PREFIX.test(prefix))) return undefined;
  const problem = 'must be text of 1 to 60 characters without commas, blanks or control characters';
  return { field: 'orderIdPrefix', problem };
}

/**
 * Checks that no order id of a caller is the same as one generated from the caller's prefix.
 * @param to as the caller gave it; only an entry that is not a plain number has an id of its own.
 */
export function checkGeneratedOrderIds(to: unknown, recipients: readonly Recipient[]): Issue | undefined {
  if (!Array.isArray(to) || to.every((entry) => typeof entry === 'string')) return undefined;
  if (new Set(recipients.map(({ orderId }) => orderId)).size === recipients.length) return undefined;
  return { field: 'to', problem: 'has an orderId that is the same as one generated from orderIdPrefix' };
}

/**
 * Generates order ids for recipients without one.
 *
 * The gateway has no idempotency key, so the order id is the only way to resolve a send whose response was lost. It is
 * therefore always sent, and must not repeat across processes or restarts: 72 random bits for each request, and the
 * recipient's position.
 */
@Injectable()
export class OrderIdGenerator {
  constructor(private readonly randomness: Randomness) {}

  /**
   * @param prefix the beginning of the order ids, in place of a random one.
   * @returns a generator for one request. With a random prefix an order id has 14 or 15 characters of
   * `A–Z a–z 0–9 - _ .`.
   */
  forRequest(prefix = this.prefix()): (index: number) => string {
    return (index) => `${prefix}.${index.toString(36)}`;
  }

  /** Generates the beginning of all order ids of one request. */
  prefix(): string {
    return this.randomness.bytes(RANDOM_BYTES).toString('base64url');
  }
}
