import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import { Retention } from '../ledger/retention.js';
import { Rounds } from './rounds.js';

const HOUR = 60 * 60 * 1000;
const SHORTEST_PAUSE = 50;

/** Removes in this process, if it is a worker, what is older than it is to be kept. */
@Injectable()
export class RetentionRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #rounds: readonly Rounds[];

  constructor(ledger: OutboxLedger) {
    const { worker, retention } = ledger.settings;
    const old = new Retention(ledger);
    const rounds = [new Rounds(ledger.outages, 'Old events cannot be removed', HOUR, () => this.#removeEvents(old))];
    if (retention !== false) {
      const pause = Math.min(HOUR, Math.max(SHORTEST_PAUSE, retention / 10));
      rounds.push(
        new Rounds(ledger.outages, 'Old numbers and texts cannot be removed', pause, () => erase(old, retention)),
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

  /** @returns whether there is more to remove at once, which there never is. */
  async #removeEvents(old: Retention): Promise<boolean> {
    const removed = await old.removeEvents();
    if (removed.length > 0) {
      const counts = removed.map(({ topic, events }) => `${events} of ${topic}`).join(', ');
      this.#logger.error(`Events that no handler has taken for 7 days were removed: ${counts}`);
    }
    return false;
  }
}

/** @returns whether there may be more to erase at once. */
async function erase(old: Retention, retention: number): Promise<boolean> {
  const chunks = (await old.eraseMessages(retention)) + (await old.eraseCampaignChunks(retention));
  return chunks + (await old.eraseCampaigns(retention)) > 0;
}
