import type { ClaimedChunk } from '../ledger/chunk.js';
import type { Claim } from '../ledger/claims.js';
import type { Stopwatch } from '../clock.js';
import type { Outages } from '../outages.js';
import { Bell } from '../bell.js';

/** What a lane needs. */
export interface LanePlan {
  readonly outages: Outages;
  readonly slots: number;
  /** Milliseconds until an idle lane looks again. */
  readonly poll: number;
  claim(limit: number): Promise<Claim>;
  /** Sends a chunk and writes its outcome down; never rejects. @param claimed runs since before the chunk was claimed. */
  run(chunk: ClaimedChunk, claimed: Stopwatch): Promise<void>;
  startStopwatch(): Stopwatch;
}

const AFTER_FAILURE = 500;
const OUTAGE = 'No message can be claimed';

/** Keeps the slots of one lane busy as long as there is something to send. */
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

  /** Whether there was something to send when it last looked. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** There may be something to send. */
  wake(): void {
    this.#bell.ring();
  }

  /** Claims nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#bell.ring();
  }

  /** After `stop`: resolves when everything under way is written down. */
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
      // Whoever rings while the claim is on its way is not missed.
      const rung = this.#bell.next();
      const pause = await this.#claim(free);
      this.#isBusy = pause === 0;
      if (pause > 0) await this.#bell.wait(rung, pause);
    }
  }

  /** @returns for how long there is nothing to do. */
  async #claim(free: number): Promise<number> {
    // Started before the database computes how long the chunk may still be sent.
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
