import { Credentials } from '../signing/credentials.js';
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
} as const;

/** The options checked, filled with their defaults, and frozen: what the module's own classes inject. */
export class LaafficSettings {
  readonly appId: string;
  readonly credentials: Credentials;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly senderId: string | undefined;
  readonly method: 'POST' | 'GET';
  readonly timeout: number;
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
    this.appId = check.credential('appId');
    this.credentials = new Credentials(check.credential('apiKey'), check.credential('apiSecret'));
    this.baseUrl = check.url('baseUrl', DEFAULTS.baseUrl) ?? DEFAULTS.baseUrl;
    this.senderId = check.senderId('senderId');
    this.method = check.oneOf('method', ['POST', 'GET'], DEFAULTS.method);
    this.timeout = check.positive('timeout', DEFAULTS.timeout);
    this.connection = Object.freeze({
      connectTimeout: connection.positive('connectTimeout', DEFAULTS.connectTimeout),
      maxConnections: connection.positive('maxConnections', DEFAULTS.maxConnections),
      keepAliveTimeout: connection.positive('keepAliveTimeout', DEFAULTS.keepAliveTimeout),
    });
    this.#proxy = connection.url('proxy', undefined);
    this.#tls = connection.object('tls');
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
