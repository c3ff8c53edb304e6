import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handleControlRequest, isControlRequest, writeError } from '../control/control-routes.js';
import { SandboxError } from '../sandbox.error.js';
import type { Gateway } from '../state/gateway.js';
import { crossSiteRequest } from './cross-site-request.js';
import { VendorExchange } from './vendor-exchange.js';

const KEEP_ALIVE_MS = 600_000;

/** The HTTP server of a sandbox. */
export class GatewayServer {
  readonly #server: Server;
  #closed: Promise<void> | undefined;

  constructor(private readonly gateway: Gateway) {
    const { requestTimeoutMs } = gateway.resolved.settings;
    this.#server = createServer(
      {
        // A GET with 100 numbers, 100 order ids and 1,024 escaped characters exceeds Node's 16 KiB.
        maxHeaderSize: 64 * 1024,
        keepAliveTimeout: KEEP_ALIVE_MS,
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4),
      },
      (request, response) => {
        this.#serve(request, response);
      },
    );
  }

  /** Resolves with the port. */
  async listen(): Promise<number> {
    const { host, port } = this.gateway.resolved.settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(listenError(error, host, port));
      });
      this.#server.listen({ host, port, backlog: 4096 }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { settings } = this.gateway.resolved;
    const blocked = crossSiteRequest(request, settings);
    if (blocked !== undefined) {
      const { httpStatus, message } = blocked;
      writeError(response, httpStatus, { code: 'NOT_ALLOWED', message }, this.gateway.secrets);
      settings.onBlockedRequest?.(blocked);
    } else if (isControlRequest(request)) handleControlRequest(request, response, this.gateway);
    else new VendorExchange(this.gateway, request, response).start();
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.gateway.close();
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
    return this.#closed;
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): SandboxError {
  const isTaken = error.code === 'EADDRINUSE';
  const message = isTaken
    ? `Port ${port} on ${host} is taken. Choose another one, or 0 for a free one`
    : `Cannot listen on port ${port} of ${host}: ${error.message}`;
  return new SandboxError(isTaken ? 'PORT_TAKEN' : 'LISTEN_FAILED', message, isTaken ? 'port' : 'host', {
    cause: error,
  });
}
