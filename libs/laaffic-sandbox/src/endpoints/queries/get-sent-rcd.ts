import type { ResolvedSettings } from '../../options/resolve-settings.js';
import { success, type CallOutcome } from '../../protocol/call-outcome.js';
import { toWireNumber, type ReportItem } from '../../protocol/envelope.js';
import { readAppId, readFields, wrongType, type Fields } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { authorizeCall } from '../../state/account/authorize-call.js';
import { deliveryOf } from '../../state/delivery/delivery.js';
import type { Gateway } from '../../state/gateway.js';
import { Rejection } from '../../vendor/rejection.js';
import { parseIsoTime } from '../../vendor/time.js';
import { reportItem } from './report-item.js';
import { checkRange, DAY_MS, type TimeRange } from './time-range.js';

interface SentQuery extends TimeRange {
  readonly appId: string;
  readonly startIndex: number;
}

/** Lists the messages of a time range that have an outcome, page by page. */
export function getSentRcd(call: VendorCall, gateway: Gateway): CallOutcome | Rejection {
  const query = authorizeCall(call, gateway, readSentQuery);
  if (query instanceof Rejection) return query;
  const { quirks } = call;
  const array: ReportItem[] = [];
  let found = 0;
  let delivered = 0;
  for (const tracked of gateway.deliveries.all) {
    const { message } = tracked;
    if (message.appId !== query.appId) continue;
    const delivery = deliveryOf(tracked, call.at);
    if (delivery.doneAt === null) continue;
    const at = quirks.sentRecordTime === 'done' ? delivery.doneAt : message.at;
    if (at < query.from || at > query.to) continue;
    found += 1;
    if (found <= query.startIndex) continue;
    if (array.length === quirks.sentRecordPageSize) break;
    const isDelivered = delivery.state === 'delivered';
    if (isDelivered) delivered += 1;
    array.push(reportItem(message, delivery, isDelivered ? 0 : 2, quirks));
  }
  const failed = array.length - delivered;
  return success(call, { success: toWireNumber(delivered, quirks), fail: toWireNumber(failed, quirks), array });
}

function readSentQuery(call: VendorCall, resolved: ResolvedSettings): SentQuery | Rejection {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Rejection) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Rejection) return appId;
  const from = readTime(fields, 'startTime', call);
  if (from instanceof Rejection) return from;
  const to = readTime(fields, 'endTime', call);
  if (to instanceof Rejection) return to;
  const startIndex = fields['startIndex'] ?? '0';
  if (typeof startIndex !== 'string') return wrongType('startIndex', quirks);
  if (!/^\d{1,15}$/.test(startIndex)) return new Rejection(quirks.badParameter, 'startIndex is not a whole number');
  const range = checkRange({ from, to }, call.at - quirks.reportRetentionDays * DAY_MS, quirks);
  return range instanceof Rejection ? range : { appId, ...range, startIndex: Number(startIndex) };
}

function readTime(fields: Fields, field: 'startTime' | 'endTime', { quirks }: VendorCall): number | Rejection {
  const sent = fields[field];
  const time = typeof sent === 'string' ? parseIsoTime(sent) : undefined;
  if (time !== undefined) return time;
  // An unescaped + of a query means a blank.
  const hint = typeof sent === 'string' && /\d \d\d:\d\d$/.test(sent) ? '; its + arrived as a blank' : '';
  return new Rejection(quirks.badTime, `${field} is not an ISO 8601 time with an offset${hint}`);
}
