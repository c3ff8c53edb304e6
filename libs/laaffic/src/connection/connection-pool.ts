import type { Client } from 'undici';
import { LinkedQueue, type QueueNode } from '../linked-queue.js';
import type { RequestDispatcher } from '../options/laaffic.options.js';
import type { LaafficSettings } from '../options/laaffic.settings.js';
import { ConnectionError } from './connection.error.js';
import { Connector } from './connector.js';

type Undici = typeof import('undici');

/** A request that needs a connection. */
export interface PooledRequest {
  /** The place of the request in the queue while it waits; kept by the pool. */
  node: QueueNode<PooledRequest> | undefined;
  /** The pool calls this once, when a connection is free. The request returns the connection with `release`. */
  run(connection: RequestDispatcher): void;
  /** The pool calls this in place of `run` if it cannot open connections at all. */
  fail(error: unknown): void;
}

/**
 * Keeps at most `maxConnections` connections alive, with one request at a time on each. Further requests wait in order.
 *
 * A request that ends while it waits leaves the queue at once. In undici's own pool it would stay, and while the gateway
 * cannot be reached, undici would open connections for requests that ended long ago.
 *
 * With a `dispatcher` of the app, every request goes to it at once: the app's dispatcher has its own connections.
 *
 * undici is loaded when the app boots and not when the package is imported: it takes as long as all other files.
 */
export class ConnectionPool {
  readonly #settings: LaafficSettings;
  readonly #dispatcher: RequestDispatcher | undefined;
  #undici: Undici | undefined;
  #connector: Connector | undefined;
  #loading: Promise<void> | undefined;
  readonly #connections: Client[] = [];
  /** The connection that was used last is used first, so that connections that are not needed end. */
  readonly #free: RequestDispatcher[] = [];
  readonly #waiting = new LinkedQueue<PooledRequest>();
  #open = 0;
  #closing: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(
    readonly origin: string,
    settings: LaafficSettings,
  ) {
    this.#settings = settings;
    this.#dispatcher = settings.dispatcher;
  }

  /** Whether requests go to the app's dispatcher, which may have interceptors. */
  get hasAppDispatcher(): boolean {
    return this.#dispatcher !== undefined;
  }

  /** Loads undici, unless the app has a dispatcher. Without this call, the first request waits for it. */
  prepare(): Promise<void> {
    if (this.#dispatcher !== undefined) return Promise.resolve();
    return (this.#loading ??= this.#load());
  }

  /** @throws {ConnectionError} if the pool is closed. */
  add(request: PooledRequest): void {
    if (this.#closing !== undefined) throw new ConnectionError('CLOSED', 'The app was closed');
    this.#open++;
    const connection = this.#dispatcher ?? this.#free.pop() ?? this.#connect();
    if (connection === undefined) request.node = this.#waiting.add(request);
    else request.run(connection);
    if (this.#undici === undefined) void this.prepare();
  }

  /** The caller calls this once for each added request, when its result is known. Its connection may still be busy. */
  remove(request: PooledRequest): void {
    if (request.node !== undefined) this.#waiting.remove(request.node);
    request.node = undefined;
    if (--this.#open === 0) this.#onEmpty?.();
  }

  /** Returns a connection to the pool, in whatever state it is. */
  release(connection: RequestDispatcher): void {
    if (connection === this.#dispatcher) return;
    const next = this.#next();
    if (next === undefined) this.#free.push(connection);
    else next.run(connection);
  }

  /** Rejects new requests, waits for the results of all others, and ends every connection that the pool has made. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    this.#connector?.close();
    await Promise.all(this.#connections.map((connection) => connection.destroy()));
  }

  async #load(): Promise<void> {
    try {
      this.#undici = await import('undici');
      this.#connector = new Connector(this.#settings, this.#undici);
    } catch (error) {
      this.#loading = undefined;
      for (let next = this.#next(); next !== undefined; next = this.#next()) next.fail(error);
      return;
    }
    for (let connection = this.#connect(); connection !== undefined; connection = this.#connect()) {
      const next = this.#next();
      if (next === undefined) {
        this.#free.push(connection);
        return;
      }
      next.run(connection);
    }
  }

  /** Takes the first request from the queue. */
  #next(): PooledRequest | undefined {
    const next = this.#waiting.first;
    if (next?.node === undefined) return undefined;
    this.#waiting.remove(next.node);
    next.node = undefined;
    return next;
  }

  #connect(): Client | undefined {
    const { maxConnections, keepAliveTimeoutMs } = this.#settings.connection;
    if (this.#undici === undefined || this.#connector === undefined) return undefined;
    if (this.#connections.length >= maxConnections) return undefined;
    const connection = new this.#undici.Client(this.origin, {
      connect: this.#connector.connect,
      keepAliveTimeout: keepAliveTimeoutMs,
      // The server's `Keep-Alive` hint is not followed.
      keepAliveMaxTimeout: keepAliveTimeoutMs,
      pipelining: 1,
      allowH2: false,
      // The exchange has its own timer, exact to the millisecond.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#connections.push(connection);
    return connection;
  }
}
