import { createHash, timingSafeEqual } from 'node:crypto';
import {
  ForbiddenException,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';

const OPEN = 'access:open';

/** A route that needs no API key. */
export const OpenToAll = () => SetMetadata(OPEN, true);

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Lets in who has an API key as a bearer token. Without any keys the service listens on loopback
 * only; then it lets in who asks for a loopback host, which a page in a browser that had its name
 * rebound to this machine does not, and whom no page of another origin sends: some requests it may make
 * without asking.
 */
export class ApiKeyGuard implements CanActivate {
  readonly #digests: readonly Buffer[];

  constructor(
    private readonly reflector: Reflector,
    apiKeys: readonly string[],
  ) {
    this.#digests = apiKeys.map(digest);
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(OPEN, [context.getHandler(), context.getClass()])) return true;
    const { headers } = context.switchToHttp().getRequest<Request>();
    if (this.#digests.length === 0) {
      const { host = '', origin } = headers;
      if (LOOPBACK_HOST.test(host) && (origin === undefined || origin === `http://${host}`)) return true;
      throw new ForbiddenException('Without API_KEYS the service is for this machine only');
    }
    const [, token = ''] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
    const given = digest(token);
    if (this.#digests.filter((known) => timingSafeEqual(known, given)).length > 0) return true;
    context.switchToHttp().getResponse<Response>().setHeader('WWW-Authenticate', 'Bearer');
    throw new UnauthorizedException('An API key is needed: Authorization: Bearer <key>');
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
