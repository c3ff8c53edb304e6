import { Injectable } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import { OnDeliveryReport, OnUnreadablePush, type UnreadablePush } from 'nestjs-laaffic/webhooks';
import { OutboxError } from '../errors/outbox.error.js';
import { readReport, type Report, type ReportStore } from './report-store.js';
import type { UnreadablePushes } from './unreadable-pushes.js';

/** While the database works on one queue, this process prepares the other. */
const QUEUES = 2;
/** Number of reports in one commit. */
const MOST_AT_ONCE = 1_000;

/** Receives the reports that are pushed to an app with `LaafficWebhooksModule`. */
@Injectable()
export class ReportIntake {
  readonly #queues: readonly ReportQueue[];

  constructor(
    reports: Pick<ReportStore, 'add'>,
    /** The prefix of the order ids that are made here. */
    private readonly prefix: string,
    private readonly unreadable: Pick<UnreadablePushes, 'keep'>,
    /** Whether the account has an outbox of its own in this process. That outbox gets each push too. */
    private readonly isElsewhere: (appId: string) => boolean,
  ) {
    this.#queues = Array.from({ length: QUEUES }, () => new ReportQueue(reports));
  }

  /**
   * Resolves when the report is committed, so the platform gets a success response only then.
   * @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` if it is not committed. The platform may push it again.
   */
  @OnDeliveryReport()
  async take(pushed: DeliveryReport): Promise<void> {
    if (pushed.appId !== undefined && this.isElsewhere(pushed.appId)) return;
    const report = readReport(pushed, this.prefix);
    if (report === undefined) return;
    // All reports of one message use the same queue, so they stay in order.
    const queue = (report.msgId.charCodeAt(report.msgId.length - 1) || 0) % QUEUES;
    await this.#queues[queue]?.add(report);
  }

  /**
   * Stores a push that could not be read: it may be the only report of a message.
   * @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` if it is not stored.
   */
  @OnUnreadablePush()
  async keep(push: UnreadablePush): Promise<void> {
    await this.unreadable.keep(push);
  }
}

/** Reports that share a commit. */
interface Group {
  readonly reports: Report[];
  /** Resolves when they are committed. */
  readonly stored: Promise<void>;
}

/**
 * Stores reports in the order in which they arrive. While one commit runs, the following reports gather and share the
 * next commit.
 */
class ReportQueue {
  /** The group that still takes reports. */
  #open: Group | undefined;
  /** Resolves when the latest group is stored, or has failed. */
  #idle: Promise<void> = Promise.resolve();

  constructor(private readonly reports: Pick<ReportStore, 'add'>) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` if the report is not committed. */
  add(report: Report): Promise<void> {
    if (this.#open === undefined || this.#open.reports.length === MOST_AT_ONCE) this.#open = this.#follow();
    this.#open.reports.push(report);
    return this.#open.stored;
  }

  /** @returns a group that is stored after the others. */
  #follow(): Group {
    const group: Group = {
      reports: [],
      stored: this.#idle.then(() => {
        if (this.#open === group) this.#open = undefined;
        return this.#store(group.reports);
      }),
    };
    this.#idle = group.stored.catch(() => undefined);
    return group;
  }

  async #store(reports: readonly Report[]): Promise<void> {
    try {
      await this.reports.add(reports, true);
    } catch (cause) {
      // The server's error text may repeat a number.
      throw new OutboxError('OUTBOX_DATABASE_UNAVAILABLE', 'The report could not be stored', { cause });
    }
  }
}
