import { Logger } from '@nestjs/common';
import { Bell } from '../bell.js';

/** Does one thing again and again, never twice at once; what fails is logged and done again next time. */
export class Rounds {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #bell = new Bell();
  #isStopped = false;
  #loop: Promise<void> | undefined;

  /** @param round @returns whether there is more to do at once. */
  constructor(
    private readonly name: string,
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
      } catch (error) {
        this.#logger.error(
          `${this.name} failed, and is tried again: ${error instanceof Error ? error.message : typeof error}`,
        );
      }
      if (!hasMore && !this.#isStopped) await this.#bell.wait(rung, this.interval);
    }
  }
}
