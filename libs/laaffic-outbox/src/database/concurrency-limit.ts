import { OutboxError } from '../errors/outbox.error.js';

/** Limits how many tasks run at once. The others queue, in order. */
export class ConcurrencyLimit {
  readonly #queue = new Set<() => void>();
  #running = 0;

  constructor(
    private readonly atOnce: number,
    /** How long to queue, in milliseconds. */
    private readonly longestWaitMs: number,
  ) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` if there was no turn in time. The task did not run. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.atOnce) this.#running++;
    else await this.#wait();
    try {
      return await task();
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
        this.#queue.delete(begin);
        const message =
          `The database of the outbox had no free connection for ${this.longestWaitMs / 1_000} s, ` +
          'so the statement did not run';
        reject(new OutboxError('OUTBOX_DATABASE_UNAVAILABLE', message));
      }, this.longestWaitMs);
      this.#queue.add(begin);
    });
  }

  /** The first task in the queue takes over; a new one cannot get in between. */
  #pass(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}
