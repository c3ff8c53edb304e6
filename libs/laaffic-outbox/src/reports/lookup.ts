import { LaafficUnreadableException, type DeliveryReport, type SmsService } from 'nestjs-laaffic';
import type { ReportBook } from '../ledger/report-book.js';
import type { UnknownRecipients, UnknownSpan } from '../ledger/unknown-recipients.js';
import type { GatewayDoubts } from './gateway-doubts.js';
import { CLOCK_TOLERANCE, proofsOf, type SentRecord } from './proofs.js';

const LONGEST_SPAN = 30 * 24 * 60 * 60 * 1000;
/** Maximum number of unmatched records in memory. A record that is not read proves nothing. */
const MOST_FOREIGN = 500_000;
const STEP = 1_000;

/**
 * Searches the gateway's sent records for messages whose response was lost. A record that can only belong to one of
 * them proves that it was accepted. A missing record proves nothing, because records appear late.
 */
export class Lookup {
  constructor(
    private readonly sms: Pick<SmsService, 'listSentMessages'>,
    private readonly unknown: UnknownRecipients,
    private readonly book: ReportBook,
    private readonly doubts: GatewayDoubts,
    private readonly interval: number,
    private readonly grace: number,
  ) {}

  /** @returns whether there is more to do at once; always `false`. */
  async round(signal: AbortSignal): Promise<boolean> {
    const span = await this.unknown.turn(this.interval, this.grace);
    if (span === undefined) return false;
    await this.doubts.about('Not all sent records could be read', signal, async () => {
      const { records, failure } = await this.#foreign(span, signal);
      await this.#prove(records);
      await this.unknown.done(span);
      if (failure !== undefined) throw failure;
    });
    return false;
  }

  async #prove(records: readonly SentRecord[]): Promise<void> {
    const recipients = await this.unknown.open(new Set(records.map(({ number }) => number)));
    // A response may have arrived while the records were read. Then its recipient is no longer open, and its record is
    // matched.
    const foreign = await this.unknown.foreign(records.map(({ msgId }) => msgId));
    const proofs = proofsOf(
      recipients,
      records.filter(({ msgId }) => foreign.has(msgId)),
    );
    for (let start = 0; start < proofs.length; start += STEP) {
      await this.book.take(proofs.slice(start, start + STEP), false);
      await this.unknown.keepTurn();
    }
  }

  /**
   * Reads the records of the period that match no message of the ledger.
   * @returns also the failure if some records could not be read. The others may still prove something.
   */
  async #foreign(
    { from, to }: UnknownSpan,
    signal: AbortSignal,
  ): Promise<{ records: SentRecord[]; failure: LaafficUnreadableException | undefined }> {
    const start = Math.max(from.getTime() - CLOCK_TOLERANCE, to.getTime() - LONGEST_SPAN);
    const found = new Map<string, SentRecord>();
    let waiting: SentRecord[] = [];
    const sift = async (): Promise<void> => {
      const foreign = await this.unknown.foreign(waiting.map(({ msgId }) => msgId));
      for (const record of waiting) if (foreign.has(record.msgId)) found.set(record.msgId, record);
      waiting = [];
      await this.unknown.keepTurn();
    };
    let failure: LaafficUnreadableException | undefined;
    try {
      for await (const record of this.sms.listSentMessages({ from: new Date(start), to }, { signal })) {
        if (isOfSomebody(record)) waiting.push(record);
        if (waiting.length === STEP) await sift();
        if (found.size >= MOST_FOREIGN) break;
      }
    } catch (error) {
      if (!(error instanceof LaafficUnreadableException)) throw error;
      failure = error;
    }
    await sift();
    return { records: [...found.values()], failure };
  }
}

function isOfSomebody(record: DeliveryReport): record is SentRecord {
  return record.number !== undefined && record.at !== undefined && record.state !== 'not-found';
}
