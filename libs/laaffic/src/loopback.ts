import { isIPv4 } from 'node:net';

/**
 * Whether a host name or address is this machine's own: `localhost`, `127.0.0.0/8` or `::1`, with or without brackets.
 * Looks nothing up, so another name of this machine is `false`.
 * @example
 * isLoopback(new URL('http://[::1]:4010/v3').hostname); // true
 */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|\[::1\])$/i.test(host) || (host.startsWith('127.') && isIPv4(host));
}
