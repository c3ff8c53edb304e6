import { Pool, type QueryResultRow } from 'pg';

/** How the ledger's tables are reached. Where PostgreSQL enters the package. */
export class Database {
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

  /** One statement. The caller says of what form its rows are. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as in pg: nobody else knows the form of the rows
  query<R extends QueryResultRow = Record<string, unknown>>(text: string, params?: unknown[]): Promise<{ rows: R[] }> {
    return this.pool.query<R>(text, params);
  }

  async close(): Promise<void> {
    if (this.#isOwn) await this.pool.end();
  }
}
