import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openCluster, type Cluster } from './cluster.js';
import { Deadline } from './deadline.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { Hold } from './hold.js';
import type { Home } from './home.js';
import { isAlive, isServer, readLockFile, removeLockFile } from './lock-file.js';
import { parsePostmasterFile } from './postmaster-file.js';
import type { Programs } from './programs.js';
import { ServerProcess } from './server-process.js';

/**
 * Milliseconds without a response behind an unchanged `postmaster.pid` until the file counts as left behind, even
 * though a process has its id: an unrelated process, or a zombie. A server listens shortly after it has written the
 * file.
 */
const SILENCE = 3000;

/** How long a server may take to stop, in milliseconds. */
const STOPPING = 30_000;

/** What was found behind `postmaster.pid`. */
type Found = Hold | 'nothing' | 'busy' | { readonly silent: string } | { readonly stale: string };

/** The server of a home. It is found running or started, and the last holder stops it. */
export class Server {
  readonly #home: Home;
  readonly #programs: Programs;
  readonly #cluster: Cluster;

  private constructor(home: Home, programs: Programs, cluster: Cluster) {
    this.#home = home;
    this.#programs = programs;
    this.#cluster = cluster;
  }

  /** @throws {EmbeddedPostgresError} */
  static async of(home: Home, programs: Programs, deadline: Deadline): Promise<Server> {
    return new Server(home, programs, await openCluster(home, programs, deadline));
  }

  get password(): string {
    return this.#cluster.password;
  }

  /**
   * Holds the running server, or starts one.
   * @throws {EmbeddedPostgresError}
   */
  async hold(settings: Readonly<Record<string, string>>, deadline: Deadline): Promise<Hold> {
    let started: ServerProcess | undefined;
    let silence: { readonly text: string; readonly end: Deadline } | undefined;
    while (!deadline.hasPassed) {
      const wasRunning = started?.isRunning;
      const found = await this.#look(deadline);
      if (found instanceof Hold) return found;
      if (found === 'nothing' && wasRunning !== true) {
        const fault = await started?.fault();
        if (fault !== undefined) throw failed(fault, this.#home);
        started = await ServerProcess.start(this.#home, this.#programs, this.#cluster, settings);
      } else if (typeof found === 'object' && 'stale' in found) {
        await removeLockFile(this.#cluster, found.stale);
      } else if (typeof found === 'object') {
        // The file of a server that is just starting is empty.
        if (found.silent !== silence?.text) silence = { text: found.silent, end: new Deadline(SILENCE) };
        else if (silence.end.hasPassed) await removeLockFile(this.#cluster, found.silent);
      }
      await deadline.pause();
    }
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_TIMEOUT',
      `The server was not ready in time. See its log in ${this.#home.folder}.`,
    );
  }

  /** Holds a server again that has closed the connection. `undefined` if the server is gone. */
  async regain(lost: Hold, deadline: Deadline): Promise<Hold | undefined> {
    while (!deadline.hasPassed) {
      const found = await this.#look(deadline).catch(() => 'nothing' as const);
      if (found === 'nothing') return undefined;
      if (found instanceof Hold) {
        if (found.pid === lost.pid && found.port === lost.port) return found;
        await found.leave();
        return undefined;
      }
      await deadline.pause();
    }
    return undefined;
  }

  /** Releases a hold, and stops the server if it was the last one. */
  async release(hold: Hold): Promise<void> {
    const isLast = await hold.giveUp().catch(() => undefined);
    try {
      if (isLast === true) await this.#stop(hold.pid);
    } finally {
      await hold.leave();
    }
    if (isLast !== undefined) return;
    const again = await this.regain(hold, new Deadline(SILENCE));
    if (again !== undefined) await this.release(again);
  }

  async #look(deadline: Deadline): Promise<Found> {
    const text = await readLockFile(this.#cluster);
    if (text === undefined) return 'nothing';
    const file = parsePostmasterFile(text);
    if (file === undefined) return { silent: text };
    if (!isAlive(file.pid)) return 'nothing';
    const answer = await Hold.take(file, this.#cluster, deadline);
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
    const deadline = new Deadline(STOPPING);
    while (await this.#isServedBy(pid)) {
      if (deadline.hasPassed) {
        throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_TIMEOUT', 'The server did not stop in time.');
      }
      await deadline.pause();
    }
  }

  /** A server removes its file at the very end of its shutdown. Its process may stay as a zombie. */
  async #isServedBy(pid: number): Promise<boolean> {
    const text = await readLockFile(this.#cluster);
    return text !== undefined && parsePostmasterFile(text)?.pid === pid && isAlive(pid);
  }

  async #stopOnWindows(): Promise<void> {
    const args = ['stop', '-D', this.#cluster.data, '-m', 'fast', '-s'];
    await promisify(execFile)(this.#programs.pgCtl, args, this.#programs.options);
  }
}

function failed(cause: Error, home: Home): EmbeddedPostgresError {
  const message = `The server in ${home.folder} did not start:\n${cause.message}`;
  return new EmbeddedPostgresError('EMBEDDED_POSTGRES_FAILED', message, { cause });
}
