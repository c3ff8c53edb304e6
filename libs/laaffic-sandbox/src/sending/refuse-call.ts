import type { MsgIds } from '../ledger/msg-id.js';
import { isRecord } from '../options/record.checks.js';
import { isBare } from '../protocol/send.envelope.js';
import type { Refusal } from '../protocol/refusal.js';
import { reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { RefusedNumber, SendOutcome } from './send.outcome.js';

/** Nothing accepted; a full answer lists every number that was sent as refused. */
export function refuseCall(call: VendorCall, refusal: Refusal, msgIds: MsgIds): SendOutcome {
  const reason = refusal.reason ?? reasonFor(refusal.code);
  const { code, http, why } = refusal;
  const listed = !isBare(code, call.quirks);
  return { code, reason, http, why, accepted: [], refused: listed ? everyNumber(call, reason, msgIds) : [] };
}

function everyNumber({ fields, at }: VendorCall, reason: string, msgIds: MsgIds): RefusedNumber[] {
  const { numbers, orderId } = isRecord(fields) ? fields : {};
  if (typeof numbers !== 'string' || numbers === '') return [];
  const orderIds = typeof orderId === 'string' && orderId !== '' ? orderId.split(',') : [];
  return numbers
    .split(',')
    .map((number, index) => ({ msgId: msgIds.next(at), number, orderId: orderIds[index] ?? null, reason }));
}
