import { UnsupportedMediaTypeException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { readJsonBody } from './json-body.js';
import { hasBody, mediaTypeOf } from './media-type.js';
import { nodeRequest } from './node-http.js';

/**
 * Reads the body of a route that takes JSON. It is a guard because it has to run after the API key guard: the service
 * reads nothing from a caller without a key. It rejects other media types, whose fields would be reported as missing.
 */
export class JsonBodyGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = nodeRequest(context);
    const type = mediaTypeOf(request);
    if (type !== 'application/json' && !(type === undefined && !hasBody(request))) {
      throw new UnsupportedMediaTypeException('Send the body as JSON, with the header Content-Type: application/json');
    }
    context.switchToHttp().getRequest<{ body: unknown }>().body = await readJsonBody(request);
    return true;
  }
}
