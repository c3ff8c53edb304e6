import { admit } from '../account/admit.js';
import type { Gateway } from '../gateway.js';
import type { Conversion } from '../ledger/conversion.js';
import type { Resolved } from '../options/resolve-settings.js';
import { served, type CallOutcome } from '../protocol/call.outcome.js';
import { readAppId, readFields, type Fields } from '../protocol/read-fields.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';

/** Enters a conversion: the customer says that a code it sent was used. */
export function backfill(call: VendorCall, gateway: Gateway): CallOutcome | Refusal {
  const conversion = admit(call, gateway, (sent, resolved) => readConversion(sent, resolved, gateway));
  if (conversion instanceof Refusal) return conversion;
  gateway.ledger.conversions.push(conversion);
  return served(call, {});
}

function readConversion(call: VendorCall, resolved: Resolved, { deliveries }: Gateway): Conversion | Refusal {
  const fields = readFields(call);
  if (fields instanceof Refusal) return fields;
  if (isEmpty(fields, 'appId')) return new Refusal(-14, 'appId is empty');
  const appId = readAppId(fields, call.quirks, resolved);
  if (appId instanceof Refusal) return appId;
  const { number, time, msgid } = fields;
  if (typeof number !== 'string' || !/^\d{1,20}$/.test(number)) return new Refusal(-14, 'number must be digits');
  if (typeof time !== 'string' || !/^\d{1,15}$/.test(time)) {
    return new Refusal(-14, 'time must be milliseconds since 1970, as a text');
  }
  const conversion = { appId, number, time: Number(time), requestId: call.requestId };
  if (isEmpty(fields, 'msgid')) return { ...conversion, msgId: null };
  const known = typeof msgid === 'string' ? deliveries.find(msgid) : null;
  if (known?.message.appId !== appId) return new Refusal(-14, 'no message has this msgid');
  return { ...conversion, msgId: known.message.msgId };
}

function isEmpty(fields: Fields, field: string): boolean {
  const value = fields[field];
  return value === undefined || value === null || value === '';
}
