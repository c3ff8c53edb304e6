import type { DeliveryReport, DeliveryState } from '../../messages/delivery-report.js';
import { platformTime, splitRange, type CheckedRange } from '../../messages/time-range.js';
import type { Account } from '../../options/account.js';
import { digitsOf, instant, messageId, price, wholeNumber } from '../protocol/values.js';
import type { QueryClient, QueryRequestOptions } from './query-client.js';
import { countMismatch, rowsOf, sum } from './rows.js';

/** Vendor page "getReport". */
const MAX_IDS_PER_REQUEST = 200;
/** Vendor page "getSentRcd". */
const MAX_DAYS_PER_REQUEST = 31;

const STATES: ReadonlyMap<number, DeliveryState> = new Map([
  [0, 'delivered'],
  [-1, 'sending'],
  [1, 'failed'],
  [2, 'failed'],
]);

/**
 * Requests `GET getReport`, with 200 ids per request.
 * @returns a report for each id, in the same order; `not-found` for ids that are in no response.
 * @throws {LaafficException} also if a row cannot be read, or the counters do not match the rows.
 */
export async function requestDeliveryReports(
  queries: QueryClient,
  account: Account,
  msgIds: readonly string[],
  options: QueryRequestOptions,
): Promise<DeliveryReport[]> {
  const found = new Map<string, DeliveryReport>();
  for (let start = 0; start < msgIds.length; start += MAX_IDS_PER_REQUEST) {
    const search = { appId: account.appId, msgIds: msgIds.slice(start, start + MAX_IDS_PER_REQUEST).join(',') };
    const json = await queries.request(account, { endpoint: 'getReport', search }, options);
    const rows = rowsOf(json['array'], 'getReport', readReport);
    for (const report of rows.read) found.set(report.msgId, report);
    rows.throwUnreadable();
    // `nofound` counts ids without a row, and no counter includes rows with an undocumented status.
    const counted = sum(json, ['success', 'fail', 'sending']) ?? rows.count;
    const documented = rows.read.filter(({ state }) => state !== 'unknown').length;
    if (counted < documented || counted > rows.count) throw countMismatch('getReport', counted, rows.count);
  }
  return msgIds.map((msgId) => found.get(msgId) ?? { msgId, number: undefined, state: 'not-found', at: undefined });
}

/**
 * Requests `GET getSentRcd`: the finished messages of a time range, 31 days and at most 50,000 rows per request. A response
 * says neither how many rows there are nor whether more follow, so the pages of a slot are requested until one has no new
 * row.
 * @throws {LaafficException} after the other rows of a page, if one cannot be read; and at the end of a slot, if the
 * counters say more rows than were received.
 */
export async function* requestSentMessages(
  queries: QueryClient,
  account: Account,
  range: CheckedRange,
  options: QueryRequestOptions,
): AsyncGenerator<DeliveryReport, void, undefined> {
  for (const { from, to } of splitRange(range, MAX_DAYS_PER_REQUEST)) {
    const search = { appId: account.appId, startTime: platformTime(from), endTime: platformTime(to) };
    let latest = new Set<string>();
    let counted = 0;
    let startIndex = 0;
    for (;;) {
      const page = { ...search, startIndex: String(startIndex) };
      const json = await queries.request(account, { endpoint: 'getSentRcd', search: page }, options);
      const rows = rowsOf(json['array'], 'getSentRcd', readReport);
      // The vendor page does not say whether the counters are about this response or about the whole slot.
      counted = Math.max(counted, sum(json, ['success', 'fail']) ?? 0);
      const reports = rows.read.filter(({ msgId }) => !latest.has(msgId));
      yield* reports;
      rows.throwUnreadable();
      if (reports.length === 0) break;
      latest = new Set(reports.map(({ msgId }) => msgId));
      startIndex += rows.count;
    }
    if (counted > startIndex) throw countMismatch('getSentRcd', counted, startIndex);
  }
}

function readReport(item: Record<string, unknown>): DeliveryReport | string {
  const [msgId, state] = [messageId(item), stateOf(item['status'])];
  if (msgId === undefined) return 'no message id';
  if (state === undefined) return 'no status';
  const charged = price(item['pricedetail']);
  const at = instant(item['receiveTime']);
  return { msgId, number: digitsOf(item['number']), state, at, ...(charged === undefined ? {} : { price: charged }) };
}

/** Failed is 1 in getReport and 2 in getSentRcd. The -1 of a row is not the -1 of the envelope. */
function stateOf(value: unknown): DeliveryState | undefined {
  const status = wholeNumber(value);
  return status === undefined ? undefined : (STATES.get(status) ?? 'unknown');
}
