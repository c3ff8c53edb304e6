import { Deadline } from './deadline.js';
import type { Hold } from './hold.js';
import type { Server } from './server.js';

/** How long a server may take to recover, in milliseconds. */
const RECOVERY = 30_000;

/**
 * Holds a server until it is closed. If one of its processes is killed, a server closes all connections, recovers and
 * continues. Then this holds it again.
 */
export class Keeper {
  readonly #server: Server;
  #hold: Hold;
  #regaining: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(server: Server, hold: Hold) {
    this.#server = server;
    this.#hold = this.#watched(hold);
  }

  close(): Promise<void> {
    this.#closed ??= this.#regaining.then(() => this.#server.release(this.#hold));
    return this.#closed;
  }

  #watched(hold: Hold): Hold {
    hold.onEnd(() => {
      if (this.#closed === undefined) this.#regaining = this.#regain();
    });
    return hold;
  }

  async #regain(): Promise<void> {
    const hold = await this.#server.regain(this.#hold, new Deadline(RECOVERY));
    if (hold !== undefined) this.#hold = this.#watched(hold);
  }
}
