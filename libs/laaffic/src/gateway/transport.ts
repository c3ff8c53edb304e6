import { HttpService } from '@nestjs/axios';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, ProxyAgent, type Dispatcher } from 'undici';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { SigningInterceptor } from '../signing/signing.interceptor.js';
import type { Answer } from './exchange.js';
import { undiciAdapter, type ExchangeConfig } from './undici-adapter.js';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * The module's own way to the gateway: a private axios instance that signs, over a pool of
 * keep-alive connections. Where the network enters the module.
 */
@Injectable()
export class Transport implements OnApplicationShutdown {
  readonly #axios: HttpService['axiosRef'];
  readonly #pool: Dispatcher;

  constructor(http: HttpService, settings: LaafficSettings, signing: SigningInterceptor) {
    const { origin, protocol, hostname, pathname } = new URL(settings.baseUrl);
    if (protocol === 'http:' && !LOOPBACK.test(hostname)) {
      new Logger(Transport.name).warn('baseUrl is not https: key, numbers and contents travel in the clear');
    }
    this.#pool = poolOf(origin, settings);
    this.#axios = http.axiosRef;
    // Nothing of axios' own defaults is wanted, and merging them costs: bodies are text already, any status is an answer.
    const { defaults } = this.#axios;
    for (const name of Object.keys(defaults)) Reflect.deleteProperty(defaults, name);
    defaults.adapter = undiciAdapter(this.#pool, origin, `${pathname.replace(/\/$/, '')}/`);
    signing.applyTo(this.#axios);
  }

  /** @throws {ExchangeFailure} where no whole answer came. */
  async exchange(config: ExchangeConfig): Promise<Answer> {
    const { status, headers, data } = await this.#axios.request<string>(config);
    return {
      httpStatus: status,
      contentType: headerOf(headers['content-type']),
      date: headerOf(headers['date']),
      retryAfter: headerOf(headers['retry-after']),
      body: data,
    };
  }

  /** After the app's own servers have closed: requests in flight are answered first, new ones fail. */
  async onApplicationShutdown(): Promise<void> {
    await this.#pool.close();
  }
}

function headerOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function poolOf(origin: string, { connection, proxy, tls }: LaafficSettings): Dispatcher {
  const pool: Pool.Options = {
    connections: connection.maxConnections,
    keepAliveTimeout: connection.keepAliveTimeout,
    pipelining: 1,
    allowH2: false,
    // The exchange has a timer of its own, exact to the millisecond.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const connect = { timeout: connection.connectTimeout, ...tls };
  if (proxy === undefined) return new Pool(origin, { ...pool, connect });
  return new ProxyAgent({ ...pool, uri: proxy, requestTls: connect, connect: { timeout: connection.connectTimeout } });
}
