import type { CompiledRejectionRule } from '../options/compile-rules.js';
import { rejected, type CallOutcome } from '../protocol/call-outcome.js';
import { sendEnvelope } from '../protocol/envelope.js';
import type { VendorCall } from '../protocol/vendor-call.js';
import type { Gateway } from '../state/gateway.js';
import type { ScriptStep } from '../state/script/script-step.js';
import type { EndpointName } from '../vendor/endpoint-names.js';
import { Rejection } from '../vendor/rejection.js';
import { reasonFor } from '../vendor/status-codes.js';
import { backfill } from './queries/backfill.js';
import { getBalance } from './queries/get-balance.js';
import { getReport } from './queries/get-report.js';
import { getSentRcd } from './queries/get-sent-rcd.js';
import { recordMo } from './queries/record-mo.js';
import { rejectSend, type SendOutcome } from './sending/send-outcome.js';
import { sendBatch, sendSms } from './sending/send-sms.js';

interface Endpoint {
  readonly methods: readonly ('GET' | 'POST')[];
  handle(call: VendorCall, gateway: Gateway): CallOutcome;
  reject(call: VendorCall, rejection: Rejection, gateway: Gateway): CallOutcome;
}

export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = {
  sendSms: sendEndpoint(['GET', 'POST'], sendSms),
  'sendSms/batch': sendEndpoint(['POST'], sendBatch),
  getReport: queryEndpoint(['GET'], getReport),
  getSentRcd: queryEndpoint(['GET'], getSentRcd),
  getBalance: queryEndpoint(['GET'], getBalance),
  recordMo: queryEndpoint(['POST'], recordMo),
  'postback/backfill': queryEndpoint(['POST'], backfill),
};

/** Handles a call. A step with a status rejects the call, or its numbers, in place of the endpoint. */
export function handleCall(
  name: EndpointName,
  call: VendorCall,
  step: ScriptStep | undefined,
  gateway: Gateway,
): CallOutcome {
  const endpoint = ENDPOINTS[name];
  if (step?.status === undefined) return endpoint.handle(call, gateway);
  const { status, reason = reasonFor(status), numbers } = step;
  if (numbers === undefined) {
    return endpoint.reject(call, new Rejection(status, 'the script rejects it', reason), gateway);
  }
  const wanted = new Set(numbers);
  const rule: CompiledRejectionRule = {
    number: { matching: () => wanted },
    content: undefined,
    senderId: undefined,
    status,
    reason,
    isPerNumber: true,
    httpStatus: undefined,
  };
  return endpoint.handle({ ...call, rejectionRules: [rule, ...call.rejectionRules] }, gateway);
}

type Handler<Outcome> = (call: VendorCall, gateway: Gateway) => Outcome;

function sendEndpoint(methods: Endpoint['methods'], handle: Handler<SendOutcome>): Endpoint {
  const toCallOutcome = (outcome: SendOutcome, { quirks }: VendorCall): CallOutcome => ({
    ...outcome,
    envelope: sendEnvelope(outcome, quirks),
  });
  return {
    methods,
    handle: (call, gateway) => toCallOutcome(handle(call, gateway), call),
    reject: (call, rejection, { msgIds }) => toCallOutcome(rejectSend(call, rejection, msgIds), call),
  };
}

function queryEndpoint(methods: Endpoint['methods'], handle: Handler<CallOutcome | Rejection>): Endpoint {
  return {
    methods,
    handle: (call, gateway) => {
      const outcome = handle(call, gateway);
      return outcome instanceof Rejection ? rejected(outcome, call) : outcome;
    },
    reject: (call, rejection) => rejected(rejection, call),
  };
}
