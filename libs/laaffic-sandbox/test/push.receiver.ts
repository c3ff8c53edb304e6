import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedPush {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

type Said = number | 'cut' | 'half' | 'nothing';

/** A customer's address: keeps what is pushed to it. */
export class PushReceiver {
  readonly received: ReceivedPush[] = [];
  /** What is said to the next pushes; 200 to the others. */
  answers: Said[] = [];
  /** Called before each answer. */
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
        const said = this.answers.shift() ?? 200;
        if (said === 'half')
          response.writeHead(200, { 'Content-Length': 10 }).write('half', () => request.socket.destroy());
        else if (said === 'cut') request.socket.destroy();
        else if (said !== 'nothing') response.writeHead(said, { Location: '/elsewhere' }).end('no matter what');
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
