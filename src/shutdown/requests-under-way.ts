import type { Server } from 'node:http';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import { Stopping } from './stopping.js';

/** For so long, in milliseconds, a sender waits for its outcome once the service stops. */
const LAST_CALL = 3_000;
/** For so long requests under way may go on; then their connections are cut. */
const PATIENCE = 10_000;
/** For so long what the cut ones had begun may be written down. */
const LAST_WORDS = 5_000;

/**
 * Ends HTTP before anything else ends: takes no new connection, lets the requests under way be answered while
 * messages are still sent, and cuts what takes too long.
 */
@Injectable()
export class RequestsUnderWay implements OnModuleDestroy {
  readonly #open = new Set<Promise<unknown>>();

  constructor(
    private readonly adapters: HttpAdapterHost,
    private readonly stopping: Stopping,
  ) {}

  /** Middleware: counts a request until its answer has gone or its connection has. */
  readonly count = (_: Request, response: Response, next: NextFunction): void => {
    void this.track(
      new Promise<void>((resolve) => {
        response.once('close', () => {
          resolve();
          // Kept alive for a next request, the connection would hold the server open.
          if (this.stopping.begun.aborted) this.#server.closeIdleConnections();
        });
      }),
    );
    next();
  };

  /** Counts work that may go on when the connection of its request has gone. */
  async track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#open.add(settled);
    try {
      return await work;
    } finally {
      this.#open.delete(settled);
    }
  }

  async onModuleDestroy(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.stopping.begin();
    const lastCall = setTimeout(() => {
      this.stopping.callLast();
    }, LAST_CALL);
    await this.#allEnded(PATIENCE);
    clearTimeout(lastCall);
    this.stopping.callLast();
    this.#server.closeAllConnections();
    await this.#allEnded(LAST_WORDS);
  }

  async #allEnded(within: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, within);
    });
    await Promise.race([this.#none(), over]);
    clearTimeout(timer);
  }

  async #none(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  get #server(): Server {
    return this.adapters.httpAdapter.getHttpServer() as Server;
  }
}
