import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { BlockedRequest } from '../history/records.js';
import { isLoopback } from '../options/ip-list.js';
import type { SandboxSettings } from '../options/sandbox-options.js';

type HostSettings = Pick<SandboxSettings, 'host' | 'allowedHosts'>;

/**
 * Detects a request that a web page may have sent without its user's knowledge. A browser says where a page comes from in
 * `Origin` and `Sec-Fetch-Site`. A page whose name was rebound to this machine has that name in `Host`.
 */
export function crossSiteRequest(request: IncomingMessage, settings: HostSettings): BlockedRequest | undefined {
  const { method = '', url = '', headers } = request;
  const block = (httpStatus: number, message: string): BlockedRequest => {
    return { method, path: shorten(url.split('?', 1)[0] ?? ''), httpStatus, message };
  };
  // An absolute target would name another host than the header.
  if (!url.startsWith('/')) return block(400, 'The request target must be a path');
  const hosts = request.headersDistinct['host'] ?? [];
  const [host = ''] = hosts;
  if (hosts.length !== 1) return block(400, `A request needs one Host header, not ${hosts.length}`);
  const name = hostName(host);
  if (name === undefined || !isOwnName(name, settings)) {
    return block(
      403,
      `${quote(host)} is not a host of this sandbox. If it is yours, start the sandbox with --allowed-host <name> or the ` +
        'option allowedHosts',
    );
  }
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return block(403, `A web page of ${quote(origin)} must not use this sandbox`);
  }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return block(403, `A ${quote(site)} web page must not use this sandbox`);
  }
  return undefined;
}

/** Returns the host in lower case and without the port, or `undefined` if it is not a host. */
function hostName(host: string): string | undefined {
  const name = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(host)?.[1];
  return name?.toLowerCase().replace(/^\[|\]$/g, '');
}

function isOwnName(name: string, { host, allowedHosts }: HostSettings): boolean {
  const listening = host.toLowerCase();
  if (name === 'localhost' || name === listening || allowedHosts.some((allowed) => allowed.toLowerCase() === name)) {
    return true;
  }
  if (isIP(name) === 0) return false;
  // An address cannot be rebound, and a sandbox that listens beyond loopback cannot know all of its addresses.
  return isLoopback(name) || !(listening === 'localhost' || isLoopback(listening));
}

function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
