import type { Middleware } from './node-http.js';

/** No page may frame a response, load it as another type, or learn its address. */
const HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Swagger UI has inline styles, and icons as `data:` URLs. */
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

/** Middleware: tells browsers what pages may not do with a response. */
export const securityHeaders: Middleware = ({ url = '' }, response, next) => {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  response.setHeader('Content-Security-Policy', /^\/docs([/?]|$)/i.test(url) ? DOCS_POLICY : POLICY);
  next();
};
