import { endpoints } from '../endpoints/endpoints.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import type { EndpointName } from '../protocol/endpoint.name.js';
import { reasonFor } from '../protocol/status-codes.js';
import { htmlAnswer, jsonAnswer, type Answer } from './answer.js';

export function takes(endpoint: EndpointName, method: string): boolean {
  return endpoints[endpoint].methods.some((allowed) => allowed === method);
}

export function methodsOf(endpoint: EndpointName): string {
  return endpoints[endpoint].methods.join(' and ');
}

/** HTTP 405, unless a query came by POST and the quirk has another answer to that. */
export function wrongMethod(endpoint: EndpointName, method: string, { queryByPost }: Readonly<SandboxQuirks>): Answer {
  const code = method === 'POST' ? queryByPost : 405;
  if (code === 405) return htmlAnswer(405, { Allow: endpoints[endpoint].methods.join(', ') });
  if (code > 0) return htmlAnswer(code);
  const [status, reason] = [String(code), reasonFor(code)];
  return jsonAnswer(200, JSON.stringify({ status, reason }), status, reason);
}
