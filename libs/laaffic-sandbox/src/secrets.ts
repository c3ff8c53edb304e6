import type { SandboxSettings } from './options/sandbox.options.js';

type SecretSettings = Pick<
  SandboxSettings,
  'apiKey' | 'apiSecret' | 'pushReportsTo' | 'pushInboundTo' | 'allowedPushUrls'
>;

const mask = '***';

/** What no answer and no log line may show: key and secret of the account, and the paths that pushes go to. */
export class Secrets {
  private readonly masked = new Map<string, string>();
  private pattern = /(?!)/g;

  constructor(settings: SecretSettings) {
    this.add(settings);
  }

  /** What was secret before stays secret: the history may hold it. */
  add({ apiKey, apiSecret, pushReportsTo, pushInboundTo, allowedPushUrls }: SecretSettings): void {
    for (const secret of [apiKey, apiSecret]) {
      const inQuery = new URLSearchParams({ '': secret }).toString().slice(1);
      for (const written of [secret, JSON.stringify(secret).slice(1, -1), inQuery]) this.masked.set(written, mask);
    }
    for (const url of [pushReportsTo, pushInboundTo, ...allowedPushUrls]) {
      if (url === null) continue;
      const { origin, href } = new URL(url);
      for (const written of [url, href]) this.masked.set(written, `${origin}/${mask}`);
    }
    const longestFirst = [...this.masked.keys()].sort((one, other) => other.length - one.length);
    this.pattern = new RegExp(longestFirst.map(literally).join('|'), 'g');
  }

  /** The text without the secrets in it. */
  redact(text: string): string {
    return text.replace(this.pattern, (found) => this.masked.get(found) ?? mask);
  }

  /** JSON without the secrets, in whatever text, key or number of it they are; expressions as `{ pattern, flags }`. */
  json(value: unknown): string {
    return JSON.stringify(value, (_, entry: unknown) => this.shown(entry));
  }

  private shown(entry: unknown): unknown {
    if (typeof entry === 'string') return this.redact(entry);
    if (entry === Infinity) return null;
    if (typeof entry === 'number') return this.masked.has(String(entry)) ? mask : entry;
    if (entry instanceof RegExp) return { pattern: entry.source, flags: entry.flags };
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
    const fields = Object.entries(entry);
    const isClean = fields.every(([name]) => this.redact(name) === name);
    return isClean ? entry : Object.fromEntries(fields.map(([name, field]) => [this.redact(name), field]));
  }
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
