import { setMaxListeners } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Tells long requests that the service is shutting down. */
@Injectable()
export class ShutdownSignal {
  readonly #started = new AbortController();
  readonly #deadline = new AbortController();

  constructor() {
    // There is one listener for each open request.
    setMaxListeners(0, this.#started.signal, this.#deadline.signal);
  }

  /** Aborts when the shutdown starts: streams without an end close now. */
  get started(): AbortSignal {
    return this.#started.signal;
  }

  /** Aborts some seconds later: requests that still wait for an outcome respond now. */
  get deadline(): AbortSignal {
    return this.#deadline.signal;
  }

  start(): void {
    this.#started.abort();
  }

  reachDeadline(): void {
    this.#deadline.abort();
  }
}
