import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { SmsService } from 'nestjs-laaffic';
import { PeriodicTask } from '../runtime/periodic-task.js';
import { claimReportPolls, releaseReportPolls } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { GatewayQueries } from './gateway-queries.js';
import type { InboundIntake } from './inbound-intake.js';
import { InboundListing } from './inbound-listing.js';
import { Lookup } from './lookup.js';
import { readReport, type ReportStore } from './report-store.js';

const RETRY_UNMATCHED_EVERY = 1_000;
const LONGEST_PAUSE = 30_000;
const SHORTEST_PAUSE = 20;

/** Finds out the outcome of messages without a response or a report, if this process is a worker. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #tasks: readonly PeriodicTask[];
  readonly #isWorker: boolean;
  readonly #stop = new AbortController();

  constructor(
    private readonly store: OutboxStore,
    sms: SmsService,
    reports: ReportStore,
    inbound: InboundIntake,
  ) {
    const { errors, settings } = store;
    const { worker, timing } = settings;
    const { lookupIntervalMs, reportsAfterMs, inboundIntervalMs } = timing;
    const { signal } = this.#stop;
    const queries = new GatewayQueries();
    const task = (failure: string, intervalMs: number, run: () => Promise<boolean>) =>
      new PeriodicTask({ errors, failure, intervalMs, run });
    const tasks = [task('Unmatched reports cannot be retried', RETRY_UNMATCHED_EVERY, () => reports.retryUnmatched())];
    if (lookupIntervalMs !== false) {
      const times = { intervalMs: lookupIntervalMs, gracePeriodMs: timing.gracePeriodMs };
      const lookup = new Lookup(store, sms, reports, queries, times);
      // Poll more often than the interval, which holds over all workers together.
      tasks.push(task('Unknown messages cannot be looked up', pause(lookupIntervalMs / 4), () => lookup.run(signal)));
    }
    if (reportsAfterMs !== false) {
      const polling = new ReportPolling(store, sms, reports, queries, reportsAfterMs);
      tasks.push(task('Delivery reports cannot be fetched', pause(reportsAfterMs / 10), () => polling.run(signal)));
    }
    if (inboundIntervalMs !== false) {
      const listing = new InboundListing(store, sms, inbound, queries, inboundIntervalMs);
      tasks.push(task('Inbound messages cannot be listed', pause(inboundIntervalMs / 10), () => listing.run(signal)));
    }
    this.#tasks = tasks;
    this.#isWorker = worker !== undefined;
  }

  onApplicationBootstrap(): void {
    if (!this.#isWorker || this.store.isManual) return;
    for (const task of this.#tasks) task.start();
  }

  /** Does all of it that is due. For a manual process. */
  async runDue(): Promise<void> {
    for (const task of this.#tasks) await task.drain();
  }

  /** Aborts the running queries. Other workers repeat them. */
  onModuleDestroy(): void {
    this.#stop.abort();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.store.drain(Promise.all(this.#tasks.map((task) => task.stop())));
  }
}

function pause(milliseconds: number): number {
  return Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, milliseconds));
}

/** Number of reports in one commit. */
const STEP = 1_000;
/** About how many messages to fetch for at once: fifty requests. */
const MESSAGES = 10_000;
/** Number of chunks in one claim. A small number keeps locks short. */
const CHUNKS = 1_000;
/** The pauses between fetches, as multiples of the first one: 1, 6, 24 and 48 hours after 15 minutes. */
const PAUSES = [4, 24, 96, 192];

/** Fetches the reports that the gateway did not push. */
class ReportPolling {
  constructor(
    private readonly store: OutboxStore,
    private readonly sms: Pick<SmsService, 'getDeliveryReports'>,
    private readonly reports: ReportStore,
    private readonly queries: GatewayQueries,
    private readonly reportsAfterMs: number,
  ) {}

  /** @returns whether there may be more reports to fetch. */
  async run(signal: AbortSignal): Promise<boolean> {
    const { account, database } = this.store;
    const { reportsAfterMs } = this;
    const step = { pauses: PAUSES, limit: CHUNKS, recipients: MESSAGES };
    const claimed = await database.run(claimReportPolls, { account, reportsAfterMs, ...step });
    const msgIds = claimed.flatMap((chunk) => chunk.msg_ids);
    for (let start = 0; start < msgIds.length; start += STEP) {
      const asked = msgIds.slice(start, start + STEP);
      const fetched = await this.queries.run('Delivery reports could not be fetched', signal, () =>
        this.sms.getDeliveryReports(asked, { signal }),
      );
      if (fetched === undefined) {
        // The gateway did not respond, so fetch them soon.
        await database.run(releaseReportPolls, { chunkIds: claimed.map(({ id }) => id), delayMs: reportsAfterMs });
        return false;
      }
      const reports = fetched.flatMap((report) => readReport(report, '') ?? []);
      await this.reports.add(reports, false);
    }
    return claimed.length > 0;
  }
}
