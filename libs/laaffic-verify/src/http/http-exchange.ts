import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { VerificationError } from '../errors/verification.error.js';
import { idempotencyKeyProblem } from '../request-rules.js';
import type { StartedVerification } from '../verification.js';

/** A request as the controllers need it, of Express or Fastify. */
export interface RoutedRequest {
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * The header `Idempotency-Key`, or `undefined`.
 * @throws {VerificationError} `VERIFY_INVALID_REQUEST` if it cannot be a key.
 */
export function idempotencyKeyOf({ headers }: Pick<RoutedRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  const problem = idempotencyKeyProblem(key);
  if (problem === undefined) return key as string | undefined;
  throw new VerificationError('VERIFY_INVALID_REQUEST', `Idempotency-Key ${problem}`, { field: 'Idempotency-Key' });
}

/** The key of a visitor, which is no key of another session or of a backend. */
export function visitorKeyOf(request: Pick<RoutedRequest, 'headers'>, session: string | undefined): string | undefined {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return undefined;
  const digest = createHash('sha256').update(JSON.stringify([session ?? '', key]));
  return `visitor ${digest.digest('base64url')}`;
}

/** A verification that waits for its code, as the body of a response. */
export type PendingBody = { readonly status: 'pending' } & Omit<StartedVerification, 'isNew'>;

/** Responds to a start or a resend: when another message can be sent, and where a new verification is. */
export function respondPending(
  { isNew, ...verification }: StartedVerification,
  { httpAdapter }: HttpAdapterHost,
  request: RoutedRequest,
  response: unknown,
  now: number,
): PendingBody {
  const waitSeconds = Math.ceil((verification.resendAt.getTime() - now) / 1_000);
  if (waitSeconds > 0) httpAdapter.setHeader(response, 'Retry-After', String(waitSeconds));
  if (isNew) httpAdapter.setHeader(response, 'Location', `${pathOf(request)}/${verification.id}`);
  httpAdapter.status(response, isNew ? 201 : 200);
  return { status: 'pending', ...verification };
}

/** The path of a request with the prefix of the app, and without its query. */
function pathOf({ originalUrl, url }: RoutedRequest): string {
  // Two slashes at the start would make it the address of another host.
  return (originalUrl ?? url)
    .replace(/[?#].*$/s, '')
    .replace(/^\/+/, '/')
    .replace(/\/+$/, '');
}
