import { Pool, type Client, type PoolClient, type QueryConfig, type QueryResultRow } from 'pg';
import type { OutboxSettings } from '../options/outbox.settings.js';
import type { Statement } from '../sql/statement.js';
import { LIMITS_OF_STATEMENTS, NO_LIMITS, withSession } from './session.js';

/** Milliseconds to wait for a new connection, and for a free one in the own pool. */
const LONGEST_CONNECT = 30_000;

/** Runs the statements of `sql/queries` in the schema that the app configured. */
export class Database {
  readonly #texts = new Map<object, string>();
  readonly #clients = new Set<PoolClient>();
  #closing: Promise<void> | undefined;

  protected constructor(
    readonly pool: Pool,
    /** The schema's name. It needs no quotes. */
    readonly schema: string,
    private readonly isOwn: boolean,
    /** Whether a session stays with its connection, so that statements may be prepared in it. A pooler lends sessions. */
    readonly hasSessions: boolean,
    /** What stands for the schema in the statements. */
    protected readonly marker = 'outbox',
  ) {}

  /** @returns the same connections for statements of another schema. */
  beside(schema: string, marker: string): Database {
    return new Database(this.pool, schema, false, this.hasSessions, marker);
  }

  /**
   * Opens a pool for a URL, which connects at first use. A given pool stays the caller's.
   * @param longestStatement milliseconds after which a silent server counts as failed. @default never
   */
  static open(
    {
      database,
      connections,
      schema,
      listenUrl,
    }: Pick<OutboxSettings, 'database' | 'connections' | 'schema'> & { readonly listenUrl?: string | undefined },
    onError: (error: Error) => void,
    longestStatement?: number,
  ): Database {
    if (typeof database !== 'string') return new Database(database, schema, false, false);
    const pool = new Pool({
      // A pooler would pass the settings of a session on to others.
      ...(listenUrl === undefined
        ? withSession(database, longestStatement === undefined ? NO_LIMITS : LIMITS_OF_STATEMENTS)
        : { connectionString: database }),
      max: connections,
      application_name: 'nestjs-laaffic-outbox',
      keepAlive: true,
      connectionTimeoutMillis: LONGEST_CONNECT,
      query_timeout: longestStatement,
      // Idle connections must not keep a process alive that has nothing else to do, for example after a failed boot.
      allowExitOnIdle: true,
    });
    const own = new Database(pool, schema, true, listenUrl === undefined);
    pool.on('connect', (client) => own.#clients.add(client));
    pool.on('remove', (client) => own.#clients.delete(client));
    // Without a listener, an idle connection that breaks would end the process. A pool that has ended may still report
    // hang-ups.
    pool.on('error', (error) => {
      if (own.#closing === undefined) onError(error);
    });
    return own;
  }

  /** Runs one statement and returns its rows. */
  async run<P extends object, R extends object>(statement: Statement<P, R>, params: P): Promise<R[]> {
    const { rows } = await this.query(this.queryOf(statement, params));
    return rows as R[];
  }

  /** What the driver runs. A statement is prepared only in a session that stays with its connection. */
  queryOf<P extends object>(statement: Statement<P, object>, params: P): QueryConfig {
    const text = this.textOf(statement);
    const values = valuesOf(statement, params);
    if (!this.hasSessions || statement.name === undefined) return { text, values };
    return { name: `${this.marker}.${statement.name}`, text, values };
  }

  /** The text of a statement in the app's schema. */
  textOf(statement: { readonly text: string }): string {
    let text = this.#texts.get(statement);
    if (text === undefined) this.#texts.set(statement, (text = inSchema(statement.text, this.schema, this.marker)));
    return text;
  }

  protected query(query: QueryConfig): Promise<{ rows: QueryResultRow[] }> {
    return send(this.pool, query);
  }

  /**
   * A pool cannot end twice, but Nest may close an app twice.
   * @param within breaks off what is still running when it resolves. @default waits for it
   */
  async close(within?: Promise<unknown>): Promise<void> {
    if (this.isOwn) this.#closing ??= this.pool.end();
    if (within === undefined || this.#closing === undefined) return this.#closing;
    const isClosed = await Promise.race([this.#closing.then(() => true), within.then(() => false)]);
    // A client with a running statement ends its connection at once.
    if (!isClosed) for (const client of this.#clients) (client as unknown as Client).end().catch(() => undefined);
  }
}

/** An app's pool may be any object that works like one, so only a prepared statement is passed in the longer form. */
export function send(target: Pool | PoolClient, query: QueryConfig): Promise<{ rows: QueryResultRow[] }> {
  return query.name === undefined ? target.query(query.text, query.values) : target.query(query);
}

/** Replaces the marker of the schema in SQL. */
export function inSchema(sql: string, schema: string, marker = 'outbox'): string {
  const marked = new RegExp(`\\b${marker}([.:])`, 'g');
  return sql.replaceAll(marked, (_, mark: string) => (mark === '.' ? `"${schema}".` : `${schema}:`));
}

/** The parameters of a statement in its order. */
export function valuesOf<P extends object>({ params }: Statement<P, object>, values: P): unknown[] {
  return params.map((name) => values[name]);
}

/** Whether the only row of a change says that it changed something. */
export function isChanged([row]: readonly { readonly changed: boolean }[]): boolean {
  return row?.changed === true;
}

/** A client of a pool. Return it exactly once. */
export interface TakenClient {
  readonly client: PoolClient;
  /** @param broken why the client must not be used again. */
  readonly release: (broken: Error | undefined) => void;
}

/**
 * Takes a client out of a pool. A client that breaks rejects its running statement and also emits an event, which would
 * end the process without a listener. The listener must exist as soon as the client is taken, so a promise would be too
 * late.
 */
export function takeClient(pool: Pool): Promise<TakenClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client, done) => {
      if (error !== undefined || client === undefined) {
        reject(error ?? new Error('The pool returned no client'));
        return;
      }
      const ignore = (): void => undefined;
      client.on('error', ignore);
      const release = (broken: Error | undefined): void => {
        client.off('error', ignore);
        done(broken);
      };
      resolve({ client, release });
    });
  });
}
