import type { IncomingHttpHeaders } from 'node:http';
import { ForbiddenException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { isLoopback } from './loopback.js';

const HOST = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i;

/**
 * Lets in who asks from this machine, and no page of another origin: neither one that had its name rebound to this
 * machine, which shows in `Host`, nor one that sends what browsers send without asking, which shows in `Origin` or
 * `Sec-Fetch-Site`. For a service without API keys, in front of all its routes.
 */
export function onlyLocal(request: Request, _response: Response, next: NextFunction): void {
  if (isForThisMachine(request.headers) && !isOfAnotherPage(request)) next();
  else next(new ForbiddenException('Without API_KEYS the service is for this machine only'));
}

function isForThisMachine({ host = '' }: IncomingHttpHeaders): boolean {
  const [, address, name = address] = HOST.exec(host) ?? [];
  return name !== undefined && isLoopback(name);
}

function isOfAnotherPage({ headers, method }: Request): boolean {
  const { origin, host = '' } = headers;
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) return true;
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  // A link that somebody follows: the page that had it reads nothing of the answer.
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method !== 'GET' || !isLink;
}
