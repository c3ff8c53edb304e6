import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openCluster, type Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { isAlive, isServer, parsePostmasterPid, readPostmasterPid, removePostmasterPid } from './postmaster-pid.js';
import type { Programs } from './programs.js';
import { ServerConnection } from './server-connection.js';
import type { ServerFolder } from './server-folder.js';
import { ServerProcess } from './server-process.js';

/**
 * Without a response for this long, an unchanged `postmaster.pid` counts as left behind, even though a process has its
 * id. A server listens shortly after it has written the file.
 */
const SILENCE_MS = 3_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 25;

/** What was found behind `postmaster.pid`. */
type Found = ServerConnection | 'nothing' | 'busy' | { readonly silent: string } | { readonly stale: string };

/** The server of a folder. It is found running or started, and its last user stops it. */
export class Server {
  readonly #folder: ServerFolder;
  readonly #programs: Programs;
  readonly #cluster: Cluster;

  private constructor(folder: ServerFolder, programs: Programs, cluster: Cluster) {
    this.#folder = folder;
    this.#programs = programs;
    this.#cluster = cluster;
  }

  /**
   * @param signal aborts when creating the cluster takes too long.
   * @throws {EmbeddedPostgresError}
   */
  static async open(folder: ServerFolder, programs: Programs, signal: AbortSignal): Promise<Server> {
    return new Server(folder, programs, await openCluster(folder, programs, signal));
  }

  get password(): string {
    return this.#cluster.password;
  }

  /**
   * Connects to the running server, or starts one.
   * @param signal aborts when it takes too long.
   * @throws {EmbeddedPostgresError}
   */
  async acquire(settings: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ServerConnection> {
    let started: ServerProcess | undefined;
    let silence: { readonly text: string; readonly end: AbortSignal } | undefined;
    while (!signal.aborted) {
      const wasRunning = started?.isRunning;
      const found = await this.#find(signal);
      if (found instanceof ServerConnection) return found;
      if (found === 'nothing' && wasRunning !== true) {
        const failure = await started?.failure();
        if (failure !== undefined) throw startFailed(failure, this.#folder);
        started = await ServerProcess.start(this.#folder, this.#programs, this.#cluster, settings);
      } else if (typeof found === 'object' && 'stale' in found) {
        await removePostmasterPid(this.#cluster, found.stale);
      } else if (typeof found === 'object') {
        // The file of a server that is just starting is empty.
        if (found.silent !== silence?.text) silence = { text: found.silent, end: AbortSignal.timeout(SILENCE_MS) };
        else if (silence.end.aborted) await removePostmasterPid(this.#cluster, found.silent);
      }
      await poll(signal);
    }
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_TIMEOUT',
      `The server was not ready in time. See its log in ${this.#folder.path}.`,
    );
  }

  /** Connects again to a server that has closed the connection. `undefined` if the server is gone. */
  async reconnect(lost: ServerConnection, signal: AbortSignal): Promise<ServerConnection | undefined> {
    while (!signal.aborted) {
      const found = await this.#find(signal).catch(() => 'nothing' as const);
      if (found === 'nothing') return undefined;
      if (found instanceof ServerConnection) {
        if (found.pid === lost.pid && found.port === lost.port) return found;
        await found.close();
        return undefined;
      }
      await poll(signal);
    }
    return undefined;
  }

  /** Closes a connection, and stops the server if it was the last one. */
  async release(connection: ServerConnection): Promise<void> {
    const isLast = await connection.unlock().catch(() => undefined);
    try {
      if (isLast === true) await this.#stop(connection.pid);
    } finally {
      await connection.close();
    }
    if (isLast !== undefined) return;
    const again = await this.reconnect(connection, AbortSignal.timeout(SILENCE_MS));
    if (again !== undefined) await this.release(again);
  }

  async #find(signal: AbortSignal): Promise<Found> {
    const text = await readPostmasterPid(this.#cluster);
    if (text === undefined) return 'nothing';
    const file = parsePostmasterPid(text);
    if (file === undefined) return { silent: text };
    if (!isAlive(file.pid)) return 'nothing';
    const answer = await ServerConnection.open(file, this.#cluster, signal);
    if (answer !== 'absent' && answer !== 'other') return answer;
    // A server does not listen while it starts or stops. If it lost its own file, it would remove that of its
    // successor.
    if (await isServer(file.pid, this.#cluster)) return 'busy';
    return answer === 'absent' ? { silent: text } : { stale: text };
  }

  async #stop(pid: number): Promise<void> {
    // Windows has no signals; `kill` would be a crash.
    if (process.platform === 'win32') await this.#stopOnWindows();
    else if (isAlive(pid)) process.kill(pid, 'SIGINT');
    const limit = AbortSignal.timeout(STOP_TIMEOUT_MS);
    while (await this.#isServedBy(pid)) {
      if (limit.aborted) {
        throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_TIMEOUT', 'The server did not stop in time.');
      }
      await poll(limit);
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
async function poll(signal: AbortSignal): Promise<void> {
  await pause(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
}

function startFailed(cause: Error, folder: ServerFolder): EmbeddedPostgresError {
  const message = `The server in ${folder.path} did not start:\n${cause.message}`;
  return new EmbeddedPostgresError('EMBEDDED_POSTGRES_FAILED', message, { cause });
}
