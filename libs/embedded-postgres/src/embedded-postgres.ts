import { findBinaries, packageFor, thisPlatform } from './binaries.js';
import type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
import { preparePrograms } from './programs.js';
import { openServerFolder } from './server-folder.js';
import { Server } from './server.js';
import { Supervisor, type EmbeddedPostgresState } from './supervisor.js';

/**
 * Runs PostgreSQL on this machine, on 127.0.0.1, with binaries from npm. Processes with the same `dataDir` share one
 * server. The first one starts it, the others find it, and the last one that closes stops it. The server is not a child
 * process: it survives when all of them die, and the next start finds it. If the server dies, the processes that use it
 * start it again at the same `url`, so pools connect again by themselves.
 * @example
 * const postgres = await EmbeddedPostgres.start({ dataDir: './.data/postgres' });
 * const pool = new Pool({ connectionString: postgres.url });
 * await pool.end();
 * await postgres.close();
 */
export class EmbeddedPostgres {
  /** A `postgres://` URL with password and database. Keep it secret: it gives superuser access. */
  readonly url: string;
  readonly #supervisor: Supervisor;

  private constructor(url: string, supervisor: Supervisor) {
    this.url = url;
    this.#supervisor = supervisor;
  }

  /**
   * Finds the server of `dataDir`, or starts it. Data that was committed before a crash is there.
   *
   * When the process runs as root, the server runs as `nobody`. If `nobody` cannot enter `dataDir`, the data is in
   * `/var/lib/nestjs-embedded-postgres`.
   * @throws {EmbeddedPostgresError} with a code that says what to do.
   * @throws errors of the file system.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const { dataDir, database = 'app', startTimeoutMs = 30_000, settings = {} } = options;
    const signal = AbortSignal.timeout(startTimeoutMs);
    const binaries = findBinaries(packageFor(thisPlatform()));
    const folder = await openServerFolder(dataDir);
    const server = await Server.open(folder, await preparePrograms(binaries, folder), settings, signal);
    const connection = await server.acquire(signal);
    try {
      await connection.createDatabase(database);
    } catch (error) {
      await server.release(connection);
      throw error;
    }
    // `pg` decodes the name of a database with `decodeURI`.
    const account = `postgres:${encodeURIComponent(server.password)}`;
    const url = `postgres://${account}@127.0.0.1:${connection.port}/${encodeURI(database)}`;
    return new EmbeddedPostgres(url, new Supervisor(server, connection, startTimeoutMs));
  }

  /** Whether the server runs now, since when, and why not. */
  get state(): EmbeddedPostgresState {
    return this.#supervisor.state;
  }

  /**
   * Releases the server, and starts it no more. The last process that does so stops it, including connections of its
   * own, and waits until it has stopped. Call it after the pools on `url` have ended.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_TIMEOUT if it does not stop.
   */
  close(): Promise<void> {
    return this.#supervisor.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** As a provider, it ends with the app. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}
