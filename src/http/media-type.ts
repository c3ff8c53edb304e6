import type { Request } from 'express';

/** What a request says its body is, in lower case and without parameters; whether there is a body or not. */
export function mediaTypeOf({ headers }: Request): string | undefined {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase() || undefined;
}
