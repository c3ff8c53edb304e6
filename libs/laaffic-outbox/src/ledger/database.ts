import { Pool, type QueryResultRow } from 'pg';
import type { OutboxSettings } from '../options/outbox.settings.js';

/** Milliseconds to wait for a new connection, and for a free one in the own pool. */
const LONGEST_CONNECT = 30_000;

/** Access to the tables of the ledger. The only place where PostgreSQL enters the package. */
export class Database {
  /** The schema's name, quoted for SQL. */
  readonly schema: string;
  #closing: Promise<void> | undefined;

  protected constructor(
    readonly pool: Pool,
    /** The schema's name, which is also the prefix of the notification channels. */
    readonly channel: string,
    private readonly isOwn: boolean,
  ) {
    this.schema = `"${channel}"`;
  }

  /**
   * Opens a pool for a URL, which connects at first use. A given pool stays the caller's.
   * @param longestStatement milliseconds after which a silent server counts as failed. @default never
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
      // Idle connections must not keep a process alive that has nothing else to do, for example after a failed boot.
      allowExitOnIdle: true,
    });
    const own = new Database(pool, schema, true);
    // Without a listener, an idle connection that breaks would end the process. A pool that has ended may still report
    // hang-ups.
    pool.on('error', (error) => {
      if (own.#closing === undefined) onError(error);
    });
    return own;
  }

  /** Runs one statement. The caller specifies the type of the rows. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in pg: nobody else knows the form of the rows
  query<R extends QueryResultRow = Record<string, unknown>>(text: string, params?: unknown[]): Promise<{ rows: R[] }> {
    return this.run(text, params) as Promise<{ rows: R[] }>;
  }

  protected run(text: string, params?: unknown[]): Promise<{ rows: QueryResultRow[] }> {
    return this.pool.query(text, params);
  }

  /** A pool cannot end twice, but Nest may close an app twice. */
  async close(): Promise<void> {
    if (this.isOwn) this.#closing ??= this.pool.end();
    await this.#closing;
  }
}
