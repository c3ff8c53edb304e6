import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { LaafficOptions } from 'nestjs-laaffic';
import type { AfterGrace } from 'nestjs-laaffic-outbox';
import { readApiKeys, type ApiKey } from './access/api-key.js';
import { isLoopback } from './access/loopback.js';
import { databaseUrlProblem } from './database/database-url.js';

/** Everything that can be set from outside; read from the environment once, here. */
export interface Configuration {
  /** `PORT` @default 3000 */
  readonly port: number;
  /** `HOST` @default 127.0.0.1 without API keys, 0.0.0.0 with them */
  readonly host: string;
  /** `API_KEYS`: comma-separated keys of the service's own callers, each as `name:key` or a key alone. @default none */
  readonly apiKeys: readonly ApiKey[];
  /** `TRUST_PROXY`: how many reverse proxies of ours requests come through. @default 0 */
  readonly trustProxy: number;
  /** `LOG_FORMAT`: `json` or `text`. @default text on a terminal, else json */
  readonly logFormat: 'json' | 'text';
  /**
   * The account at the real gateway: `LAAFFIC_APP_ID`, `LAAFFIC_API_KEY`, `LAAFFIC_API_SECRET`, and
   * if wanted `LAAFFIC_BASE_URL`, `LAAFFIC_SENDER_ID`. Without the first three a sandbox takes its place.
   */
  readonly account: LaafficOptions | undefined;
  /**
   * `WEBHOOK_SECRET`: the part of the address for pushes that nobody can guess, at least 16 characters; comma-separated
   * where a new one and the one before are both right.
   * @default with the sandbox one that is made at each start; with an account none, and no pushes
   */
  readonly webhookSecrets: readonly string[];
  /** `WEBHOOK_ALLOWED_IPS`: comma-separated addresses and ranges that may push. @default all that have the secret */
  readonly webhookAllowedIps: readonly string[] | undefined;
  /** `DATABASE_URL`: a PostgreSQL, the same for all instances. @default a server of this machine's own */
  readonly databaseUrl: string | undefined;
  /** `DATA_DIR`: where that server keeps its data. @default ./.data/postgres */
  readonly dataDir: string;
  /** `WORKER`: whether this instance sends; `off` only takes messages in. @default on */
  readonly worker: boolean;
  /** `RECIPIENTS_PER_SECOND`: what the account may send, over all instances. @default no limit */
  readonly recipientsPerSecond: number | undefined;
  /** `REQUESTS_PER_SECOND`: how often the account may ask, over all instances. @default no limit */
  readonly requestsPerSecond: number | undefined;
  /** `ANSWER_WITHIN`, in seconds: how long a sender waits for the outcome before the answer is 202. @default 15 */
  readonly answerWithin: number;
  /** `GRACE`, in seconds: how long proof is waited for of messages that were perhaps sent. @default 900 */
  readonly grace: number;
  /** `AFTER_GRACE_PRIORITY`: what becomes of single messages after it: `hold`, `resend`, `abandon`. @default hold */
  readonly afterGracePriority: AfterGrace;
  /** `AFTER_GRACE_BULK`: the same of campaigns. @default hold */
  readonly afterGraceBulk: AfterGrace;
  /** `RETENTION_DAYS`: how long numbers and texts are kept once all is over; `forever` keeps them. @default 90 */
  readonly retentionDays: number | false;
}

/** The environment is set up wrongly; the message names every variable that is. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'INVALID_CONFIGURATION';

  constructor(readonly problems: readonly string[]) {
    super(`The service cannot start: ${problems.join('; ')}`);
  }
}

const ACCOUNT_VARIABLES = ['LAAFFIC_APP_ID', 'LAAFFIC_API_KEY', 'LAAFFIC_API_SECRET'] as const;
const URL_SAFE_SECRET = /^[\w-]{16,256}$/;
const MOST_PROXIES = 10;
const WORKER = { on: true, off: false } as const;
const LONGEST_ANSWER = 300;
/** The most that the outbox takes, in seconds. */
const LONGEST_GRACE = 2_147_483;
const LONGEST_RETENTION = 36_500;
const AFTER_GRACE: readonly AfterGrace[] = ['hold', 'resend', 'abandon'];

