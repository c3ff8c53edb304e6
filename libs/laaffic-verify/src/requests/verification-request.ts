import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import type { AddressedRequest } from 'nestjs-laaffic';

/** What requests of Express and Fastify have in common. A function may ask for its platform's own type instead. */
export interface VerificationRequest {
  readonly headers?: IncomingHttpHeaders;
  /** As the client sent it: guards run before validation. */
  readonly body?: unknown;
  readonly query?: unknown;
  readonly params?: unknown;
}

/** @param what the decorator that needs a request, for the error. */
export function httpRequestOf(context: ExecutionContext, what: string): VerificationRequest & AddressedRequest {
  if (context.getType() !== 'http') throw new Error(`${what} works in HTTP controllers only`);
  return context.switchToHttp().getRequest<VerificationRequest & AddressedRequest>();
}
