import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { RefusedRequest } from '../ledger/refused.request.js';
import { contains, ipList } from '../options/ip-list.js';
import type { SandboxSettings } from '../options/sandbox.options.js';

type Names = Pick<SandboxSettings, 'host' | 'allowedHosts'>;

const loopback = ipList(['127.0.0.0/8', '::1']);

/**
 * Finds the requests that a web page may have sent without its reader's knowledge. A browser tells where a page comes
 * from in `Origin` and `Sec-Fetch-Site`; a page whose name was rebound to this machine has that name in `Host`.
 */
export function foreignRequest(request: IncomingMessage, names: Names): RefusedRequest | null {
  const { method = '', url = '', headers } = request;
  const refused = (http: number, message: string): RefusedRequest => {
    return { method, path: cut(url.split('?', 1)[0] ?? ''), http, message };
  };
  // an absolute target would name another host than the header does
  if (!url.startsWith('/')) return refused(400, 'The request target must be a path');
  const hosts = request.headersDistinct['host'] ?? [];
  const [host = ''] = hosts;
  if (hosts.length !== 1) return refused(400, `A request needs one Host header, not ${hosts.length}`);
  const name = hostName(host);
  if (name === null || !isOwnName(name, names)) {
    return refused(
      403,
      `${quoted(host)} is not a host of this sandbox. If it is yours, start the sandbox with --allowed-host <name>, ` +
        'or the option allowedHosts',
    );
  }
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return refused(403, `A web page of ${quoted(origin)} must not use this sandbox`);
  }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return refused(403, `A ${quoted(site)} web page must not use this sandbox`);
  }
  return null;
}

/** In lower case and without the port; `null` for what is not a host. */
function hostName(host: string): string | null {
  const [, name = ''] = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  return name === '' ? null : name.toLowerCase().replace(/^\[|\]$/g, '');
}

function isOwnName(name: string, { host, allowedHosts }: Names): boolean {
  const listening = host.toLowerCase();
  if (name === 'localhost' || name === listening || allowedHosts.some((allowed) => allowed.toLowerCase() === name)) {
    return true;
  }
  if (isIP(name) === 0) return false;
  // nobody can rebind an address, and a sandbox that listens on others than loopback cannot know them all
  return isLoopback(name) || !(listening === 'localhost' || isLoopback(listening));
}

function isLoopback(address: string): boolean {
  return loopback !== null && contains(loopback, address);
}

function quoted(text: string): string {
  return JSON.stringify(cut(text));
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
