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
import { LaneWorker } from './lane.js';
import { Maintenance } from './maintenance.js';
import { Retention } from './retention.js';
import { ResultWriter } from './result-writer.js';
import { sealKeyWatch } from './seal-key-watch.js';

/** Milliseconds between checks whether there is time to flush results. */
const FLUSH_INTERVAL = 250;

/** Sends in this process, if it is a worker, from the app's start to its shutdown. */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #lanes: readonly LaneWorker[];
  readonly #tasks: readonly PeriodicTask[];
  readonly #results: ResultWriter;

  constructor(
    private readonly store: OutboxStore,
    sms: SmsService,
    clock: ProcessClock,
  ) {
    const { settings, errors } = store;
    this.#results = new ResultWriter(store);
    const breaker = new CircuitBreaker(new AccountControl(store, store.database), errors);
    const parts = { store, sms, clock, results: this.#results, breaker };
    const lanes = LANES.map((lane) => new LaneWorker(lane, parts));
    const pending = new PendingResults(store);
    const tasks = [
      new PeriodicTask({
        errors,
        failure: 'Results cannot be flushed',
        intervalMs: FLUSH_INTERVAL,
        run: () => pending.flushSome(lanes.some((lane) => lane.isBusy)),
      }),
      new Maintenance(store).task,
      new Retention(store).task,
      sealKeyWatch(store),
    ];
    [this.#lanes, this.#tasks] = settings.worker === undefined ? [[], []] : [lanes, tasks];
    store.listener.on('due', (payload, isLocal) => {
      for (const lane of this.#lanes) {
        if (payload === 'lane') lane.reread();
        else if (payload === '' || payload === duePayload(lane.name, store.account)) lane.wake(!isLocal);
      }
    });
  }

  onApplicationBootstrap(): void {
    for (const part of [...this.#lanes, ...this.#tasks]) part.start();
  }

  onModuleDestroy(): void {
    for (const lane of this.#lanes) lane.stop();
  }

  /** Waits for the responses of requests in flight and stores them, unless the database is away for too long. */
  async beforeApplicationShutdown(): Promise<void> {
    const drained = [...this.#lanes.map((lane) => lane.drained()), ...this.#tasks.map((task) => task.stop())];
    await this.store.drain(Promise.all(drained));
    this.#results.giveUp();
  }
}
