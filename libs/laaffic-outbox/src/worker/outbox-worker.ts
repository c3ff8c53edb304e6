import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SmsService } from 'nestjs-laaffic';
import { LANES } from '../options/outbox.options.js';
import { ProcessClock } from '../runtime/clock.js';
import { PeriodicTask } from '../runtime/periodic-task.js';
import { duePayload } from '../store/due-notifier.js';
import { OutboxStore } from '../store/outbox-store.js';
import { PendingResults } from '../store/pending-results.js';
import { AccountControl } from './account-control.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { LaneWorker, type WorkerParts } from './lane.js';
import { Maintenance } from './maintenance.js';
import { Retention } from './retention.js';
import { ResultWriter } from './result-writer.js';
import { sealKeyWatch } from './seal-key-watch.js';

/** Milliseconds between checks whether there is time to flush results. */
const FLUSH_INTERVAL = 250;
const NO_RATE = { recipientsPerSecond: undefined, requestsPerSecond: undefined, priorityShare: 0 } as const;

/** What {@link OutboxWorker.sendDue} did. */
export interface SentDue {
  /** Number of claimed chunks. */
  readonly claimed: number;
  /** Whether it ended early, because the gateway limited or rejected the account. */
  readonly isHeldUp: boolean;
}

/** Sends in this process, if it is a worker, from the app's start to its shutdown. */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #lanes: readonly LaneWorker[];
  readonly #tasks: readonly PeriodicTask[];
  readonly #results: ResultWriter;
  readonly #flush: PeriodicTask;
  readonly #maintenance: PeriodicTask;
  readonly #retention: PeriodicTask;
  #parts: WorkerParts;

  constructor(
    private readonly store: OutboxStore,
    sms: SmsService,
    clock: ProcessClock,
  ) {
    const { settings, errors } = store;
    this.#results = new ResultWriter(store);
    this.#parts = { store, sms, clock, results: this.#results, breaker: this.#newBreaker(), rate: settings.rate };
    const lanes = LANES.map((lane) => new LaneWorker(lane, this.#parts));
    const pending = new PendingResults(store);
    this.#flush = new PeriodicTask({
      errors,
      failure: 'Results cannot be flushed',
      intervalMs: FLUSH_INTERVAL,
      run: () => pending.flushSome(lanes.some((lane) => lane.isBusy)),
    });
    this.#maintenance = new Maintenance(store).task;
    this.#retention = new Retention(store).task;
    const tasks = [this.#flush, this.#maintenance, this.#retention, sealKeyWatch(store)];
    [this.#lanes, this.#tasks] = settings.worker === undefined ? [[], []] : [lanes, tasks];
    store.listener.on('due', (payload, isLocal) => {
      for (const lane of this.#lanes) {
        if (payload === 'lane') lane.reread();
        else if (payload === '' || payload === duePayload(lane.name, store.account)) lane.wake(!isLocal);
      }
    });
  }

  onApplicationBootstrap(): void {
    if (this.store.isManual) return;
    for (const part of [...this.#lanes, ...this.#tasks]) part.start();
  }

  onModuleDestroy(): void {
    for (const lane of this.#lanes) lane.stop();
  }

  /**
   * Sends everything that is due, at any rate. When the gateway limits or rejects the account, nothing more is claimed,
   * because the pause may be so short that the next claim would retry at once. For a manual process.
   */
  async sendDue(): Promise<SentDue> {
    const parts = { ...this.#parts, rate: NO_RATE };
    let claimed = 0;
    for (;;) {
      const before = claimed;
      for (const name of LANES) {
        // A new one remembers no earlier claims, which tell nothing after a test has changed the time.
        const lane = new LaneWorker(name, parts);
        claimed += await lane.sendOnce();
        if (lane.isHeldUp) return { claimed, isHeldUp: true };
      }
      if (claimed === before) return { claimed, isHeldUp: false };
    }
  }

  /** Flushes results and does all maintenance that is due. For a manual process. */
  async maintain(): Promise<void> {
    await this.#flush.drain();
    await this.#maintenance.drain();
  }

  /** Erases and deletes what is due. For a manual process. */
  async erase(): Promise<void> {
    await this.#retention.drain();
  }

  /** Forgets what earlier requests told about the account. For a manual process. */
  forget(): void {
    this.#parts = { ...this.#parts, breaker: this.#newBreaker() };
  }

  #newBreaker(): CircuitBreaker {
    return new CircuitBreaker(new AccountControl(this.store, this.store.database), this.store.errors);
  }

  /** Waits for the responses of requests in flight and stores them, unless the database is away for too long. */
  async beforeApplicationShutdown(): Promise<void> {
    const drained = [...this.#lanes.map((lane) => lane.drained()), ...this.#tasks.map((task) => task.stop())];
    await this.store.drain(Promise.all(drained));
    this.#results.giveUp();
  }
}
