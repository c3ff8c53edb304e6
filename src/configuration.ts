import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback, type LaafficOptions } from 'nestjs-laaffic';
import type { UnconfirmedAction } from 'nestjs-laaffic-outbox';
import { readApiKeys, type ApiKey } from './common/auth/api-key.js';
import { databaseUrlProblem } from './database/database-url.js';

/** All settings of the service, read from the environment once. */
export interface Configuration {
  /** `PORT` @default 3000 */
  readonly port: number;
  /** `HOST` @default 127.0.0.1 without API keys, 0.0.0.0 with them */
  readonly host: string;
  /** `API_KEYS`: comma-separated keys of the callers, each as `name:key` or only a key. @default none */
  readonly apiKeys: readonly ApiKey[];
  /** `TRUST_PROXY`: how many reverse proxies of your own requests pass. @default 0 */
  readonly trustProxy: number;
  /** `LOG_FORMAT`: `json` or `text`. @default text on a terminal, otherwise json */
  readonly logFormat: 'json' | 'text';
  /**
   * The account at the real gateway: `LAAFFIC_APP_ID`, `LAAFFIC_API_KEY`, `LAAFFIC_API_SECRET`, and
   * optionally `LAAFFIC_BASE_URL`, `LAAFFIC_SENDER_ID`. Without the first three the service uses a sandbox.
   */
  readonly account: LaafficOptions | undefined;
  /**
   * `WEBHOOK_SECRET`: the secret part of the address for pushes, at least 16 characters. While one secret replaces
   * another, both, comma-separated.
   * @default with the sandbox a new one at each start; with an account none, and no pushes
   */
  readonly webhookSecrets: readonly string[];
  /** Whether the secret was generated at this start, for the sandbox. */
  readonly isWebhookSecretGenerated: boolean;
  /** `WEBHOOK_ALLOWED_IPS`: comma-separated addresses and ranges that may push. @default everyone with the secret */
  readonly webhookAllowedIps: readonly string[] | undefined;
  /** `DATABASE_URL`: a PostgreSQL that all instances share. @default a server on this machine */
  readonly databaseUrl: string | undefined;
  /** `DATA_DIR`: where that server keeps its data. @default ./.data/postgres */
  readonly dataDir: string;
  /** `WORKER`: whether this instance sends. With `off` it only accepts messages. @default on */
  readonly worker: boolean;
  /** `RECIPIENTS_PER_SECOND`: the rate of the account, over all instances. @default no limit */
  readonly recipientsPerSecond: number | undefined;
  /** `REQUESTS_PER_SECOND`: the request rate of the account, over all instances. @default no limit */
  readonly requestsPerSecond: number | undefined;
  /** `RESPONSE_TIMEOUT_SECONDS`: how long a caller waits for the outcome before the response is 202. @default 15 */
  readonly responseTimeoutSeconds: number;
  /**
   * `GRACE_PERIOD_SECONDS`: how long to wait for evidence that a message with an unknown outcome was accepted.
   * @default 900
   */
  readonly gracePeriodSeconds: number;
  /** `UNCONFIRMED_MESSAGES`: what happens to single messages without evidence: `hold`, `resend`, `abandon`. @default hold */
  readonly unconfirmedMessages: UnconfirmedAction;
  /** `UNCONFIRMED_CAMPAIGNS`: what happens to recipients of campaigns without evidence. @default hold */
  readonly unconfirmedCampaigns: UnconfirmedAction;
  /** `RETENTION_DAYS`: how long numbers and texts are kept after a message is finished; `forever` keeps them. @default 90 */
  readonly retentionDays: number | false;
}

/** The token of the {@link Configuration}. */
export const CONFIGURATION = Symbol('Configuration');

/** The environment is invalid. The message names every wrong variable. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'INVALID_CONFIGURATION';

  constructor(readonly problems: readonly string[]) {
    super(`The service cannot start: ${problems.join('; ')}`);
  }
}

const ACCOUNT_VARIABLES = ['LAAFFIC_APP_ID', 'LAAFFIC_API_KEY', 'LAAFFIC_API_SECRET'] as const;
const URL_SAFE_SECRET = /^[\w-]{16,256}$/;
const MAX_PROXIES = 10;
const WORKER = { on: true, off: false } as const;
const MAX_RESPONSE_TIMEOUT_SECONDS = 300;
/** The limit of the outbox. */
const MAX_GRACE_PERIOD_SECONDS = 2_147_483;
const MAX_RETENTION_DAYS = 36_500;
const UNCONFIRMED_ACTIONS: readonly UnconfirmedAction[] = ['hold', 'resend', 'abandon'];

/**
 * Reads all settings.
 * @throws {ConfigurationError} that names every wrong variable.
 */
