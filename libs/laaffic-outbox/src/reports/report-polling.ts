import type { SmsService } from 'nestjs-laaffic';
import type { ReportBook } from '../ledger/report-book.js';
import type { ReportPolls } from '../ledger/report-polls.js';
import { bookedReport } from './booked-report.js';
import type { GatewayDoubts } from './gateway-doubts.js';

/** As many as are booked in one commit. */
const STEP = 1_000;

/** Asks the gateway for the reports that it did not push. */
export class ReportPolling {
  constructor(
    private readonly sms: Pick<SmsService, 'reports'>,
    private readonly polls: ReportPolls,
    private readonly book: ReportBook,
    private readonly doubts: GatewayDoubts,
    private readonly reportsAfter: number,
  ) {}

  /** @returns whether there may be more that is due. */
  async round(signal: AbortSignal): Promise<boolean> {
    const claimed = await this.polls.claim(this.reportsAfter);
    const msgIds = claimed.flatMap((poll) => poll.msgIds);
    for (let start = 0; start < msgIds.length; start += STEP) {
      const asked = msgIds.slice(start, start + STEP);
      const reports = await this.doubts.about('Reports could not be asked for', signal, () =>
        this.sms.reports(asked, { signal }),
      );
      if (reports === undefined) {
        await this.polls.giveBack(claimed, this.reportsAfter);
        return false;
      }
      const booked = reports.flatMap((report) => bookedReport(report, '') ?? []);
      await this.book.take(booked, false);
    }
    return claimed.length > 0;
  }
}
