import { LANES, type Lane } from '../options/outbox.options.js';
import type { PeriodicTask } from '../runtime/periodic-task.js';
import {
  advanceCampaigns,
  cancelLostCreations,
  cancelLeftovers,
  endGracePeriod,
  expireMessages,
  foldCounts,
  markOverdue,
  removeOldGrants,
} from '../sql/generated.js';
import type { ActivityRecipients, ActivityState } from '../store/activity.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { sharedSteps } from './shared-steps.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 200;
/** Number of changed counts in one step. */
const COUNTS = 2_000;
/** Milliseconds after which a campaign without a key, whose creator gives no sign of life, is cancelled. */
const LOST_CREATION = 10 * 60_000;

/**
 * Maintenance: handles attempts whose worker is gone, unknown chunks after the grace period, expired messages, and
 * campaigns that start or end. One process at a time runs it for all, but any number may.
 */
export class Maintenance {
  /** Runs all of it periodically. */
  readonly task: PeriodicTask;

  constructor(private readonly store: OutboxStore) {
    const intervalMs = Math.min(1_000, Math.max(50, store.settings.timing.leaseMs / 10));
    const step = (failure: string, run: () => Promise<boolean>) => ({ failure, run });
    const steps = [
      step('Attempts without a response cannot be marked unknown', async () => (await this.#markOverdue()) > 0),
      ...LANES.map((lane) =>
        step(
          `The grace period of the lane ${lane} cannot be ended`,
          async () => (await this.#endGracePeriod(lane)) > 0,
        ),
      ),
      step('Expired messages cannot be rejected', async () => (await this.#expireMessages()) > 0),
      step('Campaigns whose creator is gone cannot be cancelled', () => this.#cancelLostCreations()),
      step('Cancelled campaigns cannot be ended', () => this.#cancelLeftovers()),
      step('Campaigns cannot be started or ended', () => this.#advanceCampaigns()),
      step('Counts of campaigns cannot be added up', () => this.#foldCounts()),
      step('Old allowances of the rate cannot be removed', () => this.#removeOldGrants()),
    ];
    const failure = 'Maintenance of the outbox failed';
    this.task = sharedSteps({ store, task: 'maintenance', failure, intervalMs, steps });
  }

  /** Numbers of a campaign that no call continues are not kept for ever. */
  async #cancelLostCreations(): Promise<boolean> {
    const { account, actor, database, settings } = this.store;
    const { retentionMs } = settings;
    const keyedAfterMs = retentionMs === false ? null : Math.max(retentionMs, LOST_CREATION);
    await database.run(cancelLostCreations, { account, actor, lostAfterMs: LOST_CREATION, keyedAfterMs });
    return false;
  }

  async #cancelLeftovers(): Promise<boolean> {
    const { account, actor, database } = this.store;
    const [cancelled] = await database.run(cancelLeftovers, { account, actor, limit: STEP });
    return (cancelled?.count ?? 0) > 0;
  }

  async #advanceCampaigns(): Promise<boolean> {
    const { account, actor, database } = this.store;
    await database.run(advanceCampaigns, { account, actor });
    return false;
  }

  async #removeOldGrants(): Promise<boolean> {
    const { account, database } = this.store;
    await database.run(removeOldGrants, { account });
    return false;
  }

  async #foldCounts(): Promise<boolean> {
    const [folded] = await this.store.database.run(foldCounts, { limit: COUNTS });
    return folded?.count === COUNTS;
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
    for (const { recipients, decided } of rows) {
      if (decided === 'held' || decided === 'abandoned') this.#emit(decided, lane, { [decided]: recipients });
    }
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
