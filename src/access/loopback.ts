import { isIPv4 } from 'node:net';

/** Whether a host is this machine by every resolver: a name of it, or an address of its loopback. */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1)$/i.test(host) || (isIPv4(host) && host.startsWith('127.'));
}
