import { admit } from '../account/admit.js';
import { deliveryOf } from '../delivery/delivery.js';
import type { Gateway } from '../gateway.js';
import type { Resolved } from '../options/resolve-settings.js';
import { served, type CallOutcome } from '../protocol/call.outcome.js';
import { counted } from '../protocol/counted.js';
import { readAppId, readFields, wrongType, type Fields } from '../protocol/read-fields.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { ReportItem } from '../protocol/vendor.envelope.js';
import { parseIsoTime } from '../protocol/vendor-time.js';
import { reportItem } from './report-item.js';
import { checkRange, day, type TimeRange } from './time-range.js';

interface SentQuery extends TimeRange {
  readonly appId: string;
  readonly startIndex: number;
}

/** The finished messages of a time, page by page. */
export function getSentRcd(call: VendorCall, gateway: Gateway): CallOutcome | Refusal {
  const query = admit(call, gateway, readSentQuery);
  if (query instanceof Refusal) return query;
  const { quirks } = call;
  const array: ReportItem[] = [];
  let found = 0;
  let delivered = 0;
  for (const tracked of gateway.deliveries.all) {
    const { message } = tracked;
    if (message.appId !== query.appId) continue;
    const delivery = deliveryOf(tracked, call.at);
    if (delivery.doneAt === null) continue;
    const at = quirks.sentTime === 'done' ? delivery.doneAt : message.at;
    if (at < query.from || at > query.to) continue;
    found += 1;
    if (found <= query.startIndex) continue;
    if (array.length === quirks.sentPageSize) break;
    const well = delivery.state === 'delivered';
    if (well) delivered += 1;
    array.push(reportItem(message, delivery, well ? 0 : 2, quirks));
  }
  const failed = array.length - delivered;
  return served(call, { success: counted(delivered, quirks), fail: counted(failed, quirks), array });
}

function readSentQuery(call: VendorCall, resolved: Resolved): SentQuery | Refusal {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Refusal) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Refusal) return appId;
  const from = readTime(fields, 'startTime', call);
  if (from instanceof Refusal) return from;
  const to = readTime(fields, 'endTime', call);
  if (to instanceof Refusal) return to;
  const startIndex = fields['startIndex'] ?? '0';
  if (typeof startIndex !== 'string') return wrongType('startIndex', quirks);
  if (!/^\d{1,15}$/.test(startIndex)) return new Refusal(quirks.badParameter, 'startIndex is not a whole number');
  const range = checkRange({ from, to }, call.at - quirks.reportDays * day, quirks);
  return range instanceof Refusal ? range : { appId, ...range, startIndex: Number(startIndex) };
}

function readTime(fields: Fields, field: 'startTime' | 'endTime', { quirks }: VendorCall): number | Refusal {
  const sent = fields[field];
  const time = typeof sent === 'string' ? parseIsoTime(sent) : null;
  if (time !== null) return time;
  const blank = typeof sent === 'string' && /\d \d\d:\d\d$/.test(sent) ? '; its + arrived as a blank' : '';
  return new Refusal(quirks.badTime, `${field} is not an ISO 8601 time with its offset${blank}`);
}
