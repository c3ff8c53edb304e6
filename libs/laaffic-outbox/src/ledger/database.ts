import { Pool, type QueryResultRow } from 'pg';
import type { OutboxSettings } from '../options/outbox.settings.js';

/** Milliseconds for a connection of an own pool, and for one of its connections to be free. */
const LONGEST_CONNECT = 30_000;

/** How the ledger's tables are reached. Where PostgreSQL enters the package. */
export class Database {
  /** The schema's name, quoted, for SQL. */
  readonly schema: string;

  protected constructor(
    readonly pool: Pool,
    /** The schema's name, and what the notifications of this ledger are called. */
    readonly channel: string,
    private readonly isOwn: boolean,
  ) {
    this.schema = `"${channel}"`;
  }

  /**
   * For a URL a pool is made, which connects when it is used; a pool stays the caller's.
   * @param longestStatement after so many milliseconds a server that says nothing has failed. @default never
   */
  static open(
    { database, connections, schema }: Pick<OutboxSettings, 'database' | 'connections' | 'schema'>,
    onError: (error: Error) => void,
    longestStatement?: number,
  ): Database {
    if (typeof database !== 'string') return new Database(database, schema, false);
    const pool = new Pool({
      connectionString: database,
      max: connections,
      application_name: 'nestjs-laaffic-outbox',
      keepAlive: true,
      connectionTimeoutMillis: LONGEST_CONNECT,
      query_timeout: longestStatement,
      // Idle connections keep no process alive that has nothing else to do, as after a boot that failed.
      allowExitOnIdle: true,
    });
    // An idle connection that breaks would otherwise end the process.
    pool.on('error', onError);
    return new Database(pool, schema, true);
  }

  /** One statement. The caller says of what form its rows are. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in pg: nobody else knows the form of the rows
  query<R extends QueryResultRow = Record<string, unknown>>(text: string, params?: unknown[]): Promise<{ rows: R[] }> {
    return this.run(text, params) as Promise<{ rows: R[] }>;
  }

  protected run(text: string, params?: unknown[]): Promise<{ rows: QueryResultRow[] }> {
    return this.pool.query(text, params);
  }

  async close(): Promise<void> {
    if (this.isOwn) await this.pool.end();
  }
}
