import { createHash } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';

/** 2021-09-01T04:00:00Z, the time of the vendor's samples. */
export const sampleTime = 1_630_468_800;
export const now = (): number => sampleTime * 1000;
export const number = '91856321412';
export const send = { appId: '4luaKsL2', numbers: number, content: 'hello world' };

export interface Reply {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
}

export function signed(timestamp: number | string = sampleTime): Record<string, string> {
  return {
    'Content-Type': 'application/json;charset=UTF-8',
    'Api-Key': 'bDqJFiq9',
    Timestamp: String(timestamp),
    Sign: createHash('md5').update(`bDqJFiq97bz1lzh9${timestamp}`).digest('hex'),
  };
}

/** Makes one HTTP request on its own connection. Rejects if no complete response comes. */
export function call(url: string, { method = 'GET', headers = {}, body, signal }: Call = {}): Promise<Reply> {
  const present = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(url);
    // The URL as it is written, because vendor samples have unescaped commas.
    const path = url.slice(url.indexOf(host) + host.length);
    const outgoing = request({
      hostname,
      port,
      path,
      method,
      headers: Object.fromEntries(present),
      agent: false,
      ...(signal && { signal }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          httpStatus: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    outgoing.end(body);
  });
}

export function post(url: string, body: unknown, headers: Call['headers'] = {}): Promise<Reply> {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return call(`${url}/sendSms`, { method: 'POST', headers: { ...signed(), ...headers }, body: text });
}

export function get(url: string, fields: Record<string, string>, headers: Call['headers'] = {}): Promise<Reply> {
  const query = new URLSearchParams(fields).toString();
  return call(`${url}/sendSms?${query}`, { headers: { ...signed(), ...headers } });
}

export async function postJson(url: string, body: unknown, headers: Call['headers'] = {}): Promise<unknown> {
  return JSON.parse((await post(url, body, headers)).text) as unknown;
}

export async function getJson(url: string, fields: Record<string, string>): Promise<unknown> {
  return JSON.parse((await get(url, fields)).text) as unknown;
}

/** Sends a signed GET to any endpoint. */
export async function getFrom(
  url: string,
  path: string,
  fields: Record<string, string> = {},
  headers: Call['headers'] = {},
): Promise<unknown> {
  const query = new URLSearchParams(fields).toString();
  const { httpStatus, text } = await call(`${url}/${path}?${query}`, { headers: { ...signed(), ...headers } });
  return text.startsWith('<html>') ? `HTTP ${httpStatus}` : (JSON.parse(text) as unknown);
}

/** Sends a signed POST to any endpoint. */
export async function postTo(
  url: string,
  path: string,
  body: unknown,
  headers: Call['headers'] = {},
): Promise<unknown> {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const reply = await call(`${url}/${path}`, { method: 'POST', headers: { ...signed(), ...headers }, body: text });
  return reply.text.startsWith('<html>') ? `HTTP ${reply.httpStatus}` : (JSON.parse(reply.text) as unknown);
}

export function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => `9185632${String(index).padStart(4, '0')}`).join(',');
}
