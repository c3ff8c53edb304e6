import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { CampaignProgress } from './campaign.js';

/** A reading of one campaign, under way or ended. */
interface Reading {
  /** By the process' own clock, in milliseconds. */
  readonly began: number;
  readonly progress: Promise<CampaignProgress>;
  /** When it ended; `undefined` while it is under way. */
  ended: number | undefined;
  /** The reading that begins when this one has ended. */
  next: Promise<Reading> | undefined;
}

/** Campaigns of which the last reading is kept. */
const MOST_KEPT = 100;
/** A reading that takes long is followed by a pause that is so many times as long. */
const REST = 4;

/**
 * Reads how far campaigns are: of each campaign one statement at a time, which serves everybody in the process who wants
 * to know. A reading goes through all recipients.
 */
export class SharedProgress {
  readonly #last = new Map<string, Reading>();

  constructor(private readonly readProgress: (id: string) => Promise<CampaignProgress>) {}

  /**
   * How far the campaign is now: by a reading that begins after the call.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async now(id: string): Promise<CampaignProgress> {
    return (await this.#since(id, performance.now())).progress;
  }

  /**
   * How far the campaign is: at once, and whenever that has changed, looked at each `every` milliseconds. Ends after the
   * reading that says it is done, or cancelled with nothing under way any more.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async *watch(
    id: string,
    every: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<CampaignProgress, void, undefined> {
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
      // What somebody else has read lately will do: so all who watch come to read together.
      earliest = performance.now() - every / 2;
    }
  }

  /** @returns a reading that began at this time or later. */
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
    // Heard of by those who await it.
    reading.progress.catch(() => undefined);
    this.#last.delete(id);
    this.#last.set(id, reading);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MOST_KEPT && oldest !== undefined) this.#last.delete(oldest);
    return reading;
  }
}
