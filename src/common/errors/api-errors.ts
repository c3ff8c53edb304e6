import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ErrorDto } from './error.dto.js';

/** Documents errors by their statuses. */
export function ApiErrors(descriptions: Readonly<Record<number, string>>): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ...Object.entries(descriptions).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, type: ErrorDto }),
    ),
  );
}

/** Documents the errors of every route that needs an API key. */
export const ApiCommonErrors = (): ClassDecorator =>
  ApiErrors({
    401: 'With `API_KEYS`: the key is missing or wrong, was revoked, or has expired.',
    403:
      '`MISSING_SCOPE`: the key lacks the scope of the route, which `missingScope` names. Without `API_KEYS` also: the request ' +
      'came from another machine, or from a page of another origin.',
    429:
      '`RATE_LIMITED`: the rate of the key is used up; `RateLimit` and `RateLimit-Policy` describe it. With `API_KEYS` also: ' +
      'too many wrong keys came from this address. Retry after `Retry-After` seconds.',
    500: 'A fault of the service, or its database user lacks a right, or the schema is missing: `OUTBOX_DATABASE_DENIED`, …',
    503: 'The database is unavailable, read-only or full: `OUTBOX_DATABASE_UNAVAILABLE`, `…_READ_ONLY`, `…_FULL`. Or the service is busy: `SERVICE_BUSY`, with `Retry-After` in seconds.',
  });

/** Documents the errors of every route that takes a body. */
export const ApiBodyErrors = (): MethodDecorator =>
  ApiErrors({
    408: 'The body did not arrive in time.',
    413: 'More than a megabyte of JSON.',
    415: 'The route does not take this media type.',
  });
