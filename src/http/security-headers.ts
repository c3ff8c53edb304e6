import type { NextFunction, Request, Response } from 'express';

/** No page may frame an answer, load it as something else, or hear of its address. */
const HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Swagger UI has its styles in the page, and its icons as `data:`. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Tells browsers what no page may do with an answer. */
export function securityHeaders(request: Request, response: Response, next: NextFunction): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  response.setHeader('Content-Security-Policy', /^\/docs(\/|$)/.test(request.path) ? DOCS_POLICY : POLICY);
  next();
}
