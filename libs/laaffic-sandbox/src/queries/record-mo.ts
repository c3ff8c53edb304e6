import { admit } from '../account/admit.js';
import type { Gateway } from '../gateway.js';
import { freeOfCharge, mcc, mnc } from '../inbound/inbound.body.js';
import type { InboundMessage } from '../ledger/inbound.message.js';
import { integer } from '../options/field.checks.js';
import { isRecord } from '../options/record.checks.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { served, type CallOutcome } from '../protocol/call.outcome.js';
import { readAppId, readFields } from '../protocol/read-fields.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { MoRecord } from '../protocol/vendor.envelope.js';
import { isoTime, parseIsoTime } from '../protocol/vendor-time.js';
import { checkRange, type TimeRange } from './time-range.js';

interface MoQuery extends TimeRange {
  readonly appId: string;
  readonly current: number;
  readonly size: number;
}

/** The vendor keeps no inbound message from before. */
const earliest = Date.parse('2022-07-01T00:00:00+08:00');

/** The inbound messages of a time, page by page. */
export function recordMo(call: VendorCall, gateway: Gateway): CallOutcome | Refusal {
  const query = admit(call, gateway, readMoQuery);
  if (query instanceof Refusal) return query;
  const { appId, current, size, from, to } = query;
  const found = gateway.ledger.inbound.all.filter(
    (message) => message.appId === appId && message.at >= from && message.at <= to,
  );
  const records = found.slice((current - 1) * size, current * size).map((message) => moRecord(message, call.quirks));
  const total = found.length;
  return served(call, { data: { total, size, current, pages: Math.ceil(total / size), records } });
}

function moRecord({ from, to, at, content }: InboundMessage, quirks: Readonly<SandboxQuirks>): MoRecord {
  const receiveTime = isoTime(at, quirks.utcOffset);
  return { number: from, sendId: to, receiveTime, content, mcc, mnc, operator: '', pricedetail: freeOfCharge(quirks) };
}

function readMoQuery(call: VendorCall, resolved: Resolved): MoQuery | Refusal {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Refusal) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Refusal) return appId;
  const { current, size, params } = fields;
  if (!isWhole(current, Number.MAX_SAFE_INTEGER)) return wrong('current must be a whole number from 1', quirks);
  if (!isWhole(size, 100)) return wrong('size must be a whole number from 1 to 100', quirks);
  const { strTime, endTime } = isRecord(params) ? params : {};
  const from = typeof strTime === 'string' ? parseIsoTime(strTime) : null;
  if (from === null) return wrong('params.strTime must be an ISO 8601 time with its offset', quirks);
  const to = typeof endTime === 'string' ? parseIsoTime(endTime) : null;
  if (to === null) return wrong('params.endTime must be an ISO 8601 time with its offset', quirks);
  const range = checkRange({ from, to }, earliest, quirks);
  return range instanceof Refusal ? range : { appId, current, size, ...range };
}

function isWhole(value: unknown, most: number): value is number {
  return integer(1, most)(value) === null;
}

function wrong(why: string, { badParameter }: Readonly<SandboxQuirks>): Refusal {
  return new Refusal(badParameter, why);
}
