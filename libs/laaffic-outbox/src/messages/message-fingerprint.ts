import { hash } from 'node:crypto';
import type { SealKeyring } from '../store/seal-keyring.js';

/** Identifies the same content among calls with the same idempotency key. */
export function fingerprintOf(parts: readonly string[]): string {
  return digestOf(JSON.stringify(parts));
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * Tells whether two calls with one idempotency key mean the same message. That of a sealed message needs its key: a
 * short code could be found in a plain one by trying all codes.
 */
export class MessageFingerprint {
  /** As it is stored. Plain ones contain no dot. */
  readonly stored: string;
  readonly #text: string;

  /** @param isSealed whether the content is sealed. That is no part of the fingerprint. */
  constructor(
    parts: readonly string[],
    isSealed: boolean,
    private readonly seals: SealKeyring,
  ) {
    this.#text = JSON.stringify(parts);
    this.stored = (isSealed ? seals.fingerprint(this.#text) : undefined) ?? digestOf(this.#text);
  }

  /**
   * Whether it is that of the stored message, whichever key made that one.
   * @param stored `null` if it has been erased.
   * @returns also `true` if it cannot be told: there is nothing to compare with, or the key is not here.
   */
  matches(stored: string | null): boolean {
    if (stored === null || stored === this.stored) return true;
    const [keyId, ofKey] = stored.split('.');
    const mine = ofKey === undefined ? digestOf(this.#text) : this.seals.fingerprint(this.#text, keyId);
    return mine === undefined || mine === stored;
  }
}