/** @throws {ConfigurationError} */
export function readConfiguration(env: NodeJS.ProcessEnv, isTerminal = false): Configuration {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;

  const port = Number(read('PORT') ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push('PORT must be a number from 0 to 65535');

  const readList = (name: string) => (read(name) ?? '').split(',').flatMap((entry) => entry.trim() || []);

  const apiKeys = readApiKeys(readList('API_KEYS'), problems);
  const host = read('HOST') ?? (apiKeys.length > 0 ? '0.0.0.0' : '127.0.0.1');
  if (apiKeys.length === 0 && !isLoopback(host)) {
    problems.push('HOST must be a loopback address while API_KEYS is not set, for anybody could send at your cost');
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
    if (!isAddressRange(entry)) problems.push(`WEBHOOK_ALLOWED_IPS must be addresses or ranges; ${entry} is none`);
  }
  if (allowedIps.length > 0 && missing.length === 3) {
    problems.push('WEBHOOK_ALLOWED_IPS is for the pushes of the real gateway; the sandbox pushes from this machine');
  }
  const trustProxy = Number(read('TRUST_PROXY') ?? 0);
  if (!Number.isInteger(trustProxy) || trustProxy < 0 || trustProxy > MOST_PROXIES) {
    problems.push(`TRUST_PROXY must be how many proxies there are, from 0 to ${MOST_PROXIES}`);
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
  const answerWithin = readPositive('ANSWER_WITHIN', LONGEST_ANSWER) ?? 15;
  const grace = readPositive('GRACE', LONGEST_GRACE) ?? 900;
  const readAfterGrace = (name: string): AfterGrace => {
    const value = AFTER_GRACE.find((one) => one === (read(name) ?? 'hold'));
    if (value === undefined) problems.push(`${name} must be one of ${AFTER_GRACE.join(', ')}`);
    return value ?? 'hold';
  };
  const afterGracePriority = readAfterGrace('AFTER_GRACE_PRIORITY');
  const afterGraceBulk = readAfterGrace('AFTER_GRACE_BULK');
  const isKept = read('RETENTION_DAYS') === 'forever';
  const retentionDays = isKept ? false : (readPositive('RETENTION_DAYS', LONGEST_RETENTION) ?? 90);

  if (problems.length > 0) throw new ConfigurationError(problems);
  const account =
    appId === undefined || apiKey === undefined || apiSecret === undefined
      ? undefined
      : { appId, apiKey, apiSecret, baseUrl, senderId: read('LAAFFIC_SENDER_ID') };
  return {
    port,
    host,
    apiKeys,
    trustProxy,
    logFormat: logFormat as 'json' | 'text',
    account,
    webhookSecrets:
      webhookSecrets.length > 0 || account !== undefined ? webhookSecrets : [randomBytes(24).toString('base64url')],
    webhookAllowedIps: allowedIps.length > 0 ? allowedIps : undefined,
    databaseUrl,
    dataDir: read('DATA_DIR') ?? './.data/postgres',
    worker: WORKER[worker as keyof typeof WORKER],
    recipientsPerSecond,
    requestsPerSecond,
    answerWithin,
    grace,
    afterGracePriority,
    afterGraceBulk,
    retentionDays,
  };
}

/** `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. */
function isAddressRange(text: string): boolean {
  const [address = '', bits = '0', ...rest] = text.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most && rest.length === 0;
}

/** Credentials in it would be sent to nobody, and shown by whatever shows addresses. */
function isPlainHttpUrl(text: string): boolean {
  const { protocol, username, password, search, hash } = URL.canParse(text) ? new URL(text) : new URL('none:');
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
