import type { ServerResponse } from 'node:http';
import type { Secrets } from '../secrets.js';

/** In no other page, and in no cache: the messages of the sandbox are in it. */
const ours = {
  'Content-Type': 'application/json;charset=UTF-8',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Writes JSON without secrets. */
export function answerJson(
  response: ServerResponse,
  http: number,
  body: unknown,
  secrets: Secrets,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = secrets.json(body);
  response.writeHead(http, { ...ours, ...headers });
  response.end(text);
}
