import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { HttpStatus, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { retryAfter, ServiceException } from '../errors/service.exception.js';
import { nodeRequest } from '../http/node-http.js';
import type { ApiKey } from './api-key.js';
import { nameCaller } from './caller.js';
import type { WrongKeys } from './wrong-keys.js';

const PUBLIC = 'auth:public';

/** A route that needs no API key. */
export const Public = () => SetMetadata(PUBLIC, true);

/** RFC 9110: blanks between scheme and token, and nothing after the token. */
const BEARER = /^Bearer +([!-~]+)$/i;

/** How long the response to a wrong key is delayed once an address has sent too many. */
const DELAY_MS = 1_000;
/** How many responses are delayed at once. More would hold too many connections. */
const MAX_DELAYED = 50;

/**
 * Admits callers that send an API key as a bearer token. A valid key is always admitted, because callers may share an
 * address. Wrong keys are counted by address, and too many of them get delayed responses.
 */
export class ApiKeyGuard implements CanActivate {
  readonly #keys: readonly { readonly name: string; readonly digest: Buffer }[];
  #delayed = 0;

  constructor(
    private readonly reflector: Reflector,
    apiKeys: readonly ApiKey[],
    private readonly wrongKeys: WrongKeys,
  ) {
    this.#keys = apiKeys.map(({ name, key }) => ({ name, digest: digestOf(key) }));
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()])) return true;
    if (this.#keys.length === 0) return true;
    const request = nodeRequest(context);
    const given = request.headersDistinct.authorization ?? [];
    const name = given.length === 1 ? this.#nameOf(given[0] ?? '') : undefined;
    if (name === undefined) {
      const { ip } = context.switchToHttp().getRequest<{ readonly ip?: string }>();
      return this.#reject(ip, given.length > 0);
    }
    nameCaller(request, name);
    return true;
  }

  #nameOf(authorization: string): string | undefined {
    const [, token = ''] = BEARER.exec(authorization) ?? [];
    const given = digestOf(token);
    // No early exit: the time does not depend on which key matches.
    const [right] = this.#keys.filter(({ digest }) => timingSafeEqual(digest, given));
    return right?.name;
  }

  async #reject(ip: string | undefined, isWrong: boolean): Promise<never> {
    const retryAfterSeconds = isWrong ? this.wrongKeys.count(ip) : 0;
    if (retryAfterSeconds === 0) {
      const headers = { 'WWW-Authenticate': 'Bearer' };
      throw new ServiceException(HttpStatus.UNAUTHORIZED, 'An API key is needed: Authorization: Bearer <key>', {
        headers,
      });
    }
    if (this.#delayed < MAX_DELAYED) {
      this.#delayed++;
      await wait(DELAY_MS);
      this.#delayed--;
    }
    throw new ServiceException(HttpStatus.TOO_MANY_REQUESTS, 'Too many wrong API keys came from this address', {
      headers: retryAfter(retryAfterSeconds),
    });
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
