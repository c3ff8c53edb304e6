import type { DeliveryReport, SmsService } from 'nestjs-laaffic';
import type { ReportBook } from '../ledger/report-book.js';
import type { UnknownRecipients, UnknownSpan } from '../ledger/unknown-recipients.js';
import type { GatewayDoubts } from './gateway-doubts.js';
import { CLOCK_TOLERANCE, proofsOf, type SentRecord } from './proofs.js';

const LONGEST_SPAN = 30 * 24 * 60 * 60 * 1000;
/** So many records that are no message's are kept in memory; what is not seen proves nothing. */
const MOST_FOREIGN = 500_000;
const STEP = 1_000;

/**
 * Looks through the gateway's sent records for messages whose answer was lost. A record that can only be
 * theirs is proof that they were taken; that there is none proves nothing, for records come late.
 */
export class Lookup {
  constructor(
    private readonly sms: Pick<SmsService, 'sentRecords'>,
    private readonly unknown: UnknownRecipients,
    private readonly book: ReportBook,
    private readonly doubts: GatewayDoubts,
    private readonly interval: number,
    private readonly grace: number,
  ) {}

  /** @returns whether there is more to do at once, which there never is. */
  async round(signal: AbortSignal): Promise<boolean> {
    const span = await this.unknown.turn(this.interval, this.grace);
    if (span === undefined) return false;
    const records = await this.doubts.about('Sent records could not be asked for', signal, () =>
      this.#foreign(span, signal),
    );
    if (records === undefined) return false;
    const recipients = await this.unknown.open(new Set(records.map(({ number }) => number)));
    // An answer may have come while the records were read: then it is no longer open, and neither is its record.
    const foreign = await this.unknown.foreign(records.map(({ msgId }) => msgId));
    const proofs = proofsOf(
      recipients,
      records.filter(({ msgId }) => foreign.has(msgId)),
    );
    for (let start = 0; start < proofs.length; start += STEP) {
      await this.book.take(proofs.slice(start, start + STEP), false);
      await this.unknown.keepTurn();
    }
    await this.unknown.done(span);
    return false;
  }

  /** The records of the span that are no message's of the ledger. */
  async #foreign({ from, to }: UnknownSpan, signal: AbortSignal): Promise<SentRecord[]> {
    const start = Math.max(from.getTime() - CLOCK_TOLERANCE, to.getTime() - LONGEST_SPAN);
    const found = new Map<string, SentRecord>();
    let waiting: SentRecord[] = [];
    const sift = async (): Promise<void> => {
      const foreign = await this.unknown.foreign(waiting.map(({ msgId }) => msgId));
      for (const record of waiting) if (foreign.has(record.msgId)) found.set(record.msgId, record);
      waiting = [];
      await this.unknown.keepTurn();
    };
    for await (const record of this.sms.sentRecords({ from: new Date(start), to }, { signal })) {
      if (isOfSomebody(record)) waiting.push(record);
      if (waiting.length === STEP) await sift();
      if (found.size >= MOST_FOREIGN) break;
    }
    await sift();
    return [...found.values()];
  }
}

function isOfSomebody(record: DeliveryReport): record is SentRecord {
  return record.number !== undefined && record.at !== undefined && record.state !== 'not-found';
}
