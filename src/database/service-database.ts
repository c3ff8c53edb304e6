import type { OnApplicationShutdown } from '@nestjs/common';
import type { EmbeddedPostgres, EmbeddedPostgresState } from 'nestjs-embedded-postgres';
import { Client } from 'pg';
import type { Configuration } from '../configuration.js';
import { DatabaseError } from './database.error.js';

/** Without a time-out, a silent server would block the start. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The database of messages and campaigns: the PostgreSQL of `DATABASE_URL`, which all instances share, or an embedded
 * server, which all processes with the same `DATA_DIR` share.
 */
export class ServiceDatabase implements OnApplicationShutdown {
  private constructor(
    /** Secret, because it contains the password. */
    readonly url: string,
    /** The real data directory of the embedded server. For root it may differ from `DATA_DIR`. */
    readonly dataDir: string | undefined,
    private readonly server: EmbeddedPostgres | undefined,
  ) {}

  /** @throws {DatabaseError} if the server of the URL rejects the connection, or the embedded server cannot start. */
  static async open({
    databaseUrl,
    dataDir,
  }: Pick<Configuration, 'databaseUrl' | 'dataDir'>): Promise<ServiceDatabase> {
    if (databaseUrl !== undefined) {
      await visit(databaseUrl, () => Promise.resolve());
      return new ServiceDatabase(databaseUrl, undefined, undefined);
    }
    const { EmbeddedPostgres } = await import('nestjs-embedded-postgres');
    const server = await EmbeddedPostgres.start({ dataDir, database: 'laaffic' }).catch((cause: unknown) => {
      throw DatabaseError.noServer(dataDir, cause);
    });
    try {
      return new ServiceDatabase(server.url, await visit(server.url, placeOf, dataDir), server);
    } catch (cause) {
      await server.close();
      throw cause;
    }
  }

  /** What the embedded server does, if there is one. */
  get serverState(): EmbeddedPostgresState | undefined {
    return this.server?.state;
  }

  /** Stops the embedded server. Call it when nothing is connected any more. */
  async close(): Promise<void> {
    await this.server?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

/** @throws {DatabaseError} */
async function visit<T>(url: string, run: (client: Client) => Promise<T>, dataDir?: string): Promise<T> {
  let client: Client | undefined;
  try {
    // The constructor throws if it cannot read the URL.
    client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    await client.connect();
    return await run(client);
  } catch (cause) {
    throw dataDir === undefined ? DatabaseError.notReached(cause) : DatabaseError.notUsable(cause, dataDir);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

async function placeOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ data_directory: string }>('show data_directory');
  return rows[0]?.data_directory ?? '';
}
