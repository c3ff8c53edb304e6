import { createHash } from 'node:crypto';

/**
 * The signature of a request: 32 hexadecimal digits, the MD5 of key, secret and time without
 * separators. Body, query and path are not signed, so whoever sees a signature can use it for any
 * request until its time expires: treat it as a secret.
 * @param timestamp seconds since the epoch, as sent in the `Timestamp` header.
 */
export function sign(apiKey: string, apiSecret: string, timestamp: number | string): string {
  return createHash('md5').update(`${apiKey}${apiSecret}${timestamp}`).digest('hex');
}
