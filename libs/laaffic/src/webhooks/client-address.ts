import type { IncomingMessage } from 'node:http';

/**
 * Who sent a request. Every proxy appends to `X-Forwarded-For` whom it heard, so only as many entries
 * from the right as there are proxies of ours are true; what is left of them was written by the sender.
 * @returns `undefined` if the request came past fewer proxies than there should be.
 */
export function clientAddress({ headers, socket }: IncomingMessage, trustedProxies: number): string | undefined {
  if (trustedProxies === 0) return socket.remoteAddress;
  const header = headers['x-forwarded-for'] ?? '';
  const forwarded = (Array.isArray(header) ? header.join(',') : header).split(',');
  return forwarded.at(-trustedProxies)?.trim();
}
