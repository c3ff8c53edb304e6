import { Injectable } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import { OnDeliveryReport } from 'nestjs-laaffic/webhooks';
import type { ReportBook } from '../ledger/report-book.js';
import { bookedReport } from './booked-report.js';
import { ReportLine } from './report-line.js';

/** One is written out here while the database works on the other. */
const LINES = 2;

/** Takes the reports that are pushed to an app with `LaafficWebhooksModule`. */
@Injectable()
export class ReportIntake {
  readonly #lines: readonly ReportLine[];

  constructor(
    book: Pick<ReportBook, 'take'>,
    /** What the order ids of the ledger begin with. */
    private readonly prefix: string,
  ) {
    this.#lines = Array.from({ length: LINES }, () => new ReportLine(book));
  }

  /**
   * Resolves when the report is committed, so that the platform hears of success only then.
   * @throws {OutboxError} `OUTBOX_DATABASE` if it is not; the platform may push it again.
   */
  @OnDeliveryReport()
  async take(pushed: DeliveryReport): Promise<void> {
    const report = bookedReport(pushed, this.prefix);
    if (report === undefined) return;
    // Those of one message stay in their order.
    const line = (report.msgId.charCodeAt(report.msgId.length - 1) || 0) % LINES;
    await this.#lines[line]?.take(report);
  }
}
