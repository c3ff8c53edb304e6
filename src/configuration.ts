import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback, OptionsReader, type LaafficOptions } from 'nestjs-laaffic';
import type { UnconfirmedAction } from 'nestjs-laaffic-outbox';
import { readApiKeys, type ApiKey } from './common/auth/api-key.js';
import { databaseUrlProblem } from './database/database-url.js';

/** The settings of phone verification, read from the environment once. */
export interface VerificationConfiguration {
  /**
   * `VERIFY_KEYS`: comma-separated keys of codes and proofs, each 32 bytes in base64; the first one makes them, all read
   * them. @default none; with the sandbox the service makes one when it starts
   */
  readonly keys: readonly string[];
  /** `VERIFY_COUNTRIES`: comma-separated countries whose numbers get codes, or `all`. @default with the sandbox all */
  readonly countries: readonly string[] | 'all';
  /** `VERIFY_EXPECTED_PER_DAY`: how many verifications are started on a usual day. @default with the sandbox 1000 */
  readonly expectedPerDay: number;
  /** `VERIFY_APP`: the name of the app in the texts. @default with the sandbox Example */
  readonly app: string;
  /** `VERIFY_DOMAIN`: the domain on whose pages browsers fill the code in. @default none */
  readonly domain: string | undefined;
  /** `VERIFY_SPEND_PER_DAY`: the highest cost of messages in 24 hours, in the currency of the prices. @default no limit */
  readonly spendPerDay: number | undefined;
  /** `VERIFY_PRICES`: comma-separated prices of a segment, such as `GB=0.04`. @default none */
  readonly prices: Readonly<Record<string, number>>;
  /** `VERIFY_UNKNOWN_PRICE`: the price in all other countries. @default the highest of `VERIFY_PRICES` */
  readonly unknownPrice: number | undefined;
  /** `VERIFY_CURRENCY`: the currency of the prices. @default the one that the platform charges in */
  readonly currency: string | undefined;
  /**
   * `VERIFY_GUARD`: with `shadow`, the guard only records what it would reject. @default enforce; with the sandbox shadow,
   * because trials without an approval look like an attack
   */
  readonly guard: 'enforce' | 'shadow';
  /** `VERIFY_SCHEMA`: the schema of verifications, beside that of the outbox. @default laaffic_verify */
  readonly schema: string;
}

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
  /**
   * `DATABASE_LISTEN_URL`: the same database past a pooler, for notifications, if `DATABASE_URL` leads to PgBouncer in
   * transaction mode. @default the one of `DATABASE_URL`
   */
  readonly databaseListenUrl: string | undefined;
  /** `DATABASE_SCHEMA`: the schema of the outbox. @default laaffic_outbox */
  readonly databaseSchema: string;
  /** `SERVICE_SCHEMA`: the schema of the service's own tables, such as API keys. @default laaffic_service */
  readonly serviceSchema: string;
  /** `DATABASE_CONNECTIONS`: the most connections of this instance, beside the one that listens. @default 10 */
  readonly databaseConnections: number;
  /** `DATABASE_MIGRATE`: with `off`, the owner of the schema migrates it, and the start checks it. @default on */
  readonly databaseMigrate: boolean;
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
  /**
   * `DELETE_AFTER_DAYS`: when messages and campaigns are deleted after they are finished; `never` keeps what
   * `RETENTION_DAYS` leaves.
   * @default 180; `RETENTION_DAYS` if that is longer; `never` if it is `forever`
   */
  readonly deleteAfterDays: number | false;
  /**
   * `SEAL_KEYS`: comma-separated keys of sealed messages, each 32 bytes in base64; the first one seals. @default with
   * phone verification at the sandbox one that the service makes; otherwise none, and no message can be sealed
   */
  readonly sealKeys: readonly string[];
  /**
   * Phone verification. `undefined` with an account and without `VERIFY_KEYS`: then there are no routes for it. With the
   * sandbox it works without settings.
   */
  readonly verification: VerificationConfiguration | undefined;
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

