import type { MsgIds } from '../../history/msg-ids.js';
import type { AcceptedMessage } from '../../history/records.js';
import { isRecord } from '../../options/field-checks.js';
import { isBare } from '../../protocol/envelope.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import type { Rejection } from '../../vendor/rejection.js';
import { reasonFor } from '../../vendor/status-codes.js';
import { entryNumbers } from './read-batch-request.js';

export interface RejectedNumber {
  readonly msgId: string;
  /** As it was sent. */
  readonly number: string;
  readonly orderId: string | null;
  readonly reason: string;
}

/** What the gateway decided about one send. */
export interface SendOutcome {
  /** 0, a vendor status or the HTTP status of an error. */
  readonly code: number;
  readonly reason: string;
  /** HTTP status that a rule asks for. */
  readonly httpStatus: number | undefined;
  readonly explanation: string | undefined;
  readonly accepted: readonly AcceptedMessage[];
  readonly rejected: readonly RejectedNumber[];
}

/** Rejects a whole send. A full response lists every number that was sent. */
export function rejectSend(call: VendorCall, rejection: Rejection, msgIds: MsgIds): SendOutcome {
  const { code, reason = reasonFor(code), httpStatus, explanation } = rejection;
  const rejected = isBare(code, call.quirks) ? [] : everyNumber(call, reason, msgIds);
  return { code, reason, httpStatus, explanation, accepted: [], rejected };
}

/** The fields are not checked here, because the rejection may be about them. */
function everyNumber({ fields, at, quirks }: VendorCall, reason: string, msgIds: MsgIds): RejectedNumber[] {
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
