import type { BookedReport, ReportBook } from '../ledger/report-book.js';
import { OutboxError } from '../outbox.error.js';

interface Entry {
  readonly report: BookedReport;
  resolve(): void;
  reject(error: OutboxError): void;
}

const MOST_AT_ONCE = 1_000;

/** Books reports in the order in which they come. While one commit is on its way the next ones gather, and then share one. */
export class ReportLine {
  readonly #waiting: Entry[] = [];
  #isBusy = false;

  constructor(private readonly book: Pick<ReportBook, 'take'>) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE` if it is not committed. */
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
      // The words of the server may repeat a number.
      const error = new OutboxError('OUTBOX_DATABASE', 'The report could not be written down', { cause });
      for (const entry of group) entry.reject(error);
    }
    this.#isBusy = false;
    void this.#next();
  }
}
