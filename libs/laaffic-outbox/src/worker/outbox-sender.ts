import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SmsService } from 'nestjs-laaffic';
import { ProcessClock } from '../clock.js';
import { Answers } from '../ledger/answers.js';
import { AccountControl } from '../ledger/account-control.js';
import { Claims } from '../ledger/claims.js';
import { OutboxLedger } from '../ledger/outbox-ledger.js';
import { Settlements } from '../ledger/settlements.js';
import { Upkeep } from '../ledger/upkeep.js';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { OutboxWorker } from './outbox-worker.js';
import { Rounds } from './rounds.js';

/** Milliseconds for storing outcomes after the last request has ended. */
const DRAIN_MARGIN = 5_000;
/** Milliseconds between checks whether there is time to expand answers. */
const WRITING_INTERVAL = 250;
const LANES = ['priority', 'bulk'] as const;

/** Sends in this process, if it is a worker, from the app's start to its shutdown. */
@Injectable()
export class OutboxSender implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #worker: OutboxWorker | undefined;
  readonly #upkeep: Rounds | undefined;
  readonly #writing: Rounds | undefined;
  readonly #settlements: Settlements | undefined;
  readonly #drainLimit: number = 0;

  constructor(ledger: OutboxLedger, sms: SmsService, clock: ProcessClock) {
    const { settings, prefix } = ledger;
    if (settings.worker === undefined) return;
    const settlements = new Settlements(ledger);
    this.#settlements = settlements;
    this.#drainLimit = settings.timing.timeoutMs + DRAIN_MARGIN;
    const claims = new Claims(ledger);
    const control = new AccountControl(ledger);
    const worker = new OutboxWorker({
      sms,
      settings,
      claims,
      settlements,
      control,
      clock,
      prefix,
      outages: ledger.outages,
      activity: ledger.activity,
    });
    this.#worker = worker;
    ledger.notifications.on('due', () => {
      worker.wake();
    });
    const answers = new Answers(ledger);
    this.#writing = new Rounds(ledger.outages, 'Answers cannot be expanded', WRITING_INTERVAL, () =>
      answers.writeOutSome(worker.isBusy),
    );
    this.#upkeep = new Rounds(
      ledger.outages,
      'Maintenance of the ledger failed',
      upkeepInterval(settings.timing.leaseMs),
      () => keepUp(new Upkeep(ledger), settings),
    );
  }

  onApplicationBootstrap(): void {
    this.#worker?.start();
    this.#upkeep?.start();
    this.#writing?.start();
  }

  onModuleDestroy(): void {
    this.#worker?.stop();
  }

  /** Waits for the responses of requests in flight and stores them, unless the database is away for too long. */
  async beforeApplicationShutdown(): Promise<void> {
    const timer = setTimeout(() => this.#settlements?.giveUp(), this.#drainLimit);
    await Promise.all([this.#worker?.drained(), this.#upkeep?.stop(), this.#writing?.stop()]);
    clearTimeout(timer);
  }
}

function upkeepInterval(lease: number): number {
  return Math.min(1_000, Math.max(50, lease / 10));
}

/** @returns whether there is more maintenance to do. */
async function keepUp(upkeep: Upkeep, { timing, onUnconfirmed }: OutboxSettings): Promise<boolean> {
  let moved = await upkeep.doubtOverdue(timing.leaseMs);
  for (const lane of LANES) moved += await upkeep.endGrace(lane, timing.gracePeriodMs, onUnconfirmed[lane]);
  moved += await upkeep.expire();
  moved += await upkeep.cancelLeft();
  await upkeep.turnCampaigns();
  return moved > 0;
}
