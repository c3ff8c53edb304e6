import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { clientAddress } from './client-address.js';
import type { PushRoute } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** A request as Node gives it; frameworks that shorten `url` keep the whole in `originalUrl`. */
export type PushRequest = IncomingMessage & { readonly originalUrl?: string };

/** Whether a request is a push, judged by its address alone; the body has not been looked at. */
@Injectable()
export class PushGate {
  readonly #route: RegExp;

  constructor(private readonly settings: WebhooksSettings) {
    const path = settings.path.replaceAll('.', '\\.');
    this.#route = new RegExp(`^[^?#]*/${path}/([^/?#]+)/(reports|inbound)/?(?:[?#]|$)`);
  }

  /** @returns where the push goes to, or why it may not: no secret, or the wrong one, is a `stranger`. */
  judge(request: PushRequest): PushRoute | 'stranger' | 'not-allowed' {
    const [, secret = '', route] = this.#route.exec(request.originalUrl ?? request.url ?? '') ?? [];
    const isRight = this.settings.secrets.include(secret);
    const isAllowed = this.#isAllowed(request);
    if (request.method !== 'POST' || !isRight) return 'stranger';
    return isAllowed ? (route as PushRoute) : 'not-allowed';
  }

  #isAllowed(request: PushRequest): boolean {
    const { allowedIps, trustProxy } = this.settings;
    if (allowedIps === undefined) return true;
    const address = clientAddress(request, trustProxy);
    return address !== undefined && allowedIps.has(address);
  }
}
