import type { AcceptedMessage } from '../../history/records.js';
import { SlowExpressionError } from '../../options/expression-budget.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { authorizeCall } from '../../state/account/authorize-call.js';
import type { Gateway } from '../../state/gateway.js';
import { Rejection } from '../../vendor/rejection.js';
import { reasonFor } from '../../vendor/status-codes.js';
import { accept } from './accept.js';
import { readBatchRequest } from './read-batch-request.js';
import { readSendRequest, type RejectedEntry, type SendRequest } from './read-send-request.js';
import { rejectSend, type SendOutcome } from './send-outcome.js';
import { sortNumbers } from './sort-numbers.js';

export function sendSms(call: VendorCall, gateway: Gateway): SendOutcome {
  return send(call, gateway, (sent, resolved) => {
    const request = readSendRequest(sent, resolved);
    return request instanceof Rejection ? request : [request];
  });
}

export function sendBatch(call: VendorCall, gateway: Gateway): SendOutcome {
  return send(call, gateway, readBatchRequest);
}

type RequestReader = (
  call: VendorCall,
  resolved: ResolvedSettings,
) => readonly (SendRequest | RejectedEntry)[] | Rejection;

function send(call: VendorCall, gateway: Gateway, read: RequestReader): SendOutcome {
  const reject = (rejection: Rejection): SendOutcome => rejectSend(call, rejection, gateway.msgIds);
  const requests = authorizeCall(call, gateway, read);
  if (requests instanceof Rejection) return reject(requests);
  try {
    return acceptOrReject(call, requests, gateway, reject);
  } catch (error) {
    if (!(error instanceof SlowExpressionError)) throw error;
    return reject(new Rejection(500, error.message));
  }
}

function acceptOrReject(
  call: VendorCall,
  requests: readonly (SendRequest | RejectedEntry)[],
  gateway: Gateway,
  reject: (rejection: Rejection) => SendOutcome,
): SendOutcome {
  const { throttle } = gateway;
  const sorted = sortNumbers(call, requests, gateway);
  if (sorted instanceof Rejection) return reject(sorted);
  const { acceptable, rejected, firstRejection } = sorted;
  const release = (): void => {
    throttle.release(acceptable.map(({ number }) => number));
  };
  if (firstRejection !== undefined && acceptable.length > 0 && call.quirks.partialSuccess === 'reject-all') {
    release();
    return reject(firstRejection);
  }
  let accepted: readonly AcceptedMessage[] | undefined;
  try {
    accepted = accept(call, acceptable, gateway);
  } finally {
    if (accepted === undefined) release();
  }
  if (accepted === undefined) {
    const { balance } = gateway.account.funds;
    return reject(new Rejection(-10, `the messages cost more than the balance of ${balance}`));
  }
  const isFailure = accepted.length === 0 || call.quirks.partialSuccess === 'first-failure';
  const failure = isFailure ? firstRejection : undefined;
  const code = failure?.code ?? 0;
  return {
    code,
    reason: failure?.reason ?? reasonFor(code),
    httpStatus: failure?.httpStatus,
    explanation: firstRejection?.explanation,
    accepted,
    rejected,
  };
}
