import { Injectable } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import { OnDeliveryReport, OnUnreadablePush, type UnreadablePush } from 'nestjs-laaffic/webhooks';
import type { ReportBook } from '../ledger/report-book.js';
import type { UnreadablePushes } from '../ledger/unreadable-pushes.js';
import { bookedReport } from './booked-report.js';
import { ReportLine } from './report-line.js';

/** While the database works on one queue, this process prepares the other. */
const LINES = 2;

/** Receives the reports that are pushed to an app with `LaafficWebhooksModule`. */
@Injectable()
export class ReportIntake {
  readonly #lines: readonly ReportLine[];

  constructor(
    book: Pick<ReportBook, 'take'>,
    /** The prefix of the order ids of the ledger. */
    private readonly prefix: string,
    private readonly unreadable: Pick<UnreadablePushes, 'keep'>,
    /** Whether the account has an outbox of its own in this process. That outbox gets each push too. */
    private readonly isElsewhere: (appId: string) => boolean,
  ) {
    this.#lines = Array.from({ length: LINES }, () => new ReportLine(book));
  }

  /**
   * Resolves when the report is committed, so the platform gets a success response only then.
   * @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` if it is not committed. The platform may push it again.
   */
  @OnDeliveryReport()
  async take(pushed: DeliveryReport): Promise<void> {
    if (pushed.appId !== undefined && this.isElsewhere(pushed.appId)) return;
    const report = bookedReport(pushed, this.prefix);
    if (report === undefined) return;
    // All reports of one message use the same queue, so they stay in order.
    const line = (report.msgId.charCodeAt(report.msgId.length - 1) || 0) % LINES;
    await this.#lines[line]?.take(report);
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
