import { LaafficOptionsError } from '../options/laaffic-options.error.js';
import { OptionsCheck } from '../options/options-check.js';
import { IpList } from './ip-list.js';
import type { PushStore } from './push-store.js';
import { Secrets } from './secrets.js';

const DEFAULTS = {
  path: 'laaffic',
  bodyLimit: 65_536,
  deduplicationWindow: 24 * 60 * 60 * 1000,
  deduplicationSize: 100_000,
} as const;

/** In the messages of the error, so that they are told apart from those of the account. */
const NAME = 'webhooks';

/** The options checked, filled with their defaults, and frozen: what the module's own classes inject. */
export class WebhooksSettings {
  readonly secrets: Secrets;
  /** Without slashes at its ends. */
  readonly path: string;
  readonly allowedIps: IpList | undefined;
  readonly trustProxy: number;
  readonly bodyLimit: number;
  readonly deduplicationWindow: number;
  readonly deduplicationSize: number;
  readonly store: PushStore | undefined;

  /** @throws {LaafficOptionsError} naming each field that is missing, unknown or out of range. */
  constructor(options: unknown) {
    const check = new OptionsCheck(options, `${NAME}.`);
    this.secrets = new Secrets(readSecrets(check));
    this.path = readPath(check);
    this.allowedIps = readAllowedIps(check);
    this.trustProxy = (check.value('trustProxy') ?? 0) === 0 ? 0 : check.positive('trustProxy', 1);
    this.bodyLimit = check.positive('bodyLimit', DEFAULTS.bodyLimit);
    this.deduplicationWindow = check.positive('deduplicationWindow', DEFAULTS.deduplicationWindow);
    this.deduplicationSize = check.positive('deduplicationSize', DEFAULTS.deduplicationSize);
    this.store = readStore(check);
    check.refuseUnknown();
    if (check.problems.length > 0) throw new LaafficOptionsError(check.problems);
    Object.freeze(this);
  }
}

function readSecrets(check: OptionsCheck): string[] {
  const single = check.value('secret');
  const list = check.value('secrets');
  if (list !== undefined && !Array.isArray(list)) {
    report(check, 'secrets must be a list');
    return [];
  }
  const given: (readonly [string, unknown])[] = [
    ...(single === undefined ? [] : [['secret', single] as const]),
    ...(list ?? []).map((secret: unknown, index) => [`secrets[${index}]`, secret] as const),
  ];
  if (given.length === 0) report(check, 'secret is missing');
  return given.map(([field, value]) => {
    const secret = typeof value === 'string' ? value.trim() : '';
    if (!/^[\w.~-]{16,256}$/.test(secret)) {
      report(check, `${field} must have 16 to 256 characters out of letters, digits, -, _, . and ~`);
    }
    return secret;
  });
}

function readPath(check: OptionsCheck): string {
  const path = check.value('path') ?? DEFAULTS.path;
  const inner = typeof path === 'string' ? path.trim().replace(/^\/|\/$/g, '') : '';
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(inner)) {
    report(check, 'path must be segments of letters, digits, -, _, . and ~ with / between them');
  }
  return inner;
}

function readAllowedIps(check: OptionsCheck): IpList | undefined {
  const entries = check.value('allowedIps');
  if (entries === undefined) return undefined;
  if (!Array.isArray(entries) || entries.length === 0) {
    report(check, 'allowedIps must be a list of at least one address or range');
    return undefined;
  }
  entries.forEach((entry: unknown, index) => {
    if (typeof entry !== 'string' || !isEntry(entry)) report(check, `allowedIps[${index}] is no address or range`);
  });
  return check.problems.length > 0 ? undefined : new IpList(entries);
}

function isEntry(entry: string): boolean {
  try {
    new IpList([entry]);
    return true;
  } catch {
    return false;
  }
}

function readStore(check: OptionsCheck): PushStore | undefined {
  const store = check.object('store');
  if (store === undefined || isStore(store)) return store;
  report(check, 'store must have the methods isDone and markDone');
  return undefined;
}

function isStore(store: object): store is PushStore {
  return ['isDone', 'markDone'].every((method) => typeof Reflect.get(store, method) === 'function');
}

function report(check: OptionsCheck, problem: string): void {
  check.problems.push(`${NAME}.${problem}`);
}
