import { Client, type Notification } from 'pg';
import type { ErrorLog } from '../errors/error-log.js';
import type { Database } from './database.js';

const SHORTEST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
const FAILURE = 'Notifications of the database cannot be received';

/** What processes notify each other of: something is due, an outcome is known, an event was recorded. */
export type NotificationName = 'due' | 'outcome' | 'event';

/** Listens for notifications of the database. They are only hints: listeners must also poll. */
export class Listener {
  readonly #listeners = new Map<string, ((payload: string) => void)[]>();
  #client: Client | undefined;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #pause = SHORTEST_PAUSE;

  constructor(
    private readonly database: Database,
    private readonly errors: ErrorLog,
  ) {}

  on(name: NotificationName, listener: (payload: string) => void): void {
    const channel = this.#channelOf(name);
    this.#listeners.set(channel, [...(this.#listeners.get(channel) ?? []), listener]);
  }

  /** Calls the listeners of this process at once. */
  emit(name: NotificationName, payload = ''): void {
    for (const listener of this.#listeners.get(this.#channelOf(name)) ?? []) listener(payload);
  }

  start(): void {
    void this.#connect();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
  }

  /** Connects again, because the current server may be the wrong one. */
  reconnect(): void {
    this.#client?.end().catch(() => undefined);
  }

  #channelOf(name: NotificationName): string {
    return `${this.database.schema}:${name}`;
  }

  async #connect(): Promise<void> {
    // Use a separate connection: those of a pool come and go, and a proxy may share them.
    const client = new Client(this.database.pool.options);
    this.#client = client;
    let isOver = false;
    const again = (): void => {
      if (isOver || this.#isStopped) return;
      isOver = true;
      client.end().catch(() => undefined);
      this.#timer = setTimeout(() => void this.#connect(), this.#pause).unref();
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ channel, payload = '' }: Notification) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload);
    });
    try {
      await client.connect();
      await requirePrimary(client);
      for (const channel of this.#listeners.keys()) await client.query(`listen "${channel}"`);
      this.#pause = SHORTEST_PAUSE;
      this.errors.resolve(FAILURE);
      // Notifications may have been missed in the meantime.
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener('');
    } catch (error) {
      if (!this.#isStopped) this.errors.report(FAILURE, error);
      again();
    }
  }
}

/** A server that accepts no writes sends no notifications. */
async function requirePrimary(client: Client): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('show transaction_read_only');
  if (rows[0]?.transaction_read_only === 'off') return;
  throw Object.assign(new Error('the server is read-only'), { severity: 'ERROR', code: '25006' });
}
