import type { Conversion } from '../../history/records.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import { success, type CallOutcome } from '../../protocol/call-outcome.js';
import { readAppId, readFields, type Fields } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { authorizeCall } from '../../state/account/authorize-call.js';
import type { Gateway } from '../../state/gateway.js';
import { Rejection } from '../../vendor/rejection.js';

/** Records a conversion: the recipient used the code the customer sent. */
export function backfill(call: VendorCall, gateway: Gateway): CallOutcome | Rejection {
  const conversion = authorizeCall(call, gateway, (sent, resolved) => readConversion(sent, resolved, gateway));
  if (conversion instanceof Rejection) return conversion;
  gateway.history.conversions.push(conversion);
  return success(call, {});
}

function readConversion(call: VendorCall, resolved: ResolvedSettings, { deliveries }: Gateway): Conversion | Rejection {
  const fields = readFields(call);
  if (fields instanceof Rejection) return fields;
  if (isEmpty(fields, 'appId')) return new Rejection(-14, 'appId is empty');
  const appId = readAppId(fields, call.quirks, resolved);
  if (appId instanceof Rejection) return appId;
  const { number, time, msgid } = fields;
  if (typeof number !== 'string' || !/^\d{1,20}$/.test(number)) return new Rejection(-14, 'number must be digits');
  if (typeof time !== 'string' || !/^\d{1,15}$/.test(time)) {
    return new Rejection(-14, 'time must be milliseconds since 1970, as a string');
  }
  const conversion = { appId, number, time: Number(time), requestId: call.requestId };
  if (isEmpty(fields, 'msgid')) return { ...conversion, msgId: null };
  const tracked = typeof msgid === 'string' ? deliveries.find(msgid) : undefined;
  if (tracked?.message.appId !== appId) return new Rejection(-14, 'no message has this msgid');
  return { ...conversion, msgId: tracked.message.msgId };
}

function isEmpty(fields: Fields, field: string): boolean {
  const value = fields[field];
  return value === undefined || value === null || value === '';
}
