import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { CampaignProgress } from './campaign.js';

/** A reading of one campaign, running or finished. */
interface Reading {
  /** By the process's own clock, in milliseconds. */
  readonly began: number;
  readonly progress: Promise<CampaignProgress>;
  /** When it finished; `undefined` while it runs. */
  ended: number | undefined;
  /** The reading that starts when this one has finished. */
  next: Promise<Reading> | undefined;
}

/** Number of campaigns whose last reading is kept. */
const MOST_KEPT = 100;
/** A slow reading is followed by a pause that is this many times as long. */
const REST = 4;

/**
 * Reads the progress of campaigns for all callers in the process, with one statement at a time for each campaign.
 */
export class SharedProgress {
  readonly #last = new Map<string, Reading>();

  constructor(private readonly readProgress: (id: string) => Promise<CampaignProgress>) {}

  /**
   * Returns the progress from a reading that starts after the call.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async now(id: string): Promise<CampaignProgress> {
    return (await this.#since(id, performance.now())).progress;
  }

  /**
   * Yields the progress at once and after each change, reading it every `every` milliseconds. Ends when the campaign is
   * done, or cancelled with no requests in flight.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async *watch(
    id: string,
    every: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<CampaignProgress, void, undefined> {
    // One signal may end any number of watches.
    if (signal !== undefined) setMaxListeners(0, signal);
    let last: CampaignProgress | undefined;
    let earliest = performance.now();
    while (signal?.aborted !== true) {
      const reading = await this.#since(id, earliest);
      const progress = await reading.progress;
      if (progress !== last && !isDeepStrictEqual(progress, last)) yield progress;
      if (progress.state === 'done' || (progress.state === 'cancelled' && progress.sending === 0)) return;
      last = progress;
      const { began, ended = performance.now() } = reading;
      const due = Math.max(began + every, ended + REST * (ended - began));
      const pause = Math.max(0, due - performance.now());
      await wait(pause, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      // A recent reading of another watcher is good enough. This makes all watchers share their readings.
      earliest = performance.now() - every / 2;
    }
  }

  /** @returns a reading that started at this time or later. */
  #since(id: string, time: number): Promise<Reading> {
    const last = this.#last.get(id);
    if (last !== undefined && last.began >= time) return Promise.resolve(last);
    if (last?.ended === undefined && last !== undefined) {
      last.next ??= last.progress.then(
        () => this.#begin(id),
        () => this.#begin(id),
      );
      return last.next;
    }
    return Promise.resolve(this.#begin(id));
  }

  #begin(id: string): Reading {
    const reading: Reading = {
      began: performance.now(),
      progress: this.readProgress(id).finally(() => {
        reading.ended = performance.now();
      }),
      ended: undefined,
      next: undefined,
    };
    // Those who await it handle the rejection.
    reading.progress.catch(() => undefined);
    this.#last.delete(id);
    this.#last.set(id, reading);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MOST_KEPT && oldest !== undefined) this.#last.delete(oldest);
    return reading;
  }
}
