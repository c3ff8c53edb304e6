import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** The part of a request that tells where it came from. Requests of Node, Express and Fastify have it. */
export interface AddressedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * Finds the address of the client. Every proxy appends the address of its own client to `X-Forwarded-For`, so only as many
 * entries from the right are trustworthy as there are trusted proxies; the client may have written the others.
 * @param trustedProxies how many proxies are in front of the app. With 0 the header is ignored.
 * @returns the address as the proxy wrote it; `undefined` if the request came through fewer proxies than there should be.
 */
export function clientAddress({ headers, socket }: AddressedRequest, trustedProxies: number): string | undefined {
  if (trustedProxies === 0) return socket.remoteAddress;
  const header = headers['x-forwarded-for'] ?? '';
  const forwarded = (Array.isArray(header) ? header.join(',') : header).split(',');
  const address = forwarded.at(-trustedProxies)?.trim();
  return address === '' ? undefined : address;
}

/** Removes the brackets, port and zone that some proxies write. Turns a mapped IPv6 address into IPv4. */
export function plainAddress(text: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '');
  if (isIP(address) !== 6) return address;
  const [, high, low] = /^\[::ffff:([\da-f]+):([\da-f]+)\]$/.exec(new URL(`http://[${address}]`).hostname) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((part) => [parseInt(part, 16) >> 8, parseInt(part, 16) & 255]).join('.');
}
