import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedPush {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

type Behavior = number | 'cut' | 'half' | 'nothing';

/** A customer's server. It keeps what is pushed to it. */
export class PushReceiver {
  readonly received: ReceivedPush[] = [];
  /** How it responds to the next pushes. The others get 200. */
  responses: Behavior[] = [];
  /** Called before each response. */
  onPush: (push: ReceivedPush) => void = () => undefined;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        const push = { method, path, headers, text: Buffer.concat(chunks).toString() };
        this.received.push(push);
        this.onPush(push);
        const behavior = this.responses.shift() ?? 200;
        if (behavior === 'half')
          response.writeHead(200, { 'Content-Length': 10 }).write('half', () => request.socket.destroy());
        else if (behavior === 'cut') request.socket.destroy();
        else if (behavior !== 'nothing') response.writeHead(behavior, { Location: '/elsewhere' }).end('ignored');
      });
    });
  }

  static async start(): Promise<PushReceiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PushReceiver(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/push`;
  }

  get bodies(): Record<string, unknown>[] {
    return this.received.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
