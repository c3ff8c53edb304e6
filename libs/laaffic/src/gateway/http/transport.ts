import { HttpService } from '@nestjs/axios';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { GatewayClock } from '../../clock.js';
import { ConnectionPool } from '../../connection/connection-pool.js';
import { isLoopback } from '../../loopback.js';
import { LaafficSettings } from '../../options/laaffic.settings.js';
import { SigningInterceptor } from '../../signing/signing.interceptor.js';
import { undiciAdapter, type GatewayRequestConfig } from './exchange.js';
import type { GatewayResponse } from './response.js';
import { readRetryAfter } from './retry-after.js';

/**
 * The one place where the network enters the module: a private axios instance that signs requests and sends them over a
 * pool of keep-alive connections.
 */
@Injectable()
export class Transport implements OnModuleInit, OnApplicationShutdown {
  readonly #axios: HttpService['axiosRef'];
  readonly #pool: ConnectionPool;

  constructor(
    http: HttpService,
    settings: LaafficSettings,
    signing: SigningInterceptor,
    private readonly clock: GatewayClock,
  ) {
    const { origin, protocol, hostname, pathname } = new URL(settings.baseUrl);
    if (protocol === 'http:' && !isLoopback(hostname)) {
      new Logger(Transport.name).warn('baseUrl is not https. The API key, numbers and contents are sent unencrypted');
    }
    if (pathname === '/') {
      new Logger(Transport.name).warn('baseUrl has no version, such as /v3. The gateway will not find the endpoints');
    }
    this.#pool = new ConnectionPool(origin, settings);
    this.#axios = http.axiosRef;
    // To merge axios' defaults costs CPU, and none is needed: bodies are text already, and any status is a response.
    const { defaults } = this.#axios;
    for (const name of Object.keys(defaults)) Reflect.deleteProperty(defaults, name);
    defaults.adapter = undiciAdapter(this.#pool, `${pathname.replace(/\/$/, '')}/`);
    signing.applyTo(this.#axios);
  }

  onModuleInit(): Promise<void> {
    return this.#pool.prepare();
  }

  /**
   * Makes one request. `SigningInterceptor` signs it, `undiciAdapter` sends it.
   * @throws {NoResponseError} if no complete response came.
   */
  async exchange(config: GatewayRequestConfig): Promise<GatewayResponse> {
    const { status, headers, data } = await this.#axios.request<string>(config);
    const [date, retryAfter] = [textOf(headers['date']), textOf(headers['retry-after'])];
    return {
      httpStatus: status,
      contentType: textOf(headers['content-type']),
      date,
      retryAfterSeconds:
        retryAfter === undefined ? undefined : readRetryAfter(retryAfter, date, () => this.clock.seconds() * 1000),
      body: data,
    };
  }

  /** Runs after the app's own servers have closed. Requests in flight get their responses; new ones fail. */
  async onApplicationShutdown(): Promise<void> {
    await this.#pool.close();
  }
}

function textOf(header: unknown): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
