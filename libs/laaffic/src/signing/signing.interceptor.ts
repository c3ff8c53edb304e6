import type { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { Credentials } from './credentials.js';

/** A request may be made in the name of another account than the module's. */
export interface SignedAs {
  credentials?: Credentials;
}

/**
 * Signs every request of the axios instance it is put on, at the moment it is made, so that an
 * attempt that waited or is repeated never carries an old time.
 *
 * The instance must be the module's own: on the global one it would show the key to every host.
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
      this.sign(config.headers, credentials);
      return config;
    };
    axios.interceptors.request.use(intercept, null, { synchronous: true });
  }

  /** Names in the order and spelling of the vendor's samples; the content type is on its GET requests too. */
  private sign(headers: { set(name: string, value: string): unknown }, credentials: Credentials): void {
    const { Sign, Timestamp, 'Api-Key': apiKey } = credentials.headersAt(this.clock.seconds());
    headers.set('Content-Type', 'application/json;charset=UTF-8');
    headers.set('Sign', Sign);
    headers.set('Timestamp', Timestamp);
    headers.set('Api-Key', apiKey);
  }
}
