import { admit } from '../account/admit.js';
import type { Gateway } from '../gateway.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import { SlowExpressionError } from '../options/expression-time.js';
import { Refusal } from '../protocol/refusal.js';
import { reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { accept } from './accept.js';
import { readBatchRequest } from './read-batch-request.js';
import { readSendRequest } from './read-send-request.js';
import { refuseCall } from './refuse-call.js';
import type { SendOutcome } from './send.outcome.js';
import type { RefusedRequest, SendRequest } from './send.request.js';
import { sortNumbers } from './sort-numbers.js';

export function sendSms(call: VendorCall, gateway: Gateway): SendOutcome {
  return send(call, gateway, (sent, resolved) => {
    const request = readSendRequest(sent, resolved);
    return request instanceof Refusal ? request : [request];
  });
}

export function sendBatch(call: VendorCall, gateway: Gateway): SendOutcome {
  return send(call, gateway, readBatchRequest);
}

type Reader = (call: VendorCall, resolved: Resolved) => readonly (SendRequest | RefusedRequest)[] | Refusal;

/** Decides about one call and enters what it accepts in the ledger. */
function send(call: VendorCall, gateway: Gateway, read: Reader): SendOutcome {
  const refuse = (refusal: Refusal): SendOutcome => refuseCall(call, refusal, gateway.msgIds);
  const requests = admit(call, gateway, read);
  if (requests instanceof Refusal) return refuse(requests);
  try {
    return decided(call, requests, gateway, refuse);
  } catch (error) {
    if (!(error instanceof SlowExpressionError)) throw error;
    return refuse(new Refusal(500, error.message));
  }
}

function decided(
  call: VendorCall,
  requests: readonly (SendRequest | RefusedRequest)[],
  gateway: Gateway,
  refuse: (refusal: Refusal) => SendOutcome,
): SendOutcome {
  const { throttle } = gateway;
  const sorted = sortNumbers(call, requests, gateway);
  if (sorted instanceof Refusal) return refuse(sorted);
  const { taken, refused, first } = sorted;
  const release = (): void => {
    throttle.release(taken.map(({ number }) => number));
  };
  if (first !== null && taken.length > 0 && call.quirks.partialSuccess === 'refuse-all') {
    release();
    return refuse(first);
  }
  let accepted: readonly AcceptedMessage[] | null = null;
  try {
    accepted = accept(call, taken, gateway);
  } finally {
    if (accepted === null) release();
  }
  if (accepted === null) {
    return refuse(new Refusal(-10, `the messages cost more than the balance of ${gateway.account.funds.balance}`));
  }
  const failed = first !== null && (accepted.length === 0 || call.quirks.partialSuccess === 'first-failure');
  const code = failed ? first.code : 0;
  const reason = (failed ? first.reason : null) ?? reasonFor(code);
  return { code, reason, http: failed ? first.http : null, why: first?.why ?? null, accepted, refused };
}
