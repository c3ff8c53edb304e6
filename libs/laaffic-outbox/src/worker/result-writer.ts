import { setTimeout as wait } from 'node:timers/promises';
import { storeResults } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** The outcome of a recipient that was not simply accepted. */
export interface RecipientOutcome {
  readonly slot: number;
  readonly state: 'accepted' | 'rejected' | 'unknown';
  readonly code: string | null;
  readonly reason: string | null;
  readonly msgId: string | null;
}

/** Recipients that move into a chunk of their own. */
export interface ChunkPart {
  /** By slot, as in the original chunk; joined by commas. */
  readonly numbers: string;
  /** Number of recipients. */
  readonly size: number;
}

/** The result of one attempt. */
export type AttemptResult =
  | {
      readonly type: 'completed';
      /** Slots of the message ids, joined by commas; `undefined` for 0, 1, 2, … */
      readonly slots: string | undefined;
      readonly msgIds: string;
      readonly others: readonly RecipientOutcome[];
    }
  | { readonly type: 'rejected' | 'unknown'; readonly code: string; readonly reason: string }
  | {
      /** Certainly not sent, and another attempt may succeed. */
      readonly type: 'released';
      readonly code: string;
      readonly reason: string;
      /** Milliseconds until it may be claimed again. */
      readonly delayMs: number;
      /** Whether a temporary limit of its only number is the reason. */
      readonly isNumber?: boolean;
    }
  | {
      readonly type: 'split';
      readonly rest: string;
      readonly parts: readonly ChunkPart[];
      readonly others: readonly RecipientOutcome[];
      readonly code: string;
    };

interface Entry {
  readonly chunk: { readonly id: string; readonly attempt: number };
  readonly result: AttemptResult;
  resolve(isStored: boolean): void;
}

/** Number of results in one statement and round trip. */
const MOST_AT_ONCE = 32;
const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
const FAILURE = 'Outcomes cannot be stored';

/**
 * Stores the results of attempts, many in one commit. While the database is away nothing is lost: this retries until it
 * is back or the process ends. In the latter case the lease marks the attempts unknown.
 */
export class ResultWriter {
  readonly #waiting: Entry[] = [];
  #isRunning = false;
  #isGivenUp = false;

  constructor(private readonly store: OutboxStore) {}

  /** @returns whether the result was stored. `false` if the chunk was decided in the meantime. Never rejects. */
  write(chunk: Entry['chunk'], result: AttemptResult): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ chunk, result, resolve });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Drops the results that are not stored yet. The lease will mark them unknown. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let pause = SHORTEST_PAUSE;
    let alone = 0;
    while (this.#waiting.length > 0 && !this.#isGivenUp) {
      const batch = this.#waiting.splice(0, alone > 0 ? 1 : MOST_AT_ONCE);
      alone = Math.max(0, alone - 1);
      try {
        await this.#store(batch);
        this.store.errors.resolve(FAILURE);
        pause = SHORTEST_PAUSE;
      } catch (error) {
        this.store.errors.report(FAILURE, error);
        if (isOfValues(error)) {
          alone = this.#putAside(batch);
          continue;
        }
        this.#waiting.unshift(...batch);
        await wait(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
    for (const entry of this.#waiting.splice(0)) entry.resolve(false);
    this.#isRunning = false;
  }

  /**
   * One result that the database rejects must not block the others for ever. Each one is tried alone, and the rejected
   * one becomes unknown.
   * @returns how many to try alone.
   */
  #putAside(batch: readonly Entry[]): number {
    const [first] = batch;
    if (batch.length > 1 || first === undefined) {
      this.#waiting.unshift(...batch);
      return batch.length;
    }
    if (first.result.type === 'unknown') {
      first.resolve(false);
      return 0;
    }
    const reason = 'the outcome could not be stored';
    this.#waiting.unshift({ ...first, result: { type: 'unknown', code: 'OUTBOX_INTERNAL_ERROR', reason } });
    return 1;
  }

  async #store(batch: readonly Entry[]): Promise<void> {
    const { actor, database, listener, settings } = this.store;
    const { reportsAfterMs } = settings.timing;
    const [row] = await database.run(storeResults, {
      actor,
      results: JSON.stringify(batch.map(({ chunk, result }) => fieldsOf(chunk, result))),
      pollAfterMs: reportsAfterMs === false ? null : reportsAfterMs,
    });
    batch.forEach((entry, index) => {
      entry.resolve(row?.stored[index] === true);
      // Callers in this process get the outcome even while the connection for notifications is down.
      listener.emit('outcome', entry.chunk.id);
    });
  }
}

/** The fields that `store_results` reads. */
function fieldsOf({ id, attempt }: Entry['chunk'], result: AttemptResult): Record<string, unknown> {
  const chunk = { type: result.type, chunk_id: id, attempt };
  switch (result.type) {
    case 'completed':
      return { ...chunk, result_slots: result.slots, result_msg_ids: result.msgIds, ...columnsOf(result.others) };
    case 'rejected':
    case 'unknown':
      return { ...chunk, code: result.code, reason: result.reason };
    case 'released': {
      const { code, reason, delayMs, isNumber = false } = result;
      return { ...chunk, code, reason, delay_ms: delayMs, is_number: isNumber };
    }
    case 'split': {
      const { code, rest, parts, others } = result;
      const [numbers, sizes] = [parts.map((part) => part.numbers), parts.map(({ size }) => size)];
      return { ...chunk, code, rest, numbers, sizes, ...columnsOf(others) };
    }
  }
}

function columnsOf(others: readonly RecipientOutcome[]): Record<string, unknown> {
  return {
    slots: others.map(({ slot }) => slot),
    states: others.map(({ state }) => state),
    codes: others.map(({ code }) => code),
    reasons: others.map(({ reason }) => reason),
    msg_ids: others.map(({ msgId }) => msgId),
  };
}

/** Whether the database rejects the values themselves. Then a retry is useless. */
function isOfValues(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23|54)[0-9A-Z]{3}$/.test(code);
}
