import { Pool, type PoolClient, type QueryResultRow } from 'pg';

/** Anything that runs one statement: a pool, a client, the app's own transaction. */
export interface Queryable {
  query<R extends QueryResultRow = Record<string, unknown>>(text: string, params?: unknown[]): Promise<{ rows: R[] }>;
}

/** How the ledger's tables are reached. Where PostgreSQL enters the package. */
export class Database implements Queryable {
  readonly pool: Pool;
  /** The schema's name, quoted, for SQL. */
  readonly schema: string;
  /** What the notifications of this ledger are called. */
  readonly channel: string;
  readonly #isOwn: boolean;

  /**
   * @param database a URL, for which a pool is opened, or a pool, which stays the caller's.
   * @param schema letters, digits and underscores.
   */
  constructor(database: string | Pool, schema: string, onError: (error: Error) => void) {
    this.#isOwn = typeof database === 'string';
    this.pool =
      typeof database === 'string'
        ? new Pool({ connectionString: database, application_name: 'nestjs-laaffic-outbox' })
        : database;
    // An idle connection that breaks would otherwise end the process.
    if (this.#isOwn) this.pool.on('error', onError);
    this.schema = `"${schema}"`;
    this.channel = schema;
  }

  query<R extends QueryResultRow = Record<string, unknown>>(text: string, params?: unknown[]): Promise<{ rows: R[] }> {
    return this.pool.query<R>(text, params);
  }

  /** Runs the steps in one transaction, rolled back if they throw. */
  async transaction<T>(steps: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const result = await steps(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error(String(cause));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    if (this.#isOwn) await this.pool.end();
  }
}
