import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openCluster, type Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { isAlive, isServer, parsePostmasterPid, readPostmasterPid, removePostmasterPid } from './postmaster-pid.js';
import type { Programs } from './programs.js';
import { ServerConnection } from './server-connection.js';
import { lastPort, rememberPort, type ServerFolder } from './server-folder.js';
import { ServerProcess } from './server-process.js';

/**
 * Without a response for this long, an unchanged `postmaster.pid` counts as left behind, even though a process has its
 * id. A server listens shortly after it has written the file.
 */
const SILENCE_MS = 3_000;
const STOP_TIMEOUT_MS = 30_000;
/** How long `abandon` waits for a server that recovers from a crash. */
const ABANDON_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 25;
/** The longest pause after starts that another server, or what is left of one, has blocked. */
const MAX_BLOCKED_PAUSE_MS = 1_000;

/** What was found behind `postmaster.pid`. */
type Found = ServerConnection | 'nothing' | 'busy' | { readonly silent: string } | { readonly stale: string };

/** The server of a folder. It is found running or started, and its last user stops it. */
export class Server {
  readonly #folder: ServerFolder;
  readonly #programs: Programs;
  readonly #cluster: Cluster;
  readonly #settings: Readonly<Record<string, string>>;
  /** A server that this process started and has not connected to yet. */
  #starting: ServerProcess | undefined;

  private constructor(
    folder: ServerFolder,
    programs: Programs,
    cluster: Cluster,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder;
    this.#programs = programs;
    this.#cluster = cluster;
    this.#settings = settings;
  }

