import { Logger } from '@nestjs/common';
import type { PeriodicTask } from '../runtime/periodic-task.js';
import {
  deleteAccountHistory,
  deleteCampaigns,
  deleteIdempotencyKeys,
  deleteInbound,
  deleteMessages,
  redactCampaignChunks,
  redactCampaigns,
  redactInbound,
  redactMessages,
  removeGoneHandlers,
  removeHandlerlessEvents,
  removeOldFailedEvents,
  removeUnreadablePushes,
  removeUnroutedEvents,
} from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { sharedSteps, type Step } from './shared-steps.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 200;
/** Number of recipients in one step of the deletion: their rows take a few milliseconds. */
const RECIPIENTS = 5_000;
/** Number of narrow rows in one step. */
const ROWS = 1_000;
const HOUR = 60 * 60 * 1000;
const SHORTEST_PAUSE = 50;
/** How long failed events can be retried, in days. */
const FAILED_EVENTS_DAYS = 30;

/**
 * Erases numbers, texts, references and the gateway's reasons after the retention period, and deletes everything some
 * time later. Unknown and held messages do not count as ended. One process at a time runs it for all, but any number
 * may.
 */
export class Retention {
  readonly #logger = new Logger('LaafficOutbox');
  /** Runs all of it periodically. */
  readonly task: PeriodicTask;

  constructor(private readonly store: OutboxStore) {
    const { retentionMs, deleteAfterMs, idempotencyKeysKeptMs } = store.settings;
    // What is erased first may be deleted in the same turn.
    const steps = [
      { failure: 'Old events cannot be removed', run: () => this.#removeEvents() },
      ...(retentionMs === false ? [] : this.#redaction(retentionMs)),
      ...(deleteAfterMs === false ? [] : this.#deletion(deleteAfterMs)),
      ...(idempotencyKeysKeptMs === false ? [] : [this.#expiry(idempotencyKeysKeptMs)]),
    ];
    const limits = [retentionMs, idempotencyKeysKeptMs].filter((limit) => limit !== false);
    const intervalMs = Math.min(HOUR, ...limits.map((limit) => Math.max(SHORTEST_PAUSE, limit / 10)));
    this.task = sharedSteps({ store, task: 'retention', failure: 'Old data cannot be removed', intervalMs, steps });
  }

  /** @returns whether there is more to remove at once; always `false`. */
  async #removeEvents(): Promise<boolean> {
    const { account, database } = this.store;
    const unrouted = await database.run(removeUnroutedEvents, { account });
    this.#logEvents(
      'Events were removed, because no process with handlers has been running for 7 days',
      unrouted.map(({ topic, events }) => ({ events, of: topic })),
    );
    await database.run(removeGoneHandlers, { account });
    const handlerless = await database.run(removeHandlerlessEvents, { account });
    this.#logEvents(
      'Events were removed, because no process has had their handlers for 7 days',
      handlerless.map(({ handler, events }) => ({ events, of: handler })),
    );
    const keptMs = FAILED_EVENTS_DAYS * 24 * HOUR;
    const failed = await database.run(removeOldFailedEvents, { account, keptMs });
    this.#logEvents(
      `Failed events were removed, because they were not retried for ${FAILED_EVENTS_DAYS} days`,
      failed.map(({ handler, events }) => ({ events, of: handler })),
    );
    return false;
  }

  #logEvents(what: string, removed: readonly { readonly events: number; readonly of: string }[]): void {
    if (removed.length === 0) return;
    this.#logger.error(`${what}: ${removed.map(({ events, of }) => `${events} of ${of}`).join(', ')}`);
  }

  #redaction(retentionMs: number): Step[] {
    const { account, database } = this.store;
    const step = { account, retentionMs, limit: STEP };
    return [
      {
        failure: 'Old pushes cannot be removed',
        run: async () => {
          await database.run(removeUnreadablePushes, { account, retentionMs });
          return false;
        },
      },
      {
        failure: 'Old numbers and texts of messages cannot be removed',
        run: async () => hasCount(await database.run(redactMessages, step)),
      },
      {
        failure: 'Old inbound messages cannot be removed',
        run: async () => hasCount(await database.run(redactInbound, { ...step, limit: ROWS })),
      },
      {
        failure: 'Old numbers and texts of campaigns cannot be removed',
        run: async () => {
          const chunks = await database.run(redactCampaignChunks, step);
          const campaigns = await database.run(redactCampaigns, step);
          return hasCount(chunks) || campaigns.length > 0;
        },
      },
    ];
  }

  #deletion(deleteAfterMs: number): Step[] {
    const { account, database } = this.store;
    const step = { account, deleteAfterMs, limit: STEP };
    const chunks = { ...step, recipients: RECIPIENTS };
    return [
      {
        failure: 'Old messages cannot be deleted',
        run: async () => hasCount(await database.run(deleteMessages, chunks)),
      },
      {
        failure: 'Old campaigns cannot be deleted',
        run: async () => hasCount(await database.run(deleteCampaigns, chunks)),
      },
      {
        failure: 'Old inbound messages cannot be deleted',
        run: async () => hasCount(await database.run(deleteInbound, { ...step, limit: ROWS })),
      },
      {
        failure: 'Old history of the account cannot be deleted',
        run: async () => hasCount(await database.run(deleteAccountHistory, { ...step, limit: ROWS })),
      },
    ];
  }

  #expiry(keptMs: number): Step {
    const { account, database } = this.store;
    return {
      failure: 'Old idempotency keys cannot be deleted',
      run: async () => hasCount(await database.run(deleteIdempotencyKeys, { account, keptMs, limit: ROWS })),
    };
  }
}

function hasCount(rows: readonly { readonly count: number }[]): boolean {
  return (rows[0]?.count ?? 0) > 0;
}
