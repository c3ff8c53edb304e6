import type { ClaimedChunk } from '../ledger/chunk.js';
import type { Claim } from '../ledger/claims.js';
import type { Stopwatch } from '../clock.js';
import type { Outages } from '../outages.js';
import { Bell } from '../bell.js';

/** What a lane needs. */
export interface LanePlan {
  readonly outages: Outages;
  readonly slots: number;
  /** Milliseconds until an idle lane polls again. */
  readonly poll: number;
  claim(limit: number): Promise<Claim>;
  /**
   * Sends a chunk and stores its outcome. Never rejects.
   * @param claimed a stopwatch that was started before the claim.
   */
  run(chunk: ClaimedChunk, claimed: Stopwatch): Promise<void>;
  startStopwatch(): Stopwatch;
}

const AFTER_FAILURE = 500;
const OUTAGE = 'No message can be claimed';

/** Keeps the slots of one lane busy while there is something to send. */
export class LaneRunner {
  readonly #bell = new Bell();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;
  #isBusy = false;
  #loop: Promise<void> | undefined;

  constructor(private readonly plan: LanePlan) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Whether the last claim found something to send. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Call it when there may be something to send. */
  wake(): void {
    this.#bell.ring();
  }

  /** Stops claiming. */
  stop(): void {
    this.#isStopped = true;
    this.#bell.ring();
  }

  /** Resolves, after `stop`, when the outcomes of all requests in flight are stored. */
  async drained(): Promise<void> {
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const free = this.plan.slots - this.#running.size;
      if (free === 0) {
        await Promise.race(this.#running);
        continue;
      }
      // A ring during the claim is not missed.
      const rung = this.#bell.next();
      const pause = await this.#claim(free);
      this.#isBusy = pause === 0;
      if (pause > 0) await this.#bell.wait(rung, pause);
    }
  }

  /** @returns how long to wait until the next claim, in milliseconds. */
  async #claim(free: number): Promise<number> {
    // Start the stopwatch before the database computes how long the chunk may still be sent.
    const claimed = this.plan.startStopwatch();
    try {
      const { chunks, wait } = await this.plan.claim(free);
      this.plan.outages.over(OUTAGE);
      for (const chunk of chunks) {
        const run = this.plan.run(chunk, claimed).finally(() => this.#running.delete(run));
        this.#running.add(run);
      }
      if (wait !== undefined) return Math.min(wait, this.plan.poll);
      return chunks.length < free ? this.plan.poll : 0;
    } catch (error) {
      this.plan.outages.report(OUTAGE, error);
      return AFTER_FAILURE;
    }
  }
}
