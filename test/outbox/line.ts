import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy to a server, such as the database or the gateway, that tests can break and hold. */
export class Line {
  readonly #sockets = new Set<Socket>();
  /** Number of connections so far. */
  opened = 0;
  #word: string | undefined;
  #held: (() => void)[] | undefined;

  private constructor(
    /** The address of the server for clients of the proxy. */
    readonly url: string,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  static async to(target: string): Promise<Line> {
    const url = new URL(target);
    const [port, host] = [Number(url.port), url.hostname];
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    url.port = String((server.address() as AddressInfo).port);
    url.hostname = '127.0.0.1';
    const line = new Line(url.href.replace(/\/$/, ''), server);
    server.on('connection', (near) => {
      line.opened++;
      line.#join(near, connect(port, host));
    });
    return line;
  }

  /** Loses the response to the next statement with this word, and its connection. */
  loseAnswerTo(word: string): void {
    this.#word = word;
  }

  /** Holds responses until they are released. */
  hold(): void {
    this.#held ??= [];
  }

  /** Passes nothing on any more, in either direction, and closes nothing: as if a machine or a cable on the way was gone. */
  freeze(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').on('data', () => undefined);
  }

  /** The number of responses that are held. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  /** Ends every connection and accepts no more. */
  async cut(): Promise<void> {
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    let isLost = false;
    near.on('data', (statement: Buffer) => {
      if (this.#word !== undefined && statement.includes(this.#word)) {
        isLost = true;
        this.#word = undefined;
      }
      far.write(statement);
    });
    far.on('data', (answer: Buffer) => {
      if (isLost) near.destroy();
      else if (this.#held !== undefined) this.#held.push(() => near.write(answer));
      else near.write(answer);
    });
  }
}
