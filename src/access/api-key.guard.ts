import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  HttpException,
  HttpStatus,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { ApiKey } from './api-key.js';
import { nameCaller } from './caller.js';
import type { WrongKeys } from './wrong-keys.js';

const OPEN = 'access:open';

/** A route that needs no API key. */
export const OpenToAll = () => SetMetadata(OPEN, true);

/** RFC 9110: blanks between scheme and token, and nothing behind it. */
const BEARER = /^Bearer +([!-~]+)$/i;

/** In milliseconds: how long the answer to one wrong key too many takes. */
const SLOW_ANSWER = 1_000;
/** So many answers are slow at once; beyond it they hold no more connections. */
const MOST_SLOW_ANSWERS = 50;

/**
 * Lets in who has an API key as a bearer token. A right key is let in whatever else comes from its address, for others
 * may share it; wrong ones are counted by address, and answered slowly where there are too many.
 */
export class ApiKeyGuard implements CanActivate {
  readonly #keys: readonly { readonly name: string; readonly digest: Buffer }[];
  #slowAnswers = 0;

  constructor(
    private readonly reflector: Reflector,
    apiKeys: readonly ApiKey[],
    private readonly wrongKeys: WrongKeys,
  ) {
    this.#keys = apiKeys.map(({ name, key }) => ({ name, digest: digestOf(key) }));
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(OPEN, [context.getHandler(), context.getClass()])) return true;
    if (this.#keys.length === 0) return true;
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    const given = request.headersDistinct.authorization ?? [];
    const name = given.length === 1 ? this.#nameOf(given[0] ?? '') : undefined;
    if (name === undefined) return this.#refuse(request, response, given.length > 0);
    nameCaller(request, name);
    return true;
  }

  #nameOf(authorization: string): string | undefined {
    const [, token = ''] = BEARER.exec(authorization) ?? [];
    const given = digestOf(token);
    // No early exit: every key is compared, whichever is right.
    const [right] = this.#keys.filter(({ digest }) => timingSafeEqual(digest, given));
    return right?.name;
  }

  async #refuse(request: Request, response: Response, isWrong: boolean): Promise<never> {
    const retryAfter = isWrong ? this.wrongKeys.count(request.ip) : 0;
    if (retryAfter === 0) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      throw new UnauthorizedException('An API key is needed: Authorization: Bearer <key>');
    }
    if (this.#slowAnswers < MOST_SLOW_ANSWERS) {
      this.#slowAnswers++;
      await wait(SLOW_ANSWER);
      this.#slowAnswers--;
    }
    response.setHeader('Retry-After', String(retryAfter));
    throw new HttpException('Too many wrong API keys came from this address', HttpStatus.TOO_MANY_REQUESTS);
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
