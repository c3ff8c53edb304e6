import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ServerConnection } from './server-connection.js';
import type { Server } from './server.js';

/**
 * What an embedded server does, as the process knows that uses it.
 *
 * - `running`: it accepts connections.
 * - `restarting`: it has died, or recovers from a crash. It is started again on the same port until it runs.
 * - `stopped`: this process has closed it. It may still run for other processes.
 */
export type EmbeddedPostgresState =
  | { readonly status: 'running'; readonly since: Date }
  | {
      readonly status: 'restarting';
      readonly since: Date;
      /** Why it does not run yet, in one line. It may contain paths of this machine, but never the password. */
      readonly reason: string;
    }
  | { readonly status: 'stopped'; readonly since: Date };

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
/** A server that has run for this long is started again without a pause. */
const STABLE_MS = 60_000;

/**
 * Keeps a server running until it is closed. When the server closes the connection, because it died or because it
 * recovers from the death of one of its processes, this connects again, and starts it if it is gone.
 */
export class Supervisor {
  readonly #logger = new Logger('EmbeddedPostgres');
  readonly #server: Server;
  readonly #port: number;
  readonly #startTimeoutMs: number;
  readonly #closing = new AbortController();
  /** `undefined` while the server restarts. */
  #connection: ServerConnection | undefined;
  #restarting: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #state: EmbeddedPostgresState = { status: 'running', since: new Date() };
  /** Starts since the server was stable. They make the pauses longer. */
  #starts = 0;

  constructor(server: Server, connection: ServerConnection, startTimeoutMs: number) {
    this.#server = server;
    this.#port = connection.port;
    this.#startTimeoutMs = startTimeoutMs;
    this.#watch(connection);
  }

  get state(): EmbeddedPostgresState {
    return this.#state;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#restarting;
    try {
      await (this.#connection === undefined ? this.#server.abandon() : this.#server.release(this.#connection));
    } finally {
      this.#state = { status: 'stopped', since: new Date() };
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #watch(connection: ServerConnection): void {
    this.#connection = connection;
    void connection.ended.then((reason) => {
      if (!this.#isClosing()) this.#restarting = this.#restart(reason);
    });
  }

  /** Never rejects. */
  async #restart(reason: string): Promise<void> {
    if (Date.now() - this.#state.since.getTime() > STABLE_MS) this.#starts = 0;
    const since = new Date();
    const logged = new Set<string>();
    this.#connection = undefined;
    this.#state = { status: 'restarting', since, reason };
    this.#logger.warn(`PostgreSQL on port ${this.#port} is gone and will be started again: ${reason}`);
    while (!this.#isClosing()) {
      try {
        const connection = await this.#reacquire();
        if (connection === undefined) return;
        this.#state = { status: 'running', since: new Date() };
        const seconds = ((Date.now() - since.getTime()) / 1_000).toFixed(1);
        this.#logger.log(`PostgreSQL on port ${this.#port} runs again, after ${seconds} s`);
        this.#watch(connection);
        return;
      } catch (error) {
        if (this.#isClosing()) return;
        // The other lines are in the server's log.
        const [problem = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
        this.#state = { status: 'restarting', since, reason: problem };
        // Process ids and positions in the log differ each time.
        const key = problem.replace(/\d+/g, '');
        if (!logged.has(key)) this.#logger.error(`PostgreSQL on port ${this.#port} does not run, retrying: ${problem}`);
        logged.add(key);
      }
    }
  }

  /** Waits until the next start is due. @returns `undefined` if this was closed meanwhile. */
  async #reacquire(): Promise<ServerConnection | undefined> {
    const { signal } = this.#closing;
    if (this.#starts > 0) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#starts - 1), MAX_PAUSE_MS);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
    }
    this.#starts++;
    return this.#server.acquire(AbortSignal.any([signal, AbortSignal.timeout(this.#startTimeoutMs)]), this.#port);
  }
}
