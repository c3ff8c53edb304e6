import { timingSafeEqual } from 'node:crypto';

/** More bytes than a secret may have. */
const LENGTH = 257;

/** Tells a right secret from a wrong one in a time that depends on the given one alone. */
export class Secrets {
  readonly #right: readonly Buffer[];
  readonly #given = Buffer.alloc(LENGTH);

  /** @param secrets of at most 256 characters of ASCII. */
  constructor(secrets: readonly string[]) {
    this.#right = secrets.map((secret) => padded(Buffer.alloc(LENGTH), secret));
  }

  include(given: string): boolean {
    padded(this.#given, given);
    // No early exit: every secret is compared, whichever is right.
    return this.#right.map((right) => timingSafeEqual(this.#given, right)).includes(true);
  }
}

/** Filled with the text and zeros behind it; one that is too long fills the last byte too, as no secret does. */
function padded(buffer: Buffer, text: string): Buffer {
  return buffer.fill(0, buffer.write(text));
}
