import { Answers } from './answers.js';
import type { OrderPlace } from './order-place.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** What a report says about one message. */
export interface BookedReport {
  readonly msgId: string;
  readonly orderId: string | undefined;
  readonly number: string | undefined;
  /** `accepted` only means that the gateway accepted it. */
  readonly state: 'accepted' | 'delivered' | 'failed';
  readonly reason: string | undefined;
  /** The time of the state according to the gateway. */
  readonly gatewayTime: Date | undefined;
  /** The place of the message in the ledger, if it is known from something other than its id. */
  readonly place: OrderPlace | undefined;
}

/** Number of large answers to expand at once if a report may concern one of them. */
const MOST_ANSWERS = 100;
/** Separates list values that the server splits. This is cheaper than an array on both sides. */
const SEPARATOR = '\u001e';
/** Number of early reports to retry at once. */
const STEP = 1_000;

/**
 * Assigns reports to recipients. A recipient's state only moves forward: the first final state stays, and only
 * `delivered` replaces `rejected`. A report for an unknown chunk proves that the gateway accepted it.
 */
export class ReportBook {
  readonly #takeAwaited: string;
  readonly #take: string;
  readonly #retry: string;
  readonly #answers: Answers;

  constructor(private readonly ledger: OutboxLedger) {
    const s = ledger.database.schema;
    this.#answers = new Answers(ledger);
    const lists = [1, 2, 3, 4, 5, 6].map((parameter) => `string_to_array($${parameter}, chr(30))`);
    this.#takeAwaited = `select ${s}.book_awaited(${lists.join()}) as found`;
    this.#take = `select ${s}.take_reports($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`;
    this.#retry = `select ${s}.retry_reports($1, $2, $3, $4) as tried`;
  }

  /**
   * Stores reports: first those of recipients that only wait for a report, then all others.
   * @param keepsEarly whether to keep and retry reports that match no message yet.
   */
  async take(reports: readonly BookedReport[], keepsEarly: boolean): Promise<void> {
    let others = await this.#bookAwaited(reports);
    if (others.length === 0) return;
    // Some may concern recipients that have no rows yet.
    await this.#answers.writeOutOldest(MOST_ANSWERS);
    others = await this.#bookAwaited(others);
    if (others.length > 0) await this.#bookOthers(others, keepsEarly);
  }

  /** @returns the reports that match no recipient waiting for one. */
  async #bookAwaited(reports: readonly BookedReport[]): Promise<BookedReport[]> {
    const lists = [
      // A report with a separator in it takes the slower path.
      reports.map(({ msgId }) => (msgId.includes(SEPARATOR) ? '' : msgId)),
      reports.map(({ state }) => state),
      reports.map(({ reason }) => reason?.replaceAll(SEPARATOR, ' ') ?? ''),
      reports.map(({ gatewayTime }) => gatewayTime?.toISOString() ?? ''),
      reports.map(({ place }) => place?.chunkId ?? ''),
      reports.map(({ place }) => place?.slot ?? ''),
    ];
    const { rows } = await this.ledger.database.query<{ found: number[] | null }>(
      this.#takeAwaited,
      lists.map((list) => list.join(SEPARATOR)),
    );
    const found = rows[0]?.found ?? null;
    if (found === null) return [];
    const places = new Set(found);
    return reports.filter((_, index) => !places.has(index + 1));
  }

  async #bookOthers(reports: readonly BookedReport[], keepsEarly: boolean): Promise<void> {
    const columns = [
      reports.map(({ msgId }) => msgId),
      reports.map(({ orderId }) => orderId ?? null),
      reports.map(({ number }) => number ?? null),
      reports.map(({ state }) => state),
      reports.map(({ reason }) => reason ?? null),
      reports.map(({ gatewayTime }) => gatewayTime?.toISOString() ?? null),
      reports.map(({ place }) => place?.chunkId ?? null),
      reports.map(({ place }) => place?.attempt ?? null),
      reports.map(({ place }) => place?.slot ?? null),
    ];
    await this.ledger.database.query(this.#take, [this.ledger.account, ...this.#settling(), keepsEarly, ...columns]);
  }

  /**
   * Retries early reports.
   * @returns whether there may be more of them.
   */
  async retry(): Promise<boolean> {
    const { rows } = await this.ledger.database.query<{ tried: number }>(this.#retry, [
      this.ledger.account,
      ...this.#settling(),
      STEP,
    ]);
    return rows[0]?.tried === STEP;
  }

  #settling(): [by: string, pollAfter: number | null] {
    const { reportsAfterMs } = this.ledger.settings.timing;
    return [this.ledger.by, reportsAfterMs === false ? null : reportsAfterMs];
  }
}
