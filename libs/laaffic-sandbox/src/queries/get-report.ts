import { admit } from '../account/admit.js';
import { deliveryOf, type TrackedMessage } from '../delivery/delivery.js';
import type { Gateway } from '../gateway.js';
import type { Resolved } from '../options/resolve-settings.js';
import { served, type CallOutcome } from '../protocol/call.outcome.js';
import { counted } from '../protocol/counted.js';
import { readAppId, readFields, wrongType } from '../protocol/read-fields.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { ReportItem } from '../protocol/vendor.envelope.js';
import { day } from './time-range.js';
import { reportItem } from './report-item.js';

interface ReportQuery {
  readonly appId: string;
  readonly msgIds: readonly string[];
}

const statusOf = { sending: -1, delivered: 0, failed: 1 };

/** The messages with these ids. */
export function getReport(call: VendorCall, gateway: Gateway): CallOutcome | Refusal {
  const query = admit(call, gateway, readReportQuery);
  if (query instanceof Refusal) return query;
  const { at, quirks } = call;
  const counts = { delivered: 0, failed: 0, sending: 0, queued: 0 };
  const array: ReportItem[] = [];
  for (const [index, msgId] of query.msgIds.entries()) {
    const tracked = index < quirks.maxMsgIds ? gateway.deliveries.find(msgId) : null;
    if (tracked === null || !isOpen(tracked, query.appId, call)) {
      if (quirks.unknownMsgId !== 'nofound') return new Refusal(quirks.unknownMsgId, `there is no message ${msgId}`);
      counts.queued += 1;
      continue;
    }
    const delivery = deliveryOf(tracked, at);
    counts[delivery.state] += 1;
    if (delivery.state === 'queued') continue;
    array.push(reportItem(tracked.message, delivery, statusOf[delivery.state], quirks));
  }
  return served(call, {
    success: counted(counts.delivered, quirks),
    fail: counted(counts.failed, quirks),
    sending: counted(counts.sending, quirks),
    nofound: counted(counts.queued, quirks),
    array,
  });
}

function isOpen({ message }: TrackedMessage, appId: string, { at, quirks }: VendorCall): boolean {
  return message.appId === appId && message.at >= at - quirks.reportDays * day;
}

function readReportQuery(call: VendorCall, resolved: Resolved): ReportQuery | Refusal {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Refusal) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Refusal) return appId;
  const sent = fields['msgIds'] ?? '';
  if (typeof sent !== 'string') return wrongType('msgIds', quirks);
  const { emptyMsgIds, tooManyMsgIds, maxMsgIds } = quirks;
  if (sent.trim() === '') {
    return emptyMsgIds === 'nofound' ? { appId, msgIds: [] } : new Refusal(emptyMsgIds, 'msgIds is empty');
  }
  const msgIds = sent.split(',');
  if (msgIds.length <= maxMsgIds || tooManyMsgIds === 'nofound') return { appId, msgIds };
  return new Refusal(tooManyMsgIds, `${msgIds.length} msgIds, a getReport takes ${maxMsgIds}`);
}