const NUMBERS = [
  'PORT',
  'TRUST_PROXY',
  'RECIPIENTS_PER_SECOND',
  'REQUESTS_PER_SECOND',
  'RESPONSE_TIMEOUT_SECONDS',
  'GRACE_PERIOD_SECONDS',
  'RETENTION_DAYS',
  'DELETE_AFTER_DAYS',
  'DATABASE_CONNECTIONS',
  'VERIFY_EXPECTED_PER_DAY',
  'VERIFY_SPEND_PER_DAY',
  'VERIFY_UNKNOWN_PRICE',
];
/** Texts in place of a number of days. */
const UNLIMITED: Readonly<Record<string, string>> = { RETENTION_DAYS: 'forever', DELETE_AFTER_DAYS: 'never' };
const ACCOUNT_VARIABLES = ['LAAFFIC_APP_ID', 'LAAFFIC_API_KEY', 'LAAFFIC_API_SECRET'] as const;
const URL_SAFE_SECRET = /^[\w-]{16,256}$/;
const MAX_RESPONSE_TIMEOUT_SECONDS = 300;
/** The limit of the outbox. */
const MAX_GRACE_PERIOD_SECONDS = 2_147_483;
const MAX_RETENTION_DAYS = 36_500;
const DEFAULT_DELETE_AFTER_DAYS = 180;
/** A worker needs this many connections, as the outbox says. */
const MIN_WORKER_CONNECTIONS = 5;
const SCHEMA = /^[a-z_][a-z0-9_]{0,49}$/;
/** What may happen to recipients without evidence. */
export const UNCONFIRMED_ACTIONS: readonly UnconfirmedAction[] = ['hold', 'resend', 'abandon'];
const SECRET_KEY = /^[\w+/-]{43}=?$/;
const MAX_SECRET_KEYS = 10;
const VERIFY_VARIABLES = [
  'VERIFY_COUNTRIES',
  'VERIFY_EXPECTED_PER_DAY',
  'VERIFY_APP',
  'VERIFY_DOMAIN',
  'VERIFY_SPEND_PER_DAY',
  'VERIFY_PRICES',
  'VERIFY_UNKNOWN_PRICE',
  'VERIFY_CURRENCY',
  'VERIFY_GUARD',
  'VERIFY_SCHEMA',
] as const;
/** The operator of a real account has to choose these. */
const REQUIRED_VERIFY_VARIABLES = ['VERIFY_COUNTRIES', 'VERIFY_EXPECTED_PER_DAY', 'VERIFY_APP', 'SEAL_KEYS'] as const;
const MAX_APP_LENGTH = 100;
const PRICE = /^([A-Z]{2})=(\d{1,9}(?:\.\d{1,9})?)$/;

/**
 * Reads all settings.
 * @throws {ConfigurationError} that names every wrong variable.
 */
export function readConfiguration(env: NodeJS.ProcessEnv, isTerminal = false): Configuration {
  const reader = new OptionsReader(valuesOf(env));
  const server = readServer(reader, isTerminal);
  const isSandbox = ACCOUNT_VARIABLES.every((name) => textOf(reader, name) === undefined);
  const account = readAccount(reader, isSandbox);
  const webhooks = readWebhooks(reader, isSandbox);
  const outbox = readOutbox(reader);
  const verification = readVerification(reader, isSandbox && outbox.databaseMigrate);
  if ([outbox.databaseSchema, verification?.schema].includes(outbox.serviceSchema)) {
    reader.report('SERVICE_SCHEMA', 'must not be DATABASE_SCHEMA or VERIFY_SCHEMA');
  }
  if (reader.problems.length > 0) throw new ConfigurationError(reader.problems);
  return { ...server, account, ...webhooks, ...outbox, verification };
}

/** Trims the variables, and converts those that are numbers. What is no number becomes `NaN`, which no check accepts. */
function valuesOf(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    const text = value?.trim() ?? '';
    const isNumber = NUMBERS.includes(name) && text !== UNLIMITED[name];
    if (text !== '') values[name] = isNumber ? Number(text) : text;
  }
  return values;
}