export function readConfiguration(env: NodeJS.ProcessEnv, isTerminal = false): Configuration {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;

  const port = Number(read('PORT') ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push('PORT must be a number from 0 to 65535');

  const readList = (name: string) => (read(name) ?? '').split(',').flatMap((entry) => entry.trim() || []);

  const apiKeys = readApiKeys(readList('API_KEYS'), problems);
  const host = read('HOST') ?? (apiKeys.length > 0 ? '0.0.0.0' : '127.0.0.1');
  if (apiKeys.length === 0 && !isLoopback(host)) {
    problems.push(
      'HOST must be a loopback address while API_KEYS is not set, because otherwise every caller could send at your cost',
    );
  }

  const logFormat = read('LOG_FORMAT') ?? (isTerminal ? 'text' : 'json');
  if (logFormat !== 'json' && logFormat !== 'text') problems.push('LOG_FORMAT must be json or text');

  const [appId, apiKey, apiSecret] = ACCOUNT_VARIABLES.map(read);
  const missing = ACCOUNT_VARIABLES.filter((name) => read(name) === undefined);
  if (missing.length === 1 || missing.length === 2) {
    problems.push(`${missing.join(' and ')} must be set too, or none of the three for the sandbox`);
  }

  const baseUrl = read('LAAFFIC_BASE_URL');
  if (missing.length === 3 && baseUrl !== undefined) {
    problems.push(`LAAFFIC_BASE_URL needs ${ACCOUNT_VARIABLES.join(', ')}: the account there`);
  }

  if (baseUrl !== undefined && !isPlainHttpUrl(baseUrl)) {
    problems.push('LAAFFIC_BASE_URL must be an http or https URL without user, password and query');
  }

  const webhookSecrets = readList('WEBHOOK_SECRET');
  if (!webhookSecrets.every((secret) => URL_SAFE_SECRET.test(secret))) {
    problems.push('WEBHOOK_SECRET must be 16 to 256 letters, digits, hyphens or underscores');
  }
  const allowedIps = readList('WEBHOOK_ALLOWED_IPS');
  for (const entry of allowedIps) {
    if (!isAddressRange(entry)) problems.push(`WEBHOOK_ALLOWED_IPS must be addresses or ranges; ${entry} is neither`);
  }
  if (allowedIps.length > 0 && missing.length === 3) {
    problems.push('WEBHOOK_ALLOWED_IPS is for the pushes of the real gateway; the sandbox pushes from this machine');
  }
  const trustProxy = Number(read('TRUST_PROXY') ?? 0);
  if (!Number.isInteger(trustProxy) || trustProxy < 0 || trustProxy > MAX_PROXIES) {
    problems.push(`TRUST_PROXY must be how many proxies there are, from 0 to ${MAX_PROXIES}`);
  }

  const databaseUrl = read('DATABASE_URL');
  const urlProblem = databaseUrl === undefined ? undefined : databaseUrlProblem(databaseUrl);
  if (urlProblem !== undefined) problems.push(`DATABASE_URL ${urlProblem}`);
  const worker = read('WORKER') ?? 'on';
  if (!Object.hasOwn(WORKER, worker)) problems.push('WORKER must be on or off');
  const readPositive = (name: string, most = Number.MAX_VALUE): number | undefined => {
    const text = read(name);
    const value = Number(text);
    if (text === undefined || (value > 0 && value <= most)) return text === undefined ? undefined : value;
    problems.push(`${name} must be a number above 0${most < Number.MAX_VALUE ? ` and at most ${most}` : ''}`);
    return undefined;
  };
  const recipientsPerSecond = readPositive('RECIPIENTS_PER_SECOND');
  const requestsPerSecond = readPositive('REQUESTS_PER_SECOND');
  const responseTimeoutSeconds = readPositive('RESPONSE_TIMEOUT_SECONDS', MAX_RESPONSE_TIMEOUT_SECONDS) ?? 15;
  const gracePeriodSeconds = readPositive('GRACE_PERIOD_SECONDS', MAX_GRACE_PERIOD_SECONDS) ?? 900;
  const readUnconfirmedAction = (name: string): UnconfirmedAction => {
    const value = UNCONFIRMED_ACTIONS.find((one) => one === (read(name) ?? 'hold'));
    if (value === undefined) problems.push(`${name} must be one of ${UNCONFIRMED_ACTIONS.join(', ')}`);
    return value ?? 'hold';
  };
  const unconfirmedMessages = readUnconfirmedAction('UNCONFIRMED_MESSAGES');
  const unconfirmedCampaigns = readUnconfirmedAction('UNCONFIRMED_CAMPAIGNS');
  const isKept = read('RETENTION_DAYS') === 'forever';
  const retentionDays = isKept ? false : (readPositive('RETENTION_DAYS', MAX_RETENTION_DAYS) ?? 90);

  if (problems.length > 0) throw new ConfigurationError(problems);
  const account =
    appId === undefined || apiKey === undefined || apiSecret === undefined
      ? undefined
      : { appId, apiKey, apiSecret, baseUrl, senderId: read('LAAFFIC_SENDER_ID') };
  const isWebhookSecretGenerated = webhookSecrets.length === 0 && account === undefined;
  return {
    port,
    host,
    apiKeys,
    trustProxy,
    logFormat: logFormat as 'json' | 'text',
    account,
    webhookSecrets: isWebhookSecretGenerated ? [randomBytes(24).toString('base64url')] : webhookSecrets,
    isWebhookSecretGenerated,
    webhookAllowedIps: allowedIps.length > 0 ? allowedIps : undefined,
    databaseUrl,
    dataDir: read('DATA_DIR') ?? './.data/postgres',
    worker: WORKER[worker as keyof typeof WORKER],
    recipientsPerSecond,
    requestsPerSecond,
    responseTimeoutSeconds,
    gracePeriodSeconds,
    unconfirmedMessages,
    unconfirmedCampaigns,
    retentionDays,
  };
}

/** `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. */
function isAddressRange(text: string): boolean {
  const [address = '', bits = '0', ...rest] = text.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most && rest.length === 0;
}

/** Credentials in the URL would not be sent, and would show wherever the address shows. */
function isPlainHttpUrl(text: string): boolean {
  const { protocol, username, password, search, hash } = URL.canParse(text) ? new URL(text) : new URL('none:');
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
