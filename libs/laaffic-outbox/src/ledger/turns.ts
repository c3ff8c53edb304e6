import { OutboxError } from '../outbox.error.js';

/** Lets so many run at once; the others wait in line. */
export class Turns {
  readonly #line = new Set<() => void>();
  #running = 0;

  constructor(
    private readonly atOnce: number,
    /** How long to wait in line, in milliseconds. */
    private readonly longestWaitMs: number,
  ) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE` if the turn did not come in time; nothing was run. */
  async take<T>(run: () => Promise<T>): Promise<T> {
    if (this.#running < this.atOnce) this.#running++;
    else await this.#wait();
    try {
      return await run();
    } finally {
      this.#pass();
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#line.delete(begin);
        const message =
          `The database of the outbox had no free connection for ${this.longestWaitMs / 1_000} s, ` +
          'so a statement was not made and has stored nothing';
        reject(new OutboxError('OUTBOX_DATABASE', message));
      }, this.longestWaitMs);
      this.#line.add(begin);
    });
  }

  /** The first in line takes over; nobody who comes now gets in between. */
  #pass(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#line.delete(next);
    next();
  }
}
