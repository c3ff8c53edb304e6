import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { ConnectionError } from './connection.error.js';

/** The target of a tunnel, and the credentials for the proxy. */
export interface Tunnel {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** `user:password`; `undefined` for none. */
  readonly credentials: string | undefined;
}

/**
 * Requests a tunnel from a proxy with CONNECT. Afterwards the socket is connected to the target.
 * @param socket connected to the proxy.
 * @throws {ConnectionError} if the proxy rejects the request, or its response cannot be read.
 */
export function openTunnel(socket: Socket, { hostname, port, credentials }: Tunnel): Promise<void> {
  const authority = `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
  const headers: Record<string, string> = { host: authority };
  if (credentials !== undefined) {
    headers['proxy-authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  const request = httpRequest({ method: 'CONNECT', path: authority, headers, createConnection: () => socket });
  return new Promise((resolve, reject) => {
    request.once('connect', ({ statusCode = 0 }: IncomingMessage, _: Socket, rest: Buffer) => {
      if (rest.length > 0) socket.unshift(rest);
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(rejection(statusCode));
    });
    request.on('error', (error) => {
      reject(new ConnectionError('PROXY_NO_RESPONSE', 'The proxy sent no readable response to CONNECT', error));
    });
    request.end();
  });
}

function rejection(status: number): ConnectionError {
  const advice = status === 407 ? ': connection.proxy needs a user and a password that the proxy accepts' : '';
  return new ConnectionError(`PROXY_HTTP_${status}`, `The proxy responded to CONNECT with ${status}${advice}`);
}
