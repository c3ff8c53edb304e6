import { randomBytes } from 'node:crypto';
import type { LaafficOptions } from 'nestjs-laaffic';

/** Everything that can be set from outside; read from the environment once, here. */
export interface Configuration {
  /** `PORT` @default 3000 */
  readonly port: number;
  /** `HOST` @default 127.0.0.1 without API keys, 0.0.0.0 with them */
  readonly host: string;
  /** `API_KEYS`: comma-separated keys of the service's own callers. @default none */
  readonly apiKeys: readonly string[];
  /** `LOG_FORMAT`: `json` or `text`. @default text on a terminal, else json */
  readonly logFormat: 'json' | 'text';
  /**
   * The account at the real gateway: `LAAFFIC_APP_ID`, `LAAFFIC_API_KEY`, `LAAFFIC_API_SECRET`, and
   * if wanted `LAAFFIC_BASE_URL`, `LAAFFIC_SENDER_ID`. Without the first three a sandbox takes its place.
   */
  readonly account: LaafficOptions | undefined;
  /**
   * `WEBHOOK_SECRET`: the part of the address for pushes that nobody can guess, at least 16 characters.
   * @default with the sandbox one that is made at each start; with an account none, and no pushes
   */
  readonly webhookSecret: string | undefined;
}

/** The environment is set up wrongly; the message names every variable that is. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'INVALID_CONFIGURATION';

  constructor(readonly problems: readonly string[]) {
    super(`The service cannot start: ${problems.join('; ')}`);
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const ACCOUNT_VARIABLES = ['LAAFFIC_APP_ID', 'LAAFFIC_API_KEY', 'LAAFFIC_API_SECRET'] as const;
const SHORTEST_API_KEY = 16;
const URL_SAFE_SECRET = /^[\w-]{16,}$/;

/** @throws {ConfigurationError} */
export function readConfiguration(env: NodeJS.ProcessEnv, isTerminal = false): Configuration {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;

  const port = Number(read('PORT') ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push('PORT must be a number from 0 to 65535');

  const apiKeys = (read('API_KEYS') ?? '').split(',').flatMap((key) => key.trim() || []);
  if (apiKeys.some((key) => key.length < SHORTEST_API_KEY)) {
    problems.push(`API_KEYS must be at least ${SHORTEST_API_KEY} characters each`);
  }
  const host = read('HOST') ?? (apiKeys.length > 0 ? '0.0.0.0' : '127.0.0.1');
  if (apiKeys.length === 0 && !LOOPBACK.test(host)) {
    problems.push('HOST must be a loopback address while API_KEYS is not set, for anybody could send at your cost');
  }

  const logFormat = read('LOG_FORMAT') ?? (isTerminal ? 'text' : 'json');
  if (logFormat !== 'json' && logFormat !== 'text') problems.push('LOG_FORMAT must be json or text');

  const [appId, apiKey, apiSecret] = ACCOUNT_VARIABLES.map(read);
  const missing = ACCOUNT_VARIABLES.filter((name) => read(name) === undefined);
  if (missing.length === 1 || missing.length === 2) {
    problems.push(`${missing.join(' and ')} must be set too, or none of the three for the sandbox`);
  }

  const webhookSecret = read('WEBHOOK_SECRET');
  if (webhookSecret !== undefined && !URL_SAFE_SECRET.test(webhookSecret)) {
    problems.push('WEBHOOK_SECRET must be at least 16 letters, digits, hyphens or underscores');
  }

  if (problems.length > 0) throw new ConfigurationError(problems);
  const account =
    appId === undefined || apiKey === undefined || apiSecret === undefined
      ? undefined
      : { appId, apiKey, apiSecret, baseUrl: read('LAAFFIC_BASE_URL'), senderId: read('LAAFFIC_SENDER_ID') };
  return {
    port,
    host,
    apiKeys,
    logFormat: logFormat as 'json' | 'text',
    account,
    webhookSecret: webhookSecret ?? (account === undefined ? randomBytes(24).toString('base64url') : undefined),
  };
}
