import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { UsageError } from '../usage.error.js';

/** Where messages go. */
export interface GatewaySettings {
  /** `undefined` for the sandbox's. */
  readonly account: { readonly appId: string; readonly apiKey: string; readonly apiSecret: string } | undefined;
  /** `undefined` for the module's default, or a sandbox in this process. */
  readonly baseUrl: string | undefined;
  readonly senderId: string | undefined;
}

const ACCOUNT_VARIABLES = ['LAAFFIC_APP_ID', 'LAAFFIC_API_KEY', 'LAAFFIC_API_SECRET'] as const;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The environment, and under it what a file of variables has.
 * @throws {UsageError}
 */
export function withEnvFile(env: NodeJS.ProcessEnv, path: string | undefined): NodeJS.ProcessEnv {
  if (path === undefined) return env;
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')), ...env };
  } catch (error) {
    throw new UsageError(`--env-file cannot be read: ${(error as Error).message}`);
  }
}

/** @throws {UsageError} naming what is missing. */
export function readEnvironment(env: NodeJS.ProcessEnv): GatewaySettings {
  const read = (name: string) => env[name]?.trim() || undefined;
  const [appId, apiKey, apiSecret] = ACCOUNT_VARIABLES.map(read);
  const [baseUrl, senderId] = [read('LAAFFIC_BASE_URL'), read('LAAFFIC_SENDER_ID')];
  if (appId !== undefined && apiKey !== undefined && apiSecret !== undefined) {
    return { account: { appId, apiKey, apiSecret }, baseUrl, senderId };
  }
  const missing = ACCOUNT_VARIABLES.filter((name) => read(name) === undefined);
  if (missing.length < ACCOUNT_VARIABLES.length) {
    throw new UsageError(`set ${missing.join(' and ')} too, or none of the three for a sandbox`);
  }
  if (baseUrl !== undefined && !isOfThisMachine(baseUrl)) {
    throw new UsageError(
      `LAAFFIC_BASE_URL names a gateway, but no account is set: set ${missing.join(', ')}; ` +
        'only a sandbox on this machine needs none',
    );
  }
  return { account: undefined, baseUrl, senderId };
}

function isOfThisMachine(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.test(new URL(url).hostname);
}
