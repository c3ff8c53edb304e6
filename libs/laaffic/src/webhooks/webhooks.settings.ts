import { timingSafeEqual } from 'node:crypto';
import { LaafficOptionsError } from '../options/laaffic-options.error.js';
import { OptionsReader } from '../options/options-reader.js';
import { IpList } from './ip-list.js';
import type { PushStore } from './push-store.js';

const ONE_DAY_MS = 24 * 60 * 60 * 1000;

/** The checked options, with all defaults, frozen. The module's own classes inject this. */
export class WebhooksSettings {
  readonly secrets: Secrets;
  /** Without slashes at its ends. */
  readonly path: string;
  readonly allowedIps: IpList | undefined;
  readonly trustProxy: number;
  readonly maxBodyBytes: number;
  readonly deduplicationWindowMs: number;
  readonly deduplicationSize: number;
  readonly store: PushStore | undefined;

  /** @throws {LaafficOptionsError} naming each field that is missing, unknown or out of range. */
  constructor(options: unknown) {
    const reader = new OptionsReader(options, 'webhooks.');
    this.secrets = new Secrets(readSecrets(reader));
    this.path = readPath(reader);
    this.allowedIps = readAllowedIps(reader);
    this.trustProxy = reader.wholeNumber('trustProxy', 0, { min: 0 });
    this.maxBodyBytes = reader.wholeNumber('maxBodyBytes', 65_536);
    this.deduplicationWindowMs = reader.wholeNumber('deduplicationWindowMs', ONE_DAY_MS);
    this.deduplicationSize = reader.wholeNumber('deduplicationSize', 100_000);
    this.store = reader.withMethod<PushStore>('store', 'isDone', 'markDone');
    reader.rejectUnknown();
    if (reader.problems.length > 0) throw new LaafficOptionsError(reader.problems);
    Object.freeze(this);
  }
}

/** One more than a secret may have. */
const SECRET_BYTES = 257;

/** The valid secrets. The duration of a comparison does not depend on them. */
export class Secrets {
  readonly #secrets: readonly Buffer[];
  readonly #given = Buffer.alloc(SECRET_BYTES);

  /** @param secrets at most 256 ASCII characters each. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => padded(Buffer.alloc(SECRET_BYTES), secret));
  }

  include(given: string): boolean {
    padded(this.#given, given);
    // No early exit: every secret is compared.
    return this.#secrets.map((secret) => timingSafeEqual(this.#given, secret)).includes(true);
  }
}

/** Fills the buffer with the text and zeros. A text that is too long fills the last byte too, which no secret does. */
function padded(buffer: Buffer, text: string): Buffer {
  return buffer.fill(0, buffer.write(text));
}

function readSecrets(reader: OptionsReader): string[] {
  const single = reader.value('secret');
  const list = reader.value('secrets');
  if (list !== undefined && !Array.isArray(list)) {
    reader.report('secrets', 'must be a list');
    return [];
  }
  const given: (readonly [string, unknown])[] = [
    ...(single === undefined ? [] : [['secret', single] as const]),
    ...(list ?? []).map((secret: unknown, index) => [`secrets[${index}]`, secret] as const),
  ];
  if (given.length === 0) reader.report('secret', 'is missing');
  return given.map(([field, value]) => {
    const secret = typeof value === 'string' ? value.trim() : '';
    if (!/^[\w.~-]{16,256}$/.test(secret)) {
      reader.report(field, 'must have 16 to 256 characters: letters, digits, -, _, . and ~');
    }
    return secret;
  });
}

function readPath(reader: OptionsReader): string {
  const path = reader.value('path') ?? 'laaffic';
  const inner = typeof path === 'string' ? path.trim().replace(/^\/|\/$/g, '') : '';
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(inner)) {
    reader.report('path', 'must be segments of letters, digits, -, _, . and ~ with / between them');
  }
  return inner;
}

function readAllowedIps(reader: OptionsReader): IpList | undefined {
  const entries = reader.value('allowedIps');
  if (entries === undefined) return undefined;
  if (!Array.isArray(entries) || entries.length === 0) {
    reader.report('allowedIps', 'must be a list of at least one address or range');
    return undefined;
  }
  const list: readonly unknown[] = entries;
  const valid = list.filter((entry, index): entry is string => {
    const isValid = typeof entry === 'string' && isAddressOrRange(entry);
    if (!isValid) reader.report(`allowedIps[${index}]`, 'must be an address or a range');
    return isValid;
  });
  return new IpList(valid);
}

function isAddressOrRange(entry: string): boolean {
  try {
    new IpList([entry]);
    return true;
  } catch {
    return false;
  }
}
