import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ErrorBody } from './error.body.js';

/** Describes errors by their statuses, for the API's readers. */
export function ApiErrors(descriptions: Readonly<Record<number, string>>): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ...Object.entries(descriptions).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, type: ErrorBody }),
    ),
  );
}

/** What any route answers that needs a key. */
export const ApiCommonErrors = (): ClassDecorator =>
  ApiErrors({
    401: 'With `API_KEYS`: there is no key, or a wrong one.',
    403: 'Without `API_KEYS`: it was not asked from this machine, or by a page of another origin.',
    429: 'With `API_KEYS`: too many wrong keys came from this address; wait for `Retry-After` seconds.',
    500: 'A fault of the service, or its database lacks a right or the schema: `OUTBOX_DATABASE_DENIED`, …',
    503: 'The database is away, read-only or full: `OUTBOX_DATABASE`, `…_READ_ONLY`, `…_FULL`. Or the service is busy: `SERVICE_BUSY`, with `Retry-After` in seconds.',
  });

/** What any route answers that takes a body. */
export const ApiBodyErrors = (): MethodDecorator =>
  ApiErrors({
    408: 'The body did not come in time.',
    413: 'More than a megabyte of JSON.',
    415: 'The body is not what the route takes.',
  });
