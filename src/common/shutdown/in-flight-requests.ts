import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ShutdownSignal } from './shutdown-signal.js';

/** How long a caller may still wait for an outcome after the shutdown has started. */
const OUTCOME_DEADLINE_MS = 3_000;
/** How long open requests may continue. Then their connections are closed. */
const DRAIN_TIMEOUT_MS = 10_000;
/** How long the work of closed requests may continue, such as storing what has arrived. */
const CLEANUP_TIMEOUT_MS = 5_000;
/** The longest time that draining takes. The outbox stops after it. */
export const MAX_DRAIN_MS = DRAIN_TIMEOUT_MS + CLEANUP_TIMEOUT_MS;

/** Counts open requests, and drains them when the service shuts down. */
@Injectable()
export class InFlightRequests implements OnModuleInit {
  readonly #open = new Set<Promise<unknown>>();

  constructor(
    private readonly adapters: HttpAdapterHost,
    private readonly shutdown: ShutdownSignal,
  ) {}

  /** Listens at the server, because pushes of the platform bypass the middleware of the app. */
  onModuleInit(): void {
    this.#server.prependListener('request', this.#count);
  }

  /** Counts a request until its response is sent or its connection is closed. */
  readonly #count = (_: IncomingMessage, response: ServerResponse): void => {
    void this.track(
      new Promise<void>((resolve) => {
        response.once('close', () => {
          resolve();
          // A connection that is kept alive for the next request would keep the server open.
          if (this.shutdown.started.aborted) this.#server.closeIdleConnections();
        });
      }),
    );
  };

  /** Counts work that may outlive the connection of its request. */
  async track<T>(work: Promise<T>): Promise<T> {
    const done = work.then(
      () => undefined,
      () => undefined,
    );
    this.#open.add(done);
    try {
      return await work;
    } finally {
      this.#open.delete(done);
    }
  }

  /**
   * Accepts no new connections, lets open requests finish while messages are still sent, and closes those that take too
   * long. It runs before anything else shuts down.
   */
  async drain(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.shutdown.start();
    const deadline = setTimeout(() => {
      this.shutdown.reachDeadline();
    }, OUTCOME_DEADLINE_MS);
    await this.#allDone(DRAIN_TIMEOUT_MS);
    clearTimeout(deadline);
    this.shutdown.reachDeadline();
    this.#server.closeAllConnections();
    await this.#allDone(CLEANUP_TIMEOUT_MS);
  }

  async #allDone(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#noneOpen(), timeout]);
    clearTimeout(timer);
  }

  async #noneOpen(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  get #server(): Server {
    return this.adapters.httpAdapter.getHttpServer() as Server;
  }
}
