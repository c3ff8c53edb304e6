import type { ResolvedSettings } from '../../options/resolve-settings.js';
import { success, type CallOutcome } from '../../protocol/call-outcome.js';
import { toWireNumber, type ReportItem } from '../../protocol/envelope.js';
import { readAppId, readFields, wrongType } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { authorizeCall } from '../../state/account/authorize-call.js';
import { deliveryOf, type TrackedMessage } from '../../state/delivery/delivery.js';
import type { Gateway } from '../../state/gateway.js';
import { Rejection } from '../../vendor/rejection.js';
import { reportItem } from './report-item.js';
import { DAY_MS } from './time-range.js';

interface ReportQuery {
  readonly appId: string;
  readonly msgIds: readonly string[];
}

const STATUS_OF = { sending: -1, delivered: 0, failed: 1 };

/** Reports the messages with the given ids. A queued message counts as not found. */
export function getReport(call: VendorCall, gateway: Gateway): CallOutcome | Rejection {
  const query = authorizeCall(call, gateway, readReportQuery);
  if (query instanceof Rejection) return query;
  const { at, quirks } = call;
  const counts = { delivered: 0, failed: 0, sending: 0, queued: 0 };
  const array: ReportItem[] = [];
  for (const [index, msgId] of query.msgIds.entries()) {
    const tracked = index < quirks.maxMsgIds ? gateway.deliveries.find(msgId) : undefined;
    if (tracked === undefined || !isVisible(tracked, query.appId, call)) {
      if (quirks.unknownMsgId !== 'nofound') return new Rejection(quirks.unknownMsgId, `there is no message ${msgId}`);
      counts.queued += 1;
      continue;
    }
    const delivery = deliveryOf(tracked, at);
    counts[delivery.state] += 1;
    if (delivery.state === 'queued') continue;
    array.push(reportItem(tracked.message, delivery, STATUS_OF[delivery.state], quirks));
  }
  return success(call, {
    success: toWireNumber(counts.delivered, quirks),
    fail: toWireNumber(counts.failed, quirks),
    sending: toWireNumber(counts.sending, quirks),
    nofound: toWireNumber(counts.queued, quirks),
    array,
  });
}

function isVisible({ message }: TrackedMessage, appId: string, { at, quirks }: VendorCall): boolean {
  return message.appId === appId && message.at >= at - quirks.reportRetentionDays * DAY_MS;
}

function readReportQuery(call: VendorCall, resolved: ResolvedSettings): ReportQuery | Rejection {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Rejection) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Rejection) return appId;
  const sent = fields['msgIds'] ?? '';
  if (typeof sent !== 'string') return wrongType('msgIds', quirks);
  const { emptyMsgIds, tooManyMsgIds, maxMsgIds } = quirks;
  if (sent.trim() === '') {
    return emptyMsgIds === 'nofound' ? { appId, msgIds: [] } : new Rejection(emptyMsgIds, 'msgIds is empty');
  }
  const msgIds = sent.split(',');
  if (msgIds.length <= maxMsgIds || tooManyMsgIds === 'nofound') return { appId, msgIds };
  return new Rejection(tooManyMsgIds, `${msgIds.length} msgIds, a getReport takes ${maxMsgIds}`);
}
