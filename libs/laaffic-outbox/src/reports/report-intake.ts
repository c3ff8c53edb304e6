import { Injectable } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import { OnDeliveryReport } from 'nestjs-laaffic/webhooks';
import type { BookedReport, ReportBook } from '../ledger/report-book.js';
import { OutboxError } from '../outbox.error.js';
import { bookedReport } from './booked-report.js';

interface Entry {
  readonly report: BookedReport;
  resolve(): void;
  reject(error: OutboxError): void;
}

const MOST_AT_ONCE = 1_000;
/** Only full groups go side by side: one is written out here while the database works on the other. */
const MOST_UNDER_WAY = 2;

/**
 * Takes the reports that are pushed to an app with `LaafficWebhooksModule`. While one commit is on its
 * way the next ones gather, and then share a commit.
 */
@Injectable()
export class ReportIntake {
  readonly #waiting: Entry[] = [];
  #underWay = 0;

  constructor(
    private readonly book: Pick<ReportBook, 'take'>,
    /** What the order ids of the ledger begin with. */
    private readonly prefix: string,
  ) {}

  /**
   * Resolves when the report is committed, so that the platform hears of success only then.
   * @throws {OutboxError} `OUTBOX_DATABASE` if it is not; the platform may push it again.
   */
  @OnDeliveryReport()
  async take(pushed: DeliveryReport): Promise<void> {
    const report = bookedReport(pushed, this.prefix);
    if (report === undefined) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ report, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    const isFull = this.#waiting.length >= MOST_AT_ONCE;
    if (this.#waiting.length === 0 || this.#underWay >= (isFull ? MOST_UNDER_WAY : 1)) return;
    void this.#commit(this.#waiting.splice(0, MOST_AT_ONCE));
  }

  async #commit(group: readonly Entry[]): Promise<void> {
    this.#underWay++;
    try {
      await this.book.take(
        group.map(({ report }) => report),
        true,
      );
      for (const entry of group) entry.resolve();
    } catch (cause) {
      // The words of the server may repeat a number.
      const error = new OutboxError('OUTBOX_DATABASE', 'The report could not be written down', { cause });
      for (const entry of group) entry.reject(error);
    }
    this.#underWay--;
    this.#next();
  }
}
