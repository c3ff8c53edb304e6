import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import { Retention } from '../ledger/retention.js';
import { Rounds } from './rounds.js';

const HOUR = 60 * 60 * 1000;
const SHORTEST_PAUSE = 50;

/** Removes in this process, if it is a worker, what is older than it is to be kept. */
@Injectable()
export class RetentionRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds: Rounds | undefined;

  constructor(ledger: OutboxLedger) {
    const { worker, retention } = ledger.settings;
    if (worker === undefined || retention === false) return;
    const erasure = new Retention(ledger);
    const pause = Math.min(HOUR, Math.max(SHORTEST_PAUSE, retention / 10));
    this.#rounds = new Rounds(ledger.outages, 'Old numbers and texts cannot be removed', pause, async () => {
      const chunks = (await erasure.eraseMessages(retention)) + (await erasure.eraseCampaignChunks(retention));
      return chunks + (await erasure.eraseCampaigns(retention)) > 0;
    });
  }

  onApplicationBootstrap(): void {
    this.#rounds?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds?.stop();
  }
}
