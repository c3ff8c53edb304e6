import { check, isRecord, type FieldCheck } from './field-checks.js';
import { isLoopback } from './ip-list.js';

/** Where pushes go: one URL for all applications, an object with a URL for each app id, or `null` for nowhere. */
export type PushAddress = string | Readonly<Record<string, string>> | null;

/** Returns where the pushes of an application go, or `undefined` for nowhere. */
export function pushUrl(address: PushAddress, appId: string): string | undefined {
  if (typeof address === 'string') return address;
  return address !== null && Object.hasOwn(address, appId) ? address[appId] : undefined;
}

/** Returns every URL of an address. */
export function pushUrls(address: PushAddress): readonly string[] {
  if (address === null) return [];
  return typeof address === 'string' ? [address] : Object.values(address);
}

/** Checks the form only. The host is checked once all options are known. */
export const pushUrlField: FieldCheck = check(isPlainHttpUrl, 'an http URL such as http://127.0.0.1:3000/reports');

export const pushAddressField: FieldCheck = check(
  (value) => value === null || isPlainHttpUrl(value) || (isRecord(value) && Object.values(value).every(isPlainHttpUrl)),
  'null, an http URL such as http://127.0.0.1:3000/reports, or an object with one for each app id',
);

/** The sandbox pushes to another machine only if the code that starts it names that machine. */
export function isPushHost(url: string, allowedHosts: readonly string[]): boolean {
  const { hostname } = new URL(url);
  if (hostname === 'localhost' || isLoopback(hostname)) return true;
  return allowedHosts.some((allowed) => allowed.toLowerCase() === hostname);
}

function isPlainHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return protocol === 'http:' && username === '' && password === '';
}
