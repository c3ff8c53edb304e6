import type { FieldCheck } from './field.checks.js';

const here = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Nothing is pushed to another machine, whatever the configuration says. */
export const loopbackUrl: FieldCheck = (value) =>
  typeof value === 'string' && isLoopback(value)
    ? null
    : 'an http URL of this machine, such as http://127.0.0.1:3000/reports';

function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return protocol === 'http:' && here.test(hostname) && username === '' && password === '';
}
