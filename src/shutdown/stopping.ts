import { setMaxListeners } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Tells those who work on long requests that the service is about to stop. */
@Injectable()
export class Stopping {
  readonly #begun = new AbortController();
  readonly #lastCall = new AbortController();

  constructor() {
    // As many as there are requests.
    setMaxListeners(0, this.#begun.signal, this.#lastCall.signal);
  }

  /** Streams that would never end by themselves end now. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** Whoever still waits for something answers now with what there is. */
  get lastCall(): AbortSignal {
    return this.#lastCall.signal;
  }

  begin(): void {
    this.#begun.abort();
  }

  callLast(): void {
    this.#lastCall.abort();
  }
}