function readServer(reader: OptionsReader, isTerminal: boolean) {
  const port = reader.wholeNumber('PORT', 3000, { min: 0, max: 65_535 });
  const apiKeys = readApiKeys(listOf(reader, 'API_KEYS'), (problem) => {
    reader.report('API_KEYS', problem);
  });
  const host = textOf(reader, 'HOST') ?? (apiKeys.length > 0 ? '0.0.0.0' : '127.0.0.1');
  if (apiKeys.length === 0 && !isLoopback(host)) {
    reader.report(
      'HOST',
      'must be a loopback address while API_KEYS is not set, because otherwise every caller could send at your cost',
    );
  }
  const logFormat = reader.oneOf('LOG_FORMAT', ['json', 'text'], isTerminal ? 'text' : 'json');
  const trustProxy = reader.wholeNumber('TRUST_PROXY', 0, { min: 0, max: 10 });
  return { port, apiKeys, host, logFormat, trustProxy };
}

/** An incomplete account is a problem, and does not select the sandbox. */
function readAccount(reader: OptionsReader, isSandbox: boolean): LaafficOptions | undefined {
  const [appId, apiKey, apiSecret] = ACCOUNT_VARIABLES.map((name) => textOf(reader, name));
  const baseUrl = textOf(reader, 'LAAFFIC_BASE_URL');
  if (isSandbox && baseUrl !== undefined) {
    reader.report('LAAFFIC_BASE_URL', `needs ${ACCOUNT_VARIABLES.join(', ')}: the account there`);
  }
  if (baseUrl !== undefined && !isPlainHttpUrl(baseUrl)) {
    reader.report('LAAFFIC_BASE_URL', 'must be an http or https URL without user, password and query');
  }
  if (isSandbox) return undefined;
  if (appId === undefined || apiKey === undefined || apiSecret === undefined) {
    const missing = ACCOUNT_VARIABLES.filter((name) => textOf(reader, name) === undefined);
    reader.report(missing.join(' and '), 'must be set too, or none of the three for the sandbox');
    return undefined;
  }
  return { appId, apiKey, apiSecret, baseUrl, senderId: textOf(reader, 'LAAFFIC_SENDER_ID') };
}

function readWebhooks(reader: OptionsReader, isSandbox: boolean) {
  const secrets = listOf(reader, 'WEBHOOK_SECRET');
  if (!secrets.every((secret) => URL_SAFE_SECRET.test(secret))) {
    reader.report('WEBHOOK_SECRET', 'must be 16 to 256 letters, digits, hyphens or underscores');
  }
  const allowedIps = listOf(reader, 'WEBHOOK_ALLOWED_IPS');
  for (const entry of allowedIps) {
    if (!isAddressRange(entry)) {
      reader.report('WEBHOOK_ALLOWED_IPS', `must be addresses or ranges; ${entry} is neither`);
    }
  }
  if (allowedIps.length > 0 && isSandbox) {
    const problem = 'is for the pushes of the real gateway; the sandbox pushes from this machine';
    reader.report('WEBHOOK_ALLOWED_IPS', problem);
  }
  const isWebhookSecretGenerated = secrets.length === 0 && isSandbox;
  return {
    webhookSecrets: isWebhookSecretGenerated ? [randomBytes(24).toString('base64url')] : secrets,
    isWebhookSecretGenerated,
    webhookAllowedIps: allowedIps.length > 0 ? allowedIps : undefined,
  };
}

