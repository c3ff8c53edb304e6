import { withKnownStatus, type VendorCall } from '../../protocol/vendor-call.js';
import type { Gateway } from '../../state/gateway.js';
import { Rejection } from '../../vendor/rejection.js';
import { isPerContent, reasonFor } from '../../vendor/status-codes.js';
import {
  matchRejectionRules,
  normalizeNumber,
  NumberGate,
  type MatchedRejectionRule,
  type NumberRejection,
} from './number-gate.js';
import type { RejectedEntry, SendRequest } from './read-send-request.js';
import type { RejectedNumber } from './send-outcome.js';

export interface AcceptedNumber {
  readonly number: string;
  readonly orderId: string | null;
  readonly msgId: string;
  readonly request: SendRequest;
}

export interface SortedNumbers {
  /** The numbers that may be accepted if the account can pay for them. */
  readonly acceptable: AcceptedNumber[];
  readonly rejected: RejectedNumber[];
  firstRejection: Rejection | undefined;
}

/** Sorts the numbers of a call into acceptable and rejected ones, or returns what rejects the whole call. */
export function sortNumbers(
  call: VendorCall,
  requests: readonly (SendRequest | RejectedEntry)[],
  gateway: Gateway,
): SortedNumbers | Rejection {
  const sorted: SortedNumbers = { acceptable: [], rejected: [], firstRejection: undefined };
  const rules = matchRejectionRules(
    call,
    requests.filter((request): request is SendRequest => !('rejection' in request)),
  );
  const rejectsEntries = requests.length > 1 && call.quirks.batchRejection === 'entry';
  for (const request of requests) {
    const before = { acceptable: sorted.acceptable.length, rejected: sorted.rejected.length };
    const rejection = 'rejection' in request ? request.rejection : sortRequest(call, request, rules, gateway, sorted);
    if (rejection === undefined) continue;
    const isOfEntry = 'rejection' in request || (rejectsEntries && isPerContent(rejection.code));
    const withdrawn = sorted.acceptable.splice(isOfEntry ? before.acceptable : 0);
    gateway.throttle.release(withdrawn.map(({ number }) => number));
    if (!isOfEntry) return rejection;
    sorted.rejected.splice(before.rejected);
    rejectEntry(call, request, withKnownStatus(rejection, call), gateway, sorted);
  }
  return sorted;
}

/** Sorts the numbers of one request. Returns what rejects more than single numbers. */
function sortRequest(
  call: VendorCall,
  request: SendRequest,
  rules: readonly MatchedRejectionRule[],
  gateway: Gateway,
  sorted: SortedNumbers,
): Rejection | undefined {
  const { quirks, at } = call;
  const gate = new NumberGate(call, rules, request, gateway.resolved.settings.triggers, gateway.throttle);
  const seen = quirks.duplicateNumbers === 'merge' ? new Set<string>() : undefined;
  for (const [index, sent] of request.numbers.entries()) {
    const orderId = request.orderIds?.[index] ?? null;
    const number = normalizeNumber(sent, quirks);
    if (number !== undefined && seen?.has(number) === true) continue;
    const rejected = number === undefined ? malformed(sent) : gate.reject(number);
    if (rejected !== undefined) {
      const { rejection, isPerNumber } = rejected;
      if (!isPerNumber) return rejection;
      addRejected(sorted, rejection, { msgId: gateway.msgIds.next(at), number: sent, orderId });
    } else if (number !== undefined) {
      sorted.acceptable.push({ number, orderId, msgId: gateway.msgIds.next(at), request });
    }
    if (number !== undefined) seen?.add(number);
  }
  return undefined;
}

function rejectEntry(
  { at }: VendorCall,
  request: SendRequest | RejectedEntry,
  rejection: Rejection,
  { msgIds }: Gateway,
  sorted: SortedNumbers,
): void {
  for (const [index, number] of request.numbers.entries()) {
    addRejected(sorted, rejection, { msgId: msgIds.next(at), number, orderId: request.orderIds?.[index] ?? null });
  }
}

function addRejected(sorted: SortedNumbers, rejection: Rejection, number: Omit<RejectedNumber, 'reason'>): void {
  sorted.firstRejection ??= rejection;
  sorted.rejected.push({ ...number, reason: rejection.reason ?? reasonFor(rejection.code) });
}

function malformed(sent: string): NumberRejection {
  const explanation = `${JSON.stringify(sent)} is not a number of digits with a country code`;
  return { rejection: new Rejection(-9, explanation), isPerNumber: true };
}
