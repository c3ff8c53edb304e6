import { realpath } from 'node:fs/promises';
import { Client } from 'pg';
import type { Cluster } from './cluster.js';
import type { Deadline } from './deadline.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** "laaffic" in the key space of advisory locks, in the database `postgres`. */
const KEY = '0x6c616166666963';

/**
 * A connection that keeps a server running. Each process has one, with a shared lock. A process that gets the exclusive
 * lock is the last one, and no other can join until the server has stopped.
 */
export class Hold {
  readonly #client: Client;
  readonly pid: number;
  readonly port: number;

  private constructor(client: Client, pid: number, port: number) {
    this.#client = client;
    this.pid = pid;
    this.port = port;
  }

  /**
   * Holds the server that listens on a port.
   * @returns `absent` if nothing listens there; `other` if it serves other data; `busy` if it starts or stops, or does
   * not respond within two seconds or until `deadline`.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_PASSWORD
   */
  static async take(
    file: { readonly pid: number; readonly port: number },
    cluster: Cluster,
    deadline: Deadline,
  ): Promise<Hold | 'absent' | 'other' | 'busy'> {
    const { pid, port } = file;
    const client = connectionTo(port, cluster, deadline);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      const served = await realpath(rows[0]?.data_directory ?? '').catch(() => undefined);
      if (served !== (await realpath(cluster.data))) return await leave(client, 'other');
      const lock = await client.query<{ held: boolean }>(`select pg_try_advisory_lock_shared(${KEY}) as held`);
      return lock.rows[0]?.held === true ? new Hold(client, pid, port) : await leave(client, 'busy');
    } catch (error) {
      await leave(client, undefined);
      return faultOf(error, port, cluster);
    }
  }

  /** Calls the listener when the connection has ended: the server closed it or died, or `leave` was called. */
  onEnd(listener: () => void): void {
    this.#client.once('end', listener);
  }

  /**
   * Creates a database if it does not exist.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_FAILED
   */
  async makeDatabase(name: string): Promise<void> {
    try {
      const found = await this.#client.query('select from pg_database where datname = $1', [name]);
      if (found.rowCount === 0) await this.#client.query(`create database ${this.#client.escapeIdentifier(name)}`);
    } catch (error) {
      // Another process was faster: it had finished, or had just started.
      if (['42P04', '23505'].includes(String((error as { code?: unknown }).code))) return;
      const message = `The database ${name} could not be created: ${(error as Error).message}`;
      throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_FAILED', message, { cause: error });
    }
  }

  /**
   * Releases the hold.
   * @returns whether it was the last one. Then stop the server before `leave`.
   */
  async giveUp(): Promise<boolean> {
    await this.#client.query(`select pg_advisory_unlock_shared(${KEY})`);
    const { rows } = await this.#client.query<{ last: boolean }>(`select pg_try_advisory_lock(${KEY}) as last`);
    return rows[0]?.last === true;
  }

  async leave(): Promise<void> {
    await leave(this.#client, undefined);
  }
}

/** Returns a client for the database `postgres`, which exists in every cluster. It is not connected yet. */
function connectionTo(port: number, { password }: Cluster, deadline: Deadline): Client {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    application_name: 'nestjs-laaffic-outbox embedded',
    connectionTimeoutMillis: Math.ceil(Math.min(2000, deadline.left)) + 1,
    query_timeout: 10_000,
  });
  // The server may stop at any time. Without a listener that would end the process.
  client.on('error', () => undefined);
  return client;
}

async function leave<Answer>(client: Client, answer: Answer): Promise<Answer> {
  await client.end().catch(() => undefined);
  return answer;
}

function faultOf(error: unknown, port: number, cluster: Cluster): 'absent' | 'busy' {
  const { code } = error as { code?: string };
  if (code === 'ECONNREFUSED') return 'absent';
  if (code !== '28P01') return 'busy';
  throw new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_PASSWORD',
    `The server on port ${port} rejects the password that is stored beside ${cluster.data}. ` +
      'Was it changed? Write the new one to that file.',
    { cause: error },
  );
}
