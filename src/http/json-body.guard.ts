import { UnsupportedMediaTypeException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { mediaTypeOf } from './media-type.js';

/** Refuses bodies that are not read, for their fields would be reported as missing. */
export class JsonBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const type = mediaTypeOf(request);
    if (type === 'application/json' || (type === undefined && isEmpty(request))) return true;
    throw new UnsupportedMediaTypeException('Send the body as JSON, with the header Content-Type: application/json');
  }
}

function isEmpty({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
