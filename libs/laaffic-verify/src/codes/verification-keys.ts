import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

/** What a code is good for. It is part of the digest, so the code opens nothing else. */
export interface CodePurpose {
  /** The id of the verification. */
  readonly id: string;
  readonly purpose: string;
  /** See {@link bindingDigest}. */
  readonly binding: Buffer;
}

/** What an approval proves. */
export interface ProofContent {
  /** The id of the verification. */
  readonly id: string;
  readonly purpose: string;
  readonly binding: Buffer;
  /** The verified number in E.164. */
  readonly number: string;
  readonly country: string;
  readonly approvedAt: Date;
}

/** As JSON: id, purpose, binding, number, country, time. */
type SealedProof = [string, string, string, string, string, number];

interface DerivedKey {
  readonly id: string;
  readonly code: Buffer;
  readonly digest: Buffer;
  readonly index: Buffer;
  readonly proof: Buffer;
}

const ID_LENGTH = 8;
const NUMBER_KEY_BYTES = 16;
const NO_BINDING = Buffer.alloc(0);
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Longer ones than ours are not read. */
const PROOF = /^v1\.([\w-]{8})\.([\w-]{1,1000})$/;

/**
 * Everything that needs the secret keys. They are not in the database, so its reader learns neither codes nor numbers.
 *
 * A code is derived from its verification and stored nowhere; the database has a keyed digest of it. So a resend can send
 * the same code, and a stolen database can be searched neither for codes nor for numbers.
 */
export class VerificationKeys {
  readonly #keys: readonly DerivedKey[];
  readonly #current: DerivedKey;

  /** @param keys at least one. The first one is used, and all of them are read. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys.map(deriveKeys);
    const [current] = this.#keys;
    if (current === undefined) throw new Error('There are no keys');
    this.#current = current;
  }

  /** The id of the key that new verifications use. It tells nothing about the key. */
  get currentId(): string {
    return this.#current.id;
  }

  /**
   * The code of a verification.
   * @param generation from 1; each renewal has another code.
   * @returns `undefined` if its key is not here any more.
   */
  codeOf(id: string, keyId: string, generation: number, digits: number): string | undefined {
    const key = this.#keys.find((each) => each.id === keyId)?.code;
    if (key === undefined) return undefined;
    const bits = hmac(key, id, String(generation)).readBigUInt64BE();
    // 64 bits: the bias of the remainder is below 10^-9 for ten digits.
    return String(bits % 10n ** BigInt(digits)).padStart(digits, '0');
  }

  /** The digest of a code by the current key. */
  digestOf(purpose: CodePurpose, code: string): Buffer {
    return digestBy(this.#current, purpose, code);
  }

  /** The digests of a code by each key. */
  digestsOf(purpose: CodePurpose, code: string): Buffer[] {
    return this.#keys.map((key) => digestBy(key, purpose, code));
  }

  /** The digests of a number by each key, the current one first. Equal numbers have equal digests. */
  numberKeysOf(number: string): Buffer[] {
    return this.#keys.map((key) => hmac(key.index, 'number', number).subarray(0, NUMBER_KEY_BYTES));
  }

  /** The digest of what the app knows its visitor by. Without it each start has a session of its own. */
  sessionKeyOf(session: string | undefined): Buffer {
    if (session === undefined) return randomBytes(NUMBER_KEY_BYTES);
    return hmac(this.#current.index, 'session', session).subarray(0, NUMBER_KEY_BYTES);
  }

  /** The id of the verification that an idempotency key belongs to. */
  idOf(tenant: string, idempotencyKey: string): string {
    const bytes = hmac(this.#current.index, 'id', tenant, idempotencyKey).subarray(0, 16);
    // The version of a UUID whose bits have a meaning of their own, and its variant.
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  /** The digest of a source of requests. @param of what is limited, such as `start`. */
  sourceKeyOf(of: string, source: string): Buffer {
    return hmac(this.#current.index, 'source', of, source).subarray(0, NUMBER_KEY_BYTES);
  }

  /**
   * A text that proves an approval. Only processes with the keys can make and read it, so it shows no number to those who
   * carry it: `v1.<key>.<sealed content>`.
   */
  sealProof(content: ProofContent): string {
    const { id, proof } = this.#current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, proof, nonce, { authTagLength: TAG_BYTES });
    const text = JSON.stringify([
      content.id,
      content.purpose,
      content.binding.toString('base64url'),
      content.number,
      content.country,
      content.approvedAt.getTime(),
    ]);
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `v1.${id}.${Buffer.concat(sealed).toString('base64url')}`;
  }

  /** Reads a proof; `undefined` if none of the keys made it, or it was changed. */
  openProof(proof: string): ProofContent | undefined {
    const [, keyId, text = ''] = PROOF.exec(proof) ?? [];
    const key = this.#keys.find((each) => each.id === keyId)?.proof;
    const sealed = Buffer.from(text, 'base64url');
    if (key === undefined || sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const opened = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      const [id, purpose, binding, number, country, approvedAt] = JSON.parse(opened.toString('utf8')) as SealedProof;
      return {
        id,
        purpose,
        binding: Buffer.from(binding, 'base64url'),
        number,
        country,
        approvedAt: new Date(approvedAt),
      };
    } catch {
      return undefined;
    }
  }
}

/** The digest of what a code is bound to. The order of the fields does not matter. Empty without a binding. */
export function bindingDigest(binding: Readonly<Record<string, string>> | undefined): Buffer {
  if (binding === undefined) return NO_BINDING;
  const fields = Object.entries(binding).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(fields)).digest();
}

function deriveKeys(key: KeyObject): DerivedKey {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `nestjs-laaffic-verify ${purpose}`, 32));
  const id = derive('id').toString('base64url').slice(0, ID_LENGTH);
  return { id, code: derive('code'), digest: derive('digest'), index: derive('index'), proof: derive('proof') };
}

function digestBy({ digest }: DerivedKey, { id, purpose, binding }: CodePurpose, code: string): Buffer {
  return hmac(digest, id, purpose, binding.toString('base64url'), code);
}

/** As JSON, so no two lists of parts have the same text. */
function hmac(key: Buffer, ...parts: readonly string[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest();
}
