import { timingSafeEqual } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { HttpStatus, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { retryAfter, ServiceException } from '../errors/service.exception.js';
import { nodeRequest, nodeResponse } from '../http/node-http.js';
import type { ApiKey } from './api-key.js';
import { admitCaller } from './caller.js';
import { rateHeaders, type KeyRates } from './key-rates.js';
import { accessOf } from './route-access.js';
import { GrantedScopes } from './scopes.js';
import { digestOfKey, isStoredKeyForm, type StoredKey, type StoredKeys } from './stored-key.js';
import type { WrongKeys } from './wrong-keys.js';

/** RFC 9110: blanks between scheme and token, and nothing after the token. */
const BEARER = /^Bearer +([!-~]+)$/i;

/** How long the response to a wrong key is delayed once an address has sent too many. */
const DELAY_MS = 1_000;
/** How many responses are delayed at once. More would hold too many connections. */
const MAX_DELAYED = 50;

/** A key that a request was sent with. */
type RightKey = Pick<StoredKey, 'name' | 'scopes'> & Partial<Pick<StoredKey, 'id' | 'rate'>>;

/**
 * Admits callers that send an API key as a bearer token, as often as the rate of the key allows, to the routes of its
 * scopes. A valid key is always recognized, because callers may share an address. Wrong keys are counted by address, and
 * too many of them get delayed responses.
 *
 * If the environment has no keys, it also admits local callers without a key.
 */
export class ApiKeyGuard implements CanActivate {
  readonly #keys: readonly { readonly name: string; readonly digest: Buffer }[];
  #delayed = 0;

  constructor(
    private readonly reflector: Reflector,
    apiKeys: readonly ApiKey[],
    private readonly storedKeys: StoredKeys,
    private readonly rates: KeyRates,
    private readonly wrongKeys: WrongKeys,
  ) {
    this.#keys = apiKeys.map(({ name, key }) => ({ name, digest: digestOfKey(key) }));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(this.reflector, context);
    if (access === 'public') return true;
    // The app does not boot with such a route. It must not be open if a module is loaded later.
    if (access === undefined) throw new Error('The route declares no scope');
    const request = nodeRequest(context);
    const given = request.headersDistinct.authorization ?? [];
    const [, token = ''] = given.length === 1 ? (BEARER.exec(given[0] ?? '') ?? []) : [];
    if (this.#keys.length === 0 && !isStoredKeyForm(token)) return true;
    const key = await this.#find(token);
    if (key === undefined) {
      const { ip } = context.switchToHttp().getRequest<{ readonly ip?: string }>();
      return this.#reject(ip, given.length > 0);
    }
    this.#limit(key, context);
    key.scopes.require(access);
    admitCaller(request, key);
    return true;
  }

  async #find(token: string): Promise<RightKey | undefined> {
    const given = digestOfKey(token);
    // No early exit: the time does not depend on which key matches.
    const [right] = this.#keys.filter(({ digest }) => timingSafeEqual(digest, given));
    if (right !== undefined) return { name: right.name, scopes: GrantedScopes.all };
    if (!isStoredKeyForm(token)) return undefined;
    const stored = await this.storedKeys.find(given);
    return stored !== undefined && timingSafeEqual(stored.digest, given) ? stored : undefined;
  }

  #limit({ id, rate }: RightKey, context: ExecutionContext): void {
    if (id === undefined || rate === undefined) return;
    const state = this.rates.take(id, rate);
    const response = nodeResponse(context);
    for (const [name, value] of Object.entries(rateHeaders(rate, state))) response.setHeader(name, value);
    if (state.retryAfterSeconds === 0) return;
    const details = { code: 'RATE_LIMITED', retryAfterSeconds: state.retryAfterSeconds };
    throw new ServiceException(HttpStatus.TOO_MANY_REQUESTS, 'The rate of this API key is used up', details);
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
