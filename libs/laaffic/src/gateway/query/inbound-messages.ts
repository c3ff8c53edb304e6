import type { InboundSms } from '../../messages/inbound-sms.js';
import { platformTime, splitRange, type CheckedRange } from '../../messages/time-range.js';
import type { Account } from '../../options/account.js';
import { readInboundPush } from '../protocol/pushes.js';
import { isRecord, wholeNumber } from '../protocol/values.js';
import type { QueryClient, QueryRequestOptions } from './query-client.js';
import { countMismatch, rowsOf } from './rows.js';

/** Vendor page "recordMo": at most one month per request, and the shortest month has 28 days. */
const MAX_DAYS_PER_REQUEST = 28;
/** Vendor page "recordMo". */
const MAX_ROWS_PER_PAGE = 100;

/**
 * Requests `POST recordMo`: the inbound messages of a time range, page by page.
 * @throws {LaafficException} after the other rows of a page, if one cannot be read; and if the counters say more rows of a
 * page than were received.
 */
export async function* requestInboundMessages(
  queries: QueryClient,
  account: Account,
  range: CheckedRange,
  options: QueryRequestOptions,
): AsyncGenerator<InboundSms, void, undefined> {
  for (const { from, to } of splitRange(range, MAX_DAYS_PER_REQUEST)) {
    // Called `strTime` here and `startTime` in getSentRcd.
    const params = { strTime: platformTime(from), endTime: platformTime(to) };
    let latest: string | undefined;
    for (let current = 1; ; current++) {
      const body = { appId: account.appId, current, size: MAX_ROWS_PER_PAGE, params };
      const { data } = await queries.request(account, { endpoint: 'recordMo', body }, options);
      const page = isRecord(data) ? data : { records: data };
      const rows = rowsOf(page['records'], 'recordMo', (row) => readInboundPush(row) ?? 'no sender or no content');
      // If the number of pages is not given, a page that is the same as the one before means that there are no more.
      const text = JSON.stringify(page['records']);
      const isRepeated = rows.count > 0 && text === latest;
      latest = text;
      if (!isRepeated) yield* rows.read;
      rows.throwUnreadable();
      const [total, size] = [wholeNumber(page['total']), wholeNumber(page['size']) ?? MAX_ROWS_PER_PAGE];
      const expected = total === undefined ? 0 : Math.min(size, total - (current - 1) * size);
      const received = isRepeated ? 0 : rows.count;
      if (expected > received) throw countMismatch('recordMo', expected, received);
      if (received === 0 || current >= (wholeNumber(page['pages']) ?? Infinity)) break;
    }
  }
}
