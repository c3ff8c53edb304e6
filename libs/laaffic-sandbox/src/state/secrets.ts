import { pushUrls } from '../options/push-address.js';
import type { SandboxSettings } from '../options/sandbox-options.js';

type SecretSettings = Pick<
  SandboxSettings,
  'apiKey' | 'apiSecret' | 'pushReportsTo' | 'pushInboundTo' | 'allowedPushUrls'
>;

const MASK = '***';

/** Redacts what no response and no log line may show: the account's key and secret, and the paths of push URLs. */
export class Secrets {
  readonly #masked = new Map<string, string>();
  #pattern = /(?!)/g;

  constructor(settings: SecretSettings) {
    this.add(settings);
  }

  /** Adds secrets. Earlier ones stay secret, because the history may contain them. */
  add({ apiKey, apiSecret, pushReportsTo, pushInboundTo, allowedPushUrls }: SecretSettings): void {
    for (const secret of [apiKey, apiSecret]) {
      const inQuery = new URLSearchParams({ '': secret }).toString().slice(1);
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), inQuery]) this.#masked.set(spelling, MASK);
    }
    for (const url of [...pushUrls(pushReportsTo), ...pushUrls(pushInboundTo), ...allowedPushUrls]) {
      const { origin, href } = new URL(url);
      for (const spelling of [url, href]) this.#masked.set(spelling, `${origin}/${MASK}`);
    }
    const longestFirst = [...this.#masked.keys()].sort((one, other) => other.length - one.length);
    this.#pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'g');
  }

  /** Returns the text without its secrets. */
  redact(text: string): string {
    return text.replace(this.#pattern, (found) => this.#masked.get(found) ?? MASK);
  }

  /** Writes JSON without secrets in its texts, keys and numbers. Expressions become `{ pattern, flags }`. */
  toJson(value: unknown): string {
    return JSON.stringify(value, (_, entry: unknown) => this.#replace(entry));
  }

  #replace(entry: unknown): unknown {
    if (typeof entry === 'string') return this.redact(entry);
    if (entry === Infinity) return null;
    if (typeof entry === 'number') return this.#masked.has(String(entry)) ? MASK : entry;
    if (entry instanceof RegExp) return { pattern: entry.source, flags: entry.flags };
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
    const fields = Object.entries(entry);
    const isClean = fields.every(([name]) => this.redact(name) === name);
    return isClean ? entry : Object.fromEntries(fields.map(([name, field]) => [this.redact(name), field]));
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
