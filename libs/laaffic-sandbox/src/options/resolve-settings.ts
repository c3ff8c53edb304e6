import { isIP, type BlockList } from 'node:net';
import { SandboxError } from '../sandbox.error.js';
import { compileFailures, failureList, type CompiledFailure } from './compile-failures.js';
import { compileRules, ruleList, type CompiledRule } from './compile-rules.js';
import {
  amount,
  boolean,
  callable,
  either,
  filledText,
  integer,
  limit,
  listOf,
  none,
  type FieldCheck,
} from './field.checks.js';
import { ipList } from './ip-list.js';
import { loopbackUrl } from './loopback-url.js';
import { PriceList } from './price-list.js';
import { quirkChecks } from './quirk.checks.js';
import { checkedFields, isRecord, type RecordChecks } from './record.checks.js';
import { defaultSettings, type SandboxOptions, type SandboxSettings } from './sandbox.options.js';
import type { SandboxQuirks } from './sandbox.quirks.js';

/** The settings in the form the gateway works with. */
export interface Resolved {
  readonly settings: Readonly<SandboxSettings>;
  readonly appIds: ReadonlySet<string>;
  readonly rules: readonly CompiledRule[];
  readonly failures: readonly CompiledFailure[];
  readonly allowedIps: BlockList | null;
  readonly prices: PriceList;
}

const basePath: FieldCheck = (value) =>
  typeof value === 'string' && /^[\w.~/-]*$/.test(value) && !/^\/?_sandbox(\/|$)/.test(value)
    ? null
    : 'a path such as /v3, or empty';

const prices: FieldCheck = (value) =>
  isRecord(value) && Object.entries(value).every(([prefix, price]) => /^\d+$/.test(prefix) && amount(price) === null)
    ? null
    : 'an object of amounts by number prefix';

const addresses: FieldCheck = (value) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string') && ipList(value) !== null
    ? null
    : 'a list of addresses and subnets';

const hostName: FieldCheck = (value) =>
  typeof value === 'string' && (/^[\w.-]+$/.test(value) || isIP(value) !== 0) ? null : 'a host name without a port';

/** Seconds; some thirty years either way, so that dates stay dates. */
export const clockSkew: FieldCheck = (value) =>
  typeof value === 'number' && Math.abs(value) <= 1_000_000_000 ? null : 'a number of seconds';

const checks: RecordChecks<SandboxSettings> = {
  host: filledText,
  port: integer(0, 65_535),
  basePath,
  appId: either(filledText, listOf(filledText, 'app ids')),
  apiKey: filledText,
  apiSecret: filledText,
  balance: amount,
  gift: amount,
  credit: amount,
  price: amount,
  prices,
  allowedIps: either(none, addresses),
  rules: ruleList,
  triggers: boolean,
  queuedFor: integer(0),
  deliveredAfter: either(integer(0), none),
  failures: failureList,
  allowedHosts: listOf(hostName, 'host names without ports'),
  pushReportsTo: either(none, loopbackUrl),
  pushInboundTo: either(none, loopbackUrl),
  allowedPushUrls: listOf(loopbackUrl, 'http URLs of this machine'),
  clockSkew,
  now: callable,
  requestTimeout: integer(1, 2 ** 31 - 1),
  bodyLimit: integer(1),
  historyLimit: limit,
  messageLimit: limit,
  onCall: either(none, callable),
  onPush: either(none, callable),
  onRefused: either(none, callable),
  quirks: (value) => (isRecord(value) ? null : 'an object'),
};

/** Checks what is given and lays it over `base`; throws, naming the field. */
export function resolveSettings(given: SandboxOptions, base: Readonly<SandboxSettings> = defaultSettings): Resolved {
  const fields = checkedFields<SandboxSettings>(given, checks, 'INVALID_OPTION');
  const settings = Object.freeze({
    ...base,
    ...fields,
    basePath: normalised(fields.basePath ?? base.basePath),
    quirks: Object.freeze({ ...base.quirks, ...checkedQuirks(given.quirks ?? {}) }),
  });
  if (settings.quirks.minDigits > settings.quirks.maxDigits) {
    throw new SandboxError('INVALID_OPTION', 'quirks.minDigits must not exceed quirks.maxDigits', 'quirks.minDigits');
  }
  return {
    settings,
    appIds: new Set(typeof settings.appId === 'string' ? [settings.appId] : settings.appId),
    rules: compileRules(settings.rules),
    failures: compileFailures(settings.failures),
    allowedIps: settings.allowedIps && ipList(settings.allowedIps),
    prices: new PriceList(settings.price, settings.prices),
  };
}

export function checkedQuirks(
  given: unknown,
  code: 'INVALID_OPTION' | 'INVALID_SCRIPT' = 'INVALID_OPTION',
): Partial<SandboxQuirks> {
  return checkedFields<SandboxQuirks>(given, quirkChecks, code, 'quirks');
}

function normalised(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((part) => `/${part}`).join('');
}
