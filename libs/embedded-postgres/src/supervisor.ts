import type { ServerConnection } from './server-connection.js';
import type { Server } from './server.js';

const RECOVERY_TIMEOUT_MS = 30_000;

/**
 * Keeps a connection to a server until it is closed. If one of its processes is killed, a server closes all
 * connections, recovers and continues. Then this connects again.
 */
export class Supervisor {
  readonly #server: Server;
  #connection: ServerConnection;
  #reconnecting: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(server: Server, connection: ServerConnection) {
    this.#server = server;
    this.#connection = this.#watch(connection);
  }

  close(): Promise<void> {
    this.#closed ??= this.#reconnecting.then(() => this.#server.release(this.#connection));
    return this.#closed;
  }

  #watch(connection: ServerConnection): ServerConnection {
    void connection.ended.then(() => {
      if (this.#closed === undefined) this.#reconnecting = this.#reconnect();
    });
    return connection;
  }

  async #reconnect(): Promise<void> {
    const connection = await this.#server.reconnect(this.#connection, AbortSignal.timeout(RECOVERY_TIMEOUT_MS));
    if (connection !== undefined) this.#connection = this.#watch(connection);
  }
}
