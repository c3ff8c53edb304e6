import type { IncomingMessage } from 'node:http';

/** The media type of a request's body in lower case, without parameters; `undefined` if the header is missing. */
export function mediaTypeOf({ headers }: IncomingMessage): string | undefined {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase() || undefined;
}

/** The encoding that a request names for its body. */
export function charsetOf({ headers }: IncomingMessage): string | undefined {
  return /;\s*charset="?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
}

/** Whether a request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
