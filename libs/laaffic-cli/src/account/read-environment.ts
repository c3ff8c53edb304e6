import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { isLoopback } from 'nestjs-laaffic';
import { UsageError } from '../command.error.js';

/** The gateway and the account to send with. */
export interface GatewaySettings {
  /** `undefined` for a sandbox. */
  readonly account: { readonly appId: string; readonly apiKey: string; readonly apiSecret: string } | undefined;
  /** `undefined` for the module's default, or without an account for a sandbox in this process. */
  readonly baseUrl: string | undefined;
  readonly senderId: string | undefined;
}

const ACCOUNT_VARIABLES = ['LAAFFIC_APP_ID', 'LAAFFIC_API_KEY', 'LAAFFIC_API_SECRET'] as const;

/**
 * Adds the variables of a file to the environment. The environment wins, but its empty variables count as not set.
 * @throws {UsageError} if the file cannot be read.
 */
export function withEnvFile(env: NodeJS.ProcessEnv, path: string | undefined): NodeJS.ProcessEnv {
  if (path === undefined) return env;
  try {
    const nonEmpty = Object.entries(env).filter(([, value]) => value?.trim());
    return { ...parseEnv(readFileSync(path, 'utf8')), ...Object.fromEntries(nonEmpty) };
  } catch (error) {
    throw new UsageError(`--env-file cannot be read: ${(error as Error).message}`);
  }
}

/** @throws {UsageError} if the account is incomplete, or missing for a gateway on another machine. */
export function readEnvironment(env: NodeJS.ProcessEnv): GatewaySettings {
  const read = (name: string) => env[name]?.trim() || undefined;
  const [appId, apiKey, apiSecret] = ACCOUNT_VARIABLES.map(read);
  const [baseUrl, senderId] = [read('LAAFFIC_BASE_URL'), read('LAAFFIC_SENDER_ID')];
  if (appId !== undefined && apiKey !== undefined && apiSecret !== undefined) {
    return { account: { appId, apiKey, apiSecret }, baseUrl, senderId };
  }
  const missing = ACCOUNT_VARIABLES.filter((name) => read(name) === undefined);
  if (missing.length < ACCOUNT_VARIABLES.length) {
    throw new UsageError(`set ${missing.join(' and ')} too, or none of the three to use a sandbox`);
  }
  if (baseUrl !== undefined && !isOnThisMachine(baseUrl)) {
    throw new UsageError(
      `LAAFFIC_BASE_URL is set without an account: set ${missing.join(', ')} too; ` +
        'only a sandbox on this machine needs no account',
    );
  }
  return { account: undefined, baseUrl, senderId };
}

function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}
