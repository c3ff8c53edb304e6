import type { Gateway } from '../gateway.js';
import { inPlatform } from '../protocol/in-platform.js';
import { Refusal } from '../protocol/refusal.js';
import { isPerContent, reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { matchRules, NumberGate, type MatchedRule, type NumberRefusal } from './number.gate.js';
import { numberForm } from './number-form.js';
import type { RefusedNumber } from './send.outcome.js';
import type { RefusedRequest, SendRequest } from './send.request.js';

export interface TakenNumber {
  readonly number: string;
  readonly orderId: string | null;
  readonly msgId: string;
  readonly request: SendRequest;
}

export interface SortedNumbers {
  readonly taken: TakenNumber[];
  readonly refused: RefusedNumber[];
  /** The refusal of the first number that is not taken. */
  first: Refusal | null;
}

/** The numbers that may be sent to and those that may not, or what refuses the whole call. */
export function sortNumbers(
  call: VendorCall,
  requests: readonly (SendRequest | RefusedRequest)[],
  gateway: Gateway,
): SortedNumbers | Refusal {
  const sorted: SortedNumbers = { taken: [], refused: [], first: null };
  const rules = matchRules(
    call,
    requests.filter((request): request is SendRequest => !('refusal' in request)),
  );
  const byEntry = requests.length > 1 && call.quirks.batchRefusal === 'entry';
  for (const request of requests) {
    const before = { taken: sorted.taken.length, refused: sorted.refused.length };
    const refusal = 'refusal' in request ? request.refusal : sortRequest(call, request, rules, gateway, sorted);
    if (refusal === null) continue;
    const ofEntry = 'refusal' in request || (byEntry && isPerContent(refusal.code));
    const back = sorted.taken.splice(ofEntry ? before.taken : 0);
    gateway.throttle.release(back.map(({ number }) => number));
    if (!ofEntry) return refusal;
    sorted.refused.splice(before.refused);
    refuseEntry(call, request, inPlatform(refusal, call), gateway, sorted);
  }
  return sorted;
}

/** What refuses more than single numbers; `null` when all of them are sorted. */
function sortRequest(
  call: VendorCall,
  request: SendRequest,
  rules: readonly MatchedRule[],
  gateway: Gateway,
  sorted: SortedNumbers,
): Refusal | null {
  const { quirks, at } = call;
  const gate = new NumberGate(call, rules, request, gateway.resolved.settings.triggers, gateway.throttle);
  const seen = quirks.duplicateNumbers === 'merge' ? new Set<string>() : null;
  for (const [index, sent] of request.numbers.entries()) {
    const orderId = request.orderIds?.[index] ?? null;
    const number = numberForm(sent, quirks);
    if (number !== null && seen?.has(number) === true) continue;
    const verdict = number === null ? malformed(sent) : gate.refuse(number);
    if (verdict === null && number !== null) {
      sorted.taken.push({ number, orderId, msgId: gateway.msgIds.next(at), request });
    } else if (verdict !== null) {
      const { refusal, perNumber } = verdict;
      if (!perNumber) return refusal;
      const reason = refusal.reason ?? reasonFor(refusal.code);
      sorted.first ??= refusal;
      sorted.refused.push({ msgId: gateway.msgIds.next(at), number: sent, orderId, reason });
    }
    if (number !== null) seen?.add(number);
  }
  return null;
}

function refuseEntry(
  { at }: VendorCall,
  request: SendRequest | RefusedRequest,
  refusal: Refusal,
  { msgIds }: Gateway,
  sorted: SortedNumbers,
): void {
  const reason = refusal.reason ?? reasonFor(refusal.code);
  sorted.first ??= refusal;
  for (const [index, number] of request.numbers.entries()) {
    const orderId = request.orderIds?.[index] ?? null;
    sorted.refused.push({ msgId: msgIds.next(at), number, orderId, reason });
  }
}

function malformed(sent: string): NumberRefusal {
  const refusal = new Refusal(-9, `${JSON.stringify(sent)} is not a number with country code in digits alone`);
  return { refusal, perNumber: true };
}
