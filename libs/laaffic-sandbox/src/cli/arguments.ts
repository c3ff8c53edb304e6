import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromJson } from '../ledger/request.record.js';
import { isRecord } from '../options/record.checks.js';
import type { SandboxOptions } from '../options/sandbox.options.js';
import { SandboxError } from '../sandbox.error.js';

export interface Arguments {
  readonly options: SandboxOptions;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

const flags = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  'app-id': { type: 'string', multiple: true },
  'api-key': { type: 'string' },
  'api-secret': { type: 'string' },
  'base-path': { type: 'string' },
  balance: { type: 'string' },
  price: { type: 'string' },
  'queued-for': { type: 'string' },
  'delivered-after': { type: 'string' },
  'allowed-host': { type: 'string', multiple: true },
  'push-reports-to': { type: 'string' },
  'push-inbound-to': { type: 'string' },
  'allowed-push-url': { type: 'string', multiple: true },
  'clock-skew': { type: 'string' },
  config: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Flags win over the options of the file named by `--config`. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values } = parsed(argv);
  const given = {
    port: number('port', values.port),
    host: values.host,
    appId: values['app-id'],
    apiKey: values['api-key'],
    apiSecret: values['api-secret'],
    basePath: values['base-path'],
    balance: values.balance,
    price: values.price,
    queuedFor: number('queued-for', values['queued-for']),
    deliveredAfter: number('delivered-after', values['delivered-after']),
    allowedHosts: values['allowed-host'],
    pushReportsTo: values['push-reports-to'],
    pushInboundTo: values['push-inbound-to'],
    allowedPushUrls: values['allowed-push-url'],
    clockSkew: number('clock-skew', values['clock-skew']),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    options: { port: 4010, ...fromFile(values.config), ...present },
    quiet: values.quiet ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
  };
}

function parsed(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof flags }>> {
  try {
    return parseArgs({ args: [...argv], options: flags, allowPositionals: false });
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. To specify');
    throw new SandboxError('INVALID_ARGUMENT', message, null, { cause: error });
  }
}

function number(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,10}$/.test(text)) {
    throw new SandboxError('INVALID_ARGUMENT', `--${flag} must be a whole number, not ${JSON.stringify(text)}`, flag);
  }
  return Number(text);
}

function fromFile(path: string | undefined): object {
  if (path === undefined) return {};
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new SandboxError('INVALID_ARGUMENT', `--config ${path}: ${String(error)}`, 'config', { cause: error });
  }
  // the parser's own words quote the file, which may hold a secret
  const options = fromJson(text);
  if (isRecord(options)) return options;
  throw new SandboxError('INVALID_ARGUMENT', `--config ${path} must hold a JSON object of options`, 'config');
}
