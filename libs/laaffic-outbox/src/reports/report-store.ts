import { maskNumber, type DeliveryReport } from 'nestjs-laaffic';
import { applyFinalReports, retryReports, storeReports } from '../sql/generated.js';
import { isMadeElsewhere, placeOf, type OrderPlace } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { PendingResults } from '../store/pending-results.js';
import { readCharge } from './charge.js';

/** What a report says about one message. */
export interface Report {
  readonly msgId: string;
  readonly orderId: string | undefined;
  readonly number: string | undefined;
  /** `accepted` only means that the gateway accepted it. */
  readonly state: 'accepted' | 'delivered' | 'failed';
  readonly reason: string | undefined;
  /** The time of the state according to the gateway. */
  readonly gatewayTime: Date | undefined;
  /** The place of the message, if it is known from something other than its id. */
  readonly place: OrderPlace | undefined;
  /** Its costs: see {@link readCharge}. */
  readonly charge: string | undefined;
}

const LAST_MOMENT = Date.UTC(9999, 11, 31);
/** Number of pending results to flush at once if a report may concern one of them. */
const MOST_RESULTS = 100;
/** Separates list values that the server splits. */
const SEPARATOR = '\u001e';
/** Number of unmatched reports to retry at once. */
const STEP = 1_000;

/**
 * Converts a report of the module, without characters that PostgreSQL cannot store. Its reason does not
 * repeat the number: the report may come after the number of its message was erased.
 * @param prefix the prefix of the order ids that are made here.
 * @returns `undefined` if the report is useless: a message that is not found may still be queued.
 */
export function readReport(report: DeliveryReport, prefix: string): Report | undefined {
  const { state, msgId, orderId, number, reason, at } = report;
  if (state === 'not-found') return undefined;
  // Order ids are stored joined by commas.
  const id = orderId === undefined || /[,\0]/.test(orderId) ? undefined : orderId;
  return {
    msgId: withoutNul(msgId),
    orderId: id,
    number,
    // In both states the platform knows the message.
    state: state === 'sending' || state === 'unknown' ? 'accepted' : state,
    reason: state === 'failed' && reason !== undefined ? withoutNumber(withoutNul(reason), number) : undefined,
    gatewayTime: at !== undefined && at.getTime() >= 0 && at.getTime() < LAST_MOMENT ? at : undefined,
    place: id === undefined ? undefined : placeOf(id, prefix),
    charge: readCharge(report),
  };
}

function hasCharge({ charge }: Report): boolean {
  return charge !== undefined;
}

function withoutNul(text: string): string {
  return text.replaceAll('\0', '');
}

function withoutNumber(text: string, number: string | undefined): string {
  return number === undefined || number === '' ? text : text.replaceAll(number, maskNumber(number));
}

/**
 * Assigns reports to recipients. A recipient's state only moves forward: the first final state stays, and only
 * `delivered` replaces `rejected`. A report for an unknown chunk proves that the gateway accepted it.
 */
export class ReportStore {
  readonly #pending: PendingResults;

  constructor(private readonly store: OutboxStore) {
    this.#pending = new PendingResults(store);
  }

  /**
   * Stores reports: first those of recipients that only wait for a report, then all others.
   * @param keepsUnmatched whether to keep and retry reports that match no message yet.
   */
  async add(reports: readonly Report[], keepsUnmatched: boolean): Promise<void> {
    const { prefix } = this.store;
    let others = await this.#applyFinal(reports);
    // Another outbox of the account sent these. There may be many of them, and nothing here will ever match them.
    others = others.filter(({ orderId }) => orderId === undefined || !isMadeElsewhere(orderId, prefix));
    if (others.length === 0) return;
    // Some may concern recipients that have no rows yet.
    await this.#pending.flushOldest(MOST_RESULTS);
    others = await this.#applyFinal(others);
    if (others.length > 0) await this.#addOthers(others, keepsUnmatched);
  }

  /** @returns the reports that match no recipient waiting for one. */
  async #applyFinal(reports: readonly Report[]): Promise<Report[]> {
    const list = (valueOf: (report: Report) => string | number) => reports.map(valueOf).join(SEPARATOR);
    const { account, database } = this.store;
    const [row] = await database.run(applyFinalReports, {
      account,
      // A report with a separator in it takes the slower path.
      msgIds: list(({ msgId }) => (msgId.includes(SEPARATOR) ? '' : msgId)),
      states: list(({ state }) => state),
      reasons: list(({ reason }) => reason?.replaceAll(SEPARATOR, ' ') ?? ''),
      gatewayTimes: list(({ gatewayTime }) => gatewayTime?.getTime() ?? ''),
      chunkIds: list(({ place }) => place?.chunkId ?? ''),
      slots: list(({ place }) => place?.slot ?? ''),
      charges: reports.some(hasCharge) ? list(({ charge }) => charge ?? '') : null,
    });
    const found = row?.found ?? null;
    if (found === null) return [];
    const places = new Set(found);
    return reports.filter((_, index) => !places.has(index + 1));
  }

  async #addOthers(reports: readonly Report[], keepsUnmatched: boolean): Promise<void> {
    await this.store.database.run(storeReports, {
      ...this.#context,
      keepsUnmatched,
      msgIds: reports.map(({ msgId }) => msgId),
      orderIds: reports.map(({ orderId }) => orderId ?? null),
      numbers: reports.map(({ number }) => number ?? null),
      states: reports.map(({ state }) => state),
      reasons: reports.map(({ reason }) => reason ?? null),
      gatewayTimes: reports.map(({ gatewayTime }) => gatewayTime?.toISOString() ?? null),
      chunkIds: reports.map(({ place }) => place?.chunkId ?? null),
      attempts: reports.map(({ place }) => place?.attempt ?? null),
      slots: reports.map(({ place }) => place?.slot ?? null),
      charges: reports.some(hasCharge) ? reports.map(({ charge }) => charge ?? null) : null,
    });
  }

  /**
   * Retries unmatched reports.
   * @returns whether there may be more of them.
   */
  async retryUnmatched(): Promise<boolean> {
    const [row] = await this.store.database.run(retryReports, { ...this.#context, limit: STEP });
    return row?.tried === STEP;
  }

  get #context(): { account: string; actor: string; pollAfterMs: number | null } {
    const { account, actor, settings } = this.store;
    const { reportsAfterMs } = settings.timing;
    return { account, actor, pollAfterMs: reportsAfterMs === false ? null : reportsAfterMs };
  }
}
