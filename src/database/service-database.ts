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
    /** Where the data of a server of this machine's own are. */
    readonly dataDir: string | undefined,
    private readonly stop: () => Promise<void>,
  ) {}

  /** @throws {DatabaseError} if the server of the URL lets nobody in, or none can be had on this machine. */
  static async open({
    databaseUrl,
    dataDir,
  }: Pick<Configuration, 'databaseUrl' | 'dataDir'>): Promise<ServiceDatabase> {
    if (databaseUrl !== undefined) {
      await visit(databaseUrl);
      return new ServiceDatabase(databaseUrl, undefined, () => Promise.resolve());
    }
    const { EmbeddedPostgres } = await import('nestjs-laaffic-outbox/embedded');
    try {
      const server = await EmbeddedPostgres.start({ dataDir });
      return new ServiceDatabase(server.url, dataDir, () => server.close());
    } catch (cause) {
      throw DatabaseError.noServer(dataDir, cause);
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

async function visit(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: PATIENCE });
  try {
    await client.connect();
  } catch (cause) {
    throw DatabaseError.notUsable(cause);
  } finally {
    await client.end().catch(() => undefined);
  }
}
