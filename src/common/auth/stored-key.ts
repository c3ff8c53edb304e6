import { createHash } from 'node:crypto';
import type { KeyRate } from './key-rates.js';
import type { GrantedScopes } from './scopes.js';

/** An API key in the database. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly digest: Buffer;
  readonly scopes: GrantedScopes;
  /** `undefined` without a limit. */
  readonly rate: KeyRate | undefined;
}

/** Finds keys in the database. */
export interface StoredKeys {
  /**
   * Finds a valid key by its digest.
   * @returns `undefined` if there is none, or it was revoked or has expired.
   * @throws {OutboxError} a code of the database.
   */
  find(digest: Buffer): Promise<StoredKey | undefined>;
}

/** The beginning of every stored key, by which scanners find one in code and logs. */
export const KEY_PREFIX = 'laaffic_';
/** 256 random bits after the prefix. */
const FORM = /^laaffic_[\w-]{43}$/;

/** Whether a token can be a stored key. All others need no look into the database. */
export function isStoredKeyForm(token: string): boolean {
  return FORM.test(token);
}

/** The SHA-256 of a key. */
export function digestOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
