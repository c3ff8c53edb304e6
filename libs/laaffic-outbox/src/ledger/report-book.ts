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
  /** When the gateway says that it was; the time at which it is booked without. */
  readonly at: Date | undefined;
  /** Whose message it is, if that is known otherwise than by its id. */
  readonly place: OrderPlace | undefined;
}

/** As many early reports as are tried again at once. */
const STEP = 1_000;

/**
 * Brings reports to the recipients that they are of. A recipient's state only moves forward: the first
 * final one stays, and `rejected` gives way to `delivered` alone. A report of an unknown chunk is proof
 * that the gateway took it.
 */
export class ReportBook {
  readonly #take: string;
  readonly #retry: string;

  constructor(
    private readonly ledger: OutboxLedger,
    /** Whether anybody wants to hear of settled chunks. */
    private readonly announces: () => boolean,
  ) {
    const s = ledger.database.schema;
    this.#take = `select ${s}.take_reports($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`;
    this.#retry = `select ${s}.retry_reports($1, $2, $3, $4, $5) as tried`;
  }

  /**
   * Books reports, in this order and in one commit.
   * @param keepsEarly whether those that are of nobody so far are kept and tried again.
   */
  async take(reports: readonly BookedReport[], keepsEarly: boolean): Promise<void> {
    const columns = [
      reports.map(({ msgId }) => msgId),
      reports.map(({ orderId }) => orderId ?? null),
      reports.map(({ number }) => number ?? null),
      reports.map(({ state }) => state),
      reports.map(({ reason }) => reason ?? null),
      reports.map(({ at }) => at?.toISOString() ?? null),
      reports.map(({ place }) => place?.chunkId ?? null),
      reports.map(({ place }) => place?.attempt ?? null),
      reports.map(({ place }) => place?.slot ?? null),
    ];
    await this.ledger.database.query(this.#take, [...this.#settling(), keepsEarly, ...columns]);
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

  #settling(): [by: string, announces: boolean, pollAfter: number | null] {
    const { reportsAfter } = this.ledger.settings.timing;
    return [this.ledger.by, this.announces(), reportsAfter === false ? null : reportsAfter];
  }
}
