import { Answers } from './answers.js';
import type { OrderPlace } from './order-place.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** What is known of one message. */
export interface BookedReport {
  readonly msgId: string;
  readonly orderId: string | undefined;
  readonly number: string | undefined;
  /** `accepted` says no more than that the gateway took it. */
  readonly state: 'accepted' | 'delivered' | 'failed';
  readonly reason: string | undefined;
  /** When the gateway says that it was. */
  readonly gatewayTime: Date | undefined;
  /** Whose message it is, if that is known otherwise than by its id. */
  readonly place: OrderPlace | undefined;
}

/** As many large answers as are written out at once when a report may be of one of them. */
const MOST_ANSWERS = 100;
/** Stands between the values of a list that the server takes apart: cheaper than an array for both. */
const SEPARATOR = '\u001e';
/** As many early reports as are tried again at once. */
const STEP = 1_000;

/**
 * Brings reports to the recipients that they are of. A recipient's state only moves forward: the first
 * final one stays, and `rejected` gives way to `delivered` alone. A report of an unknown chunk is proof
 * that the gateway took it.
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
   * Books reports, in this order: first those that somebody only waits for, then all others.
   * @param keepsEarly whether those that are of nobody so far are kept and tried again.
   */
  async take(reports: readonly BookedReport[], keepsEarly: boolean): Promise<void> {
    let others = await this.#bookAwaited(reports);
    if (others.length === 0) return;
    // Those of recipients that have no rows yet.
    await this.#answers.writeOutOldest(MOST_ANSWERS);
    others = await this.#bookAwaited(others);
    if (others.length > 0) await this.#bookOthers(others, keepsEarly);
  }

  /** @returns those that are of no recipient who only waits for one. */
  async #bookAwaited(reports: readonly BookedReport[]): Promise<BookedReport[]> {
    const lists = [
      // One that has a separator in it is looked for by the slower way.
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

  /** Tries reports again that were of nobody. @returns whether there may be more of them. */
  async retry(): Promise<boolean> {
    const { rows } = await this.ledger.database.query<{ tried: number }>(this.#retry, [
      this.ledger.account,
      ...this.#settling(),
      STEP,
    ]);
    return rows[0]?.tried === STEP;
  }

  #settling(): [by: string, pollAfter: number | null] {
    const { reportsAfter } = this.ledger.settings.timing;
    return [this.ledger.by, reportsAfter === false ? null : reportsAfter];
  }
}
