import type { SmsService } from 'nestjs-laaffic';
import type { ReportBook } from '../ledger/report-book.js';
import type { ReportPolls } from '../ledger/report-polls.js';
import { bookedReport } from './booked-report.js';
import type { GatewayDoubts } from './gateway-doubts.js';

/** Number of reports in one commit. */
const STEP = 1_000;

/** Fetches the reports that the gateway did not push. */
export class ReportPolling {
  constructor(
    private readonly sms: Pick<SmsService, 'getDeliveryReports'>,
    private readonly polls: ReportPolls,
    private readonly book: ReportBook,
    private readonly doubts: GatewayDoubts,
    private readonly reportsAfterMs: number,
  ) {}

  /** @returns whether there may be more reports to fetch. */
  async round(signal: AbortSignal): Promise<boolean> {
    const claimed = await this.polls.claim(this.reportsAfterMs);
    const msgIds = claimed.flatMap((poll) => poll.msgIds);
    for (let start = 0; start < msgIds.length; start += STEP) {
      const asked = msgIds.slice(start, start + STEP);
      const reports = await this.doubts.about('Delivery reports could not be fetched', signal, () =>
        this.sms.getDeliveryReports(asked, { signal }),
      );
      if (reports === undefined) {
        await this.polls.giveBack(claimed, this.reportsAfterMs);
        return false;
      }
      const booked = reports.flatMap((report) => bookedReport(report, '') ?? []);
      await this.book.take(booked, false);
    }
    return claimed.length > 0;
  }
}
