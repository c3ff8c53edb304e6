import { Logger } from '@nestjs/common';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { HALF_LIFE_MS, LONGEST_BLOCK_MS } from '../guard/range-scoring.js';
import {
  deleteAlarms,
  deleteDecisions,
  deleteDecoyMessages,
  deleteListedEnded,
  deleteOperatorChanges,
  deletePhones,
  deleteRanges,
  deleteQuotas,
  deleteTraffic,
  deleteVerifications,
  dropOverdueConversions,
  removeGoneApprovalHandlers,
} from '../sql/generated.js';

/** How long things are kept, in milliseconds. */
export interface RetentionTimes {
  /** A verification, after its end. */
  readonly retentionMs: number;
  /** How long a number is known after its last approval. */
  readonly knownMs: number;
}

/** Number of rows in one step. A small number keeps locks short. */
const STEP = 200;
const DAY_MS = 24 * 60 * 60_000;
const PHONE_KEPT_MS = 180 * DAY_MS;
/** Who has changed the list of operators is asked long after that. */
const CHANGE_KEPT_MS = 365 * DAY_MS;
const HANDLER_KEPT_MS = 7 * DAY_MS;
/** Nothing reads them. */
const DECOY_KEPT_MS = 60 * 60_000;
/** The guard reads the minutes of two hours, and the hours of 14 days. */
const TRAFFIC_KEPT = { minutesKeptMs: DAY_MS / 8, hoursKeptMs: 30 * DAY_MS };
/** A range with less than this differs too little from one that was never seen. */
const LOWEST_SCORE = 0.1;

/** Deletes what no rule needs any more. */
export class Retention {
  readonly #logger = new Logger('LaafficVerify');

  /** @param now the time, for tests. @default the server's */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly times: RetentionTimes,
    private readonly now: () => Date | undefined = () => undefined,
  ) {}

  /** Deletes some that are old enough. @returns whether there may be more. */
  async run(): Promise<boolean> {
    const { extension } = this;
    const { retentionMs, knownMs } = this.times;
    const step = { limit: STEP, now: this.now() ?? null };
    const changes = [
      await extension.runInBackground(dropOverdueConversions, { ...step, overdueMs: DAY_MS }),
      await extension.runInBackground(deleteVerifications, { ...step, keptMs: retentionMs }),
      // An approval is a sight of the number, so a known number was seen while it is known.
      await extension.runInBackground(deletePhones, { ...step, keptMs: Math.max(PHONE_KEPT_MS, knownMs) }),
      await extension.runInBackground(deleteQuotas, step),
      await extension.runInBackground(deleteRanges, {
        ...{ ...step, halfLifeMs: HALF_LIFE_MS, lowestScore: LOWEST_SCORE, blockedMs: LONGEST_BLOCK_MS },
      }),
      await extension.runInBackground(deleteTraffic, { ...step, ...TRAFFIC_KEPT }),
      await extension.runInBackground(deleteDecisions, { ...step, keptMs: retentionMs }),
      await extension.runInBackground(deleteDecoyMessages, { ...step, keptMs: DECOY_KEPT_MS }),
      await extension.runInBackground(deleteAlarms, { ...step, keptMs: retentionMs }),
      await extension.runInBackground(deleteListedEnded, step),
      await extension.runInBackground(deleteOperatorChanges, { ...step, keptMs: CHANGE_KEPT_MS }),
    ];
    await this.#removeGoneHandlers();
    return changes.some(({ length }) => length === STEP);
  }

  async #removeGoneHandlers(): Promise<void> {
    const params = { keptMs: HANDLER_KEPT_MS, now: this.now() ?? null };
    const removed = await this.extension.runInBackground(removeGoneApprovalHandlers, params);
    if (removed.length === 0) return;
    const handlers = [...new Set(removed.map(({ handler }) => handler))].sort().join(', ');
    this.#logger.error(
      `${removed.length} approvals were removed, because no process has had their handlers for 7 days: ${handlers}`,
    );
  }
}
