import { STATUS_CODES } from 'node:http';

export interface Answer {
  readonly http: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The vendor's status in the body; `null` when there is none to read. */
  readonly status: string | null;
  readonly reason: string | null;
}

const json = { 'Content-Type': 'application/json;charset=UTF-8' };

export function jsonAnswer(http: number, body: string, status: string | null, reason: string | null): Answer {
  return { http, headers: json, body, status, reason };
}

/** What a proxy or a servlet container says in place of the gateway. */
export function htmlAnswer(http: number, headers: Readonly<Record<string, string>> = {}): Answer {
  const title = `${http} ${STATUS_CODES[http] ?? 'Error'}`;
  const body = `<html>\n<head><title>${title}</title></head>\n<body>\n<center><h1>${title}</h1></center>\n</body>\n</html>\n`;
  return rawAnswer(http, { 'Content-Type': 'text/html', ...headers }, body);
}

export function rawAnswer(http: number, headers: Readonly<Record<string, string>>, body: string): Answer {
  return { http, headers, body, status: null, reason: null };
}
