import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { SmsService } from 'nestjs-laaffic';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import type { ReportBook } from '../ledger/report-book.js';
import { ReportPolls } from '../ledger/report-polls.js';
import { UnknownRecipients } from '../ledger/unknown-recipients.js';
import { Rounds } from '../worker/rounds.js';
import { GatewayDoubts } from './gateway-doubts.js';
import { Lookup } from './lookup.js';
import { ReportPolling } from './report-polling.js';

const RETRY_EARLY_EVERY = 1_000;
const LONGEST_PAUSE = 30_000;
const SHORTEST_PAUSE = 20;

/** Finds out the outcome of messages without a response or a report, if this process is a worker. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #rounds: readonly Rounds[];
  readonly #stop = new AbortController();

  constructor(ledger: OutboxLedger, sms: SmsService, book: ReportBook) {
    const { outages, settings } = ledger;
    const { worker, timing } = settings;
    const { lookupIntervalMs, reportsAfterMs } = timing;
    const { signal } = this.#stop;
    const doubts = new GatewayDoubts();
    const rounds = [new Rounds(outages, 'Early reports cannot be retried', RETRY_EARLY_EVERY, () => book.retry())];
    if (lookupIntervalMs !== false) {
      const one = new Lookup(sms, new UnknownRecipients(ledger), book, doubts, lookupIntervalMs, timing.gracePeriodMs);
      // Poll more often than the interval, which holds over all workers together.
      rounds.push(
        new Rounds(outages, 'Unknown messages cannot be looked up', pause(lookupIntervalMs / 4), () =>
          one.round(signal),
        ),
      );
    }
    if (reportsAfterMs !== false) {
      const one = new ReportPolling(sms, new ReportPolls(ledger), book, doubts, reportsAfterMs);
      rounds.push(
        new Rounds(outages, 'Delivery reports cannot be fetched', pause(reportsAfterMs / 10), () => one.round(signal)),
      );
    }
    this.#rounds = worker === undefined ? [] : rounds;
  }

  onApplicationBootstrap(): void {
    for (const rounds of this.#rounds) rounds.start();
  }

  /** Aborts the running queries. Other workers repeat them. */
  onModuleDestroy(): void {
    this.#stop.abort();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#rounds.map((rounds) => rounds.stop()));
  }
}

function pause(milliseconds: number): number {
  return Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, milliseconds));
}
