import { readAccount, type Account } from './account.js';
import { LaafficOptionsError } from './laaffic-options.error.js';
import type { RequestDispatcher, TlsOptions } from './laaffic.options.js';
import { OptionsReader } from './options-reader.js';

/** The gateway of Laaffic itself. */
export const DEFAULT_BASE_URL = 'https://api.laaffic.com/v3';

/** The connection options that a dispatcher of the app decides on its own. */
const OWN_CONNECTIONS = ['connectTimeoutMs', 'maxConnections', 'keepAliveTimeoutMs', 'proxy', 'tls'] as const;

/** The checked options, with all defaults, frozen. The module's own classes inject this. */
export class LaafficSettings {
  readonly account: Account;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly method: 'POST' | 'GET';
  readonly timeoutMs: number;
  readonly maxBatchRecipients: number;
  readonly queryRetry: {
    readonly timeoutMs: number;
    readonly retries: number;
    readonly minDelayMs: number;
    readonly maxDelayMs: number;
  };
  readonly rate: {
    readonly requestsPerSecond: number | undefined;
    readonly recipientsPerSecond: number | undefined;
  };
  readonly connection: {
    readonly connectTimeoutMs: number;
    readonly maxConnections: number;
    readonly keepAliveTimeoutMs: number;
  };
  readonly #proxy: string | undefined;
  readonly #tls: TlsOptions | undefined;
  readonly #dispatcher: RequestDispatcher | undefined;

  /**
   * @param account the name that the account is registered under.
   * @throws {LaafficOptionsError} naming each field that is missing, unknown or out of range.
   */
  constructor(options: unknown, account?: string) {
    const reader = new OptionsReader(options);
    const connection = reader.nested('connection');
    const queryRetry = reader.nested('queryRetry');
    const rate = reader.nested('rate');
    this.account = readAccount(reader);
    this.baseUrl = reader.url('baseUrl', DEFAULT_BASE_URL) ?? DEFAULT_BASE_URL;
    this.method = reader.oneOf('method', ['POST', 'GET'], 'POST');
    this.timeoutMs = reader.wholeNumber('timeoutMs', 15_000);
    this.maxBatchRecipients = reader.wholeNumber('maxBatchRecipients', 1_000);
    this.queryRetry = Object.freeze({
      timeoutMs: queryRetry.wholeNumber('timeoutMs', 60_000),
      retries: queryRetry.wholeNumber('retries', 4, { min: 0 }),
      minDelayMs: queryRetry.wholeNumber('minDelayMs', 200),
      maxDelayMs: queryRetry.wholeNumber('maxDelayMs', 10_000),
    });
    this.rate = Object.freeze({
      requestsPerSecond: rate.positiveNumber('requestsPerSecond'),
      recipientsPerSecond: rate.positiveNumber('recipientsPerSecond'),
    });
    this.connection = Object.freeze({
      connectTimeoutMs: connection.wholeNumber('connectTimeoutMs', 5_000),
      maxConnections: connection.wholeNumber('maxConnections', 64),
      keepAliveTimeoutMs: connection.wholeNumber('keepAliveTimeoutMs', 4_000),
    });
    this.#proxy = connection.url('proxy', undefined);
    this.#tls = connection.object('tls');
    this.#dispatcher = readDispatcher(connection);
    for (const each of [queryRetry, rate, connection, reader]) each.rejectUnknown();
    if (reader.problems.length > 0) throw new LaafficOptionsError(reader.problems, account);
    Object.freeze(this);
  }

  /** Not a plain property because it may hold a password. */
  get proxy(): string | undefined {
    return this.#proxy;
  }

  /** Not a plain property because it may hold a private key. */
  get tls(): TlsOptions | undefined {
    return this.#tls;
  }

  /** Not a plain property because it would be frozen and printed. */
  get dispatcher(): RequestDispatcher | undefined {
    return this.#dispatcher;
  }
}

function readDispatcher(connection: OptionsReader): RequestDispatcher | undefined {
  const dispatcher = connection.withMethod<RequestDispatcher>('dispatcher', 'dispatch');
  const others = OWN_CONNECTIONS.filter((field) => connection.value(field) !== undefined);
  if (dispatcher !== undefined && others.length > 0) {
    connection.report('dispatcher', `has its own connections; leave out ${others.join(', ')}`);
  }
  return dispatcher;
}
