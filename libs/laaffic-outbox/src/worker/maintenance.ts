import type { Lane } from '../options/outbox.options.js';
import { PeriodicTask } from '../runtime/periodic-task.js';
import {
  advanceCampaigns,
  cancelLostCreations,
  cancelLeftovers,
  endGracePeriod,
  expireMessages,
  foldCounts,
  markOverdue,
} from '../sql/generated.js';
import type { ActivityRecipients, ActivityState } from '../store/activity.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 200;
/** Number of changed counts in one step. */
const COUNTS = 2_000;
/** Milliseconds after which a campaign without a key, whose creator gives no sign of life, is cancelled. */
const LOST_CREATION = 10 * 60_000;
const LANES = ['priority', 'bulk'] as const;

/**
 * Maintenance: handles attempts whose worker is gone, unknown chunks after the grace period, expired messages, and
 * campaigns that start or end. Any number of processes may run it at once.
 */
export class Maintenance {
  /** Runs all of it periodically. */
  readonly task: PeriodicTask;

  constructor(private readonly store: OutboxStore) {
    const { errors, settings } = store;
    const intervalMs = Math.min(1_000, Math.max(50, settings.timing.leaseMs / 10));
    this.task = new PeriodicTask({
      errors,
      failure: 'Maintenance of the outbox failed',
      intervalMs,
      run: () => this.#run(),
    });
  }

  /** @returns whether there is more to do. */
  async #run(): Promise<boolean> {
    const { account, actor, database, settings } = this.store;
    const { retentionMs } = settings;
    let changed = await this.#markOverdue();
    for (const lane of LANES) changed += await this.#endGracePeriod(lane);
    changed += await this.#expireMessages();
    // Numbers of a campaign that nobody continues are not kept for ever.
    const keyedAfterMs = retentionMs === false ? null : Math.max(retentionMs, LOST_CREATION);
    await database.run(cancelLostCreations, { account, actor, lostAfterMs: LOST_CREATION, keyedAfterMs });
    const [cancelled] = await database.run(cancelLeftovers, { account, actor, limit: STEP });
    await database.run(advanceCampaigns, { account, actor });
    const [folded] = await database.run(foldCounts, { limit: COUNTS });
    return changed + (cancelled?.count ?? 0) > 0 || folded?.count === COUNTS;
  }

  /** Marks attempts unknown that have had no response for longer than the lease, whatever happened to their worker. */
  async #markOverdue(): Promise<number> {
    const { account, actor, database, settings } = this.store;
    const { leaseMs } = settings.timing;
    const rows = await database.run(markOverdue, { account, leaseMs, actor, limit: STEP });
    for (const { lane, recipients } of rows) this.#emit('unknown', lane, { unknown: recipients });
    return rows.length;
  }

  /** Decides unknown chunks of the lane for which there was no evidence. */
  async #endGracePeriod(lane: Lane): Promise<number> {
    const { account, actor, database, settings } = this.store;
    const { gracePeriodMs } = settings.timing;
    const action = settings.onUnconfirmed[lane];
    const rows = await database.run(endGracePeriod, { account, lane, gracePeriodMs, action, actor, limit: STEP });
    const state = action === 'abandon' ? 'abandoned' : 'held';
    for (const { recipients, is_resent } of rows) if (!is_resent) this.#emit(state, lane, { [state]: recipients });
    return rows.length;
  }

  /** Rejects messages whose `sendBefore` has passed. */
  async #expireMessages(): Promise<number> {
    const { account, actor, database } = this.store;
    const rows = await database.run(expireMessages, { account, actor, limit: STEP });
    for (const { lane, recipients, is_rejected } of rows) {
      if (is_rejected) this.#emit('rejected', lane, { rejected: recipients });
    }
    return rows.length;
  }

  #emit(state: ActivityState, lane: Lane, recipients: Partial<Record<ActivityRecipients, number>>): void {
    const { activity } = this.store;
    if (activity.observed) activity.next({ state, lane, recipients });
  }
}