function readOutbox(reader: OptionsReader) {
  const worker = reader.oneOf('WORKER', ['on', 'off'], 'on') === 'on';
  return {
    ...readDatabase(reader, worker),
    worker,
    recipientsPerSecond: reader.positiveNumber('RECIPIENTS_PER_SECOND'),
    requestsPerSecond: reader.positiveNumber('REQUESTS_PER_SECOND'),
    responseTimeoutSeconds: reader.positiveNumber('RESPONSE_TIMEOUT_SECONDS', MAX_RESPONSE_TIMEOUT_SECONDS) ?? 15,
    gracePeriodSeconds: reader.positiveNumber('GRACE_PERIOD_SECONDS', MAX_GRACE_PERIOD_SECONDS) ?? 900,
    unconfirmedMessages: reader.oneOf('UNCONFIRMED_MESSAGES', UNCONFIRMED_ACTIONS, 'hold'),
    unconfirmedCampaigns: reader.oneOf('UNCONFIRMED_CAMPAIGNS', UNCONFIRMED_ACTIONS, 'hold'),
    ...readRetention(reader),
    sealKeys: readSecretKeys(reader, 'SEAL_KEYS'),
  };
}

function readDatabase(reader: OptionsReader, isWorker: boolean) {
  const [databaseUrl, databaseListenUrl] = ['DATABASE_URL', 'DATABASE_LISTEN_URL'].map((name) => {
    const url = textOf(reader, name);
    const problem = url === undefined ? undefined : databaseUrlProblem(url);
    if (problem !== undefined) reader.report(name, problem);
    return url;
  });
  if (databaseListenUrl !== undefined && databaseUrl === undefined) {
    reader.report('DATABASE_LISTEN_URL', 'needs DATABASE_URL: the pooler in front of the same database');
  }
  const min = isWorker ? MIN_WORKER_CONNECTIONS : 1;
  return {
    databaseUrl,
    databaseListenUrl,
    databaseSchema: readSchema(reader, 'DATABASE_SCHEMA', 'laaffic_outbox'),
    serviceSchema: readSchema(reader, 'SERVICE_SCHEMA', 'laaffic_service'),
    databaseConnections: reader.wholeNumber('DATABASE_CONNECTIONS', 10, { min, max: 1_000 }),
    databaseMigrate: reader.oneOf('DATABASE_MIGRATE', ['on', 'off'], 'on') === 'on',
    dataDir: textOf(reader, 'DATA_DIR') ?? './.data/postgres',
  };
}

function readSchema(reader: OptionsReader, name: string, byDefault: string): string {
  const problem = 'must be at most 50 lower-case letters, digits and underscores, and not begin with a digit';
  return reader.text(name, byDefault, SCHEMA, problem);
}

function readRetention(reader: OptionsReader) {
  const retentionDays = readRetentionDays(reader);
  return { retentionDays, deleteAfterDays: readDeleteAfterDays(reader, retentionDays) };
}

/** The packages check them too, but they call them by the names of their options. */
function readSecretKeys(reader: OptionsReader, name: string): readonly string[] {
  const keys = listOf(reader, name);
  const isRight = keys.every((key) => SECRET_KEY.test(key)) && keys.length <= MAX_SECRET_KEYS;
  if (!isRight || new Set(keys).size < keys.length) {
    reader.report(name, `must be at most ${MAX_SECRET_KEYS} different keys, each 32 bytes in base64`);
  }
  return keys;
}

/** @param worksWithoutSettings whether missing keys are made when the service starts, and other settings have defaults. */
function readVerification(reader: OptionsReader, worksWithoutSettings: boolean): VerificationConfiguration | undefined {
  const keys = readSecretKeys(reader, 'VERIFY_KEYS');
  if (keys.length === 0 && !worksWithoutSettings) {
    const given = VERIFY_VARIABLES.filter((name) => textOf(reader, name) !== undefined);
    if (given.length > 0) reader.report('VERIFY_KEYS', `must be set too for ${given.join(', ')}`);
    return undefined;
  }
  const missing = REQUIRED_VERIFY_VARIABLES.filter((name) => textOf(reader, name) === undefined);
  if (missing.length > 0 && !worksWithoutSettings) reader.report(missing.join(' and '), 'must be set for VERIFY_KEYS');
  const [app, domain] = [textOf(reader, 'VERIFY_APP') ?? 'Example', textOf(reader, 'VERIFY_DOMAIN')];
  if (app.length > MAX_APP_LENGTH) reader.report('VERIFY_APP', `must be at most ${MAX_APP_LENGTH} characters`);
  return {
    keys,
    countries: readCountries(reader),
    expectedPerDay: reader.positiveNumber('VERIFY_EXPECTED_PER_DAY') ?? 1_000,
    app,
    domain,
    ...readSpending(reader),
    guard: reader.oneOf('VERIFY_GUARD', ['enforce', 'shadow'], worksWithoutSettings ? 'shadow' : 'enforce'),
    schema: readSchema(reader, 'VERIFY_SCHEMA', 'laaffic_verify'),
  };
}

