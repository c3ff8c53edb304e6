import type { Client, Notification } from 'pg';
import type { ErrorLog } from '../errors/error-log.js';
import type { Database } from './database.js';
import { clientBeside, destroy, setUp } from './session.js';

const SHORTEST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** Milliseconds that connecting, and the response to a heartbeat, may take. */
const CONNECT_WITHIN = 5_000;
const RESPOND_WITHIN = 2_000;
/** Milliseconds between heartbeats. A connection that breaks silently is noticed after this time. */
const BEAT_EVERY = 5_000;
/** Milliseconds to wait for a connection to end. */
const END_WITHIN = 500;
const FAILURE = 'Notifications of the database cannot be received';

/** What processes notify each other of: something is due, an outcome is known, an event was recorded, a template changed. */
export type NotificationName = 'due' | 'outcome' | 'event' | 'template';

/** @param isLocal whether this process itself says so, and what it is about has been committed. */
export type NotificationListener = (payload: string, isLocal: boolean) => void;

/** How to listen. */
export interface ListenOptions {
  /** Where to listen instead of `database`. */
  readonly listenUrl: string | undefined;
  /** Whether to listen at all. */
  readonly notify: boolean;
}

/** Listens for notifications of the database. They are only hints: listeners must also poll. */
export class Listener {
  readonly #listeners = new Map<string, NotificationListener[]>();
  #client: Client | undefined;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #pause = SHORTEST_PAUSE;

  constructor(
    private readonly database: Database,
    private readonly errors: ErrorLog,
    private readonly options: ListenOptions,
  ) {}

  on(name: NotificationName, listener: NotificationListener): void {
    const channel = this.#channelOf(name);
    this.#listeners.set(channel, [...(this.#listeners.get(channel) ?? []), listener]);
  }

  /** Calls the listeners of this process at once. */
  emit(name: NotificationName, payload = ''): void {
    for (const listener of this.#listeners.get(this.#channelOf(name)) ?? []) listener(payload, true);
  }

  start(): void {
    if (this.options.notify) void this.#connect();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    if (client === undefined) return;
    await within(END_WITHIN, client.end()).catch(() => undefined);
    destroy(client);
  }

  /** Connects again, because the current server may be the wrong one. */
  reconnect(): void {
    if (this.#client !== undefined) destroy(this.#client);
  }

  #channelOf(name: NotificationName): string {
    return `${this.database.schema}:${name}`;
  }

  async #connect(): Promise<void> {
    const { pool } = this.database;
    // Use a separate connection: those of a pool come and go, and a proxy may share them.
    const client = clientBeside(pool, { url: this.options.listenUrl, connectWithinMs: CONNECT_WITHIN });
    this.#client = client;
    const state = { isOver: false };
    const again = (): void => {
      if (state.isOver || this.#isStopped) return;
      state.isOver = true;
      destroy(client);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#connect(), this.#pause).unref();
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ channel, payload = '' }: Notification) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload, false);
    });
    try {
      await client.connect();
      await setUp(pool, client);
      await requirePrimary(client);
      for (const channel of this.#listeners.keys()) await client.query(`listen "${channel}"`);
      await requireListening(client);
      this.#pause = SHORTEST_PAUSE;
      this.errors.resolve(FAILURE);
      // Notifications may have been missed in the meantime.
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener('', false);
      await this.#watch(client, state);
    } catch (error) {
      if (!this.#isStopped && !state.isOver) this.errors.report(FAILURE, error);
      again();
    }
  }

  /** Asks the server again and again. A connection may break without a sign. */
  async #watch(client: Client, state: { readonly isOver: boolean }): Promise<void> {
    for (;;) {
      await new Promise((resolve) => {
        this.#timer = setTimeout(resolve, BEAT_EVERY).unref();
      });
      if (state.isOver || this.#isStopped) return;
      await within(RESPOND_WITHIN, requireListening(client));
    }
  }
}

/** A server that accepts no writes sends no notifications. */
async function requirePrimary(client: Client): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('show transaction_read_only');
  if (rows[0]?.transaction_read_only === 'off') return;
  throw Object.assign(new Error('the server is read-only'), { severity: 'ERROR', code: '25006' });
}

/** Fails if a pooler has given the connection another session. */
async function requireListening(client: Client): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::int as count from pg_listening_channels() as channels',
  );
  if ((rows[0]?.count ?? 0) > 0) return;
  throw new Error(
    'the session does not listen any more. If `database` leads to a pooler in transaction mode, set `listenUrl`',
  );
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The server did not respond within ${milliseconds / 1_000} s`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
