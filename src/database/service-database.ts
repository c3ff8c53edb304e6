import type { OnApplicationShutdown } from '@nestjs/common';
import { Client } from 'pg';
import type { Configuration } from '../configuration.js';
import { DatabaseError } from './database.error.js';

/** In milliseconds; a server that answers nothing at all would let the boot hang. */
const PATIENCE = 10_000;

/**
 * Where messages and campaigns are kept: the PostgreSQL of `DATABASE_URL`, which all instances share, or a server
 * of this machine's own, which all processes with the same `DATA_DIR` share.
 */
export class ServiceDatabase implements OnApplicationShutdown {
  private constructor(
    /** A secret: it holds the password. */
    readonly url: string,
    /** Where the data of a server of this machine's own really are: for root, perhaps not in `DATA_DIR`. */
    readonly dataDir: string | undefined,
    private readonly stop: () => Promise<void>,
  ) {}

  /** @throws {DatabaseError} if the server of the URL lets nobody in, or none can be had on this machine. */
  static async open({
    databaseUrl,
    dataDir,
  }: Pick<Configuration, 'databaseUrl' | 'dataDir'>): Promise<ServiceDatabase> {
    if (databaseUrl !== undefined) {
      await visit(databaseUrl, () => Promise.resolve());
      return new ServiceDatabase(databaseUrl, undefined, () => Promise.resolve());
    }
    const { EmbeddedPostgres } = await import('nestjs-laaffic-outbox/embedded');
    const server = await EmbeddedPostgres.start({ dataDir }).catch((cause: unknown) => {
      throw DatabaseError.noServer(dataDir, cause);
    });
    try {
      return new ServiceDatabase(server.url, await visit(server.url, placeOf, dataDir), () => server.close());
    } catch (cause) {
      await server.close();
      throw cause;
    }
  }

  /** To be called when nothing is connected any more. */
  close(): Promise<void> {
    return this.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

/** @throws {DatabaseError} */
async function visit<T>(url: string, ask: (client: Client) => Promise<T>, dataDir?: string): Promise<T> {
  let client: Client | undefined;
  try {
    // Made in here: it throws for what it cannot read.
    client = new Client({ connectionString: url, connectionTimeoutMillis: PATIENCE });
    await client.connect();
    return await ask(client);
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
