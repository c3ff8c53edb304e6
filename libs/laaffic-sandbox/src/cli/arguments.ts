import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isRecord } from '../options/field-checks.js';
import type { PushAddress } from '../options/push-address.js';
import type { SandboxOptions } from '../options/sandbox-options.js';
import { parseJson } from '../parse-json.js';
import { SandboxError } from '../sandbox.error.js';

export interface Arguments {
  readonly options: SandboxOptions;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** Each flag of an option is the option's name in kebab case. */
const FLAGS = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  'app-id': { type: 'string', multiple: true },
  'api-key': { type: 'string' },
  'api-secret': { type: 'string' },
  'base-path': { type: 'string' },
  balance: { type: 'string' },
  'price-per-segment': { type: 'string' },
  'queued-for-ms': { type: 'string' },
  'delivered-after-ms': { type: 'string' },
  'allowed-host': { type: 'string', multiple: true },
  'push-reports-to': { type: 'string', multiple: true },
  'push-inbound-to': { type: 'string', multiple: true },
  'allowed-push-url': { type: 'string', multiple: true },
  'allowed-push-host': { type: 'string', multiple: true },
  'clock-skew-seconds': { type: 'string' },
  config: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Reads the command line. Flags win over the file of `--config`. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values } = parse(argv);
  const given = {
    port: toNumber('port', values.port),
    host: values.host,
    appId: values['app-id'],
    apiKey: values['api-key'],
    apiSecret: values['api-secret'],
    basePath: values['base-path'],
    balance: values.balance,
    pricePerSegment: values['price-per-segment'],
    queuedForMs: toNumber('queued-for-ms', values['queued-for-ms']),
    deliveredAfterMs: toNumber('delivered-after-ms', values['delivered-after-ms']),
    allowedHosts: values['allowed-host'],
    pushReportsTo: toPushAddress('push-reports-to', values['push-reports-to']),
    pushInboundTo: toPushAddress('push-inbound-to', values['push-inbound-to']),
    allowedPushUrls: values['allowed-push-url'],
    allowedPushHosts: values['allowed-push-host'],
    clockSkewSeconds: toNumber('clock-skew-seconds', values['clock-skew-seconds']),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    options: { port: 4010, ...readConfigFile(values.config), ...present },
    quiet: values.quiet ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
  };
}

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof FLAGS }>> {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: false });
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. To specify');
    throw new SandboxError('INVALID_ARGUMENT', message, undefined, { cause: error });
  }
}

function toNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,10}$/.test(text)) {
    throw new SandboxError('INVALID_ARGUMENT', `--${flag} must be a whole number, not ${JSON.stringify(text)}`, flag);
  }
  return Number(text);
}

/** Reads one URL, or entries such as `shop=http://127.0.0.1:3000/reports`. */
function toPushAddress(flag: string, entries: readonly string[] | undefined): PushAddress | undefined {
  if (entries === undefined) return undefined;
  const ofApps = entries.map((entry) => /^([^=:/?#]+)=(.*)$/s.exec(entry));
  const [only] = entries;
  if (only !== undefined && entries.length === 1 && ofApps[0] === null) return only;
  if (ofApps.includes(null)) {
    throw new SandboxError('INVALID_ARGUMENT', `--${flag} must be one URL, or <app id>=<url> for each app`, flag);
  }
  return Object.fromEntries(ofApps.map((entry) => [entry?.[1] ?? '', entry?.[2] ?? '']));
}

function readConfigFile(path: string | undefined): object {
  if (path === undefined) return {};
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new SandboxError('INVALID_ARGUMENT', `--config ${path}: ${String(error)}`, 'config', { cause: error });
  }
  // The error of JSON.parse would quote the file, which may contain a secret.
  const options = parseJson(text);
  if (isRecord(options)) return options;
  throw new SandboxError('INVALID_ARGUMENT', `--config ${path} must contain a JSON object of options`, 'config');
}
