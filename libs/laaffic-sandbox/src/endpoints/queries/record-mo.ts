import type { InboundMessage } from '../../history/records.js';
import { integer, isRecord } from '../../options/field-checks.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { success, type CallOutcome } from '../../protocol/call-outcome.js';
import type { MoRecord } from '../../protocol/envelope.js';
import { readAppId, readFields } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { authorizeCall } from '../../state/account/authorize-call.js';
import type { Gateway } from '../../state/gateway.js';
import { freeOfCharge, INBOUND_MCC, INBOUND_MNC } from '../../state/push/push-bodies.js';
import { Rejection } from '../../vendor/rejection.js';
import { isoTime, parseIsoTime } from '../../vendor/time.js';
import { checkRange, type TimeRange } from './time-range.js';

interface InboundQuery extends TimeRange {
  readonly appId: string;
  readonly current: number;
  readonly size: number;
}

/** The vendor has no older inbound messages. */
const EARLIEST = Date.parse('2022-07-01T00:00:00+08:00');

/** Lists the inbound messages of a time range, page by page. */
export function recordMo(call: VendorCall, gateway: Gateway): CallOutcome | Rejection {
  const query = authorizeCall(call, gateway, readInboundQuery);
  if (query instanceof Rejection) return query;
  const { appId, current, size, from, to } = query;
  const found = gateway.history.inboundMessages.all.filter(
    (message) => message.appId === appId && message.at >= from && message.at <= to,
  );
  const records = found.slice((current - 1) * size, current * size).map((message) => toMoRecord(message, call.quirks));
  const total = found.length;
  return success(call, { data: { total, size, current, pages: Math.ceil(total / size), records } });
}

function toMoRecord({ from, to, at, content }: InboundMessage, quirks: Readonly<SandboxQuirks>): MoRecord {
  return {
    number: from,
    sendId: to,
    receiveTime: isoTime(at, quirks.utcOffsetHours),
    content,
    mcc: INBOUND_MCC,
    mnc: INBOUND_MNC,
    operator: '',
    pricedetail: freeOfCharge(quirks),
  };
}

function readInboundQuery(call: VendorCall, resolved: ResolvedSettings): InboundQuery | Rejection {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Rejection) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Rejection) return appId;
  const { current, size, params } = fields;
  if (!isWholeNumber(current, Number.MAX_SAFE_INTEGER)) return invalid('current must be a whole number from 1', quirks);
  if (!isWholeNumber(size, 100)) return invalid('size must be a whole number from 1 to 100', quirks);
  const { strTime, endTime } = isRecord(params) ? params : {};
  const from = typeof strTime === 'string' ? parseIsoTime(strTime) : undefined;
  if (from === undefined) return invalid('params.strTime must be an ISO 8601 time with an offset', quirks);
  const to = typeof endTime === 'string' ? parseIsoTime(endTime) : undefined;
  if (to === undefined) return invalid('params.endTime must be an ISO 8601 time with an offset', quirks);
  const range = checkRange({ from, to }, EARLIEST, quirks);
  return range instanceof Rejection ? range : { appId, current, size, ...range };
}

function isWholeNumber(value: unknown, max: number): value is number {
  return integer(1, max)(value) === undefined;
}

function invalid(explanation: string, { badParameter }: Readonly<SandboxQuirks>): Rejection {
  return new Rejection(badParameter, explanation);
}
