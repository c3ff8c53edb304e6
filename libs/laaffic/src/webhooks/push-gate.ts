import type { IncomingMessage } from 'node:http';
import { Injectable, RequestMethod } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { clientAddress } from './client-address.js';
import type { PushRoute } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** A request as Node gives it; frameworks that shorten `url` keep the whole in `originalUrl`. */
export type PushRequest = IncomingMessage & { readonly originalUrl?: string };

/** Whether a request is a push, judged by its address alone; the body has not been looked at. */
@Injectable()
export class PushGate {
  #route: RegExp | undefined;

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly app: ApplicationConfig,
  ) {}

  /** @returns where the push goes to, or why it may not: no secret, or the wrong one, is a `stranger`. */
  judge(request: PushRequest): PushRoute | 'stranger' | 'not-allowed' {
    // Every request of the app comes by here: those to other addresses do not pay for the comparison.
    const address = this.#routeOfApp().exec(request.originalUrl ?? request.url ?? '');
    if (address === null || request.method !== 'POST') return 'stranger';
    const [, secret = '', route] = address;
    const isRight = this.settings.secrets.include(secret);
    const isAllowed = this.#isAllowed(request);
    if (!isRight) return 'stranger';
    return isAllowed ? (route as PushRoute) : 'not-allowed';
  }

  #isAllowed(request: PushRequest): boolean {
    const { allowedIps, trustProxy } = this.settings;
    if (allowedIps === undefined) return true;
    const address = clientAddress(request, trustProxy);
    return address !== undefined && allowedIps.has(address);
  }

  /** Made when the first request comes: until then the app may still set its prefix. */
  #routeOfApp(): RegExp {
    return (this.#route ??= new RegExp(
      `^${toPattern(this.#prefix())}/${toPattern(this.settings.path)}/([\\w.~-]+)/(reports|inbound)/?(?:[?#]|$)`,
    ));
  }

  #prefix(): string {
    const prefix = this.app.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
    const { exclude = [] } = this.app.getGlobalPrefixOptions();
    const isExcluded = exclude.some(
      ({ pathRegex, requestMethod }) =>
        pathRegex.test(`/${this.settings.path}`) && [RequestMethod.ALL, RequestMethod.POST].includes(requestMethod),
    );
    return prefix === '' || isExcluded ? '' : `/${prefix}`;
  }
}

function toPattern(path: string): string {
  return path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
