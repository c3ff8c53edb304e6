import { LaafficUnreadableException, type DeliveryReport, type SmsService } from 'nestjs-laaffic';
import {
  findForeignIds,
  findOpenChunks,
  finishLookup,
  keepLookupTurn,
  readOpenChunks,
  takeLookupTurn,
} from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { PendingResults } from '../store/pending-results.js';
import type { GatewayQueries } from './gateway-queries.js';
import { CLOCK_TOLERANCE, matchRecords, type OpenRecipient, type SentRecord } from './matched-records.js';
import type { ReportStore } from './report-store.js';

const LONGEST_SPAN = 30 * 24 * 60 * 60 * 1000;
/** The longest time for which the gateway tries to deliver a message. Older messages get no new records. */
const LONGEST_DELIVERY = 3 * 24 * 60 * 60 * 1000;
/** Maximum number of unmatched records in memory. A record that is not read proves nothing. */
const MOST_FOREIGN = 500_000;
/** Number of records or reports that one statement handles. */
const STEP = 1_000;
/** Number of chunks that one statement reads. */
const CHUNKS = 50;

/** The period to look up, by the database's clock: from the oldest unknown message that is due for a lookup until now. */
interface Span {
  readonly from: Date;
  readonly to: Date;
}

/**
 * Searches the gateway's sent records for messages whose response was lost. A record that can only belong to one of
 * them proves that it was accepted. A missing record proves nothing, because records appear late.
 */
export class Lookup {
  readonly #pending: PendingResults;

  constructor(
    private readonly store: OutboxStore,
    private readonly sms: Pick<SmsService, 'listSentMessages'>,
    private readonly reports: ReportStore,
    private readonly queries: GatewayQueries,
    private readonly times: { readonly intervalMs: number; readonly gracePeriodMs: number },
  ) {
    this.#pending = new PendingResults(store);
  }

  /**
   * Looks up what is due, if no other worker has the turn. Over all workers there is one lookup at a time, and one for
   * each interval. The turn is lost if nobody keeps it for an interval.
   * @returns whether there is more to do at once; always `false`.
   */
  async run(signal: AbortSignal): Promise<boolean> {
    const { account, database } = this.store;
    const [span] = await database.run(takeLookupTurn, { account, ...this.times });
    if (span === undefined) return false;
    // Accepted messages must be known by their ids.
    await this.#pending.flushAll(() => this.#keepTurn());
    await this.queries.run('Not all sent records could be read', signal, async () => {
      const { records, failure } = await this.#foreignRecords(span, signal);
      await this.#match(records);
      // A lookup that was aborted is repeated.
      await database.run(finishLookup, { account, to: span.to });
      if (failure !== undefined) throw failure;
    });
    return false;
  }

  async #keepTurn(): Promise<void> {
    await this.store.database.run(keepLookupTurn, { account: this.store.account });
  }

  async #match(records: readonly SentRecord[]): Promise<void> {
    const recipients = await this.#openRecipients(new Set(records.map(({ number }) => number)));
    // A response may have arrived while the records were read. Then its recipient is no longer open, and its record is
    // matched.
    const foreign = await this.#foreignIds(records);
    const reports = matchRecords(
      recipients,
      records.filter(({ msgId }) => foreign.has(msgId)),
    );
    for (let start = 0; start < reports.length; start += STEP) {
      await this.reports.add(reports.slice(start, start + STEP), false);
      await this.#keepTurn();
    }
  }

  /**
   * Reads the records of the period that match no message here.
   * @returns also the failure if some records could not be read. The others may still prove something.
   */
  async #foreignRecords(
    { from, to }: Span,
    signal: AbortSignal,
  ): Promise<{ records: SentRecord[]; failure: LaafficUnreadableException | undefined }> {
    const start = Math.max(from.getTime() - CLOCK_TOLERANCE, to.getTime() - LONGEST_SPAN);
    const found = new Map<string, SentRecord>();
    let waiting: SentRecord[] = [];
    const sift = async (): Promise<void> => {
      const foreign = await this.#foreignIds(waiting);
      for (const record of waiting) if (foreign.has(record.msgId)) found.set(record.msgId, record);
      waiting = [];
      await this.#keepTurn();
    };
    let failure: LaafficUnreadableException | undefined;
    try {
      for await (const record of this.sms.listSentMessages({ from: new Date(start), to }, { signal })) {
        if (isComplete(record)) waiting.push(record);
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

  async #foreignIds(records: readonly SentRecord[]): Promise<Set<string>> {
    const rows = await this.store.database.run(findForeignIds, { msgIds: records.map(({ msgId }) => msgId) });
    return new Set(rows.map(({ msg_id }) => msg_id));
  }

  /**
   * Returns all recipients with one of these numbers and without a message id. A new record may belong to an old
   * message too.
   */
  async #openRecipients(numbers: ReadonlySet<string>): Promise<OpenRecipient[]> {
    const { account, database } = this.store;
    const chunks = await database.run(findOpenChunks, { account, longestDeliveryMs: LONGEST_DELIVERY });
    const open: OpenRecipient[] = [];
    for (let start = 0; start < chunks.length; start += CHUNKS) {
      const ids = chunks.slice(start, start + CHUNKS).map(({ id }) => id);
      for (const row of await database.run(readOpenChunks, { ids })) {
        const decided = new Set(row.decided_slots);
        for (const [slot, number] of row.numbers.split(',').entries()) {
          if (!numbers.has(number) || decided.has(slot)) continue;
          const { id: chunkId, attempt, sent_at: sentAt, is_sending: isSending } = row;
          open.push({ chunkId, attempt, slot, number, sentAt, isSending });
        }
      }
    }
    return open;
  }
}

function isComplete(record: DeliveryReport): record is SentRecord {
  return record.number !== undefined && record.at !== undefined && record.state !== 'not-found';
}
