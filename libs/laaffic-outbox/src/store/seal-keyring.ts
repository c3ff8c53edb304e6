import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

/** A content that only processes with its key can read. */
export interface SealedContent {
  readonly keyId: string;
  /** `v1.one.` or `v1.many.`, then nonce, ciphertext and tag as base64url. */
  readonly content: string;
}

interface SealKey {
  readonly id: string;
  readonly encryption: Buffer;
  readonly fingerprint: Buffer;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_LENGTH = 8;
const FORM = /^v1\.(one|many)\.([\w-]+)$/;

/**
 * Seals and opens the contents of an account's messages, and fingerprints them. The keys are not in the database, so
 * a reader of the database reads no content.
 *
 * The account is authenticated with each content, and its number if it has a single recipient: a writer of the
 * database cannot move a code to another number. Messages with several recipients may be split, so their contents are
 * not bound to numbers.
 */
export class SealKeyring {
  /** The ids of the keys. They tell nothing about the keys. */
  readonly ids: readonly string[];
  readonly #keys: ReadonlyMap<string, SealKey>;
  readonly #first: SealKey | undefined;

  /** @param keys the first one seals, all of them open. */
  constructor(
    keys: readonly KeyObject[],
    private readonly account: string,
  ) {
    const derived = keys.map(deriveKeys);
    this.#first = derived[0];
    this.#keys = new Map(derived.map((key) => [key.id, key]));
    this.ids = [...this.#keys.keys()];
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** @param numbers the numbers of the message, as they are stored. */
  seal(content: string, numbers: readonly string[]): SealedContent {
    const { id, encryption } = this.#sealing;
    const binding = numbers.length === 1 ? 'one' : 'many';
    // Never a repeated one: with the same key, it would give away both contents.
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, encryption, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#boundTo(binding, numbers));
    const sealed = [nonce, cipher.update(content, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return { keyId: id, content: `v1.${binding}.${Buffer.concat(sealed).toString('base64url')}` };
  }

  /**
   * @param numbers the numbers that it is about to be sent to.
   * @returns `undefined` if it was changed, moved to another number, or sealed with another key.
   */
  open({ keyId, content }: SealedContent, numbers: readonly string[]): string | undefined {
    const key = this.#keys.get(keyId);
    const [, binding, text = ''] = FORM.exec(content) ?? [];
    const sealed = Buffer.from(text, 'base64url');
    if (key === undefined || binding === undefined || sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    // The last character may have spare bits, which decoding ignores.
    if (sealed.toString('base64url') !== text) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key.encryption, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#boundTo(binding, numbers));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const opened = [decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return Buffer.concat(opened).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /**
   * A fingerprint that cannot be compared with guesses without the key. It begins with the id of its key and a dot.
   * @param keyId the key that made the fingerprint to compare with. @default the key that seals
   * @returns `undefined` if the key is not here.
   */
  fingerprint(text: string, keyId: string = this.#sealing.id): string | undefined {
    const key = this.#keys.get(keyId);
    if (key === undefined) return undefined;
    return `${keyId}.${createHmac('sha256', key.fingerprint).update(text).digest('base64url')}`;
  }

  get #sealing(): SealKey {
    if (this.#first === undefined) throw new Error('There are no seal keys');
    return this.#first;
  }

  #boundTo(binding: string, numbers: readonly string[]): Buffer {
    return Buffer.from(JSON.stringify([this.account, binding, binding === 'one' ? numbers.join() : '']));
  }
}

function deriveKeys(key: KeyObject): SealKey {
  const derive = (purpose: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `nestjs-laaffic-outbox ${purpose}`, bytes));
  const id = derive('id', ID_LENGTH).toString('base64url').slice(0, ID_LENGTH);
  return { id, encryption: derive('content', 32), fingerprint: derive('fingerprint', 32) };
}
