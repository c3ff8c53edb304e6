import { Logger } from '@nestjs/common';
import { PeriodicTask } from '../runtime/periodic-task.js';
import {
  redactCampaignChunks,
  redactCampaigns,
  redactMessages,
  removeGoneHandlers,
  removeHandlerlessEvents,
  removeOldFailedEvents,
  removeUnreadablePushes,
  removeUnroutedEvents,
} from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 200;
const HOUR = 60 * 60 * 1000;
const SHORTEST_PAUSE = 50;
/** How long failed events can be retried, in days. */
const FAILED_EVENTS_DAYS = 30;

/**
 * Erases numbers, texts, references and the gateway's reasons after the retention period. Counters, states, ids and the
 * history stay. Unknown and held messages do not count as ended. Any number of processes may run it at once.
 */
export class Retention {
  readonly #logger = new Logger('LaafficOutbox');
  readonly tasks: readonly PeriodicTask[];

  constructor(private readonly store: OutboxStore) {
    const { errors, settings } = store;
    const { retentionMs } = settings;
    const events = new PeriodicTask({
      errors,
      failure: 'Old events cannot be removed',
      intervalMs: HOUR,
      run: () => this.#removeEvents(),
    });
    if (retentionMs === false) {
      this.tasks = [events];
      return;
    }
    const redaction = new PeriodicTask({
      errors,
      failure: 'Old numbers and texts cannot be removed',
      intervalMs: Math.min(HOUR, Math.max(SHORTEST_PAUSE, retentionMs / 10)),
      run: () => this.#redact(retentionMs),
    });
    this.tasks = [events, redaction];
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

  /** @returns whether there may be more to erase at once. */
  async #redact(retentionMs: number): Promise<boolean> {
    const { account, database } = this.store;
    const step = { account, retentionMs, limit: STEP };
    await database.run(removeUnreadablePushes, { account, retentionMs });
    let redacted = 0;
    for (const statement of [redactMessages, redactCampaignChunks, redactCampaigns]) {
      redacted += (await database.run(statement, step)).length;
    }
    return redacted > 0;
  }
}
