import { checkCall } from '../account/check-call.js';
import type { Gateway } from '../gateway.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import { fromMicros } from '../options/decimal.js';
import { Refusal } from '../protocol/refusal.js';
import { reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { inPlatform, NumberGate } from './number.gate.js';
import { numberForm } from './number-form.js';
import { readSendRequest } from './read-send-request.js';
import { refuseCall } from './refuse-call.js';
import { segments } from './segments.js';
import type { RefusedNumber, SendOutcome } from './send.outcome.js';
import type { SendRequest } from './send.request.js';

interface Sorted {
  readonly taken: { number: string; orderId: string | null; msgId: string }[];
  readonly refused: RefusedNumber[];
  /** The refusal of the first number that is not taken. */
  first: Refusal | null;
}

/** Decides about one call and enters what it accepts in the ledger. */
export function sendSms(call: VendorCall, gateway: Gateway): SendOutcome {
  const { msgIds, throttle } = gateway;
  const refuse = (refusal: Refusal): SendOutcome => refuseCall(call, refusal, msgIds);
  const checked = checkCall(call, gateway.resolved, readSendRequest);
  if (checked instanceof Refusal) return refuse(inPlatform(checked, call));
  const busy = throttle.refuseCall(call.at, call.quirks);
  if (busy !== null) return refuse(inPlatform(busy, call));

  const sorted = sortNumbers(call, checked, gateway);
  if (sorted instanceof Refusal) return refuse(sorted);
  const { taken, refused, first } = sorted;
  if (first !== null && taken.length > 0 && call.quirks.partialSuccess === 'refuse-all') {
    throttle.release(taken.map(({ number }) => number));
    return refuse(first);
  }
  const accepted = accept(call, checked, taken, gateway);
  if (accepted === null) {
    throttle.release(taken.map(({ number }) => number));
    return refuse(new Refusal(-10, `the messages cost more than the balance of ${gateway.account.funds.balance}`));
  }
  const failed = first !== null && (accepted.length === 0 || call.quirks.partialSuccess === 'first-failure');
  const code = failed ? first.code : 0;
  const reason = (failed ? first.reason : null) ?? reasonFor(code);
  return { code, reason, http: failed ? first.http : null, why: first?.why ?? null, accepted, refused };
}

function sortNumbers(call: VendorCall, request: SendRequest, gateway: Gateway): Sorted | Refusal {
  const { quirks, at } = call;
  const gate = new NumberGate(call, request, gateway.resolved.settings.triggers, gateway.throttle);
  const seen = quirks.duplicateNumbers === 'merge' ? new Set<string>() : null;
  const sorted: Sorted = { taken: [], refused: [], first: null };
  for (let index = 0; index < request.numbers.length; index += 1) {
    const sent = request.numbers[index] ?? '';
    const orderId = request.orderIds?.[index] ?? null;
    const number = numberForm(sent, quirks);
    if (number !== null && seen?.has(number) === true) continue;
    const verdict = number === null ? malformed(sent) : gate.refuse(number);
    if (verdict === null && number !== null) {
      sorted.taken.push({ number, orderId, msgId: gateway.msgIds.next(at) });
    } else if (verdict !== null) {
      const { refusal, perNumber } = verdict;
      if (!perNumber) {
        gateway.throttle.release(sorted.taken.map((taken) => taken.number));
        return refusal;
      }
      const reason = refusal.reason ?? reasonFor(refusal.code);
      sorted.first ??= refusal;
      sorted.refused.push({ msgId: gateway.msgIds.next(at), number: sent, orderId, reason });
    }
    if (number !== null) seen?.add(number);
  }
  return sorted;
}

function malformed(sent: string): { refusal: Refusal; perNumber: boolean } {
  const refusal = new Refusal(-9, `${JSON.stringify(sent)} is not a number with country code in digits alone`);
  return { refusal, perNumber: true };
}

/** `null` when there is too little money. */
function accept(
  { requestId, at, quirks }: VendorCall,
  { appId, content, senderId }: SendRequest,
  taken: Sorted['taken'],
  { account, ledger, resolved }: Gateway,
): AcceptedMessage[] | null {
  const parts = segments(content);
  const charges = taken.map(({ number }) => resolved.prices.microsFor(number) * parts);
  const total = charges.reduce((sum, charge) => sum + charge, 0);
  if (!account.spend(total, quirks.spendable)) return null;
  let charged = -1;
  let price = '';
  return taken.map(({ msgId, number, orderId }, index) => {
    const charge = charges[index] ?? 0;
    if (charge !== charged) {
      charged = charge;
      price = fromMicros(charge);
    }
    const message = { msgId, number, orderId, content, senderId, appId, at, segments: parts, price, requestId };
    ledger.messages.push(message);
    return message;
  });
}
