import { realpath } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Client } from 'pg';
import type { Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { PostmasterPid } from './postmaster-pid.js';

/** "embedpg" in the key space of advisory locks, in the database `postgres`. */
const LOCK_KEY = '0x656d6265647067';

const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 10_000;

/**
 * A connection that keeps a server running. Each process that uses the server has one, with a shared lock. A process
 * that gets the exclusive lock is the last user, and no other can join until the server has stopped.
 */
export class ServerConnection {
  /**
   * Resolves with the reason when the connection has ended: the server closed it or died, or `close` was called. Never
   * rejects.
   */
  readonly ended: Promise<string>;
  readonly pid: number;
  readonly port: number;
  readonly #client: Client;

  private constructor(client: Client, { pid, port }: PostmasterPid, ended: Promise<string>) {
    this.#client = client;
    this.pid = pid;
    this.port = port;
    this.ended = ended;
  }

  /**
   * Connects to the server that listens on a port, and takes the shared lock.
   * @returns `absent` if nothing listens there; `other` if it serves other data; `busy` if it starts or stops, or does
   * not respond within two seconds or until `signal` aborts.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_PASSWORD
   */
  static async open(
    server: PostmasterPid,
    cluster: Cluster,
    signal: AbortSignal,
  ): Promise<ServerConnection | 'absent' | 'other' | 'busy'> {
    const socket = new Socket();
    const client = clientFor(server.port, cluster, socket);
    const ended = endOf(client);
    const abort = () => socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      const served = await realpath(rows[0]?.data_directory ?? '').catch(() => undefined);
      if (served !== (await realpath(cluster.data))) {
        await end(client);
        return 'other';
      }
      const lock = await client.query<{ held: boolean }>(`select pg_try_advisory_lock_shared(${LOCK_KEY}) as held`);
      if (lock.rows[0]?.held === true) return new ServerConnection(client, server, ended);
      await end(client);
      return 'busy';
    } catch (error) {
      await end(client);
      return meaningOf(error, server.port, cluster);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * Creates a database if it does not exist.
   * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_FAILED
   */
  async createDatabase(name: string): Promise<void> {
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
   * Gives the shared lock back.
   * @returns whether this was the last user. If so, stop the server before `close`.
   */
  async unlock(): Promise<boolean> {
    await this.#client.query(`select pg_advisory_unlock_shared(${LOCK_KEY})`);
    const { rows } = await this.#client.query<{ last: boolean }>(`select pg_try_advisory_lock(${LOCK_KEY}) as last`);
    return rows[0]?.last === true;
  }

  close(): Promise<void> {
    return end(this.#client);
  }
}

/** Returns a client for the database `postgres`, which exists in every cluster. It is not connected yet. */
function clientFor(port: number, { password }: Cluster, socket: Socket): Client {
  return new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    application_name: 'nestjs-embedded-postgres',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    stream: () => socket,
  });
}

/** Also keeps the process alive when the server closes the connection: without a listener, an error would end it. */
function endOf(client: Client): Promise<string> {
  return new Promise((resolve) => {
    let reason: string | undefined;
    client.on('error', ({ message }) => {
      // The first one is the server's own, if it sent one.
      reason ??= message;
    });
    client.once('end', () => {
      resolve(reason ?? 'the connection was closed');
    });
  });
}

async function end(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}

function meaningOf(error: unknown, port: number, cluster: Cluster): 'absent' | 'busy' {
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
