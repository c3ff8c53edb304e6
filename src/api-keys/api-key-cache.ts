import type { StoredKey, StoredKeys } from '../common/auth/stored-key.js';

/** How long a result is used, from the start of its look into the database. A revoked key works no longer than that. */
const VALID_MS = 1_000;
/** How many keys are looked up together. */
const MAX_BATCH = 1_000;
/** How many results are remembered. Wrong keys are remembered too. */
const MAX_RESULTS = 10_000;

interface Result {
  readonly until: number;
  readonly key: StoredKey | undefined;
}

interface Waiting {
  readonly digest: Buffer;
  readonly found: Promise<StoredKey | undefined>;
  readonly resolve: (key: StoredKey | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Finds keys, and looks each up at most once a second. One look finds all keys that wait for it, and there is never more
 * than one at a time. So wrong keys cannot take the connections of the service, however many come.
 */
export class ApiKeyCache implements StoredKeys {
  readonly #results = new Map<string, Result>();
  readonly #waiting = new Map<string, Waiting>();
  #isLooking = false;

  /**
   * @param load finds the valid ones of some digests.
   * @param now the time in milliseconds. It never goes back.
   */
  constructor(
    private readonly load: (digests: readonly Buffer[]) => Promise<readonly StoredKey[]>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How many results are remembered. */
  get size(): number {
    return this.#results.size;
  }

  async find(digest: Buffer): Promise<StoredKey | undefined> {
    const id = digest.toString('base64');
    const known = this.#results.get(id);
    if (known !== undefined && known.until > this.now()) return known.key;
    const { found } = this.#waiting.get(id) ?? this.#queue(id, digest);
    if (!this.#isLooking) void this.#lookUpAll();
    return found;
  }

  /** Forgets all results, because this process has changed a key. */
  clear(): void {
    this.#results.clear();
  }

  #queue(id: string, digest: Buffer): Waiting {
    let resolve: Waiting['resolve'] = () => undefined;
    let reject: Waiting['reject'] = () => undefined;
    const found = new Promise<StoredKey | undefined>((...both) => {
      [resolve, reject] = both;
    });
    const waiting = { digest, found, resolve, reject };
    this.#waiting.set(id, waiting);
    return waiting;
  }

  async #lookUpAll(): Promise<void> {
    this.#isLooking = true;
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, MAX_BATCH);
      for (const [id] of batch) this.#waiting.delete(id);
      await this.#lookUp(batch);
    }
    this.#isLooking = false;
  }

  async #lookUp(batch: readonly (readonly [string, Waiting])[]): Promise<void> {
    const until = this.now() + VALID_MS;
    try {
      const keys = await this.load(batch.map(([, { digest }]) => digest));
      const byId = new Map(keys.map((key) => [key.digest.toString('base64'), key]));
      for (const [id, { resolve }] of batch) {
        const key = byId.get(id);
        this.#remember(id, { until, key });
        resolve(key);
      }
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    }
  }

  #remember(id: string, result: Result): void {
    // Moves it to the end, so the first of the map is the oldest one.
    this.#results.delete(id);
    this.#results.set(id, result);
    const [oldest] = this.#results.keys();
    if (this.#results.size > MAX_RESULTS && oldest !== undefined) this.#results.delete(oldest);
  }
}
