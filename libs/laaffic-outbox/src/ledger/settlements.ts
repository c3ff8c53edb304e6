import { setTimeout as wait } from 'node:timers/promises';
import type { OutboxLedger } from './outbox-ledger.js';

/** The outcome of a recipient: slot, state, code, reason, message id. */
export type RecipientRow = readonly [
  slot: number,
  state: 'accepted' | 'rejected' | 'unknown',
  code: string | null,
  reason: string | null,
  msgId: string | null,
];

/** Recipients that move into a chunk of their own. */
export interface ChunkPart {
  /** By slot, as in the original chunk; joined by commas. */
  readonly numbers: string;
  readonly n: number;
}

/** The result of one attempt. */
export type Verdict =
  | {
      readonly is: 'settled';
      /** Slots of the message ids, joined by commas; `undefined` for 0, 1, 2, … */
      readonly slots: string | undefined;
      readonly msgIds: string;
      readonly others: readonly RecipientRow[];
    }
  | { readonly is: 'refused' | 'unknown'; readonly code: string; readonly reason: string }
  | {
      readonly is: 'unsent';
      readonly code: string;
      readonly reason: string;
      /** Milliseconds until it may be claimed again. */
      readonly delay: number;
      /** Whether a temporary limit of its only number is the reason. */
      readonly isNumber?: boolean;
    }
  | {
      readonly is: 'divided';
      readonly rest: string;
      readonly parts: readonly ChunkPart[];
      readonly others: readonly RecipientRow[];
      readonly code: string;
    };

interface Entry {
  readonly call: string;
  readonly params: readonly unknown[];
  resolve(isTaken: boolean): void;
}

/** Number of outcomes in one statement and round trip. */
const MOST_AT_ONCE = 32;
const LONGEST_PAUSE = 2_000;
const OUTAGE = 'Outcomes cannot be stored';

/**
 * Stores the results of attempts, many in one commit. While the database is away nothing is lost: this retries until it
 * is back or the process ends. In the latter case the lease marks the attempts unknown.
 */
export class Settlements {
  readonly #waiting: Entry[] = [];
  #isRunning = false;
  #isGivenUp = false;

  constructor(private readonly ledger: OutboxLedger) {}

  /** @returns whether the result was stored. `false` if the chunk was decided in the meantime. Never rejects. */
  write(chunk: { readonly id: string; readonly attempt: number }, verdict: Verdict): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ ...this.#callOf(verdict), params: this.#paramsOf(chunk, verdict), resolve });
      if (!this.#isRunning) void this.#run();
    });
  }

  #callOf({ is }: Verdict): { call: string } {
    const calls = { settled: 'settle', refused: 'refuse', unknown: 'doubt', unsent: 'give_back', divided: 'divide' };
    return { call: calls[is] };
  }

  #paramsOf({ id, attempt }: { readonly id: string; readonly attempt: number }, verdict: Verdict): unknown[] {
    const first = [id, attempt, this.ledger.by];
    switch (verdict.is) {
      case 'settled': {
        const { slots = null, msgIds, others } = verdict;
        const { reportsAfterMs } = this.ledger.settings.timing;
        const pollAfter = reportsAfterMs === false ? null : reportsAfterMs;
        return [...first, slots, msgIds, JSON.stringify(others), pollAfter];
      }
      case 'refused':
      case 'unknown':
        return [...first, verdict.code, verdict.reason];
      case 'unsent':
        return [...first, verdict.code, verdict.reason, verdict.delay, verdict.isNumber ?? false];
      case 'divided': {
        const { rest, parts, others, code } = verdict;
        const rows = [JSON.stringify(parts), JSON.stringify(others)];
        return [...first, 'sending,unknown,held', rest, ...rows, 'divided', code];
      }
    }
  }

  /** Drops the results that are not stored yet. The lease will mark them unknown. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let pause = 50;
    let alone = 0;
    while (this.#waiting.length > 0 && !this.#isGivenUp) {
      const batch = this.#waiting.splice(0, alone > 0 ? 1 : MOST_AT_ONCE);
      alone = Math.max(0, alone - 1);
      try {
        await this.#writeAll(batch);
        this.ledger.outages.over(OUTAGE);
        pause = 50;
      } catch (error) {
        this.ledger.outages.report(OUTAGE, error);
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
   * One outcome that the database rejects must not block the others for ever. Each one is tried alone, and the rejected
   * one becomes unknown.
   * @returns how many to try alone.
   */
  #putAside(batch: readonly Entry[]): number {
    const [first] = batch;
    if (batch.length > 1 || first === undefined) {
      this.#waiting.unshift(...batch);
      return batch.length;
    }
    if (first.call === 'doubt') {
      first.resolve(false);
      return 0;
    }
    const [id, attempt, by] = first.params;
    const reason = 'the outcome could not be stored';
    this.#waiting.unshift({ ...first, call: 'doubt', params: [id, attempt, by, 'OUTBOX_INTERNAL_ERROR', reason] });
    return 1;
  }

  async #writeAll(batch: readonly Entry[]): Promise<void> {
    const params: unknown[] = [];
    const calls = batch.map((entry, index) => {
      const places = entry.params.map((param) => `$${params.push(param)}`);
      return `${this.ledger.database.schema}.${entry.call}(${places.join(', ')}) as taken_${index}`;
    });
    const { rows } = await this.ledger.database.query<Record<string, boolean>>(`select ${calls.join(', ')}`, params);
    batch.forEach((entry, index) => {
      entry.resolve(rows[0]?.[`taken_${index}`] === true);
      // Callers in this process get the outcome even while the connection for notifications is down.
      this.ledger.notifications.call('outcome', String(entry.params[0]));
    });
  }
}

/** Whether the database rejects the values themselves. Then a retry is useless. */
function isOfValues(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23|54)[0-9A-Z]{3}$/.test(code);
}
