import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ForbiddenException } from '@nestjs/common';
import { isLoopback } from 'nestjs-laaffic';
import type { Middleware } from '../http/node-http.js';

const HOST = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i;

/**
 * Middleware: accepts requests from this machine only, and none from pages of another origin. DNS rebinding shows in
 * `Host`; requests that browsers send without a preflight show in `Origin` or `Sec-Fetch-Site`. It protects all routes of
 * a service without API keys.
 */
export const onlyLocal: Middleware = (request, _, next) => {
  if (isForThisMachine(request.headers) && !isFromAnotherPage(request)) next();
  else next(new ForbiddenException('Without API_KEYS the service accepts requests from this machine only'));
};

function isForThisMachine({ host = '' }: IncomingHttpHeaders): boolean {
  const [, address, name = address] = HOST.exec(host) ?? [];
  return name !== undefined && isLoopback(name);
}

function isFromAnotherPage({ headers, method }: IncomingMessage): boolean {
  const { origin, host = '' } = headers;
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) return true;
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  // A link that a user follows: the page with the link cannot read the response.
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method !== 'GET' || !isLink;
}
