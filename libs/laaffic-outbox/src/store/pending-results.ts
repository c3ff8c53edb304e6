import { flushOldestResults, flushSomeResults } from '../sql/generated.js';
import type { OutboxStore } from './outbox-store.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 20;
/** Milliseconds after which a result is flushed even if there is a lot to send. */
const LONGEST_WAIT = 30_000;

/**
 * Gives the recipients of large results rows of their own. Before that the result of a chunk is one row, so sending does
 * not wait for a thousand inserts.
 */
export class PendingResults {
  constructor(private readonly store: Pick<OutboxStore, 'database'>) {}

  /**
   * @param isBusy whether sending has priority. Then only results that have waited for too long are flushed.
   * @returns whether there may be more to do.
   */
  async flushSome(isBusy: boolean): Promise<boolean> {
    const step = { isBusy, longestWaitMs: LONGEST_WAIT, limit: STEP };
    const [row] = await this.store.database.run(flushSomeResults, step);
    return row?.flushed === STEP;
  }

  /** Flushes at most this many results. Waits for those that another process is flushing. */
  async flushOldest(limit: number): Promise<void> {
    await this.store.database.run(flushOldestResults, { limit });
  }

  /** Flushes all current results, step by step. */
  async flushAll(afterStep: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    while (await this.flushSome(false)) await afterStep();
  }
}
