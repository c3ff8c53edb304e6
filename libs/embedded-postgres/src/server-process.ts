import { spawn } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Cluster } from './cluster.js';
import type { Programs } from './programs.js';
import type { ServerFolder } from './server-folder.js';

/** Log lines of a server that did not start because another one has, or had, the cluster or the port. */
const BLOCKED =
  /lock file "postmaster\.pid" (already exists|is empty)|pre-existing shared memory|could not bind|bogus data/;

/** Number of bytes at the end of the log that are searched for the reason of an exit. */
const LOG_BYTES = 4096;

/** A server that this process has started. It is independent: it survives this process. */
export class ServerProcess {
  readonly #log: string;
  readonly #logStart: number;
  #end: Error | undefined;

  private constructor(log: string, logStart: number) {
    this.#log = log;
    this.#logStart = logStart;
  }

  static async start(
    folder: ServerFolder,
    programs: Programs,
    cluster: Cluster,
    settings: Readonly<Record<string, string>>,
  ): Promise<ServerProcess> {
    const path = join(folder.path, 'server.log');
    const log = await open(path, 'a', 0o600);
    try {
      const server = new ServerProcess(path, (await log.stat()).size);
      await server.#spawn(
        programs,
        [...serverArguments(cluster, settings), '-p', settings['port'] ?? String(await freePort())],
        log,
      );
      return server;
    } finally {
      await log.close();
    }
  }

  /** Whether the server process still runs. */
  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /** Why the server failed, with the last lines of its log. `undefined` if another server was in its way. */
  async failure(): Promise<Error | undefined> {
    const lines = await this.#lastLines();
    if (BLOCKED.test(lines)) return undefined;
    return new Error(lines === '' ? (this.#end?.message ?? '') : lines, { cause: this.#end });
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

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
