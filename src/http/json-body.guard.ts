import { UnsupportedMediaTypeException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { readJsonBody } from './json-body.js';
import { mediaTypeOf } from './media-type.js';

/**
 * Reads the body of a route that takes JSON. As a guard it comes after that of the keys, so that nothing is read from
 * a caller who has none. Refuses bodies of other kinds: their fields would be reported as missing.
 */
export class JsonBodyGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const type = mediaTypeOf(request);
    if (type !== 'application/json' && !(type === undefined && isEmpty(request))) {
      throw new UnsupportedMediaTypeException('Send the body as JSON, with the header Content-Type: application/json');
    }
    request.body = await readJsonBody(request);
    return true;
  }
}

function isEmpty({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