/** Whether countries exist is checked with the metadata of numbers, which is loaded later and only if it is needed. */
function readCountries(reader: OptionsReader): readonly string[] | 'all' {
  const countries = listOf(reader, 'VERIFY_COUNTRIES');
  if (countries.length === 0 || countries.join() === 'all') return 'all';
  if (!countries.every((country) => /^[A-Z]{2}$/.test(country))) {
    reader.report('VERIFY_COUNTRIES', 'must be comma-separated codes of countries in two capital letters, or all');
  }
  return countries;
}

function readSpending(reader: OptionsReader) {
  const spendPerDay = reader.positiveNumber('VERIFY_SPEND_PER_DAY');
  const unknownPrice = reader.positiveNumber('VERIFY_UNKNOWN_PRICE');
  const entries = listOf(reader, 'VERIFY_PRICES').map((entry) => PRICE.exec(entry));
  const prices = Object.fromEntries(entries.map((entry) => [entry?.[1] ?? '', Number(entry?.[2] ?? 0)]));
  if (Object.values(prices).some((price) => price === 0) || Object.keys(prices).length < entries.length) {
    reader.report('VERIFY_PRICES', 'must be comma-separated prices above 0, one for each country, such as GB=0.04');
  }
  if (spendPerDay !== undefined && unknownPrice === undefined && entries.length === 0) {
    reader.report('VERIFY_SPEND_PER_DAY', 'needs VERIFY_PRICES or VERIFY_UNKNOWN_PRICE');
  }
  const currency = textOf(reader, 'VERIFY_CURRENCY');
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) {
    reader.report('VERIFY_CURRENCY', 'must be a code of three capital letters, such as USD');
  }
  return { spendPerDay, prices, unknownPrice, currency };
}

function readRetentionDays(reader: OptionsReader): number | false {
  if (reader.value('RETENTION_DAYS') === UNLIMITED['RETENTION_DAYS']) return false;
  return reader.positiveNumber('RETENTION_DAYS', MAX_RETENTION_DAYS) ?? 90;
}

/** Nothing is deleted before its numbers and texts are. */
function readDeleteAfterDays(reader: OptionsReader, retentionDays: number | false): number | false {
  const value = reader.value('DELETE_AFTER_DAYS');
  if (value === UNLIMITED['DELETE_AFTER_DAYS']) return false;
  if (retentionDays === false) {
    if (value !== undefined) reader.report('DELETE_AFTER_DAYS', 'must be never while RETENTION_DAYS is forever');
    return false;
  }
  const usual = Math.max(DEFAULT_DELETE_AFTER_DAYS, retentionDays);
  const deleteAfterDays = reader.positiveNumber('DELETE_AFTER_DAYS', MAX_RETENTION_DAYS) ?? usual;
  if (deleteAfterDays < retentionDays) {
    reader.report('DELETE_AFTER_DAYS', `must not be less than RETENTION_DAYS, which is ${retentionDays}`);
  }
  return deleteAfterDays;
}

function textOf(reader: OptionsReader, name: string): string | undefined {
  return reader.value(name) as string | undefined;
}

function listOf(reader: OptionsReader, name: string): string[] {
  return (textOf(reader, name) ?? '').split(',').flatMap((entry) => entry.trim() || []);
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
