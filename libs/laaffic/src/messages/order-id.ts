import { Injectable } from '@nestjs/common';
import { Randomness } from '../randomness.js';
import type { Issue } from './issue.js';
import type { Recipient } from './recipients.js';

const BYTES = 9;
/** Order ids have at most 64 characters; the dot and the position take up to four. */
const PREFIX = /^[^\s,\p{C}]{1,60}$/u;

/**
 * A caller who says what made order ids begin with can give a recipient the same that is made for another.
 * @param to as the caller gave it; only an entry that is no plain number has an id of its own.
 */
export function checkMadeOrderIds(to: unknown, recipients: readonly Recipient[]): Issue | undefined {
  if (!Array.isArray(to) || to.every((entry) => typeof entry === 'string')) return undefined;
  if (new Set(recipients.map(({ orderId }) => orderId)).size === recipients.length) return undefined;
  return { field: 'to', problem: 'has an orderId that is the same as one made from orderIdPrefix' };
}

/** @param prefix a caller's own beginning of order ids. */
export function checkOrderIdPrefix(prefix: unknown): Issue | undefined {
  if (prefix === undefined || (typeof prefix === 'string' && PREFIX.test(prefix))) return undefined;
  const problem = 'must be text of 1 to 60 characters without commas, blanks or control characters';
  return { field: 'orderIdPrefix', problem };
}

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

  /**
   * @param prefix what they begin with, in place of a random one.
   * @returns a maker of order ids for one request; with a random prefix each is 14 or 15 characters of
   * `A–Z a–z 0–9 - _ .`.
   */
  forRequest(prefix = this.prefix()): (index: number) => string {
    return (index) => `${prefix}.${index.toString(36)}`;
  }

  /** What all made order ids of one request begin with. */
  prefix(): string {
    return this.randomness.bytes(BYTES).toString('base64url');
  }
}
