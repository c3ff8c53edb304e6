import type { InboundSms } from '../messages/inbound-sms.js';
import { platformTime, splitRange, type CheckedRange } from '../messages/time-range.js';
import type { Account } from '../options/account.js';
import type { AskOptions, LaafficQueries } from './laaffic.queries.js';
import { readInboundPush } from './push.js';
import { isRecord, records, wholeNumber } from './wire.js';

/** Page "recordMo": at most a month a call, of which the shortest has 28 days, and at most 100 rows a page. */
const DAYS_A_CALL = 28;
const ROWS_A_PAGE = 100;

/** `POST recordMo`: the messages that came in over a span of time, page by page. */
export async function* askInbound(
  queries: LaafficQueries,
  account: Account,
  range: CheckedRange,
  options: AskOptions,
): AsyncGenerator<InboundSms, void, undefined> {
  for (const { from, to } of splitRange(range, DAYS_A_CALL)) {
    // Spelt `strTime` here and `startTime` in getSentRcd.
    const params = { strTime: platformTime(from), endTime: platformTime(to) };
    let latest = '';
    for (let current = 1; ; current++) {
      const body = { appId: account.appId, current, size: ROWS_A_PAGE, params };
      const { data } = await queries.ask(account, { path: 'recordMo', body }, options);
      const page = isRecord(data) ? data : {};
      const rows = records(page['records']);
      const said = JSON.stringify(rows);
      // Not told how many pages there are, one that is repeated was the last.
      if (rows.length === 0 || said === latest) break;
      latest = said;
      yield* rows.flatMap((row) => readInboundPush(row) ?? []);
      if (current >= (wholeNumber(page['pages']) ?? Infinity)) break;
    }
  }
}
