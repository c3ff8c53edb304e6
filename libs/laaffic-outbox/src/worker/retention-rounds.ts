import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import { Retention } from '../ledger/retention.js';
import { Rounds } from './rounds.js';

const HOUR = 60 * 60 * 1000;
const SHORTEST_PAUSE = 50;

/** Erases data after the retention period, if this process is a worker. */
@Injectable()
export class RetentionRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #rounds: readonly Rounds[];

  constructor(ledger: OutboxLedger) {
    const { worker, retentionMs } = ledger.settings;
    const old = new Retention(ledger);
    const rounds = [new Rounds(ledger.outages, 'Old events cannot be removed', HOUR, () => this.#removeEvents(old))];
    if (retentionMs !== false) {
      const pause = Math.min(HOUR, Math.max(SHORTEST_PAUSE, retentionMs / 10));
      rounds.push(
        new Rounds(ledger.outages, 'Old numbers and texts cannot be removed', pause, () => erase(old, retentionMs)),
      );
    }
    this.#rounds = worker === undefined ? [] : rounds;
  }

  onApplicationBootstrap(): void {
    for (const rounds of this.#rounds) rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#rounds.map((rounds) => rounds.stop()));
  }

  /** @returns whether there is more to remove at once; always `false`. */
  async #removeEvents(old: Retention): Promise<boolean> {
    const removed = await old.removeEvents();
    if (removed.length > 0) {
      const counts = removed.map(({ topic, events }) => `${events} of ${topic}`).join(', ');
      this.#logger.error(`Events that no handler has handled for 7 days were removed: ${counts}`);
    }
    return false;
  }
}

/** @returns whether there may be more to erase at once. */
async function erase(old: Retention, retention: number): Promise<boolean> {
  await old.removeUnreadablePushes(retention);
  const chunks = (await old.eraseMessages(retention)) + (await old.eraseCampaignChunks(retention));
  return chunks + (await old.eraseCampaigns(retention)) > 0;
}
