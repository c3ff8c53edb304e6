import type { BookedReport, ReportBook } from '../ledger/report-book.js';
import { OutboxError } from '../outbox.error.js';

interface Entry {
  readonly report: BookedReport;
  resolve(): void;
  reject(error: OutboxError): void;
}

const MOST_AT_ONCE = 1_000;

/**
 * Stores reports in the order in which they arrive. While one commit runs, the following reports gather and share the
 * next commit.
 */
export class ReportLine {
  readonly #waiting: Entry[] = [];
  #isBusy = false;

  constructor(private readonly book: Pick<ReportBook, 'take'>) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` if the report is not committed. */
  take(report: BookedReport): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ report, resolve, reject });
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    const group = this.#waiting.splice(0, MOST_AT_ONCE);
    try {
      await this.book.take(
        group.map(({ report }) => report),
        true,
      );
      for (const entry of group) entry.resolve();
    } catch (cause) {
      // The server's error text may repeat a number.
      const error = new OutboxError('OUTBOX_DATABASE_UNAVAILABLE', 'The report could not be stored', { cause });
      for (const entry of group) entry.reject(error);
    }
    this.#isBusy = false;
    void this.#next();
  }
}
