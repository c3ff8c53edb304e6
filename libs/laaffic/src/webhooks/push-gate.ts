import type { IncomingMessage } from 'node:http';
import { Injectable, RequestMethod } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { clientAddress } from '../client-address.js';
import type { PushRoute } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** A request of Node. Frameworks that shorten `url` keep the whole in `originalUrl`. */
export type PushRequest = IncomingMessage & { readonly originalUrl?: string };

/** Decides by its address alone whether a request is a push. Does not read the body. */
@Injectable()
export class PushGate {
  #route: RegExp | undefined;

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly app: ApplicationConfig,
  ) {}

  /** @returns the route of the push, or why the request is not let in. Without a valid secret it is `not-a-push`. */
  check(request: PushRequest): PushRoute | 'not-a-push' | 'not-allowed' {
    // Every request of the app passes here. Requests to other addresses do not pay for the comparison of secrets.
    const address = this.#routeOfApp().exec(request.originalUrl ?? request.url ?? '');
    if (address === null || request.method !== 'POST') return 'not-a-push';
    const [, secret = '', route] = address;
    const hasSecret = this.settings.secrets.include(secret);
    const isAllowed = this.#isAllowed(request);
    if (!hasSecret) return 'not-a-push';
    return isAllowed ? (route as PushRoute) : 'not-allowed';
  }

  #isAllowed(request: PushRequest): boolean {
    const { allowedIps, trustProxy } = this.settings;
    if (allowedIps === undefined) return true;
    const address = clientAddress(request, trustProxy);
    return address !== undefined && allowedIps.has(address);
  }

  /** Created with the first request, because the app may set its global prefix until then. */
  #routeOfApp(): RegExp {
    return (this.#route ??= new RegExp(
      `^${escapeRegExp(this.#prefix())}/${escapeRegExp(this.settings.path)}/([\\w.~-]+)/(reports|inbound)/?(?:[?#]|$)`,
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

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
