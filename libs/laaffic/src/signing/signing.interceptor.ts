import type { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { Credentials } from './credentials.js';

/** A request may have credentials of another account than the module's. */
export interface SignedAs {
  credentials?: Credentials;
}

/**
 * Signs every request of an axios instance when it is made. A request that waited or is repeated never carries an old
 * time.
 *
 * The instance must be the module's own: on the global one it would send the key to every host.
 */
@Injectable()
export class SigningInterceptor {
  constructor(
    private readonly credentials: Credentials,
    private readonly clock: GatewayClock,
  ) {}

  applyTo(axios: HttpService['axiosRef']): void {
    const intercept: Parameters<typeof axios.interceptors.request.use>[0] = (config) => {
      const { credentials = this.credentials } = config as SignedAs;
      this.#sign(config.headers, credentials);
      return config;
    };
    axios.interceptors.request.use(intercept, null, { synchronous: true });
  }

  /** Order and spelling of the names are those of the vendor's samples. GET requests have the content type too. */
  #sign(headers: { set(name: string, value: string): unknown }, credentials: Credentials): void {
    const { Sign, Timestamp, 'Api-Key': apiKey } = credentials.headersAt(this.clock.seconds());
    headers.set('Content-Type', 'application/json;charset=UTF-8');
    headers.set('Sign', Sign);
    headers.set('Timestamp', Timestamp);
    headers.set('Api-Key', apiKey);
  }
}
