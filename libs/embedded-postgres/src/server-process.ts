import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Programs } from './programs.js';
import type { ServerFolder } from './server-folder.js';

/** Log lines of a server that did not start because another one has, or had, the cluster. */
const BLOCKED = /lock file "postmaster\.pid" (already exists|is empty)|pre-existing shared memory|bogus data/;
const PORT_TAKEN = /^.*LOG: +(could not bind .*)$/m;
/** Lines with the reason of an end, and not those for clients that come too early. Very early ones have no level. */
const REASON = /^(?:.*(?:FATAL|PANIC): +|postgres: )((?!the database system is ).*)$/gm;

/** Number of bytes at the end of the log that are searched for the reason of an exit. */
const LOG_BYTES = 4096;

/** Where a server listens. */
export interface PortChoice {
  /** If it is taken, the start fails. */
  readonly required: number | undefined;
  /** If it is taken, the server gets another one. */
  readonly preferred: number | undefined;
}

/** A server that this process has started. It is independent: it survives this process. */
export class ServerProcess {
  readonly #log: string;
  readonly #logStart: number;
  readonly #isPortRequired: boolean;
  #child: ChildProcess | undefined;
  #end: Error | undefined;

  private constructor(log: string, logStart: number, isPortRequired: boolean) {
    this.#log = log;
    this.#logStart = logStart;
    this.#isPortRequired = isPortRequired;
  }

  static async start(
    folder: ServerFolder,
    programs: Programs,
    cluster: Cluster,
    settings: Readonly<Record<string, string>>,
    { required, preferred }: PortChoice,
  ): Promise<ServerProcess> {
    const path = join(folder.path, 'server.log');
    const log = await open(path, 'a', 0o600);
    try {
      const server = new ServerProcess(path, (await log.stat()).size, required !== undefined);
      const port = required ?? (await freePort(preferred));
      await server.#spawn(programs, [...serverArguments(cluster, settings), '-p', String(port)], log);
      return server;
    } finally {
      await log.close();
    }
  }

  /** Whether the server process still runs. */
  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /**
   * Why the server failed: the first line is the reason, the others are the last ones of its log. `undefined` if another
   * server was in its way.
   */
  async failure(): Promise<Error | undefined> {
    const lines = await this.#lastLines();
    const portTaken = PORT_TAKEN.exec(lines)?.[1];
    if (BLOCKED.test(lines) || (portTaken !== undefined && !this.#isPortRequired)) return undefined;
    const end = this.#end?.message ?? 'the server ended';
    if (lines === '') return new Error(`${end}, and wrote no log. Is the disk full?`, { cause: this.#end });
    const reason = portTaken ?? [...lines.matchAll(REASON)].at(-1)?.[1] ?? end;
    return new Error(`${reason}\n${lines}`, { cause: this.#end });
  }

  /**
   * Stops the server while it starts, and waits until it has ended.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_TIMEOUT if it does not end in time.
   */
  async stop(timeoutMs: number): Promise<void> {
    const limit = AbortSignal.timeout(timeoutMs);
    this.#child?.kill('SIGINT');
    while (this.isRunning) {
      if (limit.aborted) {
        const message = `The server did not stop in time while it was starting. See its log: ${this.#log}`;
        throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_TIMEOUT', message);
      }
      await pause(25);
    }
  }

  async #spawn(programs: Programs, args: readonly string[], log: FileHandle): Promise<void> {
    // In its own process group it gets no Ctrl-C. Its output goes to a file, which outlives this process.
    const child = spawn(programs.postgres, args, {
      ...programs.options,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.on('exit', (code, signal) => {
      this.#end = new Error(`the server ended with ${signal ?? `code ${String(code)}`}`);
    });
    child.on('error', (error) => {
      this.#end = error;
    });
    child.unref();
    this.#child = child;
    await Promise.race([once(child, 'spawn'), once(child, 'error')]).catch(() => undefined);
  }

  async #lastLines(): Promise<string> {
    const log = await open(this.#log);
    try {
      const { size } = await log.stat();
      const start = Math.max(this.#logStart, size - LOG_BYTES);
      const { buffer, bytesRead } = await log.read(Buffer.alloc(Math.max(0, size - start)), 0, null, start);
      return buffer.toString('utf8', 0, bytesRead).trim();
    } finally {
      await log.close();
    }
  }
}

/** If a setting occurs twice, the last one counts. */
function serverArguments({ data }: Cluster, settings: Readonly<Record<string, string>>): string[] {
  const all = Object.entries({
    log_checkpoints: 'off',
    ...settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    logging_collector: 'off',
  });
  return ['-D', data, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Returns the preferred port, or another one if it is taken. */
async function freePort(preferred = 0): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(preferred, '127.0.0.1');
    await once(probe, 'listening');
  } catch (error) {
    if (preferred === 0) throw error;
    return freePort();
  }
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
