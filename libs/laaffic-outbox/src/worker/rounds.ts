import type { Outages } from '../outages.js';
import { Bell } from '../bell.js';

/** Does one thing again and again, never twice at once; what fails is logged and done again next time. */
export class Rounds {
  readonly #bell = new Bell();
  #isStopped = false;
  #loop: Promise<void> | undefined;

  /** @param round @returns whether there is more to do at once. */
  constructor(
    private readonly outages: Outages,
    /** What is said when it fails. */
    private readonly outage: string,
    private readonly interval: number,
    private readonly round: () => Promise<boolean>,
  ) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Does the next round now. */
  wake(): void {
    this.#bell.ring();
  }

  /** Resolves when the round under way has ended. */
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
