import type { Outages } from '../outages.js';
import { Bell } from '../bell.js';

/** Runs a task periodically, never twice at once. A failure is logged and the task runs again at the next interval. */
export class Rounds {
  readonly #bell = new Bell();
  #isStopped = false;
  #loop: Promise<void> | undefined;

  /** @param round @returns whether there is more to do at once. */
  constructor(
    private readonly outages: Outages,
    /** The log line for a failure. */
    private readonly outage: string,
    private readonly interval: number,
    private readonly round: () => Promise<boolean>,
  ) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Runs the task now. */
  wake(): void {
    this.#bell.ring();
  }

  /** Resolves when the running task has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#bell.ring();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const rung = this.#bell.next();
      let hasMore = false;
      try {
        hasMore = await this.round();
        this.outages.over(this.outage);
      } catch (error) {
        this.outages.report(this.outage, error);
      }
      if (!hasMore) await this.#bell.wait(rung, this.interval);
    }
  }
}
