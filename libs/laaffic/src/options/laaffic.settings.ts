import { readAccount, type Account } from './account.js';
import type { TlsOptions } from './laaffic.options.js';
import { LaafficOptionsError } from './laaffic-options.error.js';
import { OptionsCheck } from './options-check.js';

const DEFAULTS = {
  baseUrl: 'https://api.laaffic.com/v3',
  method: 'POST',
  timeout: 15_000,
  connectTimeout: 5_000,
  maxConnections: 64,
  keepAliveTimeout: 4_000,
  maxBatchRecipients: 1_000,
  queryTimeout: 60_000,
  retries: 4,
  minDelay: 200,
  maxDelay: 10_000,
} as const;

/** The options checked, filled with their defaults, and frozen: what the module's own classes inject. */
export class LaafficSettings {
  readonly account: Account;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly method: 'POST' | 'GET';
  readonly timeout: number;
  readonly maxBatchRecipients: number;
  readonly queries: {
    readonly timeout: number;
    readonly retries: number;
    readonly minDelay: number;
    readonly maxDelay: number;
  };
  readonly rate: {
    readonly requestsPerSecond: number | undefined;
    readonly recipientsPerSecond: number | undefined;
  };
  readonly connection: {
    readonly connectTimeout: number;
    readonly maxConnections: number;
    readonly keepAliveTimeout: number;
  };
  readonly #proxy: string | undefined;
  readonly #tls: TlsOptions | undefined;

  /** @throws {LaafficOptionsError} naming each field that is missing, unknown or out of range. */
  constructor(options: unknown) {
    const check = new OptionsCheck(options, '');
    const connection = new OptionsCheck(check.value('connection') ?? {}, 'connection.', check.problems);
    const queries = new OptionsCheck(check.value('queries') ?? {}, 'queries.', check.problems);
    const rate = new OptionsCheck(check.value('rate') ?? {}, 'rate.', check.problems);
    this.account = readAccount(check);
    this.baseUrl = check.url('baseUrl', DEFAULTS.baseUrl) ?? DEFAULTS.baseUrl;
    this.method = check.oneOf('method', ['POST', 'GET'], DEFAULTS.method);
    this.timeout = check.positive('timeout', DEFAULTS.timeout);
    this.maxBatchRecipients = check.positive('maxBatchRecipients', DEFAULTS.maxBatchRecipients);
    this.queries = Object.freeze({
      timeout: queries.positive('timeout', DEFAULTS.queryTimeout),
      retries: queries.positiveOrZero('retries', DEFAULTS.retries),
      minDelay: queries.positive('minDelay', DEFAULTS.minDelay),
      maxDelay: queries.positive('maxDelay', DEFAULTS.maxDelay),
    });
    this.rate = Object.freeze({
      requestsPerSecond: rate.limit('requestsPerSecond'),
      recipientsPerSecond: rate.limit('recipientsPerSecond'),
    });
    this.connection = Object.freeze({
      connectTimeout: connection.positive('connectTimeout', DEFAULTS.connectTimeout),
      maxConnections: connection.positive('maxConnections', DEFAULTS.maxConnections),
      keepAliveTimeout: connection.positive('keepAliveTimeout', DEFAULTS.keepAliveTimeout),
    });
    this.#proxy = connection.url('proxy', undefined);
    this.#tls = connection.object('tls');
    queries.refuseUnknown();
    rate.refuseUnknown();
    connection.refuseUnknown();
    check.refuseUnknown();
    if (check.problems.length > 0) throw new LaafficOptionsError(check.problems);
    Object.freeze(this);
  }

  /** May hold a password. */
  get proxy(): string | undefined {
    return this.#proxy;
  }

  /** May hold a private key. */
  get tls(): TlsOptions | undefined {
    return this.#tls;
  }
}
