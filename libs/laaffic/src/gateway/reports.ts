import type { DeliveryReport, DeliveryState } from '../messages/delivery-report.js';
import { platformTime, splitRange, type CheckedRange } from '../messages/time-range.js';
import type { Account } from '../options/account.js';
import type { AskOptions, LaafficQueries } from './laaffic.queries.js';
import { digitsOf, instant, messageId, price, records, wholeNumber } from './wire.js';

/** Page "getReport". */
const IDS_A_CALL = 200;
/** Page "getSentRcd". */
const DAYS_A_CALL = 31;

/**
 * `GET getReport`, 200 ids a call.
 * @returns a report for each id, in their order; `not-found` for those that no answer names.
 */
export async function askReports(
  queries: LaafficQueries,
  account: Account,
  msgIds: readonly string[],
  options: AskOptions,
): Promise<DeliveryReport[]> {
  const found = new Map<string, DeliveryReport>();
  for (let start = 0; start < msgIds.length; start += IDS_A_CALL) {
    const search = { appId: account.appId, msgIds: msgIds.slice(start, start + IDS_A_CALL).join(',') };
    const json = await queries.ask(account, { path: 'getReport', search }, options);
    for (const report of readReports(json['array'])) found.set(report.msgId, report);
  }
  return msgIds.map((msgId) => found.get(msgId) ?? { msgId, number: undefined, state: 'not-found', at: undefined });
}

/**
 * `GET getSentRcd`: the finished messages of a span of time, 31 days and at most 50,000 rows a call.
 * An answer tells neither how many there are nor whether more follow, so a slot is asked on until a
 * page brings nothing new.
 */
export async function* askSentRecords(
  queries: LaafficQueries,
  account: Account,
  range: CheckedRange,
  options: AskOptions,
): AsyncGenerator<DeliveryReport, void, undefined> {
  for (const { from, to } of splitRange(range, DAYS_A_CALL)) {
    const search = { appId: account.appId, startTime: platformTime(from), endTime: platformTime(to) };
    let latest = new Set<string>();
    for (let startIndex = 0; ;) {
      const asked = { ...search, startIndex: String(startIndex) };
      const json = await queries.ask(account, { path: 'getSentRcd', search: asked }, options);
      const rows = records(json['array']).length;
      const reports = readReports(json['array']).filter(({ msgId }) => !latest.has(msgId));
      if (reports.length === 0) break;
      yield* reports;
      latest = new Set(reports.map(({ msgId }) => msgId));
      startIndex += rows;
    }
  }
}

function readReports(list: unknown): DeliveryReport[] {
  return records(list).flatMap((item) => {
    const [msgId, state] = [messageId(item['msgId']), stateOf(item['status'])];
    if (msgId === undefined || state === undefined) return [];
    const charged = price(item['pricedetail']);
    const at = instant(item['receiveTime']);
    return [
      { msgId, number: digitsOf(item['number']), state, at, ...(charged === undefined ? {} : { price: charged }) },
    ];
  });
}

/** Failed is 1 in getReport and 2 in getSentRcd; -1 has nothing to do with the -1 of the envelope. */
function stateOf(value: unknown): DeliveryState | undefined {
  const status = wholeNumber(value);
  if (status === undefined) return undefined;
  if (status === 0) return 'delivered';
  return status === -1 ? 'sending' : 'failed';
}
