import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy to the gateway that loses requests with more numbers than its limit. */
export class Gate {
  /** The maximum number of numbers in one request. */
  largest = Infinity;
  /** The number of numbers in each lost request. */
  readonly lost: number[] = [];

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async before(gateway: string): Promise<Gate> {
    const { origin, pathname } = new URL(gateway);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gate = new Gate(`http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`, server);
    server.on('request', (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        const { numbers = '' } = JSON.parse(body.toString() || '{}') as { numbers?: string };
        const count = numbers.split(',').length;
        if (count > gate.largest) {
          gate.lost.push(count);
          incoming.socket.destroy();
          return;
        }
        const { method, url = '' } = incoming;
        const headers = { ...incoming.headers, connection: 'close' };
        // A new connection for each request: a reused one may be closed at that moment, and a request would be lost.
        const onward = request(new URL(url, origin), { method, headers, agent: false }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        });
        onward.on('error', () => outgoing.destroy());
        onward.end(body);
      });
    });
    return gate;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
