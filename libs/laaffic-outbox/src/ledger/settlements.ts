import { setTimeout as wait } from 'node:timers/promises';
import type { OutboxLedger } from './outbox-ledger.js';

/** A recipient whose outcome is written down: slot, state, code, reason, message id. */
export type RecipientRow = readonly [
  slot: number,
  state: 'accepted' | 'rejected' | 'unknown',
  code: string | null,
  reason: string | null,
  msgId: string | null,
];

/** Recipients that move into a chunk of their own. */
export interface ChunkPart {
  /** By slot, as in the chunk that they come from; joined by commas. */
  readonly numbers: string;
  readonly n: number;
}

/** What became of one attempt. */
export type Verdict =
  | {
      readonly is: 'settled';
      /** Slots of the message ids, joined by commas; `undefined` where they are 0, 1, 2, … */
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
      /** Whether a limit of its one number is the reason. */
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

/** As many as one statement takes in one round trip. */
const MOST_AT_ONCE = 32;
const LONGEST_PAUSE = 2_000;
const OUTAGE = 'Outcomes cannot be written down';

/**
 * Writes down what became of attempts, many in one commit. While the database is away nothing is
 * forgotten: it is tried again until it is there, or until the process ends; then the lease marks the
 * attempts as unknown.
 */
export class Settlements {
  readonly #waiting: Entry[] = [];
  #isRunning = false;
  #isGivenUp = false;

  constructor(private readonly ledger: OutboxLedger) {}

  /** @returns whether it was taken: not if somebody else has decided meanwhile. Never rejects. */
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
        const { reportsAfter } = this.ledger.settings.timing;
        const pollAfter = reportsAfter === false ? null : reportsAfter;
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

  /** Lets go of what is not written down yet: the lease will mark it as unknown. */
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
   * One outcome that the database does not take must not hold up all others for ever: each is tried
   * alone, and the one becomes unknown.
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
    const reason = 'the outcome could not be written down';
    this.#waiting.unshift({ ...first, call: 'doubt', params: [id, attempt, by, 'OUTBOX_FAULT', reason] });
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
      // Who waits in this process hears of it even while nothing can be listened to.
      this.ledger.notifications.call('outcome', String(entry.params[0]));
    });
  }
}

/** Whether it is the values that the database does not take: to repeat them is no use. */
function isOfValues(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23|54)[0-9A-Z]{3}$/.test(code);
}
