import type { MsgIds } from '../ledger/msg-id.js';
import { isRecord } from '../options/record.checks.js';
import { isBare } from '../protocol/send.envelope.js';
import type { Refusal } from '../protocol/refusal.js';
import { reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { entryNumbers } from './read-batch-request.js';
import type { RefusedNumber, SendOutcome } from './send.outcome.js';

/** Nothing accepted; a full answer lists every number that was sent as refused. */
export function refuseCall(call: VendorCall, refusal: Refusal, msgIds: MsgIds): SendOutcome {
  const reason = refusal.reason ?? reasonFor(refusal.code);
  const { code, http, why } = refusal;
  const listed = !isBare(code, call.quirks);
  return { code, reason, http, why, accepted: [], refused: listed ? everyNumber(call, reason, msgIds) : [] };
}

function everyNumber({ fields, at, quirks }: VendorCall, reason: string, msgIds: MsgIds): RefusedNumber[] {
  if (!isRecord(fields)) return [];
  const { array, numbers } = fields;
  const entries: unknown[] = numbers === undefined && Array.isArray(array) ? array : [fields];
  return entries.filter(isRecord).flatMap((entry) => {
    const sent = entryNumbers(entry, quirks);
    if (typeof sent !== 'string' || sent === '') return [];
    const { orderId } = entry;
    const orderIds = typeof orderId === 'string' && orderId !== '' ? orderId.split(',') : [];
    return sent
      .split(',')
      .map((number, index) => ({ msgId: msgIds.next(at), number, orderId: orderIds[index] ?? null, reason }));
  });
}