  /**
   * @param signal aborts when creating the cluster takes too long.
   * @throws {EmbeddedPostgresError}
   */
  static async open(
    folder: ServerFolder,
    programs: Programs,
    settings: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Server> {
    return new Server(folder, programs, await openCluster(folder, programs, signal), settings);
  }

  get password(): string {
    return this.#cluster.password;
  }

  /**
   * Connects to the running server, or starts one.
   * @param signal aborts when it takes too long. A server that is still starting then is left to itself: it may recover
   * from a crash for longer, and the next call finds it.
   * @param port where the server has to be. By default any port.
   * @throws {EmbeddedPostgresError}
   */
  async acquire(signal: AbortSignal, port?: number): Promise<ServerConnection> {
    let silence: { readonly text: string; readonly end: AbortSignal } | undefined;
    let pauseMs = POLL_INTERVAL_MS;
    while (!signal.aborted) {
      const wasRunning = this.#starting?.isRunning;
      const found = await this.#find(signal);
      if (found instanceof ServerConnection) return await this.#accept(found, port);
      if (found === 'nothing' && wasRunning !== true) {
        if (this.#starting !== undefined) pauseMs = Math.min(2 * pauseMs, MAX_BLOCKED_PAUSE_MS);
        await this.#start(port);
      } else if (typeof found === 'object' && 'stale' in found) {
        await removePostmasterPid(this.#cluster, found.stale);
      } else if (typeof found === 'object') {
        // The file of a server that is just starting is empty.
        if (found.silent !== silence?.text) silence = { text: found.silent, end: AbortSignal.timeout(SILENCE_MS) };
        else if (silence.end.aborted) await removePostmasterPid(this.#cluster, found.silent);
      }
      await poll(signal, pauseMs);
    }
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_TIMEOUT',
      `The server was not ready in time. See its log in ${this.#folder.path}.`,
    );
  }

  /** Closes a connection, and stops the server if it was the last one. */
  async release(connection: ServerConnection): Promise<void> {
    const isLast = await connection.unlock().catch(() => undefined);
    try {
      if (isLast === true) await this.#stop(connection.pid);
    } finally {
      await connection.close();
    }
    if (isLast === undefined) await this.abandon();
  }

  /**
   * Gives up a server without a connection to it. If this process is starting it, that ends. If it recovers from a
   * crash, and this process was its last user, it is stopped.
   */
  async abandon(): Promise<void> {
    const signal = AbortSignal.timeout(ABANDON_TIMEOUT_MS);
    while (!signal.aborted) {
      const found = await this.#find(signal).catch(() => 'nothing' as const);
      if (found instanceof ServerConnection) {
        this.#starting = undefined;
        await this.release(found);
        return;
      }
      if (this.#starting?.isRunning === true) await this.#starting.stop(STOP_TIMEOUT_MS);
      else if (found !== 'busy') return;
      await poll(signal, POLL_INTERVAL_MS);
    }
  }

  async #find(signal: AbortSignal): Promise<Found> {
    const text = await readPostmasterPid(this.#cluster);
    if (text === undefined) return 'nothing';
    const file = parsePostmasterPid(text);
    if (file === undefined) return { silent: text };
    // PostgreSQL would replace the file itself. But of two servers that start at once, one could remove the new file of
    // the other.
    if (!isAlive(file.pid)) return { stale: text };
    const answer = await ServerConnection.open(file, this.#cluster, signal);
    if (answer !== 'absent' && answer !== 'other') return answer;
    // A server does not listen while it starts or stops. If it lost its own file, it would remove that of its
    // successor.
    if (await isServer(file.pid, this.#cluster)) return 'busy';
    return answer === 'absent' ? { silent: text } : { stale: text };
  }

  async #accept(connection: ServerConnection, port: number | undefined): Promise<ServerConnection> {
    this.#starting = undefined;
    if (port !== undefined && connection.port !== port) {
      await this.release(connection);
      throw new EmbeddedPostgresError(
        'EMBEDDED_POSTGRES_FAILED',
        `Another process has started the server on port ${connection.port}, because port ${port} was in use. ` +
          'Restart this process to use the server there.',
      );
    }
    await rememberPort(this.#folder, connection.port);
    return connection;
  }

  /** @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_FAILED if the start before this one failed. */
  async #start(port: number | undefined): Promise<void> {
    const before = this.#starting;
    this.#starting = undefined;
    const failure = await before?.failure();
    if (failure !== undefined) {
      const message = `The server in ${this.#folder.path} did not start: ${failure.message}`;
      throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_FAILED', message, { cause: failure });
    }
    this.#starting = await ServerProcess.start(this.#folder, this.#programs, this.#cluster, this.#settings, {
      required: port ?? (this.#settings['port'] === undefined ? undefined : Number(this.#settings['port'])),
      // The same as before, so that a URL stays valid after a restart.
      preferred: await lastPort(this.#folder),
    });
  }

  async #stop(pid: number): Promise<void> {
    // Windows has no signals; `kill` would be a crash.
    if (process.platform === 'win32') await this.#stopOnWindows();
    else if (isAlive(pid)) process.kill(pid, 'SIGINT');
    const limit = AbortSignal.timeout(STOP_TIMEOUT_MS);
    while (await this.#isServedBy(pid)) {
      if (limit.aborted) {
        const message = `The server did not stop in time. See its log in ${this.#folder.path}.`;
        throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_TIMEOUT', message);
      }
      await poll(limit, POLL_INTERVAL_MS);
    }
  }

  /** A server removes its file at the very end of its shutdown. */
  async #isServedBy(pid: number): Promise<boolean> {
    const text = await readPostmasterPid(this.#cluster);
    return text !== undefined && parsePostmasterPid(text)?.pid === pid && isAlive(pid);
  }

  async #stopOnWindows(): Promise<void> {
    const args = ['stop', '-D', this.#cluster.data, '-m', 'fast', '-s'];
    await promisify(execFile)(this.#programs.pgCtl, args, this.#programs.options);
  }
}

/** Pauses between two looks, or until the signal aborts. */
async function poll(signal: AbortSignal, pauseMs: number): Promise<void> {
  await pause(pauseMs, undefined, { signal }).catch(() => undefined);
}
