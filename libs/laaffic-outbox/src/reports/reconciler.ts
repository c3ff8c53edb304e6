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

/** Finds out in this process, if it is a worker, what became of messages that nobody has told about. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #rounds: readonly Rounds[];
  readonly #stop = new AbortController();

  constructor(ledger: OutboxLedger, sms: SmsService, book: ReportBook) {
    const { outages, settings } = ledger;
    const { worker, timing } = settings;
    const { lookup, reportsAfter } = timing;
    const { signal } = this.#stop;
    const doubts = new GatewayDoubts();
    const rounds = [new Rounds(outages, 'Early reports cannot be taken', RETRY_EARLY_EVERY, () => book.retry())];
    if (lookup !== false) {
      const one = new Lookup(sms, new UnknownRecipients(ledger), book, doubts, lookup, timing.grace);
      // More often than the interval, which is kept over all workers.
      rounds.push(
        new Rounds(outages, 'Unknown messages cannot be looked up', pause(lookup / 4), () => one.round(signal)),
      );
    }
    if (reportsAfter !== false) {
      const one = new ReportPolling(sms, new ReportPolls(ledger), book, doubts, reportsAfter);
      rounds.push(
        new Rounds(outages, 'Reports cannot be asked for', pause(reportsAfter / 10), () => one.round(signal)),
      );
    }
    this.#rounds = worker === undefined ? [] : rounds;
  }

  onApplicationBootstrap(): void {
    for (const rounds of this.#rounds) rounds.start();
  }

  /** What the gateway has not answered by now is asked again by others. */
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
