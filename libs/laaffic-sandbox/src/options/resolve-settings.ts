import { isIP, type BlockList } from 'node:net';
import { SandboxError } from '../sandbox.error.js';
import { toMicros, type Decimal } from '../vendor/decimal.js';
import { QUIRK_CHECKS } from './check-quirks.js';
import {
  compileFailureRules,
  compileRejectionRules,
  ruleList,
  type CompiledFailureRule,
  type CompiledRejectionRule,
} from './compile-rules.js';
import {
  amount,
  boolean,
  callable,
  check,
  checkedFields,
  either,
  filledText,
  integer,
  isRecord,
  limit,
  listOf,
  MAX_TIMEOUT_MS,
  nullValue,
  object,
  type RecordChecks,
} from './field-checks.js';
import { ipList } from './ip-list.js';
import { isPushHost, pushAddressField, pushUrlField, pushUrls } from './push-address.js';
import { DEFAULT_SETTINGS, type SandboxOptions, type SandboxSettings } from './sandbox-options.js';
import type { SandboxQuirks } from './sandbox-quirks.js';

/** The settings in the form the gateway works with. */
export interface ResolvedSettings {
  readonly settings: Readonly<SandboxSettings>;
  readonly appIds: ReadonlySet<string>;
  readonly rejectionRules: readonly CompiledRejectionRule[];
  readonly failureRules: readonly CompiledFailureRule[];
  readonly allowedIps: BlockList | undefined;
  readonly prices: PriceList;
}

/** Prices of one segment in millionths. The longest matching number prefix wins. */
export class PriceList {
  readonly #byPrefix: readonly (readonly [prefix: string, micros: number])[];
  readonly #defaultPrice: number;

  constructor(defaultPrice: Decimal, byPrefix: Readonly<Record<string, Decimal>>) {
    this.#defaultPrice = toMicros(defaultPrice) ?? 0;
    this.#byPrefix = Object.entries(byPrefix)
      .map(([prefix, price]) => [prefix, toMicros(price) ?? 0] as const)
      .sort(([one], [other]) => other.length - one.length);
  }

  microsFor(number: string): number {
    for (const [prefix, micros] of this.#byPrefix) {
      if (number.startsWith(prefix)) return micros;
    }
    return this.#defaultPrice;
  }
}

const basePath = check(
  (value) => typeof value === 'string' && /^[\w.~/-]*$/.test(value) && !/^\/?_sandbox(\/|$)/.test(value),
  'a path such as /v3, or empty',
);

const pricesByPrefix = check(
  (value) =>
    isRecord(value) &&
    Object.entries(value).every(([prefix, price]) => /^\d+$/.test(prefix) && amount(price) === undefined),
  'an object of amounts by number prefix',
);

const ipAddresses = check(
  (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string') && ipList(value) !== undefined,
  'a list of IP addresses and subnets',
);

const hostName = check(
  (value) => typeof value === 'string' && (/^[\w.-]+$/.test(value) || isIP(value) !== 0),
  'a host name without a port',
);
const hostNames = listOf(hostName, 'host names without ports');

/** At most about thirty years either way, so that times stay valid dates. */
export const clockSkewSeconds = check(
  (value) => typeof value === 'number' && Math.abs(value) <= 1_000_000_000,
  'a number of seconds',
);

const observer = either(nullValue, callable);

const CHECKS: RecordChecks<SandboxSettings> = {
  host: filledText,
  port: integer(0, 65_535),
  basePath,
  appId: either(filledText, listOf(filledText, 'app ids')),
  apiKey: filledText,
  apiSecret: filledText,
  balance: amount,
  gift: amount,
  credit: amount,
  pricePerSegment: amount,
  pricesByPrefix,
  allowedIps: either(nullValue, ipAddresses),
  rejectionRules: ruleList,
  triggers: boolean,
  queuedForMs: integer(0),
  deliveredAfterMs: either(integer(0), nullValue),
  failureRules: ruleList,
  allowedHosts: hostNames,
  pushReportsTo: pushAddressField,
  pushInboundTo: pushAddressField,
  allowedPushUrls: listOf(pushUrlField, 'http URLs'),
  allowedPushHosts: hostNames,
  clockSkewSeconds,
  now: callable,
  requestTimeoutMs: integer(1, MAX_TIMEOUT_MS),
  maxBodyBytes: integer(1),
  historyLimit: limit,
  messageLimit: limit,
  onRequest: observer,
  onPush: observer,
  onBlockedRequest: observer,
  quirks: object,
};

/**
 * Checks the options and merges them into `base`.
 * @throws {SandboxError} naming the first option that is invalid.
 */
export function resolveSettings(
  given: SandboxOptions,
  base: Readonly<SandboxSettings> = DEFAULT_SETTINGS,
): ResolvedSettings {
  const fields = checkedFields<SandboxSettings>(given, CHECKS, 'INVALID_OPTION');
  const settings = Object.freeze({
    ...base,
    ...fields,
    basePath: normalizePath(fields.basePath ?? base.basePath),
    quirks: Object.freeze({ ...base.quirks, ...checkedQuirks(given.quirks ?? {}) }),
  });
  if (settings.quirks.minNumberDigits > settings.quirks.maxNumberDigits) {
    const field = 'quirks.minNumberDigits';
    throw new SandboxError('INVALID_OPTION', `${field} must not exceed quirks.maxNumberDigits`, field);
  }
  const appIds = new Set(typeof settings.appId === 'string' ? [settings.appId] : settings.appId);
  checkPushHosts(settings);
  checkPushApps(settings, appIds);
  return {
    settings,
    appIds,
    rejectionRules: compileRejectionRules(settings.rejectionRules),
    failureRules: compileFailureRules(settings.failureRules),
    allowedIps: settings.allowedIps === null ? undefined : ipList(settings.allowedIps),
    prices: new PriceList(settings.pricePerSegment, settings.pricesByPrefix),
  };
}

function checkPushHosts(settings: Readonly<SandboxSettings>): void {
  const { pushReportsTo, pushInboundTo, allowedPushUrls, allowedPushHosts } = settings;
  const given = { pushReportsTo: pushUrls(pushReportsTo), pushInboundTo: pushUrls(pushInboundTo), allowedPushUrls };
  for (const [field, urls] of Object.entries(given)) {
    if (urls.every((url) => isPushHost(url, allowedPushHosts))) continue;
    // The message leaves out the URL, because its path is a secret.
    const message = `${field} must name this machine or a host of allowedPushHosts (--allowed-push-host)`;
    throw new SandboxError('INVALID_OPTION', message, field);
  }
}

function checkPushApps(settings: Readonly<SandboxSettings>, appIds: ReadonlySet<string>): void {
  for (const field of ['pushReportsTo', 'pushInboundTo'] as const) {
    const unknown = Object.keys(isRecord(settings[field]) ? settings[field] : {}).find((appId) => !appIds.has(appId));
    if (unknown === undefined) continue;
    throw new SandboxError(
      'INVALID_OPTION',
      `${field} has the app id ${unknown}, which the account does not have`,
      field,
    );
  }
}

export function checkedQuirks(
  given: unknown,
  code: 'INVALID_OPTION' | 'INVALID_SCRIPT' = 'INVALID_OPTION',
): Partial<SandboxQuirks> {
  return checkedFields<SandboxQuirks>(given, QUIRK_CHECKS, code, 'quirks');
}

function normalizePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((part) => `/${part}`).join('');
}
