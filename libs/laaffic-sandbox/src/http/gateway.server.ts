import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerJson } from '../control/control.answer.js';
import { isControl, handleControl } from '../control/control.route.js';
import type { Gateway } from '../gateway.js';
import { SandboxError } from '../sandbox.error.js';
import { foreignRequest } from './foreign-request.js';
import { VendorExchange } from './vendor.exchange.js';

const tenMinutes = 600_000;

/** The listening side of a sandbox. */
export class GatewayServer {
  private readonly server: Server;
  private closed: Promise<void> | null = null;

  constructor(private readonly gateway: Gateway) {
    const { requestTimeout } = gateway.resolved.settings;
    this.server = createServer(
      {
        // a GET with 100 numbers, 100 order ids and 1,024 escaped characters is longer than Node's 16 KiB
        maxHeaderSize: 64 * 1024,
        keepAliveTimeout: tenMinutes,
        requestTimeout,
        headersTimeout: requestTimeout,
        connectionsCheckingInterval: Math.ceil(requestTimeout / 4),
      },
      (request, response) => {
        this.serve(request, response);
      },
    );
  }

  /** Resolves with the port. */
  async listen(): Promise<number> {
    const { host, port } = this.gateway.resolved.settings;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        reject(listenError(error, host, port));
      });
      this.server.listen({ host, port, backlog: 4096 }, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { settings } = this.gateway.resolved;
    const refused = foreignRequest(request, settings);
    if (refused !== null) {
      const { http, message } = refused;
      // its body, which nobody reads, may never end
      answerJson(response, http, { error: 'NOT_ALLOWED', field: null, message }, this.gateway.secrets, {
        Connection: 'close',
      });
      settings.onRefused?.(refused);
    } else if (isControl(request)) handleControl(request, response, this.gateway);
    else new VendorExchange(this.gateway, request, response).begin();
  }

  close(): Promise<void> {
    this.closed ??= new Promise((resolve) => {
      this.gateway.close();
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
    });
    return this.closed;
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): SandboxError {
  const taken = error.code === 'EADDRINUSE';
  const message = taken
    ? `Port ${port} on ${host} is taken; choose another, or 0 for a free one`
    : `Cannot listen on port ${port} of ${host}: ${error.message}`;
  return new SandboxError(taken ? 'PORT_TAKEN' : 'LISTEN_FAILED', message, taken ? 'port' : 'host', { cause: error });
}
